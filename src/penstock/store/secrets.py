"""Secrets, their versions and the stages these are in (TG-081 to TG-086)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from penstock.store.database import Connection, Database

KEPT = 100
"""Versions of one secret; beyond that the oldest without a stage goes."""


class Identity(NamedTuple):
    """A secret as a caller names it: by its name, and maybe the suffix of its ARN.

    `whole` is the name in case what looked like a suffix belongs to it.
    """

    whole: str
    name: str
    suffix: str


async def find(
    source: Database | Connection, account: str, region: str, identity: Identity, lock: bool = False
) -> Any | None:
    """A secret, until the transaction ends unchanged by others if `lock`."""
    sql = (
        "SELECT * FROM secrets WHERE account = %s AND region = %s"
        " AND (name = %s OR (name = %s AND suffix = %s)) ORDER BY name = %s LIMIT 1"
    )
    parameters = (account, region, *identity, identity.whole)
    if isinstance(source, Database):
        return await source.fetch_one(sql, parameters)
    found = await source.execute(sql + " FOR UPDATE" if lock else sql, parameters)
    return await found.fetchone()


async def find_version(
    database: Database, account: str, region: str, identity: Identity, stage: str, version_id: str
) -> Any | None:
    """A secret with the version asked for; without one its `version_id` is None."""
    return await database.fetch_one(
        "SELECT s.*, v.version_id, v.sealed, v.is_text, v.stages, v.created AS version_created"
        " FROM secrets s LEFT JOIN secret_versions v ON v.secret = s.id"
        "   AND (%s = '' OR v.version_id = %s) AND (%s = '' OR %s = ANY (v.stages))"
        " WHERE s.account = %s AND s.region = %s"
        "   AND (s.name = %s OR (s.name = %s AND s.suffix = %s)) ORDER BY s.name = %s LIMIT 1",
        (version_id, version_id, stage, stage, account, region, *identity, identity.whole),
    )


async def versions(source: Database | Connection, secrets: Sequence[int]) -> list[Any]:
    """The versions of some secrets, the newest first, without what is secret in them."""
    sql = (
        "SELECT secret, version_id, stages, created FROM secret_versions"
        " WHERE secret = ANY (%s) ORDER BY secret, created DESC, version_id"
    )
    if isinstance(source, Database):
        return await source.fetch(sql, (list(secrets),))
    return await (await source.execute(sql, (list(secrets),))).fetchall()


async def listed(database: Database, account: str, region: str, with_deleted: bool) -> list[Any]:
    """All secrets in the order they were made."""
    return await database.fetch(
        "SELECT * FROM secrets WHERE account = %s AND region = %s AND (%s OR deleted IS NULL)"
        " ORDER BY id",
        (account, region, with_deleted),
    )


async def create(
    connection: Connection, account: str, region: str, name: str, suffix: str, now: datetime
) -> Any | None:
    """A new secret without versions, or None where one of this name is there."""
    made = await connection.execute(
        "INSERT INTO secrets (account, region, name, suffix, created, changed)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING *",
        (account, region, name, suffix, now, now),
    )
    return await made.fetchone()


async def describe(
    connection: Connection, secret: int, description: str | None, key: str | None, now: datetime
) -> None:
    """Changes what is not None."""
    await connection.execute(
        "UPDATE secrets SET description = coalesce(%s, description),"
        " kms_key_id = coalesce(%s, kms_key_id), changed = %s WHERE id = %s",
        (description, key, now, secret),
    )


async def find_content(connection: Connection, secret: int, version_id: str) -> Any | None:
    found = await connection.execute(
        "SELECT * FROM secret_versions WHERE secret = %s AND version_id = %s", (secret, version_id)
    )
    return await found.fetchone()


async def add_version(
    connection: Connection,
    secret: int,
    version_id: str,
    sealed: bytes,
    is_text: bool,
    now: datetime,
) -> None:
    await connection.execute(
        "INSERT INTO secret_versions (secret, version_id, sealed, is_text, created)"
        " VALUES (%s, %s, %s, %s, %s)",
        (secret, version_id, sealed, is_text, now),
    )
    await connection.execute("UPDATE secrets SET changed = %s WHERE id = %s", (now, secret))
    await connection.execute(
        "DELETE FROM secret_versions v USING ("
        "  SELECT version_id FROM secret_versions WHERE secret = %s AND version_id <> %s"
        "  AND stages = '{}' ORDER BY created DESC OFFSET %s"
        ") old WHERE v.secret = %s AND v.version_id = old.version_id",
        (secret, version_id, KEPT, secret),
    )


async def set_stages(
    connection: Connection, secret: int, stages: Mapping[str, Sequence[str]], now: datetime
) -> None:
    """Gives versions exactly these stages."""
    for version_id, names in stages.items():
        await connection.execute(
            "UPDATE secret_versions SET stages = %s WHERE secret = %s AND version_id = %s",
            (list(names), secret, version_id),
        )
    await connection.execute("UPDATE secrets SET changed = %s WHERE id = %s", (now, secret))


async def set_deletion(
    connection: Connection, secret: int, deleted: datetime | None, purged: datetime | None
) -> None:
    await connection.execute(
        "UPDATE secrets SET deleted = %s, purged = %s WHERE id = %s", (deleted, purged, secret)
    )


async def set_tags(connection: Connection, secret: int, tags: Mapping[str, str]) -> None:
    await connection.execute(
        "UPDATE secrets SET tags = %s WHERE id = %s", (Jsonb(dict(tags)), secret)
    )


async def set_policy(connection: Connection, secret: int, policy: str | None) -> None:
    await connection.execute("UPDATE secrets SET policy = %s WHERE id = %s", (policy, secret))


async def touch(database: Database, secret: int, now: datetime) -> None:
    """Notes the day a secret was read, once a day."""
    await database.execute("UPDATE secrets SET accessed = %s WHERE id = %s", (now.date(), secret))


async def remove(connection: Connection, secret: int) -> None:
    await connection.execute("DELETE FROM secrets WHERE id = %s", (secret,))


async def purge(database: Database, now: datetime) -> int:
    """Removes the secrets whose recovery window is over; returns how many."""
    return await database.execute("DELETE FROM secrets WHERE purged <= %s", (now,))
