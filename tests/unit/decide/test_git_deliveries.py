"""GitHub's deliveries, as changes that triggers judge."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.decide.git_deliveries import Compared, Unreadable, read_delivery
from penstock.decide.git_triggers import PullRequest, Push

A, B, NONE = "a" * 40, "b" * 40, "0" * 40


def push(**members: Any) -> dict[str, Any]:
    commit = {"id": B, "added": ["new"], "modified": ["src/a"], "removed": []}
    return {
        "ref": "refs/heads/main", "before": A, "after": B,
        "created": False, "deleted": False, "forced": False,
        "commits": [commit, {**commit, "removed": ["old"], "added": []}],
        "head_commit": {"id": B},
        "repository": {"full_name": "ada/app"},
        **members,
    }  # fmt: skip


def pull_request(action: str = "opened", **members: Any) -> dict[str, Any]:
    return {
        "action": action, "number": 7,
        "pull_request": {"base": {"ref": "main", "sha": A}, "head": {"ref": "fix", "sha": B}},
        "repository": {"full_name": "ada/app"},
        **members,
    }  # fmt: skip


def test_a_push_is_of_a_branch_at_a_commit_with_the_files_of_its_commits() -> None:
    """CP-111"""
    found = read_delivery("push", push())
    assert found
    assert found.change == Push("branch", "main", B, ["new", "old", "src/a"])
    assert (found.repository, found.ref) == ("ada/app", "refs/heads/main")
    assert found.compared == Compared(A, B, False)


@pytest.mark.parametrize(
    "members",
    [
        {"forced": True},
        {"created": True, "before": NONE},
        {"commits": []},
        {"commits": [{"id": B}]},
        {"commits": [{"id": B, "added": [], "modified": [], "removed": []}] * 2048},
    ],
)
def test_files_are_unknown_where_the_payload_has_not_all_of_them(members: dict[str, Any]) -> None:
    found = read_delivery("push", push(**members))
    assert found and found.change.paths is None


def test_a_new_branch_is_compared_to_the_default_branch() -> None:
    found = read_delivery("push", push(created=True, before=NONE, ref="refs/heads/fix/door"))
    assert found and found.compared == Compared("HEAD", B, True)
    assert found.change == Push("branch", "fix/door", B)


def test_a_tag_is_at_the_commit_that_it_points_to() -> None:
    found = read_delivery("push", push(ref="refs/tags/v1", after=A, commits=[]))
    assert found and found.change == Push("tag", "v1", B) and found.compared is None
    light = read_delivery("push", push(ref="refs/tags/v1", after=A, head_commit=None))
    assert light and light.change == Push("tag", "v1", A)


@pytest.mark.parametrize(
    ("action", "event"),
    [("opened", "OPEN"), ("reopened", "OPEN"), ("synchronize", "UPDATED"), ("closed", "CLOSED")],
)
def test_pull_requests_are_at_the_head_of_their_branch(action: str, event: str) -> None:
    """CP-109, CP-111"""
    found = read_delivery("pull_request", pull_request(action))
    assert found and found.change == PullRequest(event, 7, "main", "fix", B)
    assert found.compared == Compared(A, B, True)


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("push", push(deleted=True, after=NONE)),
        ("push", push(after=NONE)),
        ("push", push(ref="refs/notes/x")),
        ("pull_request", pull_request("labeled")),
        ("issues", {}),
    ],
)
def test_what_starts_nothing_anywhere_is_nothing(event: str, payload: dict[str, Any]) -> None:
    assert read_delivery(event, payload) is None


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("push", {}),
        ("push", []),
        ("push", None),
        ("push", push(ref=None)),
        ("push", push(ref=["refs/heads/main"])),
        ("push", push(after=7)),
        ("push", push(after="\0")),
        ("push", push(commits=None)),
        ("push", push(commits=[None])),
        ("push", push(commits=[{"added": [1], "modified": [], "removed": []}])),
        ("push", push(repository={})),
        ("push", push(repository="ada/app")),
        ("pull_request", pull_request(number="7")),
        ("pull_request", pull_request(number=True)),
        ("pull_request", pull_request(pull_request={"base": {}, "head": {}})),
        ("pull_request", pull_request(["opened"])),  # type: ignore[arg-type]
    ],
)
def test_a_payload_that_is_not_of_its_event_is_unreadable(event: str, payload: Any) -> None:
    with pytest.raises(Unreadable):
        read_delivery(event, payload)
