"""Objects and versions removed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4

from penstock.store import Store
from penstock.store.database import Connection
from penstock.store.events import record_event
from penstock.store.object_events import Cause, Subject, object_deleted
from penstock.store.object_records import Place
from penstock.store.object_writing import new_version, refusal


class Removal(NamedTuple):
    """A version to remove; without a version id the object, by a delete marker perhaps.

    With `just`, the sequence of what was looked at, nothing else is removed in its place.
    """

    key: str
    version_id: str | None = None
    just: int | None = None


class Removed(NamedTuple):
    """`marker`: a delete marker was put, of that id, or removed."""

    removal: Removal
    marker: bool
    version_id: str | None


async def remove(
    store: Store,
    bucket: str,
    removals: Sequence[Removal],
    *,
    now: datetime,
    owner: str | None = None,
    cause: Cause | None = None,
    if_match: str | None = None,
) -> list[Removed]:
    """Removes all of them in one commit; what is not there is no error.

    Raises AwsError: NoSuchBucket, AccessDenied, and for `if_match`, an ETag or `*`,
    PreconditionFailed or NoSuchKey.
    """
    parameters = (*_columns(removals), bucket, owner, now, if_match)
    rows = await store.database.fetch(_REMOVE, (*parameters, False), commits=True)
    if any(row.outcome == "tell" for row in rows):
        async with store.database.transaction() as connection:
            found = await connection.execute(_REMOVE, (*parameters, True))
            rows = await found.fetchall()
            await _tell(connection, bucket, rows, cause, now)
    for row in rows:
        if row.outcome != "done" and row.just is None:
            raise refusal(row.outcome, Place(bucket, row.key))
    return [
        Removed(Removal(row.key, row.wanted, row.just), row.marker, row.version_id) for row in rows
    ]


# In the order of their locks, so that two of these never wait for each other.
_REMOVE = """
SELECT w.key, w.wanted, w.just, d.* FROM (
  SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[])
    AS u (key, wanted, just, made)
  ORDER BY object_slot(key)) w
CROSS JOIN LATERAL delete_object(%s, %s, w.key, w.wanted, w.just, w.made, %s, %s, %s) d
"""


def _columns(removals: Sequence[Removal]) -> tuple[list[Any], ...]:
    rows = [(*removal, new_version()) for removal in removals]
    return tuple(map(list, zip(*rows, strict=True)))


async def _tell(
    connection: Connection, bucket: str, rows: Sequence[Any], cause: Cause | None, now: datetime
) -> None:
    for row in rows:
        if row.outcome == "done" and row.touched:
            why = cause or Cause("DeleteObject", str(uuid4()), row.account)
            names = (row.account, row.region, bucket, row.key, row.version_id, row.sequence)
            marked = row.marker and row.wanted is None
            subject = Subject(*names, None if marked else row.etag, row.size)
            await record_event(connection, object_deleted(subject, why, now, marked=marked))
