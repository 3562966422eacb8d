"""A PostgreSQL database: statements, transactions, a connection to listen on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString

from psycopg import AsyncConnection, InterfaceError, OperationalError
from psycopg.rows import namedtuple_row

from penstock.store.connections import Connections

Connection = AsyncConnection[Any]
Parameters = Sequence[Any] | dict[str, Any]

# A server that went away and came back leaves dead connections; reading again is safe.
_READ_AGAIN = (OperationalError, InterfaceError)


class Database:
    """One PostgreSQL database. Rows are named tuples.

    Statements outside of a transaction commit by themselves, in one trip to the server.
    """

    def __init__(self, url: str, *, connections: int = 10) -> None:
        self.url = url
        self._connections = Connections(url, connections)

    async def open(self) -> None:
        """Raises OperationalError where it does not answer."""
        async with self._connections.one():
            pass

    async def close(self) -> None:
        await self._connections.close()

    async def fetch(
        self, sql: LiteralString, parameters: Parameters = (), *, commits: bool = False
    ) -> list[Any]:
        """The rows a statement finds that may be asked twice; `commits` where it waits for disks.

        A reading one is waited for awake where nobody else asks anything: see `AWAKE`.
        """
        try:
            return await self._fetch(sql, parameters, commits)
        except _READ_AGAIN:
            await self._connections.close_idle()
            return await self._fetch(sql, parameters, commits)

    async def _fetch(self, sql: LiteralString, parameters: Parameters, commits: bool) -> list[Any]:
        connection = await self._connections.take()
        try:
            awake = self._connections.taken == 1 and not commits
            return (await connection.run(sql, parameters, awake=awake))[0]
        finally:
            await self._connections.put(connection)

    async def fetch_one(
        self, sql: LiteralString, parameters: Parameters = (), *, commits: bool = False
    ) -> Any | None:
        """The first row that `fetch` finds."""
        rows = await self.fetch(sql, parameters, commits=commits)
        return rows[0] if rows else None

    async def execute(self, sql: LiteralString, parameters: Parameters = ()) -> int:
        """Runs one writing statement and returns the number of rows it touched."""
        connection = await self._connections.take()
        try:
            return (await connection.run(sql, parameters))[1]
        finally:
            await self._connections.put(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection in a transaction: all that is done on it is committed together, or not."""
        async with self._connections.one() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connection]:
        """A connection of its own, for listening or for session locks."""
        connection: Connection = await AsyncConnection.connect(
            self.url, autocommit=True, row_factory=namedtuple_row
        )
        async with connection:
            yield connection
