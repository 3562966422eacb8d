"""What a bucket's lifecycle rules do to its objects.

A rule's days count from the moment something came to be, and end at the first midnight UTC then or
after: an object of 15 January 10:30 that expires after 3 days goes at 19 January 00:00.

| what it is | which member of a rule | what happens |
| --- | --- | --- |
| the current version | Expiration Days, Date | a delete marker, or none kept: removed |
| a delete marker, alone | ExpiredObjectDeleteMarker, or Expiration when old enough | removed |
| a noncurrent version | NoncurrentVersionExpiration, NewerNoncurrentVersions | removed |
| either | Transitions, NoncurrentVersionTransitions | its storage class |
| an upload under way | AbortIncompleteMultipartUpload | given up |

Of several rules that fit, removal is before transition, and of transitions the latest that is due.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from enum import Enum
from typing import Any, NamedTuple

SMALL = 128 << 10
"""Bytes; transitions leave smaller objects alone, as moving them would cost more than it saves."""
COLD = ("GLACIER", "DEEP_ARCHIVE")


class Expiry(NamedTuple):
    """What makes something due: days of age, or a date, or neither."""

    days: int | None = None
    date: datetime | None = None

    def due(self, since: datetime) -> datetime | None:
        return self.date if self.days is None else _midnight(since + timedelta(days=self.days))

    def is_due(self, since: datetime, now: datetime) -> bool:
        due = self.due(since)
        return due is not None and due <= now


class Move(NamedTuple):
    """A transition; `newer` noncurrent versions and those of fewer bytes than `least` stay."""

    expiry: Expiry
    storage_class: str
    newer: int = 0
    least: int = 0


class Rule(NamedTuple):
    """An enabled rule; a version of more than `above` and less than `below` bytes is in it."""

    prefix: str
    tags: Mapping[str, str]
    above: int | None
    below: int | None
    expiry: Expiry
    drops_markers: bool
    moves: Sequence[Move]
    noncurrent_expiry: Expiry
    newer_kept: int
    noncurrent_moves: Sequence[Move]
    abort: Expiry


class Version(NamedTuple):
    """A version of an object, or a delete marker, as far as rules look at it."""

    sequence: int
    delete_marker: bool
    modified: datetime
    size: int
    storage_class: str
    tags: Mapping[str, str]


class Action(Enum):
    EXPIRE = "as a DeleteObject that names no version"
    REMOVE = "for good"
    MOVE = "to another storage class"


class Verdict(NamedTuple):
    """What happens to the version of a `sequence`; the storage class is that of a MOVE."""

    sequence: int
    action: Action
    storage_class: str = ""


def read_rules(document: Mapping[str, Any]) -> list[Rule]:
    """The enabled rules of a validated lifecycle configuration, whose dates are ISO 8601 texts."""
    varies = document.get("TransitionDefaultMinimumObjectSize") == "varies_by_storage_class"
    return [_read_rule(rule, varies) for rule in document["Rules"] if rule["Status"] == "Enabled"]


def verdicts(
    rules: Sequence[Rule], key: str, versions: Sequence[Version], now: datetime
) -> list[Verdict]:
    """What happens to the versions of one key, which come newest first; no word on those kept."""
    of_key = [rule for rule in rules if key.startswith(rule.prefix)]
    found = []
    for place, version in enumerate(versions):
        fitting = [rule for rule in of_key if _fits(rule, version)]
        if place:
            verdict = _noncurrent(fitting, version, versions[place - 1].modified, place - 1, now)
        elif version.delete_marker:
            verdict = _marker(fitting, version, len(versions) == 1, now)
        else:
            verdict = _current(fitting, version, now)
        if verdict:
            found.append(verdict)
    return found


def is_given_up(rules: Sequence[Rule], key: str, initiated: datetime, now: datetime) -> bool:
    """Whether an upload has been under way for too long."""
    return any(key.startswith(rule.prefix) and rule.abort.is_due(initiated, now) for rule in rules)


def _current(rules: Sequence[Rule], version: Version, now: datetime) -> Verdict | None:
    if any(rule.expiry.is_due(version.modified, now) for rule in rules):
        return Verdict(version.sequence, Action.EXPIRE)
    return _moved(version, version.modified, (move for rule in rules for move in rule.moves), now)


def _marker(rules: Sequence[Rule], version: Version, alone: bool, now: datetime) -> Verdict | None:
    gone = any(rule.drops_markers or rule.expiry.is_due(version.modified, now) for rule in rules)
    return Verdict(version.sequence, Action.REMOVE) if alone and gone else None


def _noncurrent(
    rules: Sequence[Rule], version: Version, since: datetime, newer: int, now: datetime
) -> Verdict | None:
    """`since` it is noncurrent, and `newer` others are."""
    for rule in rules:
        if newer >= rule.newer_kept and rule.noncurrent_expiry.is_due(since, now):
            return Verdict(version.sequence, Action.REMOVE)
    if version.delete_marker:
        return None
    moves = (move for rule in rules for move in rule.noncurrent_moves if newer >= move.newer)
    return _moved(version, since, moves, now)


def _moved(
    version: Version, since: datetime, moves: Iterable[Move], now: datetime
) -> Verdict | None:
    fitting = [move for move in moves if version.size >= move.least]
    due = [(at, move) for move in fitting if (at := move.expiry.due(since)) and at <= now]
    if not due:
        return None
    storage_class = max(due, key=lambda pair: pair[0])[1].storage_class
    if storage_class == version.storage_class:
        return None
    return Verdict(version.sequence, Action.MOVE, storage_class)


def _fits(rule: Rule, version: Version) -> bool:
    """Delete markers have neither tags nor a size, so rules that ask for those are not of them."""
    if version.delete_marker:
        return not rule.tags and rule.above is None and rule.below is None
    return (
        rule.tags.items() <= version.tags.items()
        and (rule.above is None or version.size > rule.above)
        and (rule.below is None or version.size < rule.below)
    )


def _midnight(moment: datetime) -> datetime:
    """The first one then or after."""
    at = moment.astimezone(UTC)
    midnight = datetime.combine(at.date(), time(), UTC)
    return midnight if midnight == at else midnight + timedelta(days=1)


def _read_rule(rule: Mapping[str, Any], varies: bool) -> Rule:
    filters = rule.get("Filter") or {}
    both = filters.get("And") or filters
    tags = [*both.get("Tags", ()), *([filters["Tag"]] if "Tag" in filters else ())]
    expiration = rule.get("Expiration") or {}
    noncurrent = rule.get("NoncurrentVersionExpiration") or {}
    abort = rule.get("AbortIncompleteMultipartUpload") or {}
    above = both.get("ObjectSizeGreaterThan")
    cold = COLD if varies else ()
    return Rule(
        prefix=both.get("Prefix") or rule.get("Prefix") or "",
        tags={tag["Key"]: tag["Value"] for tag in tags},
        above=above,
        below=both.get("ObjectSizeLessThan"),
        expiry=_read_expiry(expiration, "Days"),
        drops_markers=bool(expiration.get("ExpiredObjectDeleteMarker")),
        moves=[_read_move(move, "Days", above, cold) for move in rule.get("Transitions", ())],
        noncurrent_expiry=_read_expiry(noncurrent, "NoncurrentDays"),
        newer_kept=noncurrent.get("NewerNoncurrentVersions", 0),
        noncurrent_moves=[
            _read_move(move, "NoncurrentDays", above, cold)
            for move in rule.get("NoncurrentVersionTransitions", ())
        ],
        abort=_read_expiry(abort, "DaysAfterInitiation"),
    )


def _read_expiry(document: Mapping[str, Any], days: str) -> Expiry:
    date = document.get("Date")
    return Expiry(document.get(days), datetime.fromisoformat(date) if date else None)


def _read_move(
    document: Mapping[str, Any], days: str, above: int | None, cold: Sequence[str]
) -> Move:
    """A rule that says from what size on (`above`) means it, and classes in `cold` take any."""
    storage_class = document["StorageClass"]
    least = 0 if above is not None or storage_class in cold else SMALL
    newer = document.get("NewerNoncurrentVersions", 0)
    return Move(_read_expiry(document, days), storage_class, newer, least)
