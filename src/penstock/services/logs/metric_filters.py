"""Metric filters, and testing their patterns (TG-048 to TG-052)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from penstock.decide.filter_patterns import extracted, matcher, number_of
from penstock.documents.filter_conditions import read_selector
from penstock.documents.filter_pattern import FilterPattern, FilterPatternError, Terms, parse
from penstock.errors import AwsError, not_implemented
from penstock.services.logs.names import (
    check_group,
    check_stream,
    find_group,
    invalid,
    milliseconds,
    unsatisfied,
)
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import metric_filters

PAGE = 50
MOST_DIMENSIONS = 3
_METRIC = re.compile(r"[^:*$]{1,255}")
_BAD_TOKEN = invalid("The specified nextToken is invalid.")
_ABSENT = ("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFieldDimensions")


class MetricFilters(Service):
    async def put_metric_filter(self, call: Call, request: Request) -> None:
        for member in _ABSENT:
            if request.get(member):
                raise not_implemented(f"PutMetricFilter.{member}")
        name = check_stream(request["filterName"], "filterName")
        (transformation,) = request["metricTransformations"]
        _check(_parse(request["filterPattern"]), transformation)
        group = await find_group(self.store, call, check_group(request["logGroupName"]))
        async with self.store.database.transaction() as connection:
            if not await metric_filters.put(
                connection, group.id, name, request["filterPattern"], transformation, call.now
            ):
                raise AwsError("LimitExceededException", "Resource limit exceeded.")

    async def delete_metric_filter(self, call: Call, request: Request) -> None:
        group = await find_group(self.store, call, check_group(request["logGroupName"]))
        name = check_stream(request["filterName"], "filterName")
        async with self.store.database.transaction() as connection:
            if not await metric_filters.delete(connection, group.id, name):
                raise AwsError(
                    "ResourceNotFoundException", "The specified metric filter does not exist."
                )

    async def describe_metric_filters(self, call: Call, request: Request) -> Answer:
        group = request.get("logGroupName")
        if group is not None:
            await find_group(self.store, call, check_group(group))
        metric, namespace = request.get("metricName"), request.get("metricNamespace")
        if (metric is None) != (namespace is None):
            raise invalid("metricName and metricNamespace must be specified together.")
        prefix, limit = request.get("filterNamePrefix", ""), request.get("limit", PAGE)
        kind = f"metric-filters:{group}:{prefix}:{namespace}:{metric}"
        after = read_token(kind, request.get("nextToken"), _BAD_TOKEN)
        rows = await metric_filters.describe(
            self.store.database,
            call.account,
            call.region,
            group=group,
            prefix=prefix,
            metric=None if metric is None or namespace is None else (namespace, metric),
            after=(after[0], after[1]) if after else ("", ""),
            limit=limit + 1,
        )
        page, token = cut(rows, limit, lambda row: make_token(kind, row.group_name, row.name))
        answer: Answer = {"metricFilters": [_shape(row) for row in page]}
        return answer | ({"nextToken": token} if token else {})

    async def test_metric_filter(self, call: Call, request: Request) -> Answer:
        pattern = _parse(request["filterPattern"])
        matches = matcher(pattern)
        return {
            "matches": [
                {
                    "eventNumber": number,
                    "eventMessage": message,
                    "extractedValues": extracted(pattern, message),
                }
                for number, message in enumerate(request["logEventMessages"], 1)
                if matches(message)
            ]
        }

    async def describe_subscription_filters(self, call: Call, request: Request) -> Answer:
        """There are none: PutSubscriptionFilter is not there."""
        await find_group(self.store, call, check_group(request["logGroupName"]))
        return {"subscriptionFilters": []}


def _parse(text: str) -> FilterPattern:
    try:
        return parse(text)
    except FilterPatternError as error:
        raise invalid(str(error)) from None


def _check(pattern: FilterPattern, transformation: Mapping[str, Any]) -> None:
    for member in ("metricName", "metricNamespace"):
        if not _METRIC.fullmatch(transformation[member]):
            raise unsatisfied(transformation[member], member, "regular expression pattern: [^:*$]*")
    value, dimensions = transformation["metricValue"], transformation.get("dimensions", {})
    if number_of(value) is None:
        _check_place(pattern, value)
    if dimensions and transformation.get("defaultValue") is not None:
        raise invalid("Invalid metric transformation: dimensions and default value are exclusive.")
    if len(dimensions) > MOST_DIMENSIONS:
        raise invalid(f"A metric filter can have at most {MOST_DIMENSIONS} dimensions.")
    for place in dimensions.values():
        _check_place(pattern, place)


def _check_place(pattern: FilterPattern, place: str) -> None:
    """Refuses what is neither `$.selector` nor `$column`, or not in patterns of this kind."""
    if not place.startswith("$") or isinstance(pattern, Terms):
        raise invalid(f"Invalid metric transformation: {place}")
    if place.startswith(("$.", "$[")):
        try:
            read_selector(place)
        except FilterPatternError:
            raise invalid(f"Invalid metric transformation: {place}") from None


def _shape(row: Any) -> Answer:
    return {
        "filterName": row.name,
        "filterPattern": row.pattern,
        "metricTransformations": [row.transformation],
        "creationTime": milliseconds(row.created),
        "logGroupName": row.group_name,
    }
