"""Stacks that have something in the sandbox, which forgets it when the server ends."""

from __future__ import annotations

from uuid import UUID, uuid4

from penstock.state.stacks import Kind
from penstock.store.database import Connection
from penstock.store.facts import tell
from penstock.store.reading import Source, read_rows

REFILL = "refill_sandbox"
"""The task that makes it again."""
_FACT = "sandbox"
"""Another one for each server that has begun."""


async def begin_sandbox(connection: Connection) -> None:
    await tell(connection, _FACT, str(uuid4()))


async def find_sandbox(source: Source) -> str | None:
    """Which there is, "" where nobody has told of one; None while it is being filled again."""
    rows = await read_rows(
        source,
        "SELECT (SELECT value #>> '{}' FROM facts WHERE name = %s) AS sandbox, EXISTS ("
        " SELECT 1 FROM procrastinate_jobs WHERE task_name = %s AND status IN ('todo', 'doing'))"
        " AS filling",
        (_FACT, REFILL),
    )
    return None if rows[0].filling else rows[0].sandbox or ""


async def stacks_in_sandbox(source: Source, *, limit: int | None = None) -> list[UUID]:
    """The oldest first: what a stack imports is of an older one, mostly."""
    rows = await read_rows(
        source,
        "SELECT s.id FROM stacks s WHERE s.deleted IS NULL AND EXISTS (SELECT 1"
        "   FROM stack_resources r WHERE r.stack = s.id AND r.place = 'RESOURCE'"
        "     AND r.kind = %s AND r.physical_id <> '' AND r.status <> 'DELETE_COMPLETE')"
        " ORDER BY s.number LIMIT %s",
        (str(Kind.SANDBOX), limit),
    )
    return [row.id for row in rows]
