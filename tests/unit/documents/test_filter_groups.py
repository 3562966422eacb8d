"""Filter groups: what they read to, and every problem AWS has with them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.documents.filter_groups import (
    FilterType,
    WebhookEvent,
    allowed_types,
    read_filter_groups,
)


def one(kind: str, pattern: str, exclude: bool = False) -> dict[str, Any]:
    return {"type": kind, "pattern": pattern, "excludeMatchedPattern": exclude}


def test_a_group_is_its_events_and_its_patterns() -> None:
    """CB-170: each group has an EVENT filter, a list by commas; others are expressions."""
    found = read_filter_groups(
        [[one("EVENT", "PUSH, PULL_REQUEST_CREATED"), one("HEAD_REF", "^refs/heads/main$", True)]]
    )
    assert found.problems == ()
    (group,) = found.groups
    assert group.passing == (WebhookEvent.PUSH, WebhookEvent.PULL_REQUEST_CREATED)
    (pattern,) = group.patterns
    assert pattern.type is FilterType.HEAD_REF
    assert pattern.passes(["refs/heads/dev"])
    assert not pattern.passes(["refs/heads/main"])


def test_events_that_are_excluded_leave_all_others() -> None:
    found = read_filter_groups([[one("EVENT", "PUSH", exclude=True)]])
    assert WebhookEvent.PUSH not in found.groups[0].passing
    assert len(found.groups[0].passing) == len(WebhookEvent) - 1


@pytest.mark.parametrize(
    ("filters", "problem"),
    [
        ([], "A filter group must have at least one filter of type EVENT"),
        ([one("HEAD_REF", "x")], "A filter group must have at least one filter of type EVENT"),
        ([one("EVENT", "PUSHED")], "Invalid EVENT filter pattern provided: 'PUSHED'"),
        ([one("EVENT", "PUSH"), one("COLOUR", "x")], "Invalid filter type provided: COLOUR"),
        (
            [one("EVENT", "PUSH"), one("HEAD_REF", "(")],
            "Invalid HEAD_REF filter pattern provided: '(':"
            " missing ), unterminated subpattern at position 0",
        ),
        (
            [one("EVENT", "PUSH"), one("BASE_REF", "x")],
            "The following filter types are not allowed for GitHub webhook when EVENT is [PUSH]:"
            " [BASE_REF]. Make sure input filter types are supported by all the EVENT types"
            " specified.",
        ),
    ],
)
def test_a_problem_is_told_as_aws_tells_it(filters: list[dict[str, Any]], problem: str) -> None:
    found = read_filter_groups([filters])
    assert found.groups == ()
    assert found.problems == (problem,)


def test_all_problems_of_all_groups_are_found() -> None:
    found = read_filter_groups([[], [one("EVENT", "A,B"), one("HEAD_REF", "[")]])
    assert len(found.problems) == 4


@pytest.mark.parametrize("event", WebhookEvent)
def test_every_filter_that_an_event_allows_is_read(event: WebhookEvent) -> None:
    """CB-172: BASE_REF for pull requests only, TAG_NAME and RELEASE_NAME for releases."""
    for kind in FilterType:
        if kind is not FilterType.EVENT:
            found = read_filter_groups([[one("EVENT", event), one(kind, ".")]])
            assert bool(found.problems) == (kind not in allowed_types(event)), kind


@given(
    st.lists(
        st.lists(
            st.builds(
                one,
                st.sampled_from([*FilterType, "OTHER"]),
                st.one_of(st.text(max_size=8), st.sampled_from(WebhookEvent)),
                st.booleans(),
            ),
            max_size=3,
        ),
        max_size=3,
    )
)
def test_whatever_is_written_reads_to_groups_or_to_problems(
    document: list[list[dict[str, Any]]],
) -> None:
    found = read_filter_groups(document)
    assert not (found.groups and found.problems)
    if not found.problems:
        assert len(found.groups) == len(document)
