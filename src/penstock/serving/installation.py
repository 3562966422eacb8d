"""An installation's memory, for commands that work on it whether or not a server is up."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from penstock.serving.folder import DataFolder, FolderError
from penstock.serving.postgres import Postgres
from penstock.settings import Settings, SettingsError
from penstock.store import Store
from penstock.store.opening import Location, open_store
from penstock.store.sealing import add_key

# Of a machine that is gone nothing is heard: by themselves both ends would wait for many minutes.
PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "20",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""Seconds, and milliseconds for the last; what a URL says itself counts instead."""


def location(settings: Settings, folder: DataFolder) -> Location:
    """Where the installation keeps its memory; `database` is empty where it is to be started.

    Raises SettingsError.
    """
    storage = settings.storage or folder.file("blobs")
    key_file = settings.key_file or folder.file("master.keys")
    return Location(outside(settings.database), storage, key_file)


def outside(url: str) -> str:
    """The URL of a database that somebody else runs, with how long it is waited for.

    Raises SettingsError.
    """
    if not url:
        return ""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict, timeout_from_conninfo

    try:
        said = conninfo_to_dict(url)
        timeout_from_conninfo(said)
    except ProgrammingError as error:
        why = "" if url in str(error) else f" ({str(error).strip()})"
        raise SettingsError(
            f"database is not as postgresql://USER:PASSWORD@HOST:PORT/NAME{why}"
        ) from None
    more = [f"{name}={value}" for name, value in PATIENCE.items() if name not in said]
    if "://" not in url:
        return " ".join((url, *more))
    return f"{url}{'&' if '?' in url else '?'}{'&'.join(more)}"


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
    at = location(settings, folder)
    if not os.path.exists(at.key_file):
        raise FolderError(f"No server has been up on {folder}: start one with `penstock up`.")
    if at.database:
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
