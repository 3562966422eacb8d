"""When deliveries are tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from penstock.decide.event_retries import MOST_RETRIES, OLDEST, Exhausted, next_attempt

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def attempts_of(policy: dict[str, int]) -> tuple[list[datetime], Exhausted]:
    """When attempts are made that all fail at once, and what ends them."""
    times = [NOON]
    while True:
        found = next_attempt(policy, len(times), NOON, times[-1])
        if isinstance(found, Exhausted):
            return times, found
        times.append(found)


def test_a_day_or_185_retries() -> None:
    """TG-099"""
    times, end = attempts_of({})
    assert times[-1] - NOON <= OLDEST
    assert 180 <= len(times) - 1 <= MOST_RETRIES
    assert end.by in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")


def test_delays_grow() -> None:
    """TG-099"""
    times, _ = attempts_of({})
    delays = [later - at for at, later in pairwise(times)]
    assert delays[:4] == [timedelta(seconds=seconds) for seconds in (1, 2, 4, 8)]
    assert delays == sorted(delays)


@given(st.integers(0, 185), st.integers(60, 86400))
def test_a_targets_policy_is_kept_to(most: int, oldest: int) -> None:
    """TG-099"""
    policy = {"MaximumRetryAttempts": most, "MaximumEventAgeInSeconds": oldest}
    times, end = attempts_of(policy)
    assert len(times) - 1 <= most
    assert times[-1] - NOON <= timedelta(seconds=oldest)
    assert end.by == (
        "MaximumRetryAttempts" if len(times) - 1 == most else "MaximumEventAgeInSeconds"
    )
