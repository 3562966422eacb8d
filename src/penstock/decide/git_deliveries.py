"""What GitHub delivers of pushes and pull requests, as changes that triggers judge (CP-107…111).

| GitHub's event, action | is |
| --- | --- |
| push of a branch or a tag | a push; nothing where it was deleted |
| pull_request opened, reopened | OPEN |
| pull_request synchronize | UPDATED |
| pull_request closed, merged or not | CLOSED |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from penstock.decide.git_triggers import (
    BRANCH,
    CLOSED,
    OPEN,
    TAG,
    UPDATED,
    Change,
    PullRequest,
    Push,
)

Payload = Mapping[str, Any]
DEFAULT = "HEAD"  # of a repository: its default branch
MOST_COMMITS = 2048
"""As many commits as a payload lists; those of a longer push are not all there."""

_PREFIXES = {"refs/heads/": BRANCH, "refs/tags/": TAG}
_EVENTS = {"opened": OPEN, "reopened": OPEN, "synchronize": UPDATED, "closed": CLOSED}
_LISTS = ("added", "modified", "removed")


class Unreadable(Exception):
    """A payload lacks what GitHub says an event has. The text says what."""


class Compared(NamedTuple):
    """Where the files that a change has changed can be found: those that differ between two
    commits, or with `parted` since the two have parted. They are ids, or names of refs."""

    base: str
    head: str
    parted: bool


class GitDelivery(NamedTuple):
    """`repository` is `owner/name`. `ref` is "" of a pull request."""

    repository: str
    change: Change
    compared: Compared | None
    ref: str = ""


def read_delivery(event: str, payload: Payload) -> GitDelivery | None:
    """`event` is X-GitHub-Event; None for what starts nothing anywhere. Raises Unreadable."""
    read = _READERS.get(event)
    if read is None:
        return None
    try:
        return read(payload)
    except (KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"The payload is not of a {event} event: {error!r}") from None


def _read_push(payload: Payload) -> GitDelivery | None:
    ref, before, after = _texts(payload, "ref", "before", "after")
    prefix = next((one for one in _PREFIXES if ref.startswith(one)), None)
    if prefix is None or payload["deleted"] or not after.strip("0"):
        return None
    kind = _PREFIXES[prefix]
    if kind == TAG:
        head = payload.get("head_commit")  # `after` of an annotated tag is the tag's own id
        after = _texts(head, "id")[0] if head else after
        change, compared = Push(TAG, ref.removeprefix(prefix), after), None
    else:
        change = Push(BRANCH, ref.removeprefix(prefix), after, _paths(payload))
        compared = compared_push(before if before.strip("0") else "", after)
    return GitDelivery(_repository(payload), change, compared, ref)


def compared_push(before: str, after: str) -> Compared:
    """Of a branch; a new one is compared to the default branch."""
    return Compared(before or DEFAULT, after, not before)


def _paths(payload: Payload) -> Sequence[str] | None:
    """None where the payload has not all of them."""
    commits = payload["commits"]
    if payload["created"] or payload["forced"] or not 0 < len(commits) < MOST_COMMITS:
        return None
    lists = [commit.get(name) for commit in commits for name in _LISTS]
    if not all(isinstance(one, list) for one in lists):
        return None
    return sorted({_text(path) for one in lists for path in one})


def _read_pull_request(payload: Payload) -> GitDelivery | None:
    event = _EVENTS.get(payload["action"])
    if event is None:
        return None
    about = payload["pull_request"]
    base, base_commit = _texts(about["base"], "ref", "sha")
    head, head_commit = _texts(about["head"], "ref", "sha")
    number = payload["number"]
    if type(number) is not int:
        raise TypeError("number")
    change = PullRequest(event, number, base, head, head_commit)
    return GitDelivery(_repository(payload), change, Compared(base_commit, head_commit, True))


def _repository(payload: Payload) -> str:
    return _texts(payload["repository"], "full_name")[0]


def _texts(members: Payload, *names: str) -> list[str]:
    return [_text(members[name]) for name in names]


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise TypeError(f"{value!r:.100} is no text")
    return value


_READERS = {"push": _read_push, "pull_request": _read_pull_request}
