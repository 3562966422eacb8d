"""Following logs: events as they are committed, told by notices instead of polling (TG-043)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from penstock.store import Store, log_groups, log_streams
from penstock.store.log_chunks import Event
from penstock.store.log_reading import events_of

_CHUNKS = 16  # of one stream, read at once
_TAILED = timedelta(hours=1)
_LOOK = 1.0  # seconds; who appends at this moment may not know yet that somebody follows


async def follow(
    store: Store,
    account: str,
    region: str,
    group: str,
    stream: str,
    *,
    from_start: bool = True,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncGenerator[list[Event], None]:
    """The events of a stream in the order they were added, each once, until it is closed.

    Waits for a stream that is not there yet; ends when one is deleted.
    """
    found = await _awaited(store, account, region, group, stream)
    number = 0 if from_start else found.next_number
    async with store.notices.of(log_streams.topic(found.id)) as news:
        tailed = clock()
        while True:
            if tailed <= clock():
                tailed = clock() + _TAILED
                until = int((tailed + _TAILED).timestamp() * 1000)
                await log_groups.tail(store.database, [found.group_id], until)
            news.clear()
            state = await store.database.fetch_one(
                "SELECT closed, next_number FROM log_streams WHERE id = %s", (found.id,)
            )
            if state is None:
                return
            while number < state.next_number:
                events = await read_from(store, {found.id: number})
                if not events:  # they have expired, or the stream is being deleted
                    number = state.next_number
                    break
                number = events[-1].number + 1
                yield events
            if state.closed:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK):
                    await news.wait()


async def read_from(store: Store, numbers: Mapping[int, int]) -> list[Event]:
    """The next events of streams, by the number each is to go on with; in the streams' order."""
    chunks = await store.database.fetch(
        _CHUNKS_FROM, (list(numbers), list(numbers.values()), _CHUNKS)
    )
    return [
        event
        for run in await events_of(store, chunks)
        for event in run
        if event.number >= numbers[event.stream_id]
    ]


# The chunk that has the number may begin before it, once small chunks have become a large one.
_CHUNKS_FROM = """
  SELECT c.* FROM unnest(%s::bigint[], %s::bigint[]) WITH ORDINALITY AS f (id, number, place)
  CROSS JOIN LATERAL (
    SELECT stream_id, number, first_at, data, blob, start, length FROM log_chunks
    WHERE stream_id = f.id AND number >= coalesce((SELECT max(number) FROM log_chunks
      WHERE stream_id = f.id AND number <= f.number), 0)
    ORDER BY number LIMIT %s
  ) AS c
  ORDER BY f.place, c.number
"""


async def _awaited(store: Store, account: str, region: str, group: str, stream: str) -> Any:
    topic = log_streams.awaited(account, region, group, stream)
    async with store.notices.of(topic) as news:
        while True:
            news.clear()
            found = await log_streams.find(store.database, account, region, group, stream)
            if found is not None and found.id is not None:
                return found
            await news.wait()
