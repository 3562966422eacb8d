from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from penstock.decide.alarm_checks import EVERY, Verdict, Watch, next_look, read_watch, verdict

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOLDS, FAILS, OPEN = Verdict


def watch(*, entering: bool = True, **configuration: str) -> Watch:
    return read_watch(
        {"AlarmName": "errors", **configuration}, NOON, NOON + HOUR, entering=entering
    )


@pytest.mark.parametrize(
    ("entering", "state", "minutes", "expected"),
    [
        (True, "OK", 0, HOLDS),
        (True, "INSUFFICIENT_DATA", 0, HOLDS),
        (True, "ALARM", 0, OPEN),
        (True, "ALARM", 9, OPEN),
        (True, "ALARM", 10, FAILS),
        (True, "OK", 10, HOLDS),
        (False, "OK", 0, OPEN),
        (False, "ALARM", 0, FAILS),
        (False, "OK", 9, OPEN),
        (False, "OK", 10, HOLDS),
    ],
)
def test_entries_wait_for_a_state_and_ends_watch_it(
    entering: bool, state: str, minutes: int, expected: Verdict
) -> None:
    """CP-073"""
    found = watch(entering=entering, WaitTime="10")
    assert verdict(found, state, NOON + timedelta(minutes=minutes)) is expected


def test_without_a_time_the_first_look_decides() -> None:
    """CP-073"""
    for entering in (True, False):
        assert verdict(watch(entering=entering), "OK", NOON) is HOLDS
        assert verdict(watch(entering=entering), "ALARM", NOON) is FAILS


def test_the_states_that_are_wanted_may_be_named() -> None:
    """CP-073"""
    found = watch(AlarmStates="OK, ALARM")
    assert verdict(found, "ALARM", NOON) is HOLDS
    assert verdict(found, "INSUFFICIENT_DATA", NOON) is FAILS


def test_the_last_look_is_when_the_time_is_over() -> None:
    found = watch(WaitTime="1")
    now, looks = NOON, 0
    while verdict(found, "ALARM", now) is OPEN:
        now, looks = next_look(found, now), looks + 1
    assert (now, looks) == (NOON + timedelta(minutes=1), timedelta(minutes=1) / EVERY)


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"AlarmStates": "ALARMED"}, "ALARMED: none of ALARM, OK"),
        ({"WaitTime": "soon"}, "'soon' is not a number of minutes"),
        ({"WaitTime": "-1"}, "'-1' is not a number"),
        ({"WaitTime": "60"}, "a longer timeoutInMinutes"),
    ],
)
def test_what_cannot_be_says_why(configuration: dict[str, str], words: str) -> None:
    """CP-073"""
    with pytest.raises(ValueError, match=words):
        watch(entering=True, **configuration)
