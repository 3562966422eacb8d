"""Log streams: what a group's events are in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from penstock.store import Store
from penstock.store.database import Connection, Database
from penstock.store.notices import CHANNEL


async def create(
    connection: Connection,
    account: str,
    region: str,
    group: str,
    group_id: int,
    name: str,
    now: datetime,
) -> bool:
    """False where the stream is there already."""
    made = await connection.execute(
        "INSERT INTO log_streams (group_id, name, created)"
        " SELECT id, %s, %s FROM log_groups WHERE id = %s ON CONFLICT DO NOTHING",
        (name, now, group_id),
    )
    await connection.execute(
        "SELECT pg_notify(%s, %s)", (CHANNEL, awaited(account, region, group, name))
    )
    return made.rowcount == 1


def awaited(account: str, region: str, group: str, name: str) -> str:
    """The topic of which there is news when a stream is made."""
    return f"logs:{account}:{region}:{group}:{name}"


def topic(stream_id: int) -> str:
    """The topic of which there is news when none will come any more, or, where the stream's group
    is tailed, when events are added."""
    return f"logs:{stream_id}"


def topic_of_group(group_id: int) -> str:
    """The topic of which there is news when events are added to any stream of a tailed group."""
    return f"logs:group:{group_id}"


async def find(database: Database, account: str, region: str, group: str, name: str) -> Any | None:
    """The stream's row with `group_id`; `id` is None where only the group is there."""
    return await database.fetch_one(
        "SELECT g.id AS group_id, g.retention_days,"
        "   s.id, s.next_number, s.closed"
        " FROM log_groups g LEFT JOIN log_streams s ON s.group_id = g.id AND s.name = %s"
        " WHERE g.account = %s AND g.region = %s AND g.name = %s",
        (name, account, region, group),
    )


async def by_name(
    database: Database, group_id: int, prefix: str, after: str | None, down: bool, limit: int
) -> list[Any]:
    """Streams in the order of names, those after `after`."""
    end = prefix + "\U0010ffff"
    if down:
        return await database.fetch(
            "SELECT * FROM log_streams WHERE group_id = %s AND name >= %s AND name < %s"
            "   AND starts_with(name, %s) ORDER BY name DESC LIMIT %s",
            (group_id, prefix, end if after is None else after, prefix, limit),
        )
    return await database.fetch(
        "SELECT * FROM log_streams WHERE group_id = %s AND name >= %s AND name > %s"
        "   AND name < %s AND starts_with(name, %s) ORDER BY name LIMIT %s",
        (group_id, prefix, after or "", end, prefix, limit),
    )


async def by_last_event(
    database: Database, group_id: int, after: tuple[int, str] | None, down: bool, limit: int
) -> list[Any]:
    """Streams in the order of their last events; those without any count as the oldest."""
    if down:
        time, name = after or (2**62, "")
        return await database.fetch(
            "SELECT * FROM log_streams WHERE group_id = %s AND (last_event, name) < (%s, %s)"
            " ORDER BY last_event DESC, name DESC LIMIT %s",
            (group_id, time, name, limit),
        )
    time, name = after or (-1, "")
    return await database.fetch(
        "SELECT * FROM log_streams WHERE group_id = %s AND (last_event, name) > (%s, %s)"
        " ORDER BY last_event, name LIMIT %s",
        (group_id, time, name, limit),
    )


async def matching(
    database: Database,
    group_ids: Sequence[int],
    *,
    names: Sequence[str] = (),
    prefixes: Sequence[str] = (),
) -> list[Any]:
    """Streams of the groups, all or those of the names or prefixes: `id`, `name`, `group_id`, …"""
    return await database.fetch(
        "SELECT id, group_id, name, next_number FROM log_streams WHERE group_id = ANY (%s)"
        "   AND (%s OR name = ANY (%s)"
        "     OR EXISTS (SELECT 1 FROM unnest(%s::text[]) AS p WHERE starts_with(name, p)))",
        (list(group_ids), not names and not prefixes, list(names), list(prefixes)),
    )


async def delete(store: Store, stream_id: int) -> None:
    """Removes a stream with its events, and tells those who follow it."""
    async with store.database.transaction() as connection:
        await connection.execute("SELECT 1 FROM log_streams WHERE id = %s FOR UPDATE", (stream_id,))
        found = await connection.execute(
            "SELECT DISTINCT blob FROM log_chunks WHERE stream_id = %s AND blob IS NOT NULL",
            (stream_id,),
        )
        blobs = [row.blob for row in await found.fetchall()]
        await connection.execute("DELETE FROM log_streams WHERE id = %s", (stream_id,))
        await connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, topic(stream_id)))
    await store.blobs.delete(blobs)
