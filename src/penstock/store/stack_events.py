"""Events of stacks, written in the transaction that gives rise to them (TG-106)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from penstock.store.database import Connection
from penstock.store.reading import Source, read_rows
from penstock.store.sealing import Sealer


class StackEvent(NamedTuple):
    """`properties` are the resource's, as JSON, or ""; `token` the client's, of the operation."""

    id: UUID
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    token: str
    at: datetime
    properties: str = ""
    sequence: int = 0


async def list_events(
    source: Source,
    sealer: Sealer,
    stack: UUID,
    *,
    before: int | None = None,
    limit: int,
) -> list[StackEvent]:
    """The newest first; those of a smaller `sequence` than `before`."""
    sql = (
        "SELECT * FROM stack_events WHERE stack = %s AND (%s::bigint IS NULL OR sequence < %s)"
        " ORDER BY sequence DESC LIMIT %s"
    )
    rows = await read_rows(source, sql, (stack, before, before, limit))
    return [_event(sealer, row) for row in rows]


def _event(sealer: Sealer, row: Any) -> StackEvent:
    properties = row.properties and sealer.unseal(bytes(row.properties), _about(row.id))
    return StackEvent(
        row.id,
        row.logical_id,
        row.physical_id,
        row.type,
        row.status,
        row.reason,
        row.token,
        row.at,
        properties.decode() if properties else "",
        row.sequence,
    )


class TokenEvent(NamedTuple):
    """What an event of an operation says; `logical_id` is "" where it is of the stack itself."""

    stack: UUID
    logical_id: str
    status: str
    reason: str


async def list_of_token(source: Source, account: str, region: str, token: str) -> list[TokenEvent]:
    """Of the operations that had a token, the oldest first, also of stacks that are deleted."""
    rows = await read_rows(
        source,
        "SELECT e.stack, e.status, e.reason, CASE WHEN e.physical_id LIKE '%%/' || e.stack"
        "   THEN '' ELSE e.logical_id END AS logical_id"
        " FROM stack_events e JOIN stacks s ON s.id = e.stack"
        " WHERE e.token = %s AND e.token <> '' AND s.account = %s AND s.region = %s"
        " ORDER BY e.sequence",
        (token, account, region),
    )
    return [TokenEvent(row.stack, row.logical_id, row.status, row.reason) for row in rows]


async def insert_events(
    connection: Connection, sealer: Sealer, stack: UUID, events: Sequence[StackEvent]
) -> None:
    if not events:
        return
    rows = (
        (*event[:8], sealer.seal(event.properties.encode(), _about(event.id)))
        if event.properties
        else (*event[:8], None)
        for event in events
    )
    await connection.execute(_INSERT, (stack, *map(list, zip(*rows, strict=True))))


# Tools put events into order by their times, of which they heed milliseconds.
_INSERT = """
WITH the (stack) AS (VALUES (%s::uuid)),
last (at) AS (SELECT (SELECT e.at FROM stack_events e WHERE e.stack = the.stack
  ORDER BY e.sequence DESC LIMIT 1) FROM the)
INSERT INTO stack_events (stack, id, logical_id, physical_id, type, status, reason, token, at,
  properties)
SELECT the.stack, id, logical_id, physical_id, type, status, reason, token,
  greatest(u.at, last.at + interval '1 ms') + (place - 1) * interval '1 ms', properties
FROM the, last, unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
  %s::text[], %s::timestamptz[], %s::bytea[]) WITH ORDINALITY
  u (id, logical_id, physical_id, type, status, reason, token, at, properties, place)
ORDER BY place
"""


def _about(event: UUID) -> str:
    return f"stack event:{event}"
