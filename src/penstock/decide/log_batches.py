"""Which events of a PutLogEvents batch are taken (TG-040)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

HOUR = 3_600_000  # milliseconds
DAY = 24 * HOUR
MOST_EVENTS = 10_000
MOST_BYTES = 1_048_576
OVERHEAD = 26  # bytes counted for an event besides its message's


class Accepted(NamedTuple):
    """The events from `start` on and before `end`; `rejected` is the API's shape of the others."""

    start: int
    end: int
    rejected: dict[str, int]


def fault(times: Sequence[int], messages: Sequence[str]) -> str | None:
    """What is wrong with a batch as a whole."""
    if len(times) > MOST_EVENTS:
        return (
            f"1 validation error detected: Value at 'logEvents' failed to satisfy constraint:"
            f" Member must have length less than or equal to {MOST_EVENTS}"
        )
    size = len("".join(messages).encode("utf-8", "replace")) + OVERHEAD * len(messages)
    if size > MOST_BYTES:
        return f"Upload too large: {size} bytes exceeds limit of {MOST_BYTES}"
    if list(times) != sorted(times):
        return "Log events in a single PutLogEvents request must be in chronological order."
    return None


def accept(times: Sequence[int], now: int, retention_days: int | None = None) -> Accepted:
    """Drops events over 2 h ahead, over 14 days old, or past their group's retention.

    `times`, sorted, and `now` are in milliseconds.
    """
    end = bisect_right(times, now + 2 * HOUR)
    start = old = bisect_left(times, now - 14 * DAY)
    rejected = {}
    if end < len(times):
        rejected["tooNewLogEventStartIndex"] = end
    if old:
        rejected["tooOldLogEventEndIndex"] = old
    if retention_days is not None:
        expired = bisect_left(times, now - retention_days * DAY)
        start = max(old, expired)
        if expired:
            rejected["expiredLogEventEndIndex"] = expired
    return Accepted(start, max(start, end), rejected)


def too_wide(times: Sequence[int]) -> str | None:
    """What is wrong with events that are accepted, but span more than 24 hours."""
    if times and times[-1] - times[0] > DAY:
        return (
            "The batch of log events in a single PutLogEvents request cannot span more than 24"
            " hours."
        )
    return None
