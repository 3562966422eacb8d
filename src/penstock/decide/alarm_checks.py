"""Whether an alarm is in a state that a CloudWatchAlarm rule wants (CP-073). Pure.

| rule of a condition | while the alarm is in such a state | while it is in another |
| --- | --- | --- |
| beforeEntry | holds at once | waits for it, until WaitTime is over |
| onSuccess, onFailure | watches it until WaitTime is over, then holds | fails at once |
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple

STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")
_DEFAULT = "OK,INSUFFICIENT_DATA"
EVERY = timedelta(seconds=15)
"""How often an alarm is looked at."""


class Watch(NamedTuple):
    """`states` are those that are wanted; `until` is when the last look is."""

    alarm: str
    states: frozenset[str]
    until: datetime
    entering: bool


class Verdict(Enum):
    HOLDS = auto()
    FAILS = auto()
    OPEN = auto()


def read_watch(
    configuration: Mapping[str, str], started: datetime, deadline: datetime, *, entering: bool
) -> Watch:
    """Raises ValueError."""
    states = (configuration.get("AlarmStates") or _DEFAULT).split(",")
    wanted = frozenset(state.strip() for state in states)
    if unknown := wanted.difference(STATES):
        raise ValueError(f"AlarmStates: {', '.join(sorted(unknown))}: none of {', '.join(STATES)}")
    time = configuration.get("WaitTime") or "0"
    if not (time.isascii() and time.isdigit() and len(time) <= 6):
        raise ValueError(f"WaitTime: {time!r} is not a number of minutes")
    until = started + timedelta(minutes=int(time))
    if until >= deadline:
        raise ValueError(
            f"WaitTime: {time} minutes are not less than what the rule may take:"
            " give it a longer timeoutInMinutes"
        )
    return Watch(configuration["AlarmName"], wanted, until, entering)


def verdict(watch: Watch, state: str, now: datetime) -> Verdict:
    wanted = state in watch.states
    if wanted == watch.entering:
        return Verdict.HOLDS if wanted else Verdict.FAILS
    if now < watch.until:
        return Verdict.OPEN
    return Verdict.HOLDS if wanted else Verdict.FAILS


def next_look(watch: Watch, now: datetime) -> datetime:
    return max(now, min(now + EVERY, watch.until))
