"""Log groups, their settings and tags (TG-046, TG-047)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from penstock.store import Store
from penstock.store.database import Connection, Database
from penstock.store.notices import CHANNEL


async def create(
    database: Database,
    account: str,
    region: str,
    name: str,
    *,
    now: datetime,
    protected: bool,
    kind: str,
    tags: Mapping[str, str],
) -> bool:
    """False where the group is there already."""
    try:
        await database.execute(
            "INSERT INTO log_groups (account, region, name, kind, protected, tags, created)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (account, region, name, kind, protected, Jsonb(dict(tags)), now),
        )
    except UniqueViolation:
        return False
    return True


async def find(database: Database, account: str, region: str, name: str) -> Any | None:
    return await database.fetch_one(
        "SELECT * FROM log_groups WHERE account = %s AND region = %s AND name = %s",
        (account, region, name),
    )


async def find_all(
    database: Database, account: str, region: str, names: Sequence[str]
) -> list[Any]:
    return await database.fetch(
        "SELECT * FROM log_groups WHERE account = %s AND region = %s AND name = ANY (%s)",
        (account, region, list(names)),
    )


async def describe(
    database: Database,
    account: str,
    region: str,
    *,
    prefix: str = "",
    part: str = "",
    kind: str | None = None,
    names: Sequence[str] | None = None,
    after: str = "",
    limit: int,
) -> list[Any]:
    """Groups and the `bytes` of their streams, in the order of names."""
    return await database.fetch(
        "SELECT g.*, (SELECT coalesce(sum(s.bytes), 0)::bigint FROM log_streams s"
        "   WHERE s.group_id = g.id) AS bytes"
        " FROM log_groups g WHERE account = %s AND region = %s AND name >= %s AND name > %s"
        "   AND starts_with(name, %s) AND strpos(name, %s) > 0"
        "   AND (%s::text IS NULL OR kind = %s) AND (%s::text[] IS NULL OR name = ANY (%s))"
        " ORDER BY name LIMIT %s",
        (
            *(account, region, prefix, after, prefix, part, kind, kind),
            *(None if names is None else list(names), list(names or ()), limit),
        ),
    )


async def set_retention(
    database: Database, account: str, region: str, name: str, days: int | None
) -> bool:
    """False where there is no such group; so do the other setters."""
    changed = await database.execute(
        "UPDATE log_groups SET retention_days = %s"
        " WHERE account = %s AND region = %s AND name = %s",
        (days, account, region, name),
    )
    return changed == 1


async def set_protected(
    database: Database, account: str, region: str, name: str, protected: bool
) -> bool:
    changed = await database.execute(
        "UPDATE log_groups SET protected = %s WHERE account = %s AND region = %s AND name = %s",
        (protected, account, region, name),
    )
    return changed == 1


async def tail(database: Database, group_ids: Sequence[int], until: int) -> None:
    """Has every append to the groups tell their topic and the stream's until then, in ms.

    Telling costs an append a tenth of its time, so nobody is told where nobody listens.
    """
    await database.execute(
        "UPDATE log_groups SET tailed_until = greatest(tailed_until, %s) WHERE id = ANY (%s)",
        (until, list(group_ids)),
    )


async def add_tags(
    database: Database, account: str, region: str, name: str, tags: Mapping[str, str], most: int
) -> bool:
    """Also False where the group would have more than `most` tags then."""
    new = Jsonb(dict(tags))
    changed = await database.execute(
        "UPDATE log_groups SET tags = tags || %s"
        " WHERE account = %s AND region = %s AND name = %s"
        "   AND (SELECT count(*) FROM jsonb_object_keys(tags || %s)) <= %s",
        (new, account, region, name, new, most),
    )
    return changed == 1


async def remove_tags(
    database: Database, account: str, region: str, name: str, keys: Sequence[str]
) -> bool:
    changed = await database.execute(
        "UPDATE log_groups SET tags = tags - %s::text[]"
        " WHERE account = %s AND region = %s AND name = %s",
        (list(keys), account, region, name),
    )
    return changed == 1


async def ensure(
    connection: Connection, account: str, region: str, name: str, now: datetime
) -> int:
    """The id of a group, made where it is missing; it stays until the transaction ends."""
    place = (account, region, name)
    while True:
        found = await connection.execute(
            "SELECT id FROM log_groups WHERE account = %s AND region = %s AND name = %s"
            " FOR KEY SHARE",
            place,
        )
        if row := await found.fetchone():
            return int(row.id)
        await connection.execute(
            "INSERT INTO log_groups (account, region, name, created) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (*place, now),
        )


async def delete(store: Store, group_id: int) -> None:
    """Removes a group with all that is in it, and tells those who follow its streams."""
    async with store.database.transaction() as connection:
        await connection.execute("SELECT 1 FROM log_groups WHERE id = %s FOR UPDATE", (group_id,))
        await connection.execute(
            "SELECT pg_notify(%s, 'logs:' || id)"
            " FROM (SELECT id FROM log_streams WHERE group_id = %s FOR UPDATE) AS locked",
            (CHANNEL, group_id),
        )
        found = await connection.execute(
            "SELECT DISTINCT blob FROM log_chunks WHERE group_id = %s AND blob IS NOT NULL",
            (group_id,),
        )
        blobs = [row.blob for row in await found.fetchall()]
        await connection.execute("DELETE FROM log_groups WHERE id = %s", (group_id,))
    await store.blobs.delete(blobs)
