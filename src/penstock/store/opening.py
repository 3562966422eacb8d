"""Opening a store: what every process of an installation is told, and what it makes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from penstock.store import Store
from penstock.store.blobs import Blobs
from penstock.store.database import Database
from penstock.store.notices import Notices
from penstock.store.sealing import Sealer, read_keys


class Location(NamedTuple):
    """Where an installation keeps its memory: strings, so that they can go to other processes.

    `storage` is a folder or a bucket's URL, `key_file` the file of master keys.
    """

    database: str
    storage: str
    key_file: str


@asynccontextmanager
async def open_store(location: Location, *, connections: int = 10) -> AsyncIterator[Store]:
    """Raises OSError or SealError for the key file, psycopg.Error for the database."""
    sealer = Sealer(read_keys(location.key_file))
    database = Database(location.database, connections=connections)
    notices = Notices(database)
    await database.open()
    try:
        await notices.open()
        yield Store(database, Blobs(location.storage), sealer, notices)
    finally:
        await notices.close()
        await database.close()
