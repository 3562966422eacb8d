"""Reading events in the order of their times, touching no more chunks than are needed.

Chunks of a stream, and of a group's streams all the more, overlap in time. A walk takes them in
the order of their beginnings (or backwards, of their ends), a window at a time, and gives out the
events that lie before all of what it has not taken yet.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, LiteralString, NamedTuple

from penstock.store import Store
from penstock.store.log_chunks import OVERHEAD, SPAN, Event, unpack

PAGE_EVENTS = 10_000
PAGE_BYTES = 1 << 20
SCANNED = 8 << 20
"""Bytes of events that one page looks through at most, so that no page takes long."""

_LEAST = 1 << 10  # bytes that a chunk counts for, as reading it takes its time
_WINDOW = 500  # chunks, unless more overlap
_END = 2**62

Keep = Callable[[str], bool]


class Bound(NamedTuple):
    """A place between events: right before an event of this time, stream and number."""

    at: int
    stream_id: int = 0
    number: int = 0


class Walk(NamedTuple):
    """What to read: events from `low` on and before `high`, of a group or of some of its streams.

    Forward it begins at `low`, backward at `high`. `keep` is asked about each message.
    """

    group_id: int
    streams: Sequence[int] | None
    low: Bound
    high: Bound
    forward: bool
    keep: Keep | None = None


class Page(NamedTuple):
    """Events in the order of their times, and the names of the streams they may be of.

    `rest` is the walk that goes on, None at the end.
    """

    events: list[Event]
    rest: Walk | None
    names: dict[int, str]


def between(start: int | None, end: int | None) -> tuple[Bound, Bound]:
    """The bounds of a range of milliseconds, its end not in it."""
    return Bound(min(start or 0, _END)), Bound(min(_END if end is None else end, _END))


async def read_page(store: Store, walk: Walk, limit: int) -> Page:
    """Up to `limit` events or PAGE_BYTES; fewer, or none, where SCANNED was looked through."""
    events: list[Event] = []
    names: dict[int, str] = {}
    rest: Walk | None = walk
    size = scanned = 0
    wanted, most = limit, _WINDOW
    while rest is not None and len(events) < limit and scanned < SCANNED:
        chunks = await _window(store, rest, wanted, most)
        following = _following(rest, chunks)
        wanted = min(2 * wanted, PAGE_EVENTS)  # where chunks overlap, few events are certain
        if following == rest:  # not even all that reach over the place are in it
            most *= 2
            continue
        names.update((chunk.stream_id, chunk.stream) for chunk in chunks)
        found = await _found(store, rest, following, chunks)
        taken = _fill(found, limit - len(events), PAGE_BYTES - size, rest.forward)
        events = events + taken if rest.forward else taken + events
        if len(taken) < len(found):
            return Page(events, _after(rest, taken) if taken else rest, names)
        size += sum(map(_size, taken))
        scanned += sum(max(chunk.bytes, _LEAST) for chunk in chunks)
        rest = following
    return Page(events, rest, names)


async def _found(
    store: Store, walk: Walk, following: Walk | None, chunks: Sequence[Any]
) -> list[Event]:
    """The events of a window that can be given out: those before what follows it."""
    low, high = walk.low, walk.high
    if following is not None:
        low, high = (low, min(high, following.low)) if walk.forward else (following.high, high)
    events = [event for run in await events_of(store, chunks, walk.keep) for event in run]
    events.sort()
    start = bisect_left(events, low, key=itemgetter(0, 1, 2))
    return events[start : bisect_left(events, high, key=itemgetter(0, 1, 2))]


def _following(walk: Walk, chunks: Sequence[Any]) -> Walk | None:
    """The walk from the first chunk that is not in the window."""
    if not chunks or chunks[-1].next_at is None:
        return None
    last = chunks[-1]
    bound = Bound(last.next_at, last.next_stream, last.next_number)
    if walk.forward:
        return walk._replace(low=max(bound, walk.low))
    return walk._replace(high=min(bound, walk.high))


def _fill(found: list[Event], count: int, size: int, forward: bool) -> list[Event]:
    """As many events as the page has room for, from the side the walk begins at."""
    number = 0
    for event in found if forward else reversed(found):
        size -= _size(event)
        if number == count or size < 0:
            break
        number += 1
    return found[:number] if forward else found[len(found) - number :]


def _after(walk: Walk, taken: Sequence[Event]) -> Walk:
    if walk.forward:
        last = taken[-1]
        return walk._replace(low=Bound(last.at, last.stream_id, last.number + 1))
    return walk._replace(high=Bound(*taken[0][:3]))


def _size(event: Event) -> int:
    message = event.message
    return OVERHEAD + (len(message) if message.isascii() else len(message.encode()))


async def events_of(
    store: Store, chunks: Sequence[Any], keep: Keep | None = None
) -> list[list[Event]]:
    """The events of each chunk; those removed since its row was read are no more."""
    blobs = iter(
        await asyncio.gather(*(_part(store, chunk) for chunk in chunks if chunk.blob is not None))
    )
    runs = []
    for chunk in chunks:
        data = chunk.data if chunk.blob is None else next(blobs)
        if data is not None:
            runs.append(unpack(data, chunk.stream_id, chunk.number, chunk.first_at, keep))
    return runs


async def _part(store: Store, chunk: Any) -> bytes | None:
    try:
        return await store.blobs.read(chunk.blob, chunk.start, chunk.length)
    except FileNotFoundError:
        return None


async def _window(store: Store, walk: Walk, wanted: int, most: int) -> list[Any]:
    """The next chunks, of `wanted` events or a page's bytes, and where the one after them begins.

    There are `most` of them at most.
    """
    bound = walk.low if walk.forward else walk.high
    return await store.database.fetch(
        _STATEMENTS[walk.forward, walk.streams is None],
        {
            "group": walk.group_id,
            "streams": None if walk.streams is None else list(walk.streams),
            "at": bound.at,
            "stream": bound.stream_id,
            "number": bound.number,
            # No chunk covers more than SPAN, so an index finds what reaches over the bound.
            "reach": bound.at - SPAN if walk.forward else bound.at + SPAN,
            "low": walk.low.at,
            "high": walk.high.at,
            "chunks": most,
            "events": wanted if walk.keep is None else PAGE_EVENTS,
            "bytes": PAGE_BYTES,
        },
    )


_FORWARD: LiteralString = """
  first_at >= %(reach)s AND first_at < %(high)s
  AND (last_at, stream_id, number + events) > (%(at)s, %(stream)s, %(number)s)
  ORDER BY first_at, stream_id, number LIMIT %(chunks)s + 1
"""
_BACKWARD: LiteralString = """
  last_at <= %(reach)s AND last_at >= %(low)s
  AND (first_at, stream_id, number) < (%(at)s, %(stream)s, %(number)s)
  ORDER BY last_at DESC, stream_id DESC, number + events DESC LIMIT %(chunks)s + 1
"""
_OF_GROUP: LiteralString = "SELECT * FROM log_chunks WHERE group_id = %(group)s AND "
_OF_STREAMS: LiteralString = """
  SELECT c.* FROM unnest(%(streams)s::bigint[]) AS s (id)
  CROSS JOIN LATERAL (SELECT * FROM log_chunks WHERE stream_id = s.id AND """
# The side of a chunk that the walk comes to first: events of later chunks lie beyond it.
_SIDES: dict[bool, tuple[LiteralString, LiteralString]] = {
    True: ("first_at", "number"),
    False: ("last_at", "number + events"),
}


def _statement(forward: bool, of_group: bool) -> LiteralString:
    """Chunks that reach over the bound are needed whatever there is of them; only others count."""
    conditions = _FORWARD if forward else _BACKWARD
    chunks = _OF_GROUP + conditions if of_group else f"{_OF_STREAMS}{conditions}) AS c"
    (at, number), down, on = _SIDES[forward], "" if forward else "DESC", ">" if forward else "<"
    beyond = f"({at}, stream_id, {number}) {on}= (%(at)s, %(stream)s, %(number)s)"
    return f"""
      SELECT stream_id, number, bytes, first_at, data, blob, start, length,
        next_at, next_stream, next_number,
        (SELECT name FROM log_streams WHERE id = stream_id) AS stream
      FROM (
        SELECT *, lead({at}) OVER w AS next_at, lead(stream_id) OVER w AS next_stream,
          lead({number}) OVER w AS next_number, row_number() OVER w AS place,
          sum(bytes) FILTER (WHERE {beyond}) OVER w - bytes AS bytes_before,
          sum(events) FILTER (WHERE {beyond}) OVER w - events AS events_before
        FROM ({chunks}) AS found
        WINDOW w AS (ORDER BY {at} {down}, stream_id {down}, {number} {down}
          ROWS UNBOUNDED PRECEDING)
      ) AS placed
      WHERE place <= %(chunks)s AND coalesce(bytes_before < %(bytes)s, true)
        AND coalesce(events_before < %(events)s, true)
      ORDER BY place
    """  # noqa: S608 - all its parts are literals of this file


_STATEMENTS = {
    (forward, of_group): _statement(forward, of_group)
    for forward in (True, False)
    for of_group in (True, False)
}
