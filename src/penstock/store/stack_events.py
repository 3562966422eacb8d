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


_INSERT = """
INSERT INTO stack_events (stack, id, logical_id, physical_id, type, status, reason, token, at,
  properties)
SELECT %s, id, logical_id, physical_id, type, status, reason, token, at, properties
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
  %s::text[], %s::timestamptz[], %s::bytea[]) WITH ORDINALITY
  u (id, logical_id, physical_id, type, status, reason, token, at, properties, place)
ORDER BY place
"""


def _about(event: UUID) -> str:
    return f"stack event:{event}"
