"""Parameters and their versions (TG-075 to TG-080)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from psycopg.errors import InvalidRegularExpression, QueryCanceled

from penstock.store.database import Connection, Database

KEPT = 100
"""Versions of one parameter; the oldest makes room for the next (TG-076)."""


class Wanted(NamedTuple):
    """A parameter by its name, and one version by number or label; neither means the latest."""

    name: str
    version: int | None = None
    label: str | None = None


class Version(NamedTuple):
    """What a version is made of; `value` is None where `sealed` holds it."""

    type: str
    tier: str
    data_type: str
    value: str | None
    sealed: bytes | None
    key_id: str | None
    description: str | None
    allowed_pattern: str | None
    modified: datetime
    modified_by: str


async def find(
    database: Database, account: str, region: str, wanted: Sequence[Wanted]
) -> list[Any]:
    """The versions found, with `place`, the index of what was wanted."""
    return await database.fetch(
        "SELECT w.place::int, v.* FROM"
        " unnest(%s::text[], %s::bigint[], %s::text[]) WITH ORDINALITY"
        "   AS w (name, version, label, place)"
        " JOIN parameters p ON p.account = %s AND p.region = %s AND p.name = w.name"
        " JOIN parameter_versions v"
        "   ON v.account = p.account AND v.region = p.region AND v.name = p.name"
        " WHERE CASE WHEN w.label IS NOT NULL THEN w.label = ANY (v.labels)"
        "   ELSE v.version = coalesce(w.version, p.latest) END"
        " ORDER BY w.place",
        (*map(list, zip(*wanted, strict=True)), account, region),
    )


async def find_one(database: Database, account: str, region: str, wanted: Wanted) -> Any | None:
    """The version found: the most frequent read of all, so without what several need."""
    place = (account, region, wanted.name)
    if wanted.label is not None:
        return await database.fetch_one(_LABELLED, (*place, wanted.label))
    if wanted.version is not None:
        return await database.fetch_one(_NUMBERED, (*place, wanted.version))
    return await database.fetch_one(_LATEST, place)


_LATEST: LiteralString = (
    "SELECT v.* FROM parameters p JOIN parameter_versions v"
    " ON v.account = p.account AND v.region = p.region AND v.name = p.name AND v.version = p.latest"
    " WHERE p.account = %s AND p.region = %s AND p.name = %s"
)
_NUMBERED: LiteralString = (
    "SELECT * FROM parameter_versions"
    " WHERE account = %s AND region = %s AND name = %s AND version = %s"
)
_LABELLED: LiteralString = (
    "SELECT * FROM parameter_versions"
    " WHERE account = %s AND region = %s AND name = %s AND %s = ANY (labels)"
)


async def names_that_exist(
    database: Database, account: str, region: str, names: Sequence[str]
) -> set[str]:
    rows = await database.fetch(
        "SELECT name FROM parameters WHERE account = %s AND region = %s AND name = ANY (%s)",
        (account, region, list(names)),
    )
    return {row.name for row in rows}


async def below(
    database: Database,
    account: str,
    region: str,
    path: str,
    after: str,
    limit: int,
    recursive: bool,
) -> list[Any]:
    """The latest versions, and their tags, of parameters below `path`, in the order of names."""
    end = path[:-1] + "0" if path else "\U0010ffff"  # 0 is the character after /
    return await database.fetch(
        "SELECT p.tags, v.* FROM parameters p JOIN parameter_versions v"
        "   ON v.account = p.account AND v.region = p.region AND v.name = p.name"
        "   AND v.version = p.latest"
        " WHERE p.account = %s AND p.region = %s AND p.name >= %s AND p.name < %s AND p.name > %s"
        "   AND (%s OR strpos(substr(p.name, %s), '/') = 0)"
        " ORDER BY p.name LIMIT %s",
        (account, region, path, end, after, recursive, len(path) + 1, limit),
    )


async def history(
    database: Database, account: str, region: str, name: str, after: int, limit: int
) -> list[Any]:
    """Versions from the oldest on."""
    return await database.fetch(
        "SELECT * FROM parameter_versions"
        " WHERE account = %s AND region = %s AND name = %s AND version > %s"
        " ORDER BY version LIMIT %s",
        (account, region, name, after, limit),
    )


async def lock(connection: Connection, account: str, region: str, name: str) -> Any | None:
    """The latest version of a parameter that nobody else changes until the transaction ends."""
    await connection.execute(
        "SELECT 1 FROM parameters WHERE account = %s AND region = %s AND name = %s FOR UPDATE",
        (account, region, name),
    )
    found = await connection.execute(
        "SELECT v.*, p.tags, p.latest FROM parameters p JOIN parameter_versions v"
        "   ON v.account = p.account AND v.region = p.region AND v.name = p.name"
        "   AND v.version = p.latest"
        " WHERE p.account = %s AND p.region = %s AND p.name = %s",
        (account, region, name),
    )
    return await found.fetchone()


async def find_version(
    connection: Connection, account: str, region: str, name: str, version: int
) -> Any | None:
    found = await connection.execute(
        "SELECT * FROM parameter_versions"
        " WHERE account = %s AND region = %s AND name = %s AND version = %s",
        (account, region, name, version),
    )
    return await found.fetchone()


async def create(connection: Connection, account: str, region: str, name: str) -> bool:
    """Makes a parameter without versions; False where it is there already."""
    made = await connection.execute(
        "INSERT INTO parameters (account, region, name) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (account, region, name),
    )
    return made.rowcount == 1


async def add_version(
    connection: Connection, account: str, region: str, name: str, number: int, version: Version
) -> None:
    await connection.execute(
        "INSERT INTO parameter_versions (account, region, name, version, type, tier, data_type,"
        "   value, sealed, key_id, description, allowed_pattern, modified, modified_by)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (account, region, name, number, *version),
    )
    await connection.execute(
        "UPDATE parameters SET latest = %s WHERE account = %s AND region = %s AND name = %s",
        (number, account, region, name),
    )


async def drop_oldest(connection: Connection, account: str, region: str, name: str) -> bool:
    """Makes room where all versions are kept; False where the oldest has a label and stays."""
    found = await connection.execute(
        "SELECT version, labels, count(*) OVER () AS kept FROM parameter_versions"
        " WHERE account = %s AND region = %s AND name = %s ORDER BY version LIMIT 1",
        (account, region, name),
    )
    oldest = await found.fetchone()
    if oldest is None or oldest.kept < KEPT:
        return True
    if oldest.labels:
        return False
    await connection.execute(
        "DELETE FROM parameter_versions"
        " WHERE account = %s AND region = %s AND name = %s AND version = %s",
        (account, region, name, oldest.version),
    )
    return True


async def delete(database: Database, account: str, region: str, names: Sequence[str]) -> set[str]:
    """Removes parameters with all their versions; returns those that were there."""
    async with database.transaction() as connection:
        gone = await connection.execute(
            "DELETE FROM parameters WHERE account = %s AND region = %s AND name = ANY (%s)"
            " RETURNING name",
            (account, region, list(names)),
        )
        return {row.name for row in await gone.fetchall()}


async def set_labels(
    connection: Connection, account: str, region: str, name: str, version: int, labels: list[str]
) -> None:
    """Gives a version exactly these labels, and takes them off every other (TG-080)."""
    await connection.execute(
        "UPDATE parameter_versions SET labels = CASE WHEN version = %s THEN %s::text[]"
        "   ELSE ARRAY(SELECT unnest(labels) EXCEPT SELECT unnest(%s::text[])) END"
        " WHERE account = %s AND region = %s AND name = %s"
        "   AND (version = %s OR labels && %s::text[])",
        (version, labels, labels, account, region, name, version, labels),
    )


async def set_tags(connection: Connection, account: str, region: str, name: str, tags: Any) -> None:
    await connection.execute(
        "UPDATE parameters SET tags = %s WHERE account = %s AND region = %s AND name = %s",
        (tags, account, region, name),
    )


async def satisfies(connection: Connection, value: str, pattern: str) -> bool | None:
    """Whether the whole of a value matches a pattern; None where that is no regular expression.

    PostgreSQL's engine is asked: it gives up after a second, where Python's could hold up the
    whole process for ever.
    """
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL statement_timeout = '1s'")
            found = await connection.execute(
                "SELECT 1 WHERE %s::text ~ %s", (value, f"^(?:{pattern})$")
            )
            await connection.execute("SET LOCAL statement_timeout TO DEFAULT")
    except (InvalidRegularExpression, QueryCanceled):
        return None
    return found.rowcount == 1
