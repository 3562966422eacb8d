"""News between processes: what one commits, another waiting for it hears within milliseconds."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from psycopg import Error

from penstock.store.database import Connection, Database

CHANNEL = "penstock"
AGAIN = 0.5  # seconds until a lost connection is tried again


async def notify(connection: Connection, topic: str) -> None:
    """Tells all who wait for `topic`, once the transaction has committed."""
    await connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, topic))


class Notices:
    """Hears the topics of every process of this database, over one connection of its own.

    News can be missed while that connection is lost; then all waiters are woken, to look again.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    async def open(self) -> None:
        self._task = asyncio.create_task(self._listen())
        await self._listening.wait()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    @asynccontextmanager
    async def of(self, topic: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set at each news of `topic`; whoever waits clears it, then looks."""
        event = asyncio.Event()
        self._waiting[topic].add(event)
        try:
            yield event
        finally:
            self._waiting[topic].discard(event)
            if not self._waiting[topic]:
                del self._waiting[topic]

    async def _listen(self) -> None:
        while True:
            with suppress(Error, OSError):
                async with self._database.connect() as connection:
                    await connection.execute("LISTEN penstock")
                    self._wake(*self._waiting)
                    self._listening.set()
                    async for notice in connection.notifies():
                        self._wake(notice.payload)
            await asyncio.sleep(AGAIN)

    def _wake(self, *topics: str) -> None:
        for topic in topics:
            for event in self._waiting.get(topic, ()):
                event.set()
