"""A build's log on its way into the database, beside inserting its bytes as they are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
from bench.rounds import Table, medians

from penstock.store.embedded import Embedded
from penstock.store.logs import append
from penstock.store.migrate import migrate
from penstock.store.opening import Location, open_store
from penstock.store.sealing import add_key

MEGABYTES = 50
LINE = 100  # bytes
ROUNDS = 3
KIB = 1024

Batch = list[tuple[int, str]]


def appending(folder: Path) -> Table:
    """MB a second of 100-byte lines, by the size of the batches; each batch is committed."""
    small, large = list(_batches(64 * KIB)), list(_batches(256 * KIB))
    with _database(folder) as location:
        rows = medians(
            {
                "Penstock, 256 KiB batches": lambda: _rate(_append(location, large)),
                "Penstock, 64 KiB batches": lambda: _rate(_append(location, small)),
                "INSERT of the text, 256 KiB batches": lambda: _insert(location, large),
            },
            ROUNDS,
        )
    return Table(f"Log of {MEGABYTES} MB into the database", "MB/s", rows, bigger_is_better=True)


@contextmanager
def _database(folder: Path) -> Iterator[Location]:
    server = Embedded(str(folder / "pg"))
    url = server.start()
    try:
        key_file = str(folder / "keys")
        add_key(key_file)
        location = Location(url, str(folder / "blobs"), key_file)
        asyncio.run(_prepare(location))
        yield location
    finally:
        server.stop()


async def _prepare(location: Location) -> None:
    async with open_store(location) as store:
        await migrate(store.database)
        await store.database.execute("CREATE TABLE plain (text text)")


def _rate(work: Coroutine[None, None, float]) -> float:
    return asyncio.run(work)


async def _append(location: Location, batches: Sequence[Batch]) -> float:
    stream, now = uuid4().hex, datetime.now(UTC)
    async with open_store(location) as store:
        start = time.perf_counter()
        for batch in batches:
            await append(store, "000000000000", "us-east-1", "bench", stream, batch, now=now)
        return MEGABYTES / (time.perf_counter() - start)


def _insert(location: Location, batches: Sequence[Batch]) -> float:
    with psycopg.connect(location.database, autocommit=True) as connection:
        start = time.perf_counter()
        for batch in batches:
            text = "\n".join(line for _, line in batch)
            connection.execute("INSERT INTO plain VALUES (%s)", (text,))
        return MEGABYTES / (time.perf_counter() - start)


def _batches(size: int) -> Iterator[Batch]:
    lines = size // LINE
    at = 1_772_366_400_000
    for first in range(0, MEGABYTES * 1_000_000 // LINE, lines):
        yield [(at + first + number, _line(first + number)) for number in range(lines)]


def _line(number: int) -> str:
    return f"[{number:>7}] compiling src/module_{number * 7919 % 9973}/part.c".ljust(LINE)
