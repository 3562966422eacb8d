"""The types of actions that an account has made itself (CP-145, CP-159)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from penstock.documents.action_types import ActionTypeSpec, custom_action_type
from penstock.documents.pipelines import TypeId
from penstock.store.database import Connection, Database

Document = dict[str, Any]


class CustomTypeName(NamedTuple):
    """What the type's ARN is made of."""

    account: str
    region: str
    category: str
    provider: str
    version: str


async def custom_types(
    database: Database, account: str, region: str
) -> dict[TypeId, ActionTypeSpec]:
    """Those that are there, without the deleted."""
    rows = await database.fetch(
        "SELECT document FROM custom_action_types"
        " WHERE account = %s AND region = %s AND deleted IS NULL",
        (account, region),
    )
    found = [custom_action_type(row.document) for row in rows]
    return {spec.type: spec for spec in found}


async def count_types(connection: Connection, account: str, region: str) -> int:
    found = await connection.execute(
        "SELECT count(*) FROM custom_action_types"
        " WHERE account = %s AND region = %s AND deleted IS NULL",
        (account, region),
    )
    ((count,),) = await found.fetchall()
    return int(count)


async def find_type(connection: Connection, name: CustomTypeName) -> Any | None:
    """The row, deleted or not, locked until the transaction ends."""
    found = await connection.execute(
        "SELECT * FROM custom_action_types"
        " WHERE (account, region, category, provider, version) = (%s, %s, %s, %s, %s) FOR UPDATE",
        name,
    )
    return await found.fetchone()


async def save_type(
    connection: Connection,
    name: CustomTypeName,
    document: Document,
    tags: Mapping[str, str],
    now: datetime,
) -> bool:
    """Makes a type, or a deleted one anew; False where there is one that is not deleted."""
    made = await connection.execute(
        "INSERT INTO custom_action_types AS kept"
        " (account, region, category, provider, version, document, tags, created)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (account, region, category, provider, version) DO UPDATE"
        "   SET deleted = NULL, document = excluded.document, tags = excluded.tags,"
        "     created = excluded.created"
        "   WHERE kept.deleted IS NOT NULL",
        (*name, Jsonb(document), Jsonb(dict(tags)), now),
    )
    return made.rowcount == 1


async def delete_type(database: Database, name: CustomTypeName, now: datetime) -> None:
    """Marks it as deleted; nothing where there is none."""
    await database.execute(
        "UPDATE custom_action_types SET deleted = %s"
        " WHERE (account, region, category, provider, version) = (%s, %s, %s, %s, %s)"
        "   AND deleted IS NULL",
        (now, *name),
    )


async def set_type_tags(
    connection: Connection, name: CustomTypeName, tags: Mapping[str, str]
) -> None:
    await connection.execute(
        "UPDATE custom_action_types SET tags = %s"
        " WHERE (account, region, category, provider, version) = (%s, %s, %s, %s, %s)",
        (Jsonb(dict(tags)), *name),
    )
