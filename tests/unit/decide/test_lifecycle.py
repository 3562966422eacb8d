"""What lifecycle rules do, as tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.decide.lifecycle import (
    Action,
    Version,
    is_given_up,
    read_rules,
    verdicts,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
EXPIRE, REMOVE, MOVE = Action.EXPIRE, Action.REMOVE, Action.MOVE


def version(sequence: int, age: float = 0, *, marker: bool = False, **more: Any) -> Version:
    """One that was put `age` days before NOON."""
    known: dict[str, Any] = {"size": 1 << 20, "storage_class": "STANDARD", "tags": {}}
    return Version(
        sequence=sequence, delete_marker=marker, modified=NOON - age * DAY, **{**known, **more}
    )


def decide(
    versions: list[Version], *, at: datetime = NOON, key: str = "logs/a", **rule: Any
) -> list[tuple[int, Action]]:
    document = {"Rules": [{"Status": "Enabled", "Filter": {}, **rule}]}
    return [(one.sequence, one.action) for one in verdicts(read_rules(document), key, versions, at)]


@pytest.mark.parametrize(
    ("put", "gone"),
    [
        (datetime(2026, 1, 15, 10, 30, tzinfo=UTC), datetime(2026, 1, 19, tzinfo=UTC)),
        (datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 1, 18, tzinfo=UTC)),
        (datetime(2026, 1, 15, 23, 59, 59, tzinfo=UTC), datetime(2026, 1, 19, tzinfo=UTC)),
    ],
)
def test_days_end_at_midnight(put: datetime, gone: datetime) -> None:
    versions = [version(1)._replace(modified=put)]
    rule: dict[str, Any] = {"Expiration": {"Days": 3}}
    assert decide(versions, at=gone - timedelta(microseconds=1), **rule) == []
    assert decide(versions, at=gone, **rule) == [(1, EXPIRE)]


TAGGED = {"Key": "keep", "Value": "no"}


@pytest.mark.parametrize(
    ("filter_", "fits"),
    [
        ({"Filter": {"Prefix": "logs/"}}, True),
        ({"Filter": {"Prefix": "other/"}}, False),
        ({"Prefix": "logs/"}, True),
        ({"Filter": {"Tag": TAGGED}}, True),
        ({"Filter": {"Tag": {"Key": "keep", "Value": "yes"}}}, False),
        ({"Filter": {"And": {"Prefix": "logs/", "Tags": [TAGGED]}}}, True),
        ({"Filter": {"And": {"Prefix": "x", "Tags": [TAGGED]}}}, False),
        ({"Filter": {"ObjectSizeGreaterThan": 100}}, False),
        ({"Filter": {"ObjectSizeGreaterThan": 99}}, True),
        ({"Filter": {"ObjectSizeLessThan": 100}}, False),
        ({"Filter": {"ObjectSizeLessThan": 101}}, True),
        ({"Status": "Disabled"}, False),
    ],
)
def test_which_objects_a_rule_is_about(filter_: dict[str, Any], fits: bool) -> None:
    versions = [version(1, 9, size=100, tags={"keep": "no", "more": "x"})]
    found = decide(versions, Expiration={"Days": 1}, **filter_)
    assert found == ([(1, EXPIRE)] if fits else [])


def test_a_date() -> None:
    rule: dict[str, Any] = {"Expiration": {"Date": "2026-03-01T00:00:00+00:00"}}
    assert decide([version(1)], **rule) == [(1, EXPIRE)]
    assert decide([version(1)], at=NOON - DAY, **rule) == []


@pytest.mark.parametrize(
    ("expiration", "others", "removed"),
    [
        ({"ExpiredObjectDeleteMarker": True}, [], True),
        ({"ExpiredObjectDeleteMarker": True}, [version(1, 9)], False),
        ({"Days": 2}, [], True),
        ({"Days": 30}, [], False),
    ],
)
def test_a_marker_goes_when_it_hides_nothing(
    expiration: dict[str, Any], others: list[Version], removed: bool
) -> None:
    found = decide([version(2, 5, marker=True), *others], Expiration=expiration)
    assert found == ([(2, REMOVE)] if removed else [])


def test_noncurrent_versions_count_from_their_successor() -> None:
    """Version 1 is 100 days old, but has been noncurrent for 3."""
    versions = [version(3, 1), version(2, 3), version(1, 100)]
    rule: dict[str, Any] = {"NoncurrentVersionExpiration": {"NoncurrentDays": 2}}
    assert decide(versions, **rule) == [(1, REMOVE)]


def test_the_newest_noncurrent_versions_can_be_kept() -> None:
    versions = [version(n, 50 - n) for n in (5, 4, 3, 2, 1)]
    rule: dict[str, Any] = {
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 2}
    }
    assert decide(versions, **rule) == [(2, REMOVE), (1, REMOVE)]


@pytest.mark.parametrize(
    ("age", "storage_class", "expected"),
    [
        (10, "STANDARD", None),
        (40, "STANDARD", "STANDARD_IA"),
        (40, "STANDARD_IA", None),
        (100, "STANDARD_IA", "GLACIER"),
    ],
)
def test_the_latest_transition_due_is_made(
    age: int, storage_class: str, expected: str | None
) -> None:
    moves = [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 90, "StorageClass": "GLACIER"}]
    rules = read_rules({"Rules": [{"Status": "Enabled", "Transitions": moves}]})
    found = verdicts(rules, "k", [version(1, age, storage_class=storage_class)], NOON)
    assert [one.storage_class for one in found] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("storage_class", "document", "moves"),
    [
        ("GLACIER", {}, False),
        ("GLACIER", {"TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}, True),
        ("STANDARD_IA", {"TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}, False),
    ],
)
def test_small_objects_are_left_where_they_are(
    storage_class: str, document: dict[str, Any], moves: bool
) -> None:
    rule: dict[str, Any] = {
        "Status": "Enabled",
        "Transitions": [{"Days": 30, "StorageClass": storage_class}],
    }
    rules = read_rules({"Rules": [rule], **document})
    assert bool(verdicts(rules, "k", [version(1, 50, size=100)], NOON)) is moves


def test_expiry_goes_before_transition() -> None:
    rule: dict[str, Any] = {
        "Expiration": {"Days": 60},
        "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}],
    }
    assert decide([version(1, 70)], **rule) == [(1, EXPIRE)]
    assert decide([version(1, 50)], **rule) == [(1, MOVE)]


def test_uploads_are_given_up() -> None:
    abort = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}
    rules = read_rules({"Rules": [{"Status": "Enabled", "Filter": {"Prefix": "a"}, **abort}]})
    assert is_given_up(rules, "a/b", NOON - 8 * DAY, NOON)
    assert not is_given_up(rules, "a/b", NOON - 7 * DAY, NOON)
    assert not is_given_up(rules, "b", NOON - 80 * DAY, NOON)


@given(
    ages=st.lists(st.integers(0, 400), min_size=1, max_size=6),
    days=st.integers(1, 200),
    kept=st.integers(0, 3),
    later=st.integers(0, 300),
)
def test_what_is_due_stays_due_and_the_current_version_is_never_removed(
    ages: list[int], days: int, kept: int, later: int
) -> None:
    versions = [version(n, age) for n, age in enumerate(sorted(ages), 1)]
    rule: dict[str, Any] = {
        "Expiration": {"Days": days},
        "NoncurrentVersionExpiration": {"NoncurrentDays": days},
    }
    if kept:
        rule["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = kept
    now, then = (set(decide(versions, at=NOON + n * DAY, **rule)) for n in (0, later))
    assert now <= then
    assert (1, REMOVE) not in then
    assert len([one for one in then if one[1] is REMOVE]) <= max(0, len(versions) - 1 - kept)
