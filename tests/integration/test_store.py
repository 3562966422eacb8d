"""What every process of an installation shares."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from psycopg import AsyncConnection

from penstock.store import Store
from penstock.store.migrate import migrate
from penstock.store.notices import notify
from penstock.store.queue import defer

from .locks import until_it_waits

pytestmark = pytest.mark.anyio


async def test_a_migrated_database_is_left_as_it_is(store: Store) -> None:
    assert await migrate(store.database) == []


async def test_processes_that_start_together_migrate_once(store: Store) -> None:
    await store.database.execute("DELETE FROM migrations WHERE name = '020_ssm.sql'")
    await store.database.execute("DROP TABLE parameter_versions, parameters")
    applied = await asyncio.gather(*(migrate(store.database) for _ in range(3)))
    assert sorted(applied) == [[], [], ["020_ssm.sql"]]


async def test_a_job_is_there_only_when_its_transaction_has_committed(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        async with store.database.transaction() as connection:
            await defer(connection, "run_build", {"build": "a"})
            raise ZeroDivisionError
    async with store.database.transaction() as connection:
        await defer(connection, "run_build", {"build": "b"})
    rows = await store.database.fetch("SELECT args FROM procrastinate_jobs")
    assert [row.args for row in rows] == [{"build": "b"}]


async def test_a_job_deferred_once_waits_once_however_many_ask(store: Store) -> None:
    async def ask() -> None:
        async with store.database.transaction() as connection:
            await defer(connection, "sweep", {}, once="sweep")

    await asyncio.gather(*(ask() for _ in range(4)))
    rows = await store.database.fetch("SELECT 1 FROM procrastinate_jobs")
    assert len(rows) == 1


FETCH = "SELECT (procrastinate_fetch_job_v2(ARRAY['default'], NULL)).args"
"""As a worker takes a job; a row of NULL where there is none."""


async def test_a_job_that_is_to_do_for_another_is_not_taken_before_that_one_has_committed(
    store: Store,
) -> None:
    """It would look at a state without what the other has asked for."""
    async with store.database.transaction() as connection:
        await defer(connection, "sweep", {"asked": 1}, once="sweep")
    async with store.database.transaction() as connection:
        await defer(connection, "sweep", {"asked": 2}, once="sweep")
        assert await taken(store) is None
    assert await taken(store) == {"asked": 1}
    assert await taken(store) is None


async def test_a_job_that_somebody_is_just_taking_does_for_no_other(store: Store) -> None:
    async with store.database.transaction() as connection:
        await defer(connection, "sweep", {"asked": 1}, once="sweep")

    async def ask() -> None:
        async with store.database.transaction() as connection:
            await defer(connection, "sweep", {"asked": 2}, once="sweep")

    async with store.database.transaction() as connection:
        found = await connection.execute(FETCH)
        ((args,),) = await found.fetchall()
        assert args == {"asked": 1}
        asking = asyncio.create_task(ask())
        await until_it_waits(store, asking)
    await asking
    assert await taken(store) == {"asked": 2}


async def test_whoever_passed_a_job_over_hears_that_it_is_free(
    store: Store, database_url: str
) -> None:
    async with store.database.transaction() as connection:
        await defer(connection, "sweep", {}, once="sweep")
    worker = await AsyncConnection.connect(database_url, autocommit=True)
    async with worker:
        await worker.execute('LISTEN "procrastinate_queue_v1#default"')
        async with store.database.transaction() as connection:
            await defer(connection, "sweep", {}, once="sweep")
        told = [json.loads(news.payload) async for news in worker.notifies(timeout=5, stop_after=1)]
    assert [news["type"] for news in told] == ["job_inserted"]


async def taken(store: Store) -> Any:
    row = await store.database.fetch_one(FETCH)
    return row.args if row else None


async def test_news_of_a_commit_wakes_who_waits_for_it(store: Store) -> None:
    async with store.notices.of("build:1") as news, store.notices.of("build:2") as other:
        async with store.database.transaction() as connection:
            await notify(connection, "build:1")
        async with asyncio.timeout(5):
            await news.wait()
        assert not other.is_set()


async def test_news_are_heard_again_after_the_database_was_gone(store: Store) -> None:
    async with store.notices.of("build:1") as news:
        await store.database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query = 'LISTEN penstock'"
        )
        async with asyncio.timeout(5):
            await news.wait()  # woken, as news may have been missed
        news.clear()
        async with store.database.transaction() as connection:
            await notify(connection, "build:1")
        async with asyncio.timeout(5):
            await news.wait()


async def test_a_read_survives_connections_that_a_restart_has_left_dead(store: Store) -> None:
    assert await store.database.fetch_one("SELECT 1 AS one")
    async with store.database.connect() as other:
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert await store.database.fetch_one("SELECT 1 AS one")


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_blob_is_read_whole_in_part_and_piece_by_piece(store: Store) -> None:
    key = await store.blobs.put(pieces(b"one ", b"two ", b"three"))
    assert await store.blobs.read(key) == b"one two three"
    assert await store.blobs.read(key, 4, 3) == b"two"
    assert b"".join([piece async for piece in store.blobs.stream(key, 4)]) == b"two three"
    assert b"".join([piece async for piece in store.blobs.stream(key, 0, 3)]) == b"one"


async def test_a_blob_whose_bytes_break_off_is_not_there(store: Store) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 10_000_000
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await store.blobs.put(broken())


async def test_an_empty_blob_and_one_that_is_gone(store: Store) -> None:
    key = await store.blobs.put(b"")
    assert [piece async for piece in store.blobs.stream(key)] == []
    await store.blobs.delete([key, key])
    with pytest.raises(FileNotFoundError):
        await store.blobs.read(key)
