"""What is being done to the resources of stacks: a row for each task, until it has ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from penstock.state.plain_records import record_of
from penstock.state.stack_operations import Doing
from penstock.store.database import Connection, Database
from penstock.store.reading import Source, read_rows
from penstock.store.sealing import Sealer
from penstock.store.stack_documents import seal, unseal


async def find_task(source: Source, sealer: Sealer, task: UUID) -> Doing | None:
    """None where it has ended."""
    rows = await read_rows(source, "SELECT * FROM stack_tasks WHERE id = %s", (task,))
    return _doing(sealer, rows[0]) if rows else None


async def find_undone(source: Source, sealer: Sealer, task: UUID) -> Any:
    """The row of a task that is to be done: `stack`, `begun`, which is None before the first
    attempt, and `doing`; None where it has ended, or waits to be told how it ends."""
    rows = await read_rows(
        source,
        "SELECT id, stack, begun, sealed AS doing FROM stack_tasks WHERE id = %s AND due IS NULL",
        (task,),
    )
    return rows[0]._replace(doing=_unsealed(sealer, task, rows[0].doing)) if rows else None


async def find_waiting(source: Source, stack: UUID, logical_id: str) -> UUID | None:
    """The task of a resource that waits to be told how it ends."""
    sql = "SELECT id FROM stack_tasks WHERE stack = %s AND logical_id = %s AND due IS NOT NULL"
    rows = await read_rows(source, sql, (stack, logical_id))
    return rows[0].id if rows else None


async def find_due(database: Database, now: datetime) -> list[Any]:
    """Tasks that have waited for too long: id, logical_id."""
    return await database.fetch(
        "SELECT id, logical_id FROM stack_tasks WHERE due < %s ORDER BY due LIMIT 1000", (now,)
    )


# Steps of `flow` and of workers, in their transactions.


async def begin_task(connection: Connection, task: UUID, now: datetime) -> bool | None:
    """Whoever does it after a kill knows from then on. Whether this was the first to begin it; None
    where it has ended, or waits."""
    rows = await read_rows(
        connection,
        "WITH t AS MATERIALIZED ("
        "  SELECT id, begun FROM stack_tasks WHERE id = %s AND due IS NULL FOR UPDATE)"
        " UPDATE stack_tasks s SET begun = %s FROM t WHERE s.id = t.id RETURNING t.begun",
        (task, now),
    )
    return rows[0].begun is None if rows else None


async def save_due(connection: Connection, task: UUID, due: datetime) -> None:
    await connection.execute("UPDATE stack_tasks SET due = %s WHERE id = %s", (due, task))


async def read_tasks(source: Source, sealer: Sealer, stack: UUID) -> dict[UUID, Doing]:
    """In the order of their ids."""
    rows = await read_rows(
        source, "SELECT * FROM stack_tasks WHERE stack = %s ORDER BY id", (stack,)
    )
    return {row.id: _doing(sealer, row) for row in rows}


async def save_tasks(
    connection: Connection,
    sealer: Sealer,
    stack: UUID,
    before: Mapping[UUID, Doing],
    after: Mapping[UUID, Doing],
) -> None:
    gone = [task for task in before if task not in after]
    if gone:
        await connection.execute("DELETE FROM stack_tasks WHERE id = ANY (%s)", (gone,))
    changed = [
        (task, doing.task.logical_id, seal(sealer, doing, _about(task)))
        for task, doing in after.items()
        if before.get(task) is not doing
    ]
    if changed:
        columns: Iterable[Any] = map(list, zip(*changed, strict=True))
        await connection.execute(
            "INSERT INTO stack_tasks (stack, id, logical_id, sealed)"
            " SELECT %s, u.* FROM unnest(%s::uuid[], %s::text[], %s::bytea[]) u"
            " ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed",
            (stack, *columns),
        )


def _doing(sealer: Sealer, row: Any) -> Doing:
    return _unsealed(sealer, row.id, row.sealed)


def _unsealed(sealer: Sealer, task: UUID, sealed: bytes) -> Doing:
    return record_of(Doing, unseal(sealer, sealed, _about(task)))


def _about(task: UUID) -> str:
    return f"stack task:{task}"
