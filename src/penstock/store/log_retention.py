"""Retention of log groups: what is older than a group's days goes (TG-047)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from penstock.store import Store
from penstock.store.logs import DAY, milliseconds

BATCH = 1_000  # chunks of one transaction


async def apply_retention(store: Store, now: datetime) -> int:
    """Removes the chunks whose last event has expired; returns how many.

    Any process may do so at any time; killed halfway, the next time goes on.
    """
    removed = 0
    for group in await store.database.fetch(
        "SELECT id, retention_days FROM log_groups WHERE retention_days IS NOT NULL"
    ):
        oldest = milliseconds(now) - group.retention_days * DAY
        while count := await _remove(store, group.id, oldest):
            removed += count
    return removed


async def _remove(store: Store, group_id: int, oldest: int) -> int:
    due = await store.database.fetch(
        "SELECT stream_id, number FROM log_chunks WHERE group_id = %s AND last_at < %s"
        " ORDER BY last_at LIMIT %s",
        (group_id, oldest, BATCH),
    )
    if not due:
        return 0
    streams = sorted({row.stream_id for row in due})
    async with store.database.transaction() as connection:
        await connection.execute(
            "SELECT 1 FROM log_streams WHERE id = ANY (%s) ORDER BY id FOR UPDATE", (streams,)
        )
        gone = await connection.execute(
            "DELETE FROM log_chunks c USING unnest(%s::bigint[], %s::bigint[])"
            "   AS due (stream_id, number)"
            " WHERE c.stream_id = due.stream_id AND c.number = due.number AND c.last_at < %s"
            " RETURNING c.blob",
            ([row.stream_id for row in due], [row.number for row in due], oldest),
        )
        blobs = {row.blob for row in await gone.fetchall() if row.blob is not None}
        await connection.execute(_COUNT_AGAIN, (streams,))
        unused = blobs - await _used(connection, streams, blobs)
    await store.blobs.delete(sorted(unused))
    return len(due)


_COUNT_AGAIN = """
  UPDATE log_streams s SET first_event = c.first_at, bytes = coalesce(c.bytes, 0)
  FROM (SELECT id, (SELECT min(first_at) FROM log_chunks WHERE stream_id = id) AS first_at,
      (SELECT sum(bytes) FROM log_chunks WHERE stream_id = id) AS bytes
    FROM unnest(%s::bigint[]) AS id) AS c
  WHERE s.id = c.id
"""


async def _used(connection: Any, streams: list[int], blobs: set[str]) -> set[str]:
    found = await connection.execute(
        "SELECT DISTINCT blob FROM log_chunks WHERE stream_id = ANY (%s) AND blob = ANY (%s)",
        (streams, sorted(blobs)),
    )
    return {row.blob for row in await found.fetchall()}
