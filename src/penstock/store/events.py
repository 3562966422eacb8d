"""Events for EventBridge and datapoints for CloudWatch, written with what causes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from penstock.store.database import Connection, Database

DEFAULT_BUS = "default"


class Event(NamedTuple):
    """An event in EventBridge's envelope (TG-090); its id is given when it is recorded.

    `account` and `region` are those of the bus.
    """

    account: str
    region: str
    source: str
    detail_type: str
    resources: Sequence[str]
    at: datetime
    detail: Mapping[str, Any]
    bus: str = DEFAULT_BUS


class Passage(NamedTuple):
    """Of an event that comes from another bus: its id, the region it is from, buses on its way."""

    id: UUID
    origin: str
    hops: int


async def record_event(
    connection: Connection, event: Event, passage: Passage | None = None
) -> UUID:
    """Records an event in a transaction, with the job that routes it where a rule of its bus is
    enabled. Returns its id."""
    name, origin, hops = passage or (uuid4(), None, 0)
    await connection.execute(
        "SELECT record_event(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *(event.account, event.region, event.bus, name, event.source, event.detail_type),
            *(list(event.resources), event.at, Jsonb(dict(event.detail)), origin, hops),
        ),
    )
    return name


async def record_events(connection: Connection, events: Sequence[Event]) -> None:
    """As `record_event` of each, in their order; in one statement."""
    if not events:
        return
    rows = [
        {**event._asdict(), "resources": list(event.resources), "at": event.at.isoformat()}
        for event in events
    ]
    await connection.execute(_RECORD, (Jsonb(rows),))


_RECORD = """
SELECT record_event(account, region, bus, gen_random_uuid(), source, detail_type, resources, at,
  detail, NULL, 0)
FROM (SELECT e.* FROM ROWS FROM (jsonb_to_recordset(%s) AS (account text, region text, bus text,
    source text, detail_type text, resources text[], at timestamptz, detail jsonb))
  WITH ORDINALITY AS e ORDER BY ordinality) AS ordered
"""


async def has_copy(connection: Connection, event: UUID, place: tuple[str, str, str]) -> bool:
    """Whether an event has come to a bus, which is an account's, in a region, from another one.

    Nobody else brings it there until the transaction ends.
    """
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"event {event} {place}",)
    )
    found = await connection.execute(
        "SELECT 1 FROM events WHERE id = %s AND hops > 0"
        " AND (account, region, bus) = (%s, %s, %s) LIMIT 1",
        (event, *place),
    )
    return await found.fetchone() is not None


async def record_routed(connection: Connection, event: Event) -> Any:
    """Records an event that is for no rules but one, which its caller knows; returns its row."""
    recorded = await connection.execute(
        "INSERT INTO events (account, region, bus, source, detail_type, resources, at, detail)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING *",
        (
            *(event.account, event.region, event.bus, event.source, event.detail_type),
            *(list(event.resources), event.at, Jsonb(dict(event.detail))),
        ),
    )
    return await recorded.fetchone()


async def lock_unrouted(connection: Connection, sequence: int) -> Any | None:
    """The row of an event that no rule has been asked about, locked; None for any other."""
    found = await connection.execute(
        "SELECT * FROM events WHERE sequence = %s AND unrouted FOR UPDATE", (sequence,)
    )
    return await found.fetchone()


async def set_routed(connection: Connection, sequence: int) -> None:
    await connection.execute("UPDATE events SET unrouted = false WHERE sequence = %s", (sequence,))


async def route_again(database: Database, before: datetime) -> int:
    """Defers the jobs of events that came before a time and are unrouted still, as when the worker
    was killed that had one in hand; returns how many."""
    return len(await database.fetch(_ROUTE_AGAIN, (before,), commits=True))


_ROUTE_AGAIN = """
WITH stuck AS MATERIALIZED (
  SELECT e.sequence FROM events e WHERE e.unrouted AND e.ingested < %s
    AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j
      WHERE j.queueing_lock = 'event ' || e.sequence AND j.status = 'todo')
  ORDER BY e.ingested LIMIT 1000 FOR UPDATE OF e SKIP LOCKED)
SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('events', 'route_event', 0, NULL,
  'event ' || sequence, jsonb_build_object('event', sequence), NULL
  )::procrastinate_job_to_defer_v1]) FROM stuck
"""


async def forget_events(database: Database, before: datetime) -> int:
    """Removes events that came before a time, and their deliveries, the oldest first; returns how
    many. Some at a time, so that nobody waits for long."""
    gone = 0
    while removed := await database.execute(_FORGET, (before,)):
        gone += removed
    return gone


_FORGET = """
DELETE FROM events WHERE sequence IN (
  SELECT sequence FROM (SELECT sequence, ingested FROM events ORDER BY sequence LIMIT 1000) oldest
  WHERE ingested < %s)
"""


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


async def forget_points(database: Database, before: datetime) -> int:
    return await database.execute("DELETE FROM metric_points WHERE at < %s", (before,))
