"""Multipart uploads: begun, filled part by part, completed or given up."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from penstock.store import Store
from penstock.store.buckets import Bucket
from penstock.store.database import Connection, Database
from penstock.store.object_bodies import Content
from penstock.store.object_errors import no_such_bucket, no_such_upload
from penstock.store.object_events import Cause
from penstock.store.object_records import Attributes, Condition, Kept, Part, Place
from penstock.store.object_writing import keep_within, refusal


class Upload(NamedTuple):
    """`algorithm` (CRC32, …) is that of the parts' checksums, if they have any."""

    id: int
    upload_id: str
    bucket: int
    key: str
    initiated: datetime
    initiator: str
    storage_class: str
    headers: Mapping[str, Any]
    tags: Mapping[str, str]
    algorithm: str | None
    checksum_type: str | None


class Whole(NamedTuple):
    """What an upload's parts make together; `numbers` are those that are in it."""

    numbers: Sequence[int]
    size: int
    etag: str
    checksum: Mapping[str, str] | None


async def create_upload(
    database: Database,
    bucket: Bucket,
    key: str,
    attributes: Attributes,
    *,
    now: datetime,
    initiator: str,
    algorithm: str | None,
    checksum_type: str | None,
) -> str:
    """Returns the upload's id. Raises AwsError: NoSuchBucket where it has gone since."""
    upload_id = secrets.token_urlsafe(48)
    headers, storage_class, _, tags = attributes
    made = await database.execute(
        "INSERT INTO uploads (upload_id, bucket, key, initiated, initiator, storage_class, headers,"
        " tags, algorithm, checksum_type) SELECT %s, id, %s, %s, %s, %s, %s, %s, %s, %s"
        " FROM buckets WHERE id = %s FOR KEY SHARE",
        (
            *(upload_id, key, now, initiator, storage_class),
            *(Jsonb(dict(headers)), Jsonb(dict(tags)), algorithm, checksum_type, bucket.id),
        ),
    )
    if not made:
        raise no_such_bucket(bucket.name)
    return upload_id


async def find_upload(database: Database, bucket: Bucket, key: str, upload_id: str) -> Upload:
    """Raises AwsError: NoSuchUpload."""
    row = await database.fetch_one(
        "SELECT * FROM uploads WHERE upload_id = %s AND bucket = %s AND key = %s",
        (upload_id, bucket.id, key),
    )
    if row is None:
        raise no_such_upload(upload_id)
    return Upload(*row)


async def add_part(
    store: Store, upload: Upload, number: int, content: Content, checksum: str | None, now: datetime
) -> None:
    """Puts a part, in place of the one of that number. Raises AwsError: NoSuchUpload."""
    async with store.database.transaction() as connection:
        if await _lock(connection, upload):
            await connection.execute(
                "WITH old AS (DELETE FROM upload_parts WHERE upload = %s AND number = %s"
                " RETURNING blob) INSERT INTO freed_blobs SELECT blob, %s FROM old",
                (upload.id, number, now),
            )
            await connection.execute(
                "INSERT INTO upload_parts VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (upload.id, number, content.size, content.etag, checksum, content.blob, now),
            )
            return
    await store.blobs.delete([content.blob] if content.blob else [])
    raise no_such_upload(upload.upload_id)


async def list_parts(database: Database, upload: Upload, after: int, limit: int) -> list[Any]:
    return await database.fetch(
        "SELECT * FROM upload_parts WHERE upload = %s AND number > %s ORDER BY number LIMIT %s",
        (upload.id, after, limit),
    )


async def complete(
    store: Store,
    place: Place,
    upload: Upload,
    choose: Callable[[Sequence[Part]], Whole],
    *,
    now: datetime,
    cause: Cause,
    condition: Condition,
) -> tuple[Kept, Whole]:
    """Makes an object of the parts that `choose` picks; the others are dropped.

    Raises AwsError: NoSuchUpload, those of `choose`, PreconditionFailed, NoSuchKey.
    """
    async with store.database.transaction() as connection:
        # In the order in which a bucket is removed with its uploads.
        await connection.execute(
            "SELECT 1 FROM buckets WHERE id = %s FOR KEY SHARE", (upload.bucket,)
        )
        if not await _lock(connection, upload):
            raise no_such_upload(upload.upload_id)
        found = await connection.execute(
            "SELECT number, size, blob, etag, checksum FROM upload_parts WHERE upload = %s"
            " ORDER BY number",
            (upload.id,),
        )
        whole = choose([Part(*row) for row in await found.fetchall()])
        await connection.execute(
            "WITH spare AS (DELETE FROM upload_parts WHERE upload = %s AND number <> ALL (%s)"
            " RETURNING blob) INSERT INTO freed_blobs SELECT blob, %s FROM spare",
            (upload.id, list(whole.numbers), now),
        )
        await connection.execute("DELETE FROM uploads WHERE id = %s", (upload.id,))
        content = Content(whole.size, whole.etag, upload=upload.id)
        attributes = Attributes(upload.headers, upload.storage_class, whole.checksum, upload.tags)
        row = await keep_within(
            connection, place, content, attributes, now=now, cause=cause, condition=condition
        )
        if row.outcome != "done":
            raise refusal(row.outcome, place)
    return Kept(content, row.version_id, row.defaults), whole


async def abort(database: Database, upload: Upload, now: datetime) -> None:
    """Raises AwsError: NoSuchUpload."""
    gone = await database.execute(
        "WITH gone AS (DELETE FROM uploads WHERE id = %s RETURNING id)"
        " SELECT free_bytes(NULL, id, %s) FROM gone",
        (upload.id, now),
    )
    if not gone:
        raise no_such_upload(upload.upload_id)


async def list_uploads(
    database: Database, bucket: Bucket, prefix: str, after_key: str, after_upload: str
) -> list[Upload]:
    """By key, then by age: those after a key, and of that key those after an upload, if named."""
    rows = await database.fetch(
        "SELECT * FROM uploads u WHERE bucket = %s AND starts_with(key, %s) AND key >= %s"
        " AND (key > %s OR id > (SELECT id FROM uploads WHERE upload_id = %s))"
        " ORDER BY key, id",
        (bucket.id, prefix, after_key, after_key, after_upload),
    )
    return [Upload(*row) for row in rows]


async def _lock(connection: Connection, upload: Upload) -> bool:
    found = await connection.execute("SELECT 1 FROM uploads WHERE id = %s FOR UPDATE", (upload.id,))
    return await found.fetchone() is not None
