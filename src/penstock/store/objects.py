"""Objects and their versions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from penstock.store import Store
from penstock.store.buckets import find_bucket
from penstock.store.object_bodies import ROOM, Content, receive
from penstock.store.object_errors import (
    access_denied,
    no_such_bucket,
    no_such_key,
    no_such_version,
)
from penstock.store.object_listing import Position, list_objects
from penstock.store.object_records import Attributes, ObjectVersion, Part, Place
from penstock.store.object_writing import keep


async def put_object(
    store: Store,
    bucket: str,
    key: str,
    body: bytes | AsyncIterator[bytes],
    *,
    now: datetime,
    content_type: str = "binary/octet-stream",
    metadata: Mapping[str, str] = {},
    encryption: Mapping[str, str] = {},
    owner: str | None = None,
) -> ObjectVersion:
    """Puts an object as S3's PutObject does; `encryption` has its members, `owner` is the account
    that has to own the bucket. Raises AwsError: NoSuchBucket, AccessDenied."""
    headers: dict[str, Any] = {"ContentType": content_type, **encryption}
    if metadata:
        headers["Metadata"] = dict(metadata)
    content = await receive(store.blobs, body)
    kept = await keep(store, Place(bucket, key, owner), content, Attributes(headers), now=now)
    return await find_object(store, bucket, key, kept.version_id)


async def find_object(
    store: Store, bucket: str, key: str, version_id: str | None = None, *, owner: str | None = None
) -> ObjectVersion:
    """An object, or one version of it.

    Raises AwsError: NoSuchBucket, NoSuchKey, NoSuchVersion, AccessDenied.
    """
    found = await look_up(store, bucket, key, version_id, owner=owner)
    if found is None or found.delete_marker:
        raise no_such_version(key, version_id) if version_id else no_such_key(key)
    return found


async def look_up(
    store: Store, bucket: str, key: str, version_id: str | None = None, *, owner: str | None = None
) -> ObjectVersion | None:
    """The version, which can be a delete marker. Raises AwsError: NoSuchBucket, AccessDenied."""
    sql = _FIND_VERSION if version_id else _FIND
    parameters = (key, version_id, bucket) if version_id else (key, bucket)
    row = await store.database.fetch_one(sql, parameters)
    if row is None:
        raise no_such_bucket(bucket)
    if owner not in (None, row.account):
        raise access_denied()
    if row.sequence is None:
        return None
    *columns, parts = row
    whole = (*columns[:3], bucket, key, *columns[3:], tuple(Part(*part) for part in parts or ()))
    return ObjectVersion._make(whole)


_FIND = """
SELECT b.id, b.account, b.region, v.sequence,
  CASE WHEN b.versioning IS NULL THEN NULL WHEN v.is_null THEN 'null' ELSE v.version_id END,
  v.delete_marker, v.modified, v.size, v.etag, v.storage_class, v.headers, v.checksum, v.tags,
  v.data, v.blob, CASE WHEN v.upload IS NOT NULL THEN parts_of(v.upload) END AS parts
FROM buckets b LEFT JOIN LATERAL (
  SELECT * FROM object_versions WHERE bucket = b.id AND key = %s
  ORDER BY sequence DESC LIMIT 1) v ON true
WHERE b.name = %s
"""
_FIND_VERSION = _FIND.replace(
    "ORDER BY sequence DESC LIMIT 1",
    "AND CASE WHEN is_null THEN 'null' ELSE version_id END = %s LIMIT 1",
)


async def stream_object(
    store: Store, version: ObjectVersion, start: int = 0, length: int | None = None
) -> AsyncIterator[bytes]:
    """Its bytes, or `length` of them, piece by piece."""
    end = version.size if length is None else min(version.size, start + length)
    if version.data is not None:
        if start < end:
            yield version.data[start:end]
    elif version.blob is not None:
        async for piece in store.blobs.stream(version.blob, start, end - start):
            yield piece
    else:
        before = 0
        for part in version.parts:
            first, last = max(start - before, 0), min(end - before, part.size)
            if first < last:
                async for piece in store.blobs.stream(part.blob, first, last - first):
                    yield piece
            before += part.size


async def read_object(
    store: Store, version: ObjectVersion, start: int = 0, length: int | None = None
) -> bytes:
    """As `stream_object`, all at once: for few bytes."""
    if version.blob is not None:
        return await store.blobs.read(version.blob, start, length)
    return b"".join([piece async for piece in stream_object(store, version, start, length)])


async def copy_content(store: Store, version: ObjectVersion) -> Content:
    """The same bytes for another version; a single blob's are not read for that."""
    if version.blob is None:
        return await receive(store.blobs, stream_object(store, version))
    blob = await store.blobs.copy(version.blob, under=ROOM)
    return Content(version.size, version.etag, blob=blob)


async def list_keys(
    store: Store, bucket: str, prefix: str, *, owner: str | None = None
) -> AsyncIterator[str]:
    """The keys of a bucket's objects that begin with a prefix. Raises AwsError: NoSuchBucket,
    AccessDenied."""
    place: Position | None = Position("")
    found = await find_bucket(store.database, bucket, owner)
    while place is not None:
        rows, place = await list_objects(store.database, found.id, prefix, "", place, 1000)
        for row in rows:
            yield row.key
