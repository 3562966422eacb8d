"""Connections that are kept and handed out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from psycopg.errors import DivisionByZero

from penstock.store.database import Database

pytestmark = pytest.mark.anyio
PROCESS = "SELECT pg_backend_pid() AS id"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """With two connections at most."""
    database = Database(database_url, connections=2)
    await database.open()
    yield database
    await database.close()


async def process(database: Database) -> int:
    """The server's process behind the connection that is handed out next."""
    row = await database.fetch_one(PROCESS)
    assert row is not None
    return int(row.id)


async def test_statements_wait_for_one_of_few_connections(database: Database) -> None:
    rows = await asyncio.gather(*(database.fetch(f"{PROCESS}, pg_sleep(0.01)") for _ in range(20)))
    assert len({row.id for (row,) in rows}) == 2


async def test_a_connection_is_used_again_also_after_an_error(database: Database) -> None:
    first = await process(database)
    with pytest.raises(DivisionByZero):
        await database.fetch("SELECT 1 / 0")
    assert await process(database) == first


async def test_a_connection_amid_a_transaction_is_not_handed_out_again(database: Database) -> None:
    first = await process(database)
    await database.execute("BEGIN")
    assert await process(database) != first


async def test_others_go_on_while_an_answer_takes_its_time(database: Database) -> None:
    """However eagerly one that stands alone is waited for."""
    async with database.connect() as holder:
        await holder.execute("SELECT pg_advisory_lock(7)")
        waiting = asyncio.create_task(database.fetch("SELECT pg_advisory_lock(7)"))
        assert await process(database)
        assert not waiting.done()
        await holder.execute("SELECT pg_advisory_unlock(7)")
        await waiting


async def test_a_statement_larger_than_any_buffer_is_sent_whole(database: Database) -> None:
    for _ in range(2):
        row = await database.fetch_one("SELECT length(%s) AS size", ("x" * 20_000_000,))
        assert row.size == 20_000_000  # type: ignore[union-attr]


async def test_a_statement_ends_with_the_task_that_waits_for_it(database: Database) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await database.fetch("SELECT pg_sleep(600)")
    async with asyncio.timeout(5):
        while await database.fetch(
            "SELECT 1 FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND query = 'SELECT pg_sleep(600)'"
        ):
            await asyncio.sleep(0)


async def test_a_transaction_whose_task_is_cancelled_leaves_nothing(database: Database) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1), database.transaction() as connection:
            await connection.execute("INSERT INTO facts VALUES ('half', '1')")
            await connection.execute("SELECT pg_sleep(600)")
    assert not await database.fetch("SELECT 1 FROM facts WHERE name = 'half'")


async def test_a_connection_that_is_in_use_when_all_are_closed_is_closed_after_it(
    database: Database,
) -> None:
    async with database.transaction() as connection:
        await database.close()
        assert not connection.closed
    assert connection.closed
