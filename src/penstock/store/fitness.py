"""Whether a database and a storage that were named can be used, and belong to one another."""

from __future__ import annotations

from uuid import uuid4

from psycopg.errors import UndefinedTable

from penstock.store import Store
from penstock.store.blobs import Blobs
from penstock.store.database import Database
from penstock.store.facts import recall, tell
from penstock.store.migrate import LOCK, pending

OLDEST = 14
"""The first version of PostgreSQL that has all that is used."""
MARK = "penstock"
"""The blob that says whose storage it is; what it says is a fact of the database too."""


class UnfitError(Exception):
    """The database or the storage cannot be used as it is. The text says why and what to do."""


async def check_database(database: Database) -> None:
    """Raises UnfitError for one that the schema cannot be put into."""
    async with database.connect() as connection:
        info = connection.info
        if info.server_version < OLDEST * 10_000:
            told = info.parameter_status("server_version")
            raise UnfitError(f"PostgreSQL {told} is too old: Penstock needs {OLDEST} or newer.")
        encoding = info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise UnfitError(
                f"The database {info.dbname} has the encoding {encoding}: make one with"
                " CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
            )
        found = await connection.execute(
            "SELECT current_schema() AS schema,"
            " has_schema_privilege(current_schema(), 'CREATE') AS creates"
        )
        row = await found.fetchone()
        if row is None or not row.creates:
            schema = row.schema if row and row.schema else "its search_path"
            raise UnfitError(
                f"The user {info.user} may not make tables in {schema} of the database"
                f" {info.dbname}: make it the owner of the database, or GRANT it CREATE."
            )


async def pair(store: Store) -> None:
    """Notes in database and storage that they belong together. Raises UnfitError, StorageError.

    One process after the other, so of two servers that start at once the second finds it noted.
    """
    async with store.database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        known, found = await recall(store.database, MARK), await _read(store.blobs)
        if known is None and found is None:
            known = found = uuid4().hex
            await store.blobs.put_as(MARK, found.encode())
            await tell(connection, MARK, known)
        _check(store.blobs, known, found)


async def check_paired(store: Store) -> None:
    """As pair, for what only joins a server. Raises UnfitError, StorageError."""
    try:
        late = await pending(store.database)
    except UndefinedTable:
        raise UnfitError(
            "The database is not a Penstock server's: start one on it first, with `penstock up`."
        ) from None
    if late:
        raise UnfitError(
            f"The database is that of an older Penstock: it lacks {late[-1]}."
            " Start the server of this version first."
        )
    _check(store.blobs, await recall(store.database, MARK), await _read(store.blobs))


async def _read(blobs: Blobs) -> str | None:
    try:
        return (await blobs.read(MARK)).decode(errors="replace")
    except FileNotFoundError:
        return None


def _check(blobs: Blobs, known: str | None, found: str | None) -> None:
    if known == found:
        return
    if found is None:
        raise UnfitError(
            f"The storage {blobs.url} is not that of this database: it has no {MARK}. Name the one"
            " that the other servers and workers have, with --storage. If all that was in it is"
            f" lost, write {known} into a {MARK} there, to go on without."
        )
    raise UnfitError(
        f"The storage {blobs.url} is that of another database: its {MARK} says so. Name another"
        f" one with --storage. If that database is gone for good, remove the {MARK} there; what"
        " else there is will go in time."
    )
