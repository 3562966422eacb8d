"""Metric filters: kept, tested, and applied to what is logged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.services.logs import Logs
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.logs import append

pytestmark = pytest.mark.anyio

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NOON = 1_772_366_400_000
GROUP = {"logGroupName": "app"}
ERRORS = {"metricName": "Errors", "metricNamespace": "App", "metricValue": "1"}
PLACE = ("000000000000", "us-east-1", "app", "one")


@pytest.fixture
async def call(store: Store, call_of: Callable[..., Call]) -> Callable[..., Any]:
    service = Logs(store)

    async def make(operation: str, **request: Any) -> Any:
        return await getattr(service, operation)(call_of("logs", operation), request)

    await make("create_log_group", **GROUP)
    return make


async def put(
    call: Callable[..., Any], name: str, pattern: str = "ERROR", **transformation: Any
) -> None:
    await call(
        "put_metric_filter",
        **GROUP,
        filterName=name,
        filterPattern=pattern,
        metricTransformations=[ERRORS | transformation],
    )


async def points(store: Store) -> list[tuple[Any, ...]]:
    rows = await store.database.fetch("SELECT * FROM metric_points ORDER BY at, value, name")
    return [(row.name, row.dimensions, row.at, row.value, row.unit) for row in rows]


async def test_what_is_logged_after_a_filter_was_put_is_counted(
    call: Callable[..., Any], store: Store
) -> None:
    """TG-052: by PutLogEvents and by builds; not what was there before."""
    await append(store, *PLACE, [(NOON, "ERROR before")], now=AT)
    await put(call, "errors", unit="Count")
    await append(store, *PLACE, [(NOON, "ERROR"), (NOON, "fine")], now=AT)
    batch = [{"timestamp": NOON, "message": "ERROR"}]
    await call("put_log_events", **GROUP, logStreamName="one", logEvents=batch)
    assert await points(store) == [("Errors", {}, AT, 1.0, "Count")] * 2
    await call("delete_metric_filter", **GROUP, filterName="errors")
    await append(store, *PLACE, [(NOON, "ERROR")], now=AT)
    assert len(await points(store)) == 2


async def test_values_and_dimensions_come_from_the_events(
    call: Callable[..., Any], store: Store
) -> None:
    """TG-052: $.field."""
    await put(call, "slow", "{ $.ms > 100 }", metricValue="$.ms", dimensions={"Path": "$.path"})
    events = [(NOON, '{"ms": 250, "path": "/a"}'), (NOON, '{"ms": 50, "path": "/a"}')]
    await append(store, *PLACE, events, now=AT)
    assert await points(store) == [("Errors", {"Path": "/a"}, AT, 250.0, "None")]


async def test_filters_are_described_by_group_name_and_metric(call: Callable[..., Any]) -> None:
    """TG-052: a filter that is put again is replaced."""
    await put(call, "b")
    await put(call, "a", "WARN", metricName="Warnings")
    await put(call, "a", "?WARN ?warn", metricName="Warnings")
    page = await call("describe_metric_filters", limit=1)
    assert page["metricFilters"] == [
        {
            "filterName": "a",
            "filterPattern": "?WARN ?warn",
            "metricTransformations": [ERRORS | {"metricName": "Warnings"}],
            "creationTime": NOON,
            "logGroupName": "app",
        }
    ]

    async def names(**request: Any) -> list[str]:
        answer = await call("describe_metric_filters", **request)
        return [found["filterName"] for found in answer["metricFilters"]]

    assert await names(nextToken=page["nextToken"], limit=1) == ["b"]
    assert await names(metricName="Errors", metricNamespace="App") == ["b"]
    assert await names(**GROUP, filterNamePrefix="a") == ["a"]
    (group,) = (await call("describe_log_groups"))["logGroups"]
    assert group["metricFilterCount"] == 2


@pytest.mark.parametrize(
    ("pattern", "transformation", "message"),
    [
        ("a:b", {}, "Invalid character(s)"),
        ("ERROR", {"metricValue": "$.ms"}, "Invalid metric transformation"),
        ("{ $.a = 1 }", {"metricValue": "many"}, "Invalid metric transformation"),
        ("{ $.a = 1 }", {"metricValue": "$.[["}, "Invalid metric transformation"),
        ("{ $.a = 1 }", {"dimensions": {"A": "$.a"}, "defaultValue": 0.0}, "exclusive"),
        ("{ $.a = 1 }", {"dimensions": dict.fromkeys("ABCD", "$.a")}, "at most 3 dimensions"),
        ("ERROR", {"metricName": "a:b"}, "regular expression pattern"),
    ],
)
async def test_filters_that_are_refused(
    call: Callable[..., Any], pattern: str, transformation: dict[str, Any], message: str
) -> None:
    """TG-052: InvalidParameterException."""
    with pytest.raises(AwsError) as caught:
        await put(call, "x", pattern, **transformation)
    assert caught.value.code == "InvalidParameterException"
    assert message in caught.value.message


async def test_a_group_has_a_hundred_filters(call: Callable[..., Any]) -> None:
    """TG-052: and not one more; those that are there can be changed."""
    for number in range(100):
        await put(call, str(number))
    with pytest.raises(AwsError, match="LimitExceededException"):
        await put(call, "more")
    await put(call, "99", "WARN")
    (group,) = (await call("describe_log_groups"))["logGroups"]
    assert group["metricFilterCount"] == 100


async def test_patterns_are_tried_on_messages(call: Callable[..., Any]) -> None:
    """TG-048, TG-050: matches are numbered from one."""
    lines = ["GET /a 200", "GET /b 500", "one"]
    answer = await call(
        "test_metric_filter", filterPattern="[method, path, status=5*]", logEventMessages=lines
    )
    assert answer["matches"] == [
        {
            "eventNumber": 2,
            "eventMessage": "GET /b 500",
            "extractedValues": {"$method": "GET", "$path": "/b", "$status": "500"},
        }
    ]


async def test_there_are_no_subscription_filters(call: Callable[..., Any]) -> None:
    assert await call("describe_subscription_filters", **GROUP) == {"subscriptionFilters": []}
    with pytest.raises(AwsError, match="PutSubscriptionFilter"):
        Logs.handler(Logs.__new__(Logs), "PutSubscriptionFilter")
