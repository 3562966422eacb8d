"""Numbers as the tools write them, never raising: what is no number counts as 0."""

from __future__ import annotations

import re

SECOND = 1_000_000_000
MILLISECOND = 1_000_000
MAX_LONG = 2**63 - 1
MAX_INTEGER = 2**31 - 1
_TIMESPAN = re.compile(r"(?:([0-9]{1,4})\.)?([0-9]{1,4}):([0-9]{1,2}):([0-9]{1,2}(?:\.[0-9]+)?)")


def nanoseconds(text: str, unit: int = SECOND) -> int:
    """`0.25`, surefire's `1,234.5` and a German NUnit's `0,25`, in units of `unit` nanoseconds."""
    thousands = "." in text or text.count(",") > 1
    try:
        value = float(text.replace(",", "" if thousands else "."))
    except ValueError:
        return 0
    return whole(value * unit)


def timespan(text: str) -> int:
    """.NET's `[days.]hours:minutes:seconds[.fraction]`, in nanoseconds."""
    match = _TIMESPAN.fullmatch(text.strip())
    if not match:
        return 0
    days, hours, minutes, seconds = match.groups(default="0")
    whole_minutes = (int(days) * 24 + int(hours)) * 60 + int(minutes)
    return whole_minutes * 60 * SECOND + whole(float(seconds) * SECOND)


def whole(value: object) -> int:
    """A number out of JSON as a whole one; 0 where it is none that AWS's API holds in a long."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return round(value) if 0 < value < MAX_LONG else 0


def count(text: str) -> int:
    """Digits as a number, at most what AWS's API holds in an integer."""
    digits = text.strip()
    return min(int(digits[:18]), MAX_INTEGER) if digits.isascii() and digits.isdigit() else 0
