"""What metric filters make of events."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.decide.metric_filters import MINUTE, measure

COUNT = {"metricName": "Errors", "metricNamespace": "App", "metricValue": "1"}


def values(pattern: str, events: list[tuple[int, str]], **more: Any) -> list[Any]:
    return [(p.at, p.value, p.dimensions) for p in measure(pattern, COUNT | more, events)]


def test_each_event_that_matches_counts() -> None:
    """TG-052: with the metric's name, namespace and unit."""
    points = measure("ERROR", COUNT | {"unit": "Count"}, [(5, "ERROR a"), (6, "b"), (7, "ERROR")])
    assert [tuple(point) for point in points] == [
        ("App", "Errors", {}, 5, 1.0, "Count"),
        ("App", "Errors", {}, 7, 1.0, "Count"),
    ]


@pytest.mark.parametrize(
    ("pattern", "place", "event", "value"),
    [
        ("{ $.latency = * }", "$.latency", '{"latency": 12.5}', 12.5),
        ("{ $.a = * }", "$.b[0].c", '{"a": 1, "b": [{"c": "7"}]}', 7.0),
        ("[ip, ..., bytes]", "$bytes", "10.0.0.1 GET 1534", 1534.0),
    ],
)
def test_a_value_can_be_the_events(pattern: str, place: str, event: str, value: float) -> None:
    """TG-052: metricValue $.field, or $column."""
    assert values(pattern, [(1, event)], metricValue=place) == [(1, value, {})]


@pytest.mark.parametrize("event", ['{"latency": "slow"}', '{"latency": null}', '{"other": 1}'])
def test_a_value_that_is_no_number_is_no_datapoint(event: str) -> None:
    """TG-052: nothing to report."""
    pattern = "{ $.latency = * || $.other = * || $.latency IS NULL }"
    assert values(pattern, [(1, event)], metricValue="$.latency") == []


def test_dimensions_are_the_events() -> None:
    """TG-052: an event without the field is not reported."""
    events = [(1, '{"code": 500}'), (2, '{"code": 500, "path": "/a"}')]
    found = values("{ $.code = 500 }", events, dimensions={"Path": "$.path"})
    assert found == [(2, 1.0, {"Path": "/a"})]


def test_the_default_value_stands_for_minutes_without_a_match() -> None:
    """TG-052: not for minutes without any events."""
    events = [(1, "fine"), (2, "ERROR"), (MINUTE + 5, "fine"), (3 * MINUTE, "fine")]
    found = values("ERROR", events, defaultValue=0.0)
    assert found == [(2, 1.0, {}), (MINUTE, 0.0, {}), (3 * MINUTE, 0.0, {})]
