"""Event buses. The default one is there without a row, until something is noted of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from penstock.store.database import Connection, Database
from penstock.store.events import DEFAULT_BUS


async def create(
    connection: Connection,
    account: str,
    region: str,
    name: str,
    *,
    description: str,
    tags: Mapping[str, str],
    now: datetime,
) -> bool:
    """False where it is there already."""
    made = await connection.execute(
        "INSERT INTO event_buses (account, region, name, description, tags, created, modified)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (account, region, name, description, Jsonb(dict(tags)), now, now),
    )
    return made.rowcount == 1


async def lock(
    connection: Connection, account: str, region: str, name: str, now: datetime
) -> Any | None:
    """A bus's row, locked; the default one's is made. None where there is no such bus."""
    if name == DEFAULT_BUS:
        await create(connection, account, region, name, description="", tags={}, now=now)
    found = await connection.execute(
        "SELECT * FROM event_buses WHERE account = %s AND region = %s AND name = %s FOR UPDATE",
        (account, region, name),
    )
    return await found.fetchone()


async def find(database: Database, account: str, region: str, name: str) -> Any | None:
    return await database.fetch_one(
        "SELECT * FROM event_buses WHERE account = %s AND region = %s AND name = %s",
        (account, region, name),
    )


async def hold(connection: Connection, account: str, region: str, name: str) -> bool:
    """Whether a bus is there; it cannot be deleted until the transaction ends."""
    if name == DEFAULT_BUS:
        return True
    found = await connection.execute(
        "SELECT 1 FROM event_buses WHERE account = %s AND region = %s AND name = %s FOR SHARE",
        (account, region, name),
    )
    return await found.fetchone() is not None


async def count(connection: Connection, account: str, region: str) -> int:
    """Of those beside the default one."""
    found = await connection.execute(
        "SELECT count(*) AS buses FROM event_buses"
        " WHERE account = %s AND region = %s AND name <> %s",
        (account, region, DEFAULT_BUS),
    )
    row: Any = await found.fetchone()
    return int(row.buses)


async def list_buses(
    database: Database, account: str, region: str, *, prefix: str, after: str, limit: int
) -> list[Any]:
    """Those beside the default one, in the order of names."""
    return await database.fetch(
        "SELECT * FROM event_buses WHERE account = %s AND region = %s AND name > %s"
        " AND name <> %s AND starts_with(name, %s) ORDER BY name LIMIT %s",
        (account, region, after, DEFAULT_BUS, prefix, limit),
    )


async def delete(connection: Connection, account: str, region: str, name: str) -> None:
    await connection.execute(
        "DELETE FROM event_buses WHERE account = %s AND region = %s AND name = %s",
        (account, region, name),
    )


async def set_policy(
    connection: Connection,
    account: str,
    region: str,
    name: str,
    statements: Sequence[Any],
    now: datetime,
) -> None:
    await connection.execute(
        "UPDATE event_buses SET policy = %s, modified = %s"
        " WHERE account = %s AND region = %s AND name = %s",
        (Jsonb(list(statements)), now, account, region, name),
    )


async def set_description(
    connection: Connection, account: str, region: str, name: str, description: str, now: datetime
) -> None:
    await connection.execute(
        "UPDATE event_buses SET description = %s, modified = %s"
        " WHERE account = %s AND region = %s AND name = %s",
        (description, now, account, region, name),
    )


async def set_tags(
    connection: Connection, account: str, region: str, name: str, tags: Mapping[str, str]
) -> None:
    await connection.execute(
        "UPDATE event_buses SET tags = %s WHERE account = %s AND region = %s AND name = %s",
        (Jsonb(dict(tags)), account, region, name),
    )
