"""Connections to PostgreSQL, kept open and handed out for a statement or a transaction."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from psycopg import AsyncConnection, Error, OperationalError
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.rows import namedtuple_row
from psycopg.waiting import Ready, Wait

PATIENCE = 10.0  # seconds for a connection
AGAIN = 0.1  # seconds between attempts to connect
KEPT = 600.0  # seconds for which an idle connection is kept

Result = TypeVar("Result")


class Session(AsyncConnection[Any]):
    """A connection whose socket the event loop watches all the time.

    Psycopg begins and ends that with each wait, and most of a short statement's time goes there.
    A statement whose task is cancelled is cancelled too, and its connection closed.
    """

    _watched: int | None = None  # a file descriptor
    _waiting: asyncio.Future[None] | None = None

    async def wait(
        self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None
    ) -> Result:
        try:
            wanted = next(gen)
            while wanted == Wait.R and timeout is None:
                await self._readable()
                wanted = gen.send(Ready.R)
        except StopIteration as end:
            result: Result = end.value
            return result
        except asyncio.CancelledError:
            with suppress(Error):
                await self.cancel_safe(timeout=PATIENCE)
            await self.close()
            raise
        except BaseException:
            self._unwatch()  # libpq has closed the socket, perhaps
            raise
        self._unwatch()
        return await super().wait(_resumed(gen, wanted), interval, timeout)

    async def close(self) -> None:
        self._unwatch()
        await super().close()

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        if self._watched is None:
            self._watched = self.pgconn.socket
            loop.add_reader(self._watched, self._wake)
        self._waiting = loop.create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def _wake(self) -> None:
        if self._waiting is None:
            self._unwatch()  # the end of the connection, or a notice that the next wait will see
        elif not self._waiting.done():
            self._waiting.set_result(None)

    def _unwatch(self) -> None:
        if self._watched is not None:
            asyncio.get_running_loop().remove_reader(self._watched)
            self._watched = None


def _resumed(gen: PQGen[Result], wanted: Wait) -> Generator[Wait, Ready | int, Result]:
    """The rest of a generator that has said what it waits for."""
    while True:
        ready = yield wanted
        try:
            wanted = gen.send(ready)
        except StopIteration as end:
            result: Result = end.value
            return result


class Connections:
    """At most `most`, opened when they are needed. That used last is the next to be used."""

    def __init__(self, url: str, most: int) -> None:
        self._url = url
        self._room = asyncio.Semaphore(most)
        self._idle: deque[tuple[float, Session]] = deque()
        self._closed = False

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Session]:
        connection = await self.take()
        try:
            yield connection
        finally:
            await self.put(connection)

    async def take(self) -> Session:
        """One that goes back by `put`. Raises OperationalError."""
        if self._closed:
            raise OperationalError("these connections are closed")
        try:
            if self._room.locked():
                async with asyncio.timeout(PATIENCE):
                    await self._room.acquire()
            else:
                await self._room.acquire()
        except TimeoutError:
            raise OperationalError(f"no connection has become free in {PATIENCE:g} s") from None
        if self._idle:
            return self._idle.pop()[1]
        try:
            return await self._open()
        except BaseException:
            self._room.release()
            raise

    async def put(self, connection: Session) -> None:
        """One amid a transaction, or broken, is closed."""
        now = asyncio.get_running_loop().time()
        if self._closed or connection.pgconn.transaction_status != TransactionStatus.IDLE:
            await connection.close()
        else:
            self._idle.append((now, connection))
        self._room.release()
        if self._idle and self._idle[0][0] < now - KEPT:
            await self._idle.popleft()[1].close()

    async def close_idle(self) -> None:
        while self._idle:
            await self._idle.pop()[1].close()

    async def close(self) -> None:
        """Those that are in use are closed when they come back."""
        self._closed = True
        await self.close_idle()

    async def _open(self) -> Session:
        """A server that starts just now is waited for."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        while True:
            try:
                return await Session.connect(self._url, autocommit=True, row_factory=namedtuple_row)
            except OperationalError:
                if loop.time() > end:
                    raise
            await asyncio.sleep(AGAIN)
