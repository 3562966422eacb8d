"""Versions put, and changed in what they have beside their bytes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from psycopg.types.json import Jsonb

from penstock.errors import AwsError
from penstock.store import Store
from penstock.store.database import Connection
from penstock.store.events import record_event
from penstock.store.object_bodies import Content
from penstock.store.object_errors import (
    access_denied,
    no_such_bucket,
    no_such_key,
    precondition_failed,
)
from penstock.store.object_events import Cause, Subject, object_created, object_tagged
from penstock.store.object_records import (
    UNCONDITIONAL,
    Attributes,
    Condition,
    Kept,
    ObjectVersion,
    Place,
)

_RANDOM = 22  # characters of a version id; those behind it are its sequence


async def keep(
    store: Store,
    place: Place,
    content: Content,
    attributes: Attributes,
    *,
    now: datetime,
    cause: Cause | None = None,
    condition: Condition = UNCONDITIONAL,
) -> Kept:
    """Puts a version whose bytes have been received; its event, if the bucket wants it, with it.

    Raises AwsError: NoSuchBucket, AccessDenied, PreconditionFailed, NoSuchKey.
    """
    # Asked again after a lost connection it puts nothing twice, so one trip will do.
    parameters = _put_parameters(
        place, new_version(), content, attributes, now, condition, told=False
    )
    row: Any = await store.database.fetch_one(_PUT, parameters, commits=True)
    if row.outcome == "tell":
        async with store.database.transaction() as connection:
            row = await keep_within(
                connection, place, content, attributes, now=now, cause=cause, condition=condition
            )
    if row.outcome != "done":
        if content.blob is not None:
            await store.blobs.delete([content.blob])
        raise refusal(row.outcome, place)
    return Kept(content, row.version_id, row.defaults)


async def keep_within(
    connection: Connection,
    place: Place,
    content: Content,
    attributes: Attributes,
    *,
    now: datetime,
    cause: Cause | None = None,
    condition: Condition = UNCONDITIONAL,
) -> Any:
    """As keep, in a transaction; the row says by its `outcome` whether it was done."""
    parameters = _put_parameters(
        place, new_version(), content, attributes, now, condition, told=True
    )
    row: Any = await (await connection.execute(_PUT, parameters)).fetchone()
    if row.outcome == "done" and row.tells:
        cause = cause or Cause("PutObject", str(uuid4()), row.account)
        names = (row.account, row.region, place.bucket, place.key, row.version_id, row.sequence)
        subject = Subject(*names, content.etag, content.size)
        await record_event(connection, object_created(subject, cause, now))
    return row


_PUT = (
    "SELECT * FROM put_object(%s, %s, %s, %s, %s, %s::bigint, %s, %s, %s, %s, %s,"
    " %s, %s, %s::bigint, %s, %s, %s)"
)


def _put_parameters(
    place: Place,
    made: str,
    content: Content,
    attributes: Attributes,
    now: datetime,
    condition: Condition,
    *,
    told: bool,
) -> tuple[Any, ...]:
    headers, storage_class, checksum, tags = attributes
    return (
        *(place.bucket, place.owner, place.key, made, now, content.size, content.etag),
        *(storage_class, Jsonb(dict(headers)), Jsonb(dict(checksum)) if checksum else None),
        *(Jsonb(dict(tags)), content.data, content.blob, content.upload),
        *(condition.etag, condition.absent, told),
    )


def new_version() -> str:
    """What a version id begins with."""
    return secrets.token_urlsafe(18)[:_RANDOM].replace("-", "0").replace("_", "1")


def sequence_of(version_id: str) -> int | None:
    """The place of a version among those of its key; None where that is no version's id."""
    try:
        return int(version_id[_RANDOM:], 16)
    except ValueError:
        return None


def refusal(outcome: str, place: Place) -> AwsError:
    """The error for an outcome other than done of put_object and delete_object."""
    if outcome == "no bucket":
        return no_such_bucket(place.bucket)
    if outcome == "other owner":
        return access_denied()
    if outcome == "no key":
        return no_such_key(place.key)
    return precondition_failed("If-None-Match" if outcome == "exists" else "If-Match")


async def set_tags(
    store: Store, version: ObjectVersion, tags: Mapping[str, str], cause: Cause, now: datetime
) -> None:
    """Gives a version exactly these tags. Raises AwsError: NoSuchKey where it has gone since."""
    async with store.database.transaction() as connection:
        changed = await connection.execute(
            "UPDATE object_versions v SET tags = %s FROM buckets b"
            " WHERE v.bucket = %s AND v.key = %s AND v.sequence = %s AND b.id = v.bucket"
            " RETURNING b.tells",
            (Jsonb(dict(tags)), version.bucket_id, version.key, version.sequence),
        )
        row = await changed.fetchone()
        if row is None:
            raise no_such_key(version.key)
        if row.tells:
            event = object_tagged(version.subject, cause, now, tagged=bool(tags))
            await record_event(connection, event)


async def set_header(store: Store, version: ObjectVersion, name: str, value: Any) -> None:
    """Raises AwsError: NoSuchKey where the version has gone since."""
    changed = await store.database.execute(
        "UPDATE object_versions SET headers = headers || %s"
        " WHERE bucket = %s AND key = %s AND sequence = %s",
        (Jsonb({name: value}), version.bucket_id, version.key, version.sequence),
    )
    if not changed:
        raise no_such_key(version.key)
