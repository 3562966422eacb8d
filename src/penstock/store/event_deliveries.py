"""Events on their way to targets, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from psycopg.types.json import Jsonb

from penstock.store.database import Connection, Database
from penstock.store.queue import defer

QUEUE = "deliveries"
_SPACE = UUID("8f0b8f5e-52c1-4c0e-9a3f-4d1f6f0c7c11")


class Status(StrEnum):
    """DEAD_LETTER has been given up, and waits for the queue of such."""

    WAITING = "WAITING"
    DEAD_LETTER = "DEAD_LETTER"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class Delivery(NamedTuple):
    """An event for a target. `error` is of one that cannot be delivered at all."""

    event: int
    rule: int
    rule_arn: str
    target: dict[str, Any]
    account: str
    region: str
    input: str
    error: dict[str, str] | None = None

    @property
    def id(self) -> UUID:
        """The same whenever the same event comes to the same target by the same rule."""
        return uuid5(_SPACE, f"{self.event} {self.rule} {self.target['Id']}")


async def add(connection: Connection, deliveries: Sequence[Delivery], now: datetime) -> None:
    """Adds deliveries, and defers each; those that are there already are left alone."""
    for delivery in deliveries:
        status = Status.FAILED if delivery.error else Status.WAITING
        added = await connection.execute(
            "INSERT INTO event_deliveries (id, event, rule, rule_arn, target_id, target, account,"
            "   region, input, status, created, due, ended, error)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (
                *(delivery.id, delivery.event, delivery.rule, delivery.rule_arn),
                *(delivery.target["Id"], Jsonb(delivery.target), delivery.account, delivery.region),
                *(delivery.input, status, now, now, now if delivery.error else None),
                Jsonb(delivery.error) if delivery.error else None,
            ),
        )
        if added.rowcount and not delivery.error:
            await _defer(connection, delivery.id)


async def _defer(connection: Connection, delivery: UUID, at: datetime | None = None) -> None:
    await defer(
        connection,
        "deliver_event",
        {"delivery": str(delivery)},
        queue=QUEUE,
        at=at,
        once=f"event delivery {delivery}",
    )


_FIND = (
    "SELECT d.*, e.at AS event_at, e.ingested, e.hops, e.id AS event_id, e.source, e.detail_type,"
    "   e.resources, e.detail, e.region AS event_region, e.origin,"
    "   e.bus AS event_bus"
    " FROM event_deliveries d JOIN events e ON e.sequence = d.event WHERE d.id = %s"
    "   AND d.status IN ('WAITING', 'DEAD_LETTER')"
)


async def find(database: Database, delivery: UUID) -> Any | None:
    """One that is not over, with what is needed of its event."""
    return await database.fetch_one(_FIND, (delivery,))


async def lock(connection: Connection, delivery: UUID) -> Any | None:
    """As `find`, with the delivery's row locked."""
    found = await connection.execute(_FIND + " FOR UPDATE OF d", (delivery,))
    return await found.fetchone()


async def set_over(
    connection: Connection,
    delivery: UUID,
    status: Status,
    now: datetime,
    *,
    attempts: int,
    error: dict[str, str] | None = None,
) -> bool:
    """Ends a delivery; False where it has ended before."""
    ended = await connection.execute(
        "UPDATE event_deliveries SET status = %s, ended = %s, attempts = %s,"
        "   error = coalesce(%s, error)"
        " WHERE id = %s AND status IN ('WAITING', 'DEAD_LETTER')",
        (status, now, attempts, Jsonb(error) if error else None, delivery),
    )
    return ended.rowcount == 1


async def set_due(
    connection: Connection,
    delivery: UUID,
    status: Status,
    due: datetime,
    *,
    attempts: int,
    error: dict[str, str],
) -> None:
    """Has a delivery attempted at a later time."""
    again = await connection.execute(
        "UPDATE event_deliveries SET status = %s, due = %s, attempts = %s, error = %s"
        " WHERE id = %s AND status IN ('WAITING', 'DEAD_LETTER')",
        (status, due, attempts, Jsonb(error), delivery),
    )
    if again.rowcount:
        await _defer(connection, delivery, due)


async def hold_log_group(
    connection: Connection, account: str, region: str, name: str
) -> int | None:
    """The id of a log group that is a target; it stays until the transaction ends."""
    found = await connection.execute(
        "SELECT id FROM log_groups WHERE account = %s AND region = %s AND name = %s FOR KEY SHARE",
        (account, region, name),
    )
    row = await found.fetchone()
    return row.id if row else None


async def deliver_again(database: Database, before: datetime) -> int:
    """Defers the jobs of what has been due since before a time, as when the worker was killed that
    had one in hand; returns how many."""
    return len(await database.fetch(_AGAIN, (before,), commits=True))


_AGAIN = """
WITH stuck AS MATERIALIZED (
  SELECT d.id FROM event_deliveries d
  WHERE d.status IN ('WAITING', 'DEAD_LETTER') AND d.due < %s
    AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j
      WHERE j.queueing_lock = 'event delivery ' || d.id AND j.status = 'todo')
  ORDER BY d.due LIMIT 1000 FOR UPDATE OF d SKIP LOCKED)
SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('deliveries', 'deliver_event', 0, NULL,
  'event delivery ' || id, jsonb_build_object('delivery', id), NULL
  )::procrastinate_job_to_defer_v1]) FROM stuck
"""
