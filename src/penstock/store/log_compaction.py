"""Closed streams: their many small chunks become few, and parts of one blob."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from penstock.store import Store
from penstock.store.database import Connection
from penstock.store.log_chunks import SIZE, SPAN, Chunk, Columns, pack_columns, unpack_columns

_WINDOW = 200  # chunks read at once


class _Segment(NamedTuple):
    """A chunk of the blob, whose data has been written to it."""

    number: int
    events: int
    size: int
    first_at: int
    last_at: int
    start: int
    length: int


class _Gathered:
    """Chunks that follow one another and fit into one."""

    def __init__(self, row: Any) -> None:
        self.number = row.number
        self._times: list[int] = []
        self._messages: list[str] = []
        self._ingested: list[int] = []
        self._bytes = 0
        self._take(row)

    def add(self, row: Any) -> bool:
        """False where the chunk does not fit, or its times or numbers do not follow."""
        if (
            row.number != self.number + len(self._times)
            or row.first_at < self._times[-1]
            or row.last_at - self._times[0] > SPAN
            or self._bytes + row.bytes > SIZE
        ):
            return False
        self._take(row)
        return True

    def chunk(self) -> Chunk:
        return pack_columns(Columns(self._times, self._messages, self._ingested))

    def _take(self, row: Any) -> None:
        times, messages, ingested = unpack_columns(row.data, row.first_at)
        self._times += times
        self._messages += messages
        self._ingested += ingested
        self._bytes += row.bytes


class _Compaction:
    """One pass over the chunks of a stream that are not yet in a blob."""

    def __init__(self, store: Store, stream_id: int) -> None:
        self._store = store
        self._stream_id = stream_id
        self.segments: list[_Segment] = []
        self.numbers: list[int] = []

    async def write(self) -> AsyncIterator[bytes]:
        """The blob, piece by piece; notes what is in it as it goes."""
        gathered: _Gathered | None = None
        async for row in self._rows():
            self.numbers.append(row.number)
            if gathered is None:
                gathered = _Gathered(row)
            elif not gathered.add(row):
                yield self._segment(gathered)
                gathered = _Gathered(row)
        if gathered is not None:
            yield self._segment(gathered)

    def _segment(self, gathered: _Gathered) -> bytes:
        chunk = gathered.chunk()
        start = self.segments[-1].start + self.segments[-1].length if self.segments else 0
        self.segments.append(_Segment(gathered.number, *chunk[:4], start, len(chunk.data)))
        return chunk.data

    async def _rows(self) -> AsyncIterator[Any]:
        after = -1
        while rows := await self._store.database.fetch(
            "SELECT number, bytes, first_at, last_at, data FROM log_chunks"
            " WHERE stream_id = %s AND number > %s AND data IS NOT NULL"
            " ORDER BY number LIMIT %s",
            (self._stream_id, after, _WINDOW),
        ):
            for row in rows:
                yield row
            after = rows[-1].number


async def compact(store: Store, stream_id: int) -> None:
    """Moves the stream's chunks into a new blob; what is in one already stays where it is.

    The blob is written first, then one transaction has the rows name it: a process that dies in
    between leaves the stream as it was. Of two that do this at once one gives way.
    """
    if not await store.database.fetch_one(
        "SELECT 1 FROM log_chunks WHERE stream_id = %s AND data IS NOT NULL LIMIT 1", (stream_id,)
    ):
        return
    compaction = _Compaction(store, stream_id)
    blob = await store.blobs.put(compaction.write())
    async with store.database.transaction() as connection:
        replaced = await _replace(connection, stream_id, compaction, blob)
    if not replaced:
        await store.blobs.delete([blob])


async def _replace(
    connection: Connection, stream_id: int, compaction: _Compaction, blob: str
) -> bool:
    """False where a chunk has gone or changed since it was read."""
    await connection.execute("SELECT 1 FROM log_streams WHERE id = %s FOR UPDATE", (stream_id,))
    there = await connection.execute(
        "SELECT group_id FROM log_chunks"
        " WHERE stream_id = %s AND number = ANY (%s) AND data IS NOT NULL",
        (stream_id, compaction.numbers),
    )
    rows = await there.fetchall()
    if not rows or len(rows) != len(compaction.numbers):
        return False
    await connection.execute(
        "DELETE FROM log_chunks WHERE stream_id = %s AND number = ANY (%s)",
        (stream_id, compaction.numbers),
    )
    await connection.execute(
        "INSERT INTO log_chunks (stream_id, group_id, blob, number, events, bytes, first_at,"
        "   last_at, start, length)"
        " SELECT %s, %s, %s, c.* FROM unnest(%s::bigint[], %s::integer[], %s::integer[],"
        "   %s::bigint[], %s::bigint[], %s::bigint[], %s::integer[]) AS c",
        (stream_id, rows[0].group_id, blob, *map(list, zip(*compaction.segments, strict=True))),
    )
    return True
