"""Buckets and what is set on them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from penstock.store.database import Connection, Database
from penstock.store.object_errors import access_denied, no_such_bucket


class Bucket(NamedTuple):
    """`versioning` is Enabled, Suspended or None; `settings` are API documents by their kind."""

    id: int
    name: str
    account: str
    region: str
    created: datetime
    versioning: str | None
    tells: bool
    settings: Mapping[str, Any]


async def create_bucket(
    database: Database,
    name: str,
    account: str,
    region: str,
    settings: Mapping[str, Any],
    now: datetime,
) -> bool:
    """False where the name is taken."""
    made = await database.execute(
        "INSERT INTO buckets (name, account, region, created, settings)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (name, account, region, now, Jsonb(dict(settings))),
    )
    return made == 1


async def find_bucket(database: Database, name: str, account: str | None = None) -> Bucket:
    """Raises AwsError: NoSuchBucket, or AccessDenied where another account owns it."""
    row = await database.fetch_one("SELECT * FROM buckets WHERE name = %s", (name,))
    if row is None:
        raise no_such_bucket(name)
    if account not in (None, row.account):
        raise access_denied()
    return Bucket(*row)


async def list_buckets(
    database: Database, account: str, *, prefix: str, region: str | None, after: str, limit: int
) -> list[Bucket]:
    rows = await database.fetch(
        "SELECT * FROM buckets WHERE account = %s AND name > %s AND starts_with(name, %s)"
        " AND region = coalesce(%s, region) ORDER BY name LIMIT %s",
        (account, after, prefix, region, limit),
    )
    return [Bucket(*row) for row in rows]


async def delete_bucket(database: Database, bucket: Bucket, now: datetime) -> bool:
    """Uploads under way go with it. False where objects or their versions are in it."""
    async with database.transaction() as connection:
        await connection.execute("SELECT 1 FROM buckets WHERE id = %s FOR UPDATE", (bucket.id,))
        if await _is_filled(connection, bucket.id):
            return False
        await connection.execute(
            "WITH gone AS (DELETE FROM uploads WHERE bucket = %s RETURNING id)"
            " SELECT free_bytes(NULL, id, %s) FROM gone",
            (bucket.id, now),
        )
        await connection.execute("DELETE FROM buckets WHERE id = %s", (bucket.id,))
    return True


async def _is_filled(connection: Connection, bucket: int) -> bool:
    found = await connection.execute(
        "SELECT 1 FROM object_versions WHERE bucket = %s LIMIT 1", (bucket,)
    )
    return await found.fetchone() is not None


async def set_versioning(database: Database, bucket: Bucket, status: str) -> None:
    await database.execute("UPDATE buckets SET versioning = %s WHERE id = %s", (status, bucket.id))


async def set_setting(database: Database, bucket: Bucket, kind: str, document: Any) -> None:
    """Puts a document in place of what was there; None removes it."""
    if document is None:
        await database.execute(
            "UPDATE buckets SET settings = settings - %s::text WHERE id = %s", (kind, bucket.id)
        )
    else:
        await database.execute(
            "UPDATE buckets SET settings = settings || %s WHERE id = %s",
            (Jsonb({kind: document}), bucket.id),
        )


async def set_notification(
    database: Database, bucket: Bucket, document: Any, *, tells: bool
) -> None:
    """`tells`: whether EventBridge hears of the bucket's objects."""
    await database.execute(
        "UPDATE buckets SET settings = settings || %s, tells = %s WHERE id = %s",
        (Jsonb({"notification": document}), tells, bucket.id),
    )
