"""Deliveries of GitHub against filter groups: the truth table, payloads as GitHub has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.decide.webhooks import (
    Build,
    Delivery,
    Nothing,
    Unreadable,
    decide_build,
    read_delivery,
)
from penstock.documents.filter_groups import FilterGroup, read_filter_groups

PAYLOADS = Path(__file__).parent / "payloads"
COMMIT = "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c"
BEFORE = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"


def payload(name: str, **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return {**document, **changes}


def delivery(event: str, name: str = "", **changes: Any) -> Delivery:
    found = read_delivery(event, payload(name or event, **changes))
    assert found is not None
    return found


def groups(*texts: str) -> tuple[FilterGroup, ...]:
    """Groups as `PUSH HEAD_REF=main FILE_PATH!=docs/`; != excludes."""
    found = read_filter_groups([[*map(_filter, text.split())] for text in texts])
    assert found.problems == ()
    return found.groups


def _filter(text: str) -> dict[str, Any]:
    kind, equal, pattern = text.partition("=")
    if not equal:
        return {"type": "EVENT", "pattern": text}
    exclude = kind.endswith("!")
    return {
        "type": kind.rstrip("!"),
        "pattern": pattern,
        "excludeMatchedPattern": exclude,
    }


def test_a_push_builds_its_commit_and_says_what_it_was() -> None:
    """CB-115, CB-171: the variables of a webhook's build."""
    decision = decide_build(delivery("push"), groups("PUSH"))
    assert isinstance(decision, Build)
    assert decision.source_version == COMMIT
    assert decision.variables == {
        "CODEBUILD_WEBHOOK_TRIGGER": "branch/main",
        "CODEBUILD_WEBHOOK_EVENT": "PUSH",
        "CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/main",
        "CODEBUILD_WEBHOOK_ACTOR_ACCOUNT_ID": "21031067",
        "CODEBUILD_WEBHOOK_PREV_COMMIT": BEFORE,
    }


def test_a_push_of_a_tag_is_of_the_tag_and_has_no_commit_before() -> None:
    pushed = delivery("push", ref="refs/tags/v1", before="0" * 40)
    assert pushed.trigger == "tag/v1"
    assert pushed.previous_commit == ""


def test_a_pull_request_builds_its_merge_with_the_base() -> None:
    decision = decide_build(delivery("pull_request"), groups("PULL_REQUEST_CREATED"))
    assert isinstance(decision, Build)
    assert decision.source_version == "pr/2"
    assert decision.variables == {
        "CODEBUILD_WEBHOOK_TRIGGER": "pr/2",
        "CODEBUILD_WEBHOOK_EVENT": "PULL_REQUEST_CREATED",
        "CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/changes",
        "CODEBUILD_WEBHOOK_BASE_REF": "refs/heads/main",
        "CODEBUILD_WEBHOOK_ACTOR_ACCOUNT_ID": "21031067",
    }


def test_a_release_builds_its_tag() -> None:
    released = delivery("release")
    assert (released.event, released.source_version) == ("RELEASED", "v1.2.0")
    assert released.trigger == "tag/v1.2.0"


def test_a_job_in_the_queue_is_of_the_commit_it_is_for() -> None:
    queued = delivery("workflow_job")
    assert (queued.event, queued.source_version) == ("WORKFLOW_JOB_QUEUED", COMMIT)


@pytest.mark.parametrize(
    ("action", "merged", "event"),
    [
        ("opened", False, "PULL_REQUEST_CREATED"),
        ("reopened", False, "PULL_REQUEST_REOPENED"),
        ("synchronize", False, "PULL_REQUEST_UPDATED"),
        ("closed", True, "PULL_REQUEST_MERGED"),
        ("closed", False, "PULL_REQUEST_CLOSED"),
    ],
)
def test_what_happens_to_a_pull_request_has_a_name(action: str, merged: bool, event: str) -> None:
    """CB-171: GitHub's actions and AWS's events."""
    request = {**payload("pull_request")["pull_request"], "merged": merged}
    assert delivery("pull_request", action=action, pull_request=request).event == event


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        ("push", {"deleted": True, "head_commit": None}),
        ("pull_request", {"action": "labeled"}),
        ("release", {"action": "created"}),
        ("workflow_job", {"action": "completed"}),
    ],
)
def test_other_actions_are_nothing_to_build(event: str, changes: dict[str, Any]) -> None:
    assert read_delivery(event, payload(event, **changes)) is None


def test_other_events_are_nothing_to_build() -> None:
    assert read_delivery("ping", {"zen": "Design for failure."}) is None


@pytest.mark.parametrize(
    ("event", "filters", "builds"),
    [
        ("push", "PUSH HEAD_REF=^refs/heads/main$", True),
        ("push", "PUSH HEAD_REF=^refs/heads/dev$", False),
        ("push", "PUSH HEAD_REF!=^refs/heads/main$", False),
        ("push", "PUSH FILE_PATH=^src/", True),
        ("push", "PUSH FILE_PATH=^infra/", False),
        ("push", "PUSH FILE_PATH!=^docs/", False),
        ("push", "PUSH COMMIT_MESSAGE=README", True),
        ("push", "PUSH COMMIT_MESSAGE!=skip", True),
        ("push", "PUSH ACTOR_ACCOUNT_ID=^21031067$", True),
        ("push", "PUSH ACTOR_ACCOUNT_ID=^7$", False),
        ("push", "PUSH REPOSITORY_NAME=^hello$", True),
        ("push", "PUSH ORGANIZATION_NAME=octo", False),
        ("push", "PUSH HEAD_REF=main COMMIT_MESSAGE=no-such", False),
        ("pull_request", "PULL_REQUEST_CREATED BASE_REF=main HEAD_REF=changes", True),
        ("pull_request", "PULL_REQUEST_CREATED BASE_REF=release", False),
        ("pull_request", "PULL_REQUEST_CREATED FILE_PATH=.", False),
        ("pull_request", "PUSH", False),
        ("release", "RELEASED,PRERELEASED TAG_NAME=^v1", True),
        ("release", "RELEASED RELEASE_NAME=Spring", True),
        ("release", "PRERELEASED", False),
        ("workflow_job", "WORKFLOW_JOB_QUEUED WORKFLOW_NAME=CI", True),
        ("workflow_job", "WORKFLOW_JOB_QUEUED WORKFLOW_NAME=Deploy", False),
    ],
)
def test_a_group_passes_where_all_its_filters_do(event: str, filters: str, builds: bool) -> None:
    """CB-170, CB-172: the truth table of each filter type."""
    decision = decide_build(delivery(event), groups(filters))
    assert isinstance(decision, Build) == builds, decision.explanation


def test_any_group_that_passes_is_enough_and_the_others_say_why_not() -> None:
    """CB-170: groups are alternatives."""
    decision = decide_build(
        delivery("push"), groups("PULL_REQUEST_MERGED", "PUSH HEAD_REF=dev", "PUSH")
    )
    assert isinstance(decision, Build)
    assert decision.explanation == (
        "filter group 1: PUSH is none of its events",
        "filter group 2: HEAD_REF 'dev' does not match refs/heads/main",
        "filter group 3 passes",
    )


def test_a_filter_that_the_payload_says_nothing_about_says_so() -> None:
    decision = decide_build(
        delivery("pull_request"), groups("PULL_REQUEST_CREATED COMMIT_MESSAGE!=skip")
    )
    assert decision == Nothing(
        ("filter group 1: COMMIT_MESSAGE cannot be told from the payload of PULL_REQUEST_CREATED",)
    )


@pytest.mark.parametrize(
    ("event", "changes", "branch_filter", "builds"),
    [
        ("push", {}, "", True),
        ("push", {}, "^main$", True),
        ("push", {}, "^dev$", False),
        ("push", {"ref": "refs/tags/v1"}, "", True),
        ("push", {"ref": "refs/tags/v1"}, "v1", False),
        ("pull_request", {}, "changes", True),
        ("release", {}, "", False),
    ],
)
def test_without_groups_the_branch_filter_decides(
    event: str, changes: dict[str, Any], branch_filter: str, builds: bool
) -> None:
    """CB-173: empty is all branches."""
    decision = decide_build(delivery(event, **changes), (), branch_filter)
    assert isinstance(decision, Build) == builds, decision.explanation


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(
    st.sampled_from(["push", "pull_request", "release", "workflow_job"]),
    st.data(),
)
def test_a_payload_that_is_not_githubs_is_unreadable_and_no_fault(
    event: str, data: st.DataObject
) -> None:
    document = payload(event)
    for member in data.draw(st.lists(st.sampled_from(sorted(document)), max_size=2)):
        document[member] = data.draw(json_values)
    try:
        found = read_delivery(event, document)
    except Unreadable:
        return
    if found is not None:
        decide_build(found, groups("PUSH HEAD_REF=x", "PULL_REQUEST_CREATED BASE_REF=x"), "")
