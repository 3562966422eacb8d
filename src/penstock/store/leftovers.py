"""S3's blobs that no row names: freed ones, and those of writers that died before their row."""

from __future__ import annotations

from datetime import datetime, timedelta

from penstock.store import Store
from penstock.store.blobs import SHARDS
from penstock.store.object_bodies import ROOM

READING = timedelta(minutes=10)
"""Freed bytes are kept for as long: somebody may be reading them."""
WRITING = timedelta(days=1)
"""A blob without a row is younger while its writer may still be about to commit one."""
_PACE = timedelta(minutes=1)


async def collect_blobs(store: Store, now: datetime) -> int:
    """Removes what was freed, and what was left in one of the shards, a different one each minute.

    So a job that calls this every minute looks at all of them every four hours and a bit, and none
    of its runs takes long. Returns the number of blobs removed.
    """
    freed = await store.database.fetch(
        "DELETE FROM freed_blobs WHERE freed < %s RETURNING blob",
        (now - READING,),
        commits=True,
    )
    shard = int(now.timestamp() // _PACE.total_seconds()) % SHARDS
    left = await _unnamed(store, await store.blobs.older(shard, now - WRITING, under=ROOM))
    gone = [row.blob for row in freed] + left
    await store.blobs.delete(gone)
    return len(gone)


async def _unnamed(store: Store, keys: list[str]) -> list[str]:
    rows = await store.database.fetch(
        "SELECT found FROM unnest(%s::text[]) AS found"
        " WHERE NOT EXISTS (SELECT 1 FROM object_versions WHERE blob = found)"
        "   AND NOT EXISTS (SELECT 1 FROM upload_parts WHERE blob = found)"
        "   AND NOT EXISTS (SELECT 1 FROM freed_blobs WHERE blob = found)",
        (keys,),
    )
    return [row.found for row in rows]
