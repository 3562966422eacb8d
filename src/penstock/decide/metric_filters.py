"""The datapoints that metric filters make of log events (TG-052)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from penstock.decide.filter_patterns import matcher, number_of, value_at
from penstock.documents.filter_conditions import read_selector
from penstock.documents.filter_pattern import FilterPattern, parse

MINUTE = 60_000


class Measured(NamedTuple):
    """A datapoint; `at` is in milliseconds."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    at: int
    value: float
    unit: str


def measure(
    pattern: str, transformation: Mapping[str, Any], events: Sequence[tuple[int, str]]
) -> list[Measured]:
    """What one filter, with the API's MetricTransformation, makes of (milliseconds, message)s.

    The default value stands for each minute that has events, but none that matches.
    """
    parsed = parse(pattern)
    matches = matcher(parsed)
    found = [event for event in events if matches(event[1])]
    points = [
        Measured(
            transformation["metricNamespace"],
            transformation["metricName"],
            dimensions,
            at,
            value,
            transformation.get("unit", "None"),
        )
        for at, value, dimensions in _values(parsed, transformation, found)
    ]
    return points + list(_defaults(transformation, events, found))


def _values(
    pattern: FilterPattern, transformation: Mapping[str, Any], events: Sequence[tuple[int, str]]
) -> Iterator[tuple[int, float, dict[str, str]]]:
    """An event whose value is no number, or that lacks a dimension, makes no datapoint."""
    wanted = transformation["metricValue"]
    names = transformation.get("dimensions", {})
    for at, message in events:
        text = _read(pattern, message, wanted) if wanted.startswith("$") else wanted
        value = number_of(text)
        dimensions = {name: _read(pattern, message, place) for name, place in names.items()}
        if value is not None and all(dimensions.values()):
            yield at, value, dimensions


def _read(pattern: FilterPattern, message: str, place: str) -> str:
    selector = read_selector(place) if place.startswith(("$.", "$[")) else None
    return value_at(pattern, message, place, selector)


def _defaults(
    transformation: Mapping[str, Any],
    events: Sequence[tuple[int, str]],
    found: Sequence[tuple[int, str]],
) -> Iterator[Measured]:
    value = transformation.get("defaultValue")
    if value is None:
        return
    matched = {at // MINUTE for at, _ in found}
    for minute in sorted({at // MINUTE for at, _ in events} - matched):
        yield Measured(
            transformation["metricNamespace"],
            transformation["metricName"],
            {},
            minute * MINUTE,
            value,
            transformation.get("unit", "None"),
        )
