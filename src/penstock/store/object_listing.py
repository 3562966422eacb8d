"""Pages of a bucket's objects, versions and uploads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from penstock.store.database import Database


class Position(NamedTuple):
    """Where a page starts: with a key; with the versions of it up to a `sequence`; or, `behind`,
    with the first key after all that begin with it."""

    key: str
    sequence: int | None = None
    behind: bool = False


async def list_objects(
    database: Database,
    bucket: int,
    prefix: str,
    delimiter: str,
    start: Position,
    limit: int,
    *,
    versions: bool = False,
) -> tuple[Sequence[Any], Position | None]:
    """At most `limit` objects (or versions) and common prefixes, and where the next page starts.

    Of a row that stands for many keys `common` is not None.
    """
    if not limit:
        return [], None
    rows = await database.fetch(
        "SELECT * FROM list_objects(%s, %s, %s,"
        " CASE WHEN %s THEN after_prefix(%s) ELSE %s END, %s::bigint, %s, %s)",
        (bucket, prefix, delimiter, start.behind, start.key, *start[:2], versions, limit + 1),
    )
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], _after(rows[limit - 1], versions)


def _after(row: Any, versions: bool) -> Position:
    if row.common is not None:
        return Position(row.common, behind=True)
    return Position(row.key, row.sequence - 1) if versions else after_key(row.key)


def after_key(key: str) -> Position:
    return Position(key + "\x01")  # no text is between: U+0000 is in none


async def null_sequence(database: Database, bucket: int, key: str) -> int | None:
    """Where among its key's versions the one without an id stands; None where there is none."""
    row = await database.fetch_one(
        "SELECT sequence FROM object_versions WHERE bucket = %s AND key = %s AND is_null",
        (bucket, key),
    )
    return None if row is None else row.sequence
