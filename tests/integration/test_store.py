"""What every process of an installation shares."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from penstock.store import Store
from penstock.store.migrate import migrate
from penstock.store.notices import notify
from penstock.store.queue import defer

pytestmark = pytest.mark.anyio


async def test_a_migrated_database_is_left_as_it_is(store: Store) -> None:
    assert await migrate(store.database) == []


async def test_processes_that_start_together_migrate_once(store: Store) -> None:
    await store.database.execute("DELETE FROM migrations WHERE name = '001_base.sql'")
    await store.database.execute("DROP TABLE facts, access_keys, events, metric_points")
    applied = await asyncio.gather(*(migrate(store.database) for _ in range(3)))
    assert sorted(applied) == [[], [], ["001_base.sql"]]


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
