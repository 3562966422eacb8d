"""What has become of branches and tags."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.decide.repository_changes import changes_of, default_branch, state_change, triggered
from penstock.state.recorded_repositories import RefChange, Repository

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
APP = Repository(
    UUID(int=1), "0" * 12, "us-east-1", "app", "", None, None, NOON, NOON, {}, (), None, "", ""
)
REFS = st.dictionaries(
    st.sampled_from(["refs/heads/a", "refs/heads/b/c", "refs/tags/a"]), st.sampled_from("123")
)


@given(REFS, REFS)
def test_the_changes_lead_from_what_was_told_to_what_is_there(
    recorded: dict[str, str], found: dict[str, str]
) -> None:
    told = dict(recorded)
    for change in changes_of(APP, recorded, found, "me"):
        assert change.before == told.pop(change.ref, None)
        assert change.before != change.after
        if change.after is not None:
            told[change.ref] = change.after
    assert told == found


@pytest.mark.parametrize(
    ("known", "head", "branches", "expected"),
    [
        (None, "main", (), None),
        (None, "main", ("trunk",), "trunk"),
        (None, "main", ("a", "main"), "main"),
        (None, "gone", ("a", "master"), "master"),
        (None, "gone", ("b", "a"), "a"),
        ("a", "main", ("a", "main"), "a"),
        ("gone", "main", ("a", "main"), "main"),
    ],
)
def test_the_first_branch_stays_the_default_one(
    known: str | None, head: str, branches: tuple[str, ...], expected: str | None
) -> None:
    """TG-135"""
    found = {f"refs/heads/{name}": "1" for name in branches} | {"refs/tags/main": "1"}
    assert default_branch(known, head, found) == expected


def change(ref: str, before: str | None, after: str | None) -> RefChange:
    return RefChange(APP, ref, before, after, "me")


def test_an_event_has_the_commits_there_are() -> None:
    """TG-137"""
    for before, after, event, commits in (
        (None, "2", "referenceCreated", {"commitId": "2"}),
        ("1", "2", "referenceUpdated", {"commitId": "2", "oldCommitId": "1"}),
        ("1", None, "referenceDeleted", {"oldCommitId": "1"}),
    ):
        detail = state_change(change("refs/heads/a/b", before, after))
        assert (detail["event"], detail["referenceName"]) == (event, "a/b")
        assert {key: detail[key] for key in detail if "ommitId" in key} == commits


@pytest.mark.parametrize(
    ("branches", "events", "names"),
    [
        ([], ["all"], ["made", "moved", "gone", "v1"]),
        ([], ["createReference"], ["made", "v1"]),
        ([], ["updateReference", "deleteReference"], ["moved", "gone"]),
        (["moved", "v1"], ["all"], ["moved"]),
    ],
)
def test_a_trigger_is_about_its_branches_and_events(
    branches: list[str], events: list[str], names: list[str]
) -> None:
    """TG-138"""
    changes = [
        change("refs/heads/made", None, "1"),
        change("refs/heads/moved", "1", "2"),
        change("refs/heads/gone", "1", None),
        change("refs/tags/v1", None, "1"),
    ]
    found = triggered({"branches": branches, "events": events}, changes)
    assert [one.name for one in found] == names
