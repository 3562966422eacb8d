"""Whether and when a delivery is tried again (TG-099). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

MOST_RETRIES = 185
OLDEST = timedelta(hours=24)
LONGEST = timedelta(minutes=8)
"""So that 185 retries fit into a day, and no more do."""


class Exhausted(NamedTuple):
    """No further attempt; `by` is the limit that says so, as dead letters name it."""

    by: str


def next_attempt(
    policy: Mapping[str, Any], attempts: int, since: datetime, now: datetime
) -> datetime | Exhausted:
    """When to try again after `attempts` that failed; `since` is when the event came."""
    if attempts > policy.get("MaximumRetryAttempts", MOST_RETRIES):
        return Exhausted("MaximumRetryAttempts")
    wait = min(timedelta(seconds=1 << min(attempts - 1, 16)), LONGEST)
    oldest = timedelta(seconds=policy.get("MaximumEventAgeInSeconds", OLDEST.total_seconds()))
    if now + wait > since + oldest:
        return Exhausted("MaximumEventAgeInSeconds")
    return now + wait
