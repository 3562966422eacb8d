"""Connections to PostgreSQL: a pool for statements and transactions, one to listen on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString

from psycopg import AsyncConnection, InterfaceError, OperationalError
from psycopg.rows import namedtuple_row
from psycopg_pool import AsyncConnectionPool

Connection = AsyncConnection[Any]
Parameters = Sequence[Any] | dict[str, Any]

# A server that went away and came back leaves dead connections in the pool; reading again is safe.
_READ_AGAIN = (OperationalError, InterfaceError)


class Database:
    """One PostgreSQL database. Rows are named tuples.

    Statements outside of a transaction commit by themselves, in one trip to the server.
    """

    def __init__(self, url: str, *, connections: int = 10, minimum: int = 1) -> None:
        self.url = url
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            open=False,
            min_size=minimum,
            max_size=connections,
            timeout=10,
            kwargs={"autocommit": True, "row_factory": namedtuple_row},
        )

    async def open(self) -> None:
        await self._pool.open(wait=True)

    async def close(self) -> None:
        await self._pool.close()

    async def fetch(self, sql: LiteralString, parameters: Parameters = ()) -> list[Any]:
        """The rows a reading statement finds."""
        try:
            return await self._fetch(sql, parameters)
        except _READ_AGAIN:
            await self._pool.check()
            return await self._fetch(sql, parameters)

    async def _fetch(self, sql: LiteralString, parameters: Parameters) -> list[Any]:
        async with self._pool.connection() as connection:
            return await (await connection.execute(sql, parameters)).fetchall()

    async def fetch_one(self, sql: LiteralString, parameters: Parameters = ()) -> Any | None:
        """The first row a reading statement finds."""
        rows = await self.fetch(sql, parameters)
        return rows[0] if rows else None

    async def execute(self, sql: LiteralString, parameters: Parameters = ()) -> int:
        """Runs one writing statement and returns the number of rows it touched."""
        async with self._pool.connection() as connection:
            return (await connection.execute(sql, parameters)).rowcount

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection in a transaction: all that is done on it is committed together, or not."""
        async with self._pool.connection() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connection]:
        """A connection of its own, for listening or for session locks."""
        connection: Connection = await AsyncConnection.connect(
            self.url, autocommit=True, row_factory=namedtuple_row
        )
        async with connection:
            yield connection
