"""Events for EventBridge and datapoints for CloudWatch, written with what causes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from penstock.store.database import Connection


class Event(NamedTuple):
    """An event in EventBridge's envelope (TG-090); its id is given when it is recorded."""

    account: str
    region: str
    source: str
    detail_type: str
    resources: Sequence[str]
    at: datetime
    detail: Mapping[str, Any]


async def record_event(connection: Connection, event: Event) -> None:
    await connection.execute(
        "INSERT INTO events (account, region, source, detail_type, resources, at, detail)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (*event[:4], list(event.resources), event.at, Jsonb(dict(event.detail))),
    )


class Point(NamedTuple):
    """A datapoint of a metric; `dimensions` and its name make the metric (TG-021)."""

    account: str
    region: str
    namespace: str
    name: str
    dimensions: Mapping[str, str]
    at: datetime
    value: float
    unit: str = "None"


async def record_points(connection: Connection, points: Sequence[Point]) -> None:
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO metric_points"
            " (account, region, namespace, name, dimensions, at, value, unit)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (*point[:4], Jsonb(dict(point.dimensions)), point.at, point.value, point.unit)
                for point in points
            ],
        )
