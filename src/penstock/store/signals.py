"""What stacks wait for from outside: addresses to write to, signals, and who waits for how many."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from secrets import token_urlsafe
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from penstock.store.database import Connection, Database
from penstock.store.reading import Source, read_rows

PATH = "/_penstock/cloudformation/signals/"
KEPT = timedelta(days=2)
"""A handle that belongs to a task; nobody waits for as long."""


class Kind(StrEnum):
    """Of what a handle is: of a resource of its own, which deletes it; of a condition that is
    signalled by its name; of a custom resource's answer."""

    WAIT = "wait"
    NAMED = "named"
    CUSTOM = "custom"


class Signal(NamedTuple):
    """Signals of one handle have different ids: another one of the same id replaces the first."""

    unique_id: str
    status: str
    reason: str = ""
    data: str = ""


class Wait(NamedTuple):
    """A task that waits for so many signals."""

    task: UUID
    physical_id: str
    signals: int


async def make_handle(
    connection: Connection,
    task: UUID,
    kind: Kind,
    now: datetime,
    expected: Mapping[str, Any] = {},
) -> Any:
    """The row of the handle that a task has made, now or when it was done before."""
    await connection.execute(
        "DELETE FROM signal_handles WHERE kind <> 'wait' AND made < %s", (now - KEPT,)
    )
    await connection.execute(
        "INSERT INTO signal_handles (id, task, kind, made, expected) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (task) DO NOTHING",
        (token_urlsafe(32), task, kind, now, Jsonb(dict(expected))),
    )
    found = await connection.execute("SELECT * FROM signal_handles WHERE task = %s", (task,))
    return await found.fetchone()


async def mark_asked(database: Database, id: str) -> None:
    await database.execute("UPDATE signal_handles SET asked = true WHERE id = %s", (id,))


async def lock_handle(connection: Connection, id: str) -> Any | None:
    """The row, which nobody signals to until the transaction ends; None where there is none."""
    found = await connection.execute("SELECT * FROM signal_handles WHERE id = %s FOR UPDATE", (id,))
    return await found.fetchone()


async def handle_of_task(connection: Connection, task: UUID) -> str | None:
    found = await connection.execute("SELECT id FROM signal_handles WHERE task = %s", (task,))
    row = await found.fetchone()
    return None if row is None else str(row.id)


async def delete_handle(connection: Connection | Database, id: str) -> None:
    await connection.execute("DELETE FROM signal_handles WHERE id = %s", (id,))


async def add_signal(connection: Connection, handle: str, signal: Signal) -> None:
    await connection.execute(
        "INSERT INTO signals (handle, unique_id, status, reason, data) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (handle, unique_id) DO UPDATE SET"
        " status = excluded.status, reason = excluded.reason, data = excluded.data",
        (handle, *signal),
    )


async def read_signals(connection: Connection, handle: str) -> list[Signal]:
    """In the order in which they came."""
    found = await connection.execute(
        "SELECT unique_id, status, reason, data FROM signals WHERE handle = %s ORDER BY sequence",
        (handle,),
    )
    return [Signal(*row) for row in await found.fetchall()]


async def add_wait(connection: Connection, handle: str, wait: Wait) -> None:
    await connection.execute(
        "INSERT INTO signal_waits (task, handle, physical_id, signals) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (task) DO NOTHING",
        (wait.task, handle, wait.physical_id, wait.signals),
    )


async def read_waits(connection: Connection, handle: str) -> list[Wait]:
    found = await connection.execute(
        "SELECT task, physical_id, signals FROM signal_waits WHERE handle = %s ORDER BY task",
        (handle,),
    )
    return [Wait(*row) for row in await found.fetchall()]


async def delete_wait(connection: Connection, task: UUID) -> None:
    await connection.execute("DELETE FROM signal_waits WHERE task = %s", (task,))


async def late_reason(source: Source, task: UUID) -> str:
    """Why a task that has waited for too long fails, "" where it is no signal that is late."""
    waits = await read_rows(
        source,
        "SELECT w.signals AS wanted, (SELECT count(*) FROM signals s WHERE s.handle = w.handle)"
        " AS found FROM signal_waits w WHERE w.task = %s",
        (task,),
    )
    for wait in waits:
        told = f"Received {wait.found} conditions when expecting {wait.wanted}"
        return f"WaitCondition timed out. {told}"
    sql = "SELECT 1 FROM signal_handles WHERE task = %s AND kind = %s"
    if await read_rows(source, sql, (task, Kind.CUSTOM)):
        return (
            "CloudFormation did not receive a response from your Custom Resource. Please check"
            f" your logs for requestId [{task}]."
        )
    return ""
