"""What readings mean. Pure: numbers in, numbers and words out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

STEADY_CM = 2.0


class BadReading(ValueError):
    """The body of a request is no reading; the message says why."""


class Summary(NamedTuple):
    gauge: str
    level_cm: float
    trend: str
    status: str


def parse_reading(body: object) -> float:
    """The level in a request's JSON body, in centimetres. Raises BadReading."""
    level = body.get("level_cm") if isinstance(body, Mapping) else None
    if isinstance(level, bool) or not isinstance(level, int | float):
        raise BadReading("level_cm must be a number")
    if not -500 <= level <= 5000:
        raise BadReading(f"level_cm is {level}, which no river here can reach")
    return float(level)


def trend(levels: Sequence[float]) -> str:
    """`rising`, `falling` or `steady`: the last level against the mean of the three before it."""
    before = levels[-4:-1]
    if not before:
        return "steady"
    change = levels[-1] - sum(before) / len(before)
    if abs(change) <= STEADY_CM:
        return "steady"
    return "rising" if change > 0 else "falling"


def status(level_cm: float, flood_cm: float) -> str:
    """`flood` from the flood level on, `watch` from four fifths of it."""
    if level_cm >= flood_cm:
        return "flood"
    return "watch" if level_cm >= 0.8 * flood_cm else "normal"


def summarise(readings: Mapping[str, Sequence[float]], flood_cm: float) -> list[Summary]:
    """The state of each gauge that has readings, the highest water first."""
    found = [
        Summary(gauge, levels[-1], trend(levels), status(levels[-1], flood_cm))
        for gauge, levels in readings.items()
        if levels
    ]
    return sorted(found, key=lambda summary: (-summary.level_cm, summary.gauge))
