"""Lifecycle rules carried out, for whoever calls regularly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from penstock.decide.lifecycle import (
    Action,
    Rule,
    Verdict,
    Version,
    is_given_up,
    read_rules,
    verdicts,
)
from penstock.errors import AwsError
from penstock.store import Store
from penstock.store.buckets import Bucket
from penstock.store.events import record_event
from penstock.store.object_events import Cause, Subject, object_moved
from penstock.store.object_removal import Removal, remove
from penstock.store.uploads import abort, list_uploads

KEYS = 500  # looked at, and dealt with, at a time


async def apply_lifecycle(store: Store, now: datetime) -> int:
    """Does to all buckets' objects what is due; returns how many versions and uploads it was.

    Each step commits by itself and is only done to what the rules have looked at, so this can be
    interrupted, or run twice at a time.
    """
    rows = await store.database.fetch("SELECT * FROM buckets WHERE settings ? 'lifecycle'")
    return sum([await _apply(store, Bucket(*row), now) for row in rows])


async def _apply(store: Store, bucket: Bucket, now: datetime) -> int:
    rules = read_rules(bucket.settings["lifecycle"])
    done, after = 0, ""
    while rows := await _versions(store, bucket, after):
        due = list(_due(rules, rows, now))
        try:
            await _remove(store, bucket, due, now)
        except AwsError:  # the bucket has gone meanwhile
            return done
        for row, verdict in due:
            if verdict.action is Action.MOVE:
                await _move(store, bucket, row, verdict.storage_class, now)
        done, after = done + len(due), rows[-1].key
    return done + await _abort(store, bucket, rules, now)


async def _versions(store: Store, bucket: Bucket, after: str) -> list[Any]:
    """All versions of the next few keys."""
    return await store.database.fetch(
        "SELECT key, sequence, delete_marker, modified, size, storage_class, tags, etag,"
        "   CASE WHEN is_null THEN 'null' ELSE version_id END AS version_id"
        " FROM object_versions WHERE bucket = %s AND key IN ("
        "   SELECT DISTINCT key FROM object_versions WHERE bucket = %s AND key > %s"
        "   ORDER BY key LIMIT %s)"
        " ORDER BY key, sequence DESC",
        (bucket.id, bucket.id, after, KEYS),
    )


def _due(
    rules: Sequence[Rule], rows: Sequence[Any], now: datetime
) -> Iterator[tuple[Any, Verdict]]:
    for key, of_key in groupby(rows, attrgetter("key")):
        by_sequence = {row.sequence: row for row in of_key}
        versions = [Version(*row[1:7]) for row in by_sequence.values()]
        for verdict in verdicts(rules, key, versions, now):
            yield by_sequence[verdict.sequence], verdict


async def _remove(
    store: Store, bucket: Bucket, due: Sequence[tuple[Any, Verdict]], now: datetime
) -> None:
    removals = [
        Removal(row.key, row.version_id if action is Action.REMOVE else None, row.sequence)
        for row, (_, action, _) in due
        if action is not Action.MOVE
    ]
    if removals:
        await remove(store, bucket.name, removals, now=now, cause=_cause(bucket, now))


async def _move(store: Store, bucket: Bucket, row: Any, storage_class: str, now: datetime) -> None:
    async with store.database.transaction() as connection:
        moved = await connection.execute(
            "UPDATE object_versions SET storage_class = %s"
            " WHERE bucket = %s AND key = %s AND sequence = %s",
            (storage_class, bucket.id, row.key, row.sequence),
        )
        if moved.rowcount and bucket.tells:
            names = (bucket.account, bucket.region, bucket.name, row.key)
            version_id = row.version_id if bucket.versioning else None
            subject = Subject(*names, version_id, row.sequence, row.etag, row.size)
            event = object_moved(subject, _cause(bucket, now), now, storage_class)
            await record_event(connection, event)


async def _abort(store: Store, bucket: Bucket, rules: Sequence[Rule], now: datetime) -> int:
    uploads = await list_uploads(store.database, bucket, "", "", "")
    due = [upload for upload in uploads if is_given_up(rules, upload.key, upload.initiated, now)]
    for upload in due:
        with suppress(AwsError):  # completed meanwhile
            await abort(store.database, upload, now)
    return len(due)


def _cause(bucket: Bucket, now: datetime) -> Cause:
    request_id = f"lifecycle-{bucket.name}-{now:%Y%m%d%H%M%S}"
    return Cause("Lifecycle Expiration", request_id, "s3.amazonaws.com")
