"""An installation's memory, for commands that work on it whether or not a server is up."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from penstock.serving.folder import DataFolder, FolderError
from penstock.serving.postgres import Postgres
from penstock.settings import Settings
from penstock.store import Store
from penstock.store.opening import Location, open_store
from penstock.store.sealing import add_key


def location(settings: Settings, folder: DataFolder, database: str) -> Location:
    """Where the installation keeps its memory, whose database has the URL `database`."""
    storage = settings.storage or folder.file("blobs")
    return Location(database, storage, settings.key_file or folder.file("master.keys"))


def ensure_key_file(path: str) -> None:
    if not os.path.exists(path):
        add_key(path)


@asynccontextmanager
async def installed(settings: Settings, folder: DataFolder) -> AsyncIterator[Store]:
    """The store of the server that is up, or of the one that was: its database is started for it.

    Raises FolderError where there never was one, and what opening a store raises.
    """
    holder = folder.holder()
    if holder is not None and holder.database:
        at = Location(holder.database, holder.storage, holder.key_file)
        async with open_store(at, connections=1) as store:
            yield store
        return
    async with alone(settings, folder) as store:
        yield store


@asynccontextmanager
async def alone(settings: Settings, folder: DataFolder) -> AsyncIterator[Store]:
    """The store while no server is up on it. Raises FolderError where one is."""
    at = location(settings, folder, settings.database)
    if not os.path.exists(at.key_file):
        raise FolderError(f"No server has been up on {folder}: start one with `penstock up`.")
    if settings.database:
        async with open_store(at, connections=1) as store:
            yield store
        return
    with folder.held():
        postgres = Postgres(folder.postgres)
        url = await postgres.start()
        try:
            async with open_store(at._replace(database=url), connections=1) as store:
                yield store
        finally:
            await postgres.stop()
