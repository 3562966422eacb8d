"""Writing logs (TG-040).

An append is one statement and one commit. Its chunks get the next numbers of their stream under
the lock of the stream's row, so a stream's numbers are committed in order and without gaps: who
reads by number misses nothing and sees nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any, LiteralString, NamedTuple

from penstock.store import Store, log_groups, log_streams, metric_filters
from penstock.store.database import Connection
from penstock.store.log_chunks import pack
from penstock.store.log_compaction import compact
from penstock.store.notices import CHANNEL, notify

LONGEST = (1 << 18) - 32
"""Characters of one event; at four bytes each it is just within what AWS takes (TG-040)."""

DAY = 86_400_000
"""Milliseconds."""

LogEvents = Sequence[tuple[int, str]]


class StreamName(NamedTuple):
    account: str
    region: str
    group: str
    stream: str


class Append(NamedTuple):
    """Events that come together, when they did, and the time that the stream's retention has to
    reach back to; these in milliseconds."""

    events: LogEvents
    now: int
    oldest: int | None = None


async def append(
    store: Store,
    account: str,
    region: str,
    group: str,
    stream: str,
    events: LogEvents,
    *,
    now: datetime,
) -> None:
    """Adds (milliseconds, text) events, in any order; they are committed when this returns.

    Makes the group and the stream where they are missing. A text longer than LONGEST becomes
    several events, an empty one is an event too.
    """
    name = StreamName(account, region, group, stream)
    pieces = [piece for event in events for piece in _pieces(*event)]
    if not pieces or await add(store, name, [Append(pieces, milliseconds(now))]):
        return
    async with store.database.transaction() as connection:
        group_id = await log_groups.ensure(connection, account, region, group, now)
        await log_streams.create(connection, account, region, group, group_id, stream, now)
        await add_measured(connection, name, group_id, pieces, now=now)


async def add(store: Store, name: StreamName, appends: Sequence[Append]) -> bool:
    """Adds events where nothing else is to be done, in one trip to the database.

    False, and nothing added, where the stream is missing, its group has metric filters, or the
    group's retention is too short for one of the appends.
    """
    oldest = min((one.oldest for one in appends if one.oldest is not None), default=None)
    sql, parameters = _adding(name, appends, oldest=oldest, measured=False)
    return await store.database.execute(sql, parameters) == 1


async def add_measured(
    connection: Connection, name: StreamName, group_id: int, events: LogEvents, *, now: datetime
) -> bool:
    """Adds events and the datapoints of the group's metric filters; False without a stream."""
    appends = [Append(events, milliseconds(now))]
    added = await connection.execute(*_adding(name, appends, oldest=None, measured=True))
    if not added.rowcount:
        return False
    await metric_filters.record(connection, name.account, name.region, group_id, events)
    return True


async def close_stream(store: Store, account: str, region: str, group: str, stream: str) -> None:
    """Says that no more events are coming, and moves those there are into one blob.

    Doing so again is harmless, whether or not the first time came to its end.
    """
    async with store.database.transaction() as connection:
        found = await connection.execute(
            "UPDATE log_streams s SET closed = true FROM log_groups g"
            " WHERE g.account = %s AND g.region = %s AND g.name = %s"
            "   AND s.group_id = g.id AND s.name = %s RETURNING s.id",
            (account, region, group, stream),
        )
        row = await found.fetchone()
        if row is None:
            return
        await notify(connection, log_streams.topic(row.id))
    await compact(store, row.id)


def _pieces(at: int, text: str) -> Iterator[tuple[int, str]]:
    yield at, text[:LONGEST]
    for start in range(LONGEST, len(text), LONGEST):
        yield at, text[start : start + LONGEST]


def milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _adding(
    name: StreamName, appends: Sequence[Append], *, oldest: int | None, measured: bool
) -> tuple[LiteralString, dict[str, Any]]:
    """A statement and its parameters."""
    chunks = [chunk for one in appends for chunk in pack(one.events, one.now)]
    counts = [chunk.events for chunk in chunks]
    common = {
        **name._asdict(),
        "oldest": oldest,
        "measured": measured,
        "now": max(one.now for one in appends),
        "count": sum(counts),
        "size": sum(chunk.size for chunk in chunks),
        "first": min(chunk.first_at for chunk in chunks),
        "last": max(chunk.last_at for chunk in chunks),
    }
    if len(chunks) == 1:
        return _ADD_ONE, {**common, "data": chunks[0].data}
    return _ADD, {
        **common,
        "offsets": _array([0, *accumulate(counts[:-1])]),
        "counts": _array(counts),
        "sizes": _array([chunk.size for chunk in chunks]),
        "firsts": _array([chunk.first_at for chunk in chunks]),
        "lasts": _array([chunk.last_at for chunk in chunks]),
        "datas": [chunk.data for chunk in chunks],
    }


def _array(numbers: Sequence[int]) -> str:
    """As PostgreSQL reads it; the driver would look at each number for its type."""
    return f"{{{','.join(map(str, numbers))}}}"


def _statement(chunks: LiteralString) -> LiteralString:
    return f"""
WITH grown AS (
  UPDATE log_streams s
  SET next_number = s.next_number + %(count)s, bytes = s.bytes + %(size)s,
    first_event = least(s.first_event, %(first)s),
    last_event = greatest(s.last_event, %(last)s),
    last_ingestion = greatest(s.last_ingestion, %(now)s)
  FROM log_groups g
  WHERE g.account = %(account)s AND g.region = %(region)s AND g.name = %(group)s
    AND s.group_id = g.id AND s.name = %(stream)s
    AND (%(measured)s OR g.metric_filters = 0)
    AND (%(oldest)s::bigint IS NULL OR g.retention_days IS NULL
      OR %(oldest)s::bigint >= %(now)s - g.retention_days * {DAY}::bigint)
  RETURNING s.id, s.group_id, s.next_number - %(count)s AS number,
    g.tailed_until > %(now)s AS tailed
), added AS (
  INSERT INTO log_chunks (stream_id, number, group_id, events, bytes, first_at, last_at, data)
  {chunks}
)
SELECT CASE WHEN tailed THEN pg_notify('{CHANNEL}', 'logs:' || id) END AS stream,
  CASE WHEN tailed THEN pg_notify('{CHANNEL}', 'logs:group:' || group_id) END AS "group"
FROM grown
"""  # noqa: S608 - constants of this package


_ADD = _statement("""
  SELECT g.id, g.number + c.start, g.group_id, c.events, c.bytes, c.first_at, c.last_at, c.data
  FROM grown g, unnest(%(offsets)s::bigint[], %(counts)s::integer[], %(sizes)s::integer[],
    %(firsts)s::bigint[], %(lasts)s::bigint[], %(datas)b::bytea[])
    AS c (start, events, bytes, first_at, last_at, data)
""")
# Most appends are one chunk; to take arrays apart costs PostgreSQL a fifth of the rest.
_ADD_ONE = _statement(
    "SELECT id, number, group_id, %(count)s, %(size)s, %(first)s, %(last)s, %(data)b FROM grown"
)
