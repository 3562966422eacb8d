"""Connections to PostgreSQL, kept open and handed out for a statement or a transaction."""

from __future__ import annotations

import asyncio
import os
import select
from collections import deque
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from json import JSONDecoder
from time import perf_counter
from typing import Any, TypeVar

from psycopg import AsyncConnection, Error, OperationalError
from psycopg.abc import PQGen
from psycopg.adapt import Loader, Transformer
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.generators import execute
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import namedtuple_row
from psycopg.waiting import Ready, Wait

from penstock.store.statements import numbered, row_maker

PREPARED = 500  # statements of a connection that the server knows by a name
PATIENCE = 10.0  # seconds for a connection
AGAIN = 0.1  # seconds between attempts to connect
KEPT = 600.0  # seconds for which an idle connection is kept
AWAKE = 60e-6 if (os.cpu_count() or 1) > 1 else 0.0
"""Seconds for which an answer is waited for awake: as long as it takes to fall asleep, to be woken
on some other processor and to begin again with cold caches."""
# What a server says that will say the same in a moment.
_FINAL = (
    "password authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "does not exist",
)

Result = TypeVar("Result")
_scan = JSONDecoder().raw_decode


class JsonbLoader(Loader):
    """PostgreSQL has checked what it sends, and sends UTF-8 without spaces around it."""

    def load(self, data: bytes | bytearray | memoryview) -> Any:
        return _scan(str(data, "utf-8"))[0]


class Session(AsyncConnection[Any]):
    """A connection whose socket the event loop watches all the time.

    Psycopg begins and ends that with each wait, and most of a short statement's time goes there.
    A statement whose task is cancelled is cancelled too, and its connection closed.
    """

    _watched: int | None = None  # a file descriptor
    _waiting: asyncio.Future[None] | None = None
    _poll: select.poll | None = None
    _awake = False
    _adapts: Any = None
    _names: dict[Any, bytes | None]
    _numbers: Iterator[int]

    async def run(
        self, sql: str, parameters: Sequence[Any] | dict[str, Any], *, awake: bool = False
    ) -> tuple[list[Any], int]:
        """The rows a statement finds, as named tuples, and how many it found or touched.

        As `execute` and `fetchall`, without a cursor and in half the time. One with parameters that
        comes a second time is prepared. `awake` waits the first moment without letting others run.
        """
        self._awake = awake
        if self._adapts is None:
            self.adapters.register_loader("jsonb", JsonbLoader)
            self._adapts, self._names, self._numbers = Transformer(self), {}, count()
        adapts = self._adapts
        text, formats, names = numbered(sql)
        given = [parameters[name] for name in names] if isinstance(parameters, dict) else parameters
        values = adapts.dump_sequence(given, formats)
        try:
            result = await self._run(text, values, adapts.types, adapts.formats)
        except InvalidSqlStatementName:  # psycopg forgets all there are when it rolls back
            self._names.clear()
            result = await self._run(text, values, adapts.types, adapts.formats)
        rows = []
        if result.status == ExecStatus.TUPLES_OK:
            adapts.set_pgresult(result)
            columns = tuple(map(result.fname, range(result.nfields)))
            rows = adapts.load_rows(0, result.ntuples, row_maker(columns))
        return rows, result.command_tuples or 0

    async def _run(self, text: bytes, values: Any, types: Any, formats: Any) -> PGresult:
        if not values:
            self.pgconn.send_query(text)
            return await self._result()
        key = text, types
        name = self._names.get(key)
        if name is None and key in self._names:
            name = b"penstock_%d" % next(self._numbers)
            self.pgconn.send_prepare(name, text, types)
            await self._result()
            self._names[key] = name
        if name is not None:
            self.pgconn.send_query_prepared(name, values, formats)
        else:
            if len(self._names) < PREPARED:
                self._names[key] = None
            self.pgconn.send_query_params(text, values, types, formats)
        return await self._result()

    async def _result(self) -> PGresult:
        result: PGresult = (await self.wait(execute(self.pgconn)))[-1]
        if result.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(result)
        return result

    async def wait(
        self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None
    ) -> Result:
        try:
            wanted = next(gen)
            while wanted == Wait.R and timeout is None:
                if not (self._awake and self._is_soon_readable()):
                    await self._readable()
                wanted = gen.send(Ready.R)
                if wanted == Wait.R:
                    self._unwatch()  # of a socket with an error uvloop tells once and no more
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

    def _is_soon_readable(self) -> bool:
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self.pgconn.socket, select.POLLIN)
        end = perf_counter() + AWAKE
        while perf_counter() < end:
            if self._poll.poll(0):
                return True
        return False

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
        self.taken = 0
        """How many are in use."""

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
        self.taken += 1
        if self._idle:
            return self._idle.pop()[1]
        try:
            return await self._open()
        except BaseException:
            self._release()
            raise

    async def put(self, connection: Session) -> None:
        """One amid a transaction, or broken, is closed."""
        now = asyncio.get_running_loop().time()
        if self._closed or connection.pgconn.transaction_status != TransactionStatus.IDLE:
            await connection.close()
        else:
            self._idle.append((now, connection))
        self._release()
        if self._idle and self._idle[0][0] < now - KEPT:
            await self._idle.popleft()[1].close()

    def _release(self) -> None:
        self.taken -= 1
        self._room.release()

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
            except OperationalError as error:
                if loop.time() > end or any(text in str(error) for text in _FINAL):
                    raise
            await asyncio.sleep(AGAIN)
