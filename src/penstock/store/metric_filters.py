"""Metric filters of log groups, and the datapoints they record (TG-052)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from psycopg.types.json import Jsonb

from penstock.decide.metric_filters import measure
from penstock.store.database import Connection, Database
from penstock.store.events import Point, record_points

MOST = 100
"""Filters of a group."""


async def put(
    connection: Connection,
    group_id: int,
    name: str,
    pattern: str,
    transformation: Mapping[str, Any],
    now: datetime,
) -> bool:
    """Makes or replaces a filter; False where the group has as many as it may."""
    # The group's lock keeps two new filters from both being the last that may be.
    await connection.execute("SELECT 1 FROM log_groups WHERE id = %s FOR UPDATE", (group_id,))
    await connection.execute(
        "INSERT INTO log_metric_filters (group_id, name, pattern, transformation, created)"
        " SELECT id, %s, %s, %s, %s FROM log_groups WHERE id = %s"
        " ON CONFLICT (group_id, name) DO UPDATE"
        "   SET pattern = excluded.pattern, transformation = excluded.transformation",
        (name, pattern, Jsonb(dict(transformation)), now, group_id),
    )
    return await _count(connection, group_id) <= MOST


async def delete(connection: Connection, group_id: int, name: str) -> bool:
    gone = await connection.execute(
        "DELETE FROM log_metric_filters WHERE group_id = %s AND name = %s", (group_id, name)
    )
    await _count(connection, group_id)
    return gone.rowcount == 1


async def _count(connection: Connection, group_id: int) -> int:
    """Notes at the group how many filters it has, for appends to see."""
    counted = await connection.execute(
        "UPDATE log_groups SET metric_filters ="
        "   (SELECT count(*) FROM log_metric_filters WHERE group_id = %s)"
        " WHERE id = %s RETURNING metric_filters",
        (group_id, group_id),
    )
    row = await counted.fetchone()
    return row.metric_filters if row else 0


async def describe(
    database: Database,
    account: str,
    region: str,
    *,
    group: str | None,
    prefix: str,
    metric: tuple[str, str] | None,
    after: tuple[str, str],
    limit: int,
) -> list[Any]:
    """Filters with `group_name`, in the order of both; `metric` is a namespace and a name."""
    namespace, name = metric or (None, None)
    return await database.fetch(
        "SELECT f.*, g.name AS group_name FROM log_groups g"
        " JOIN log_metric_filters f ON f.group_id = g.id"
        " WHERE g.account = %s AND g.region = %s AND (%s::text IS NULL OR g.name = %s)"
        "   AND starts_with(f.name, %s) AND (g.name, f.name) > (%s, %s)"
        "   AND (%s::text IS NULL OR (f.transformation ->> 'metricNamespace' = %s"
        "     AND f.transformation ->> 'metricName' = %s))"
        " ORDER BY g.name, f.name LIMIT %s",
        (account, region, group, group, prefix, *after, namespace, namespace, name, limit),
    )


async def record(
    connection: Connection,
    account: str,
    region: str,
    group_id: int,
    events: Sequence[tuple[int, str]],
) -> None:
    """Records what the group's filters make of new events."""
    found = await connection.execute(
        "SELECT pattern, transformation FROM log_metric_filters WHERE group_id = %s", (group_id,)
    )
    points = [
        Point(
            account,
            region,
            measured.namespace,
            measured.name,
            measured.dimensions,
            datetime.fromtimestamp(measured.at / 1000, UTC),
            measured.value,
            measured.unit,
        )
        for row in await found.fetchall()
        for measured in measure(row.pattern, row.transformation, events)
    ]
    if points:
        await record_points(connection, points)
