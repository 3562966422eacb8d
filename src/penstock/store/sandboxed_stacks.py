"""Stacks that have something in the sandbox, which forgets it when the server ends."""

from __future__ import annotations

from uuid import UUID

from penstock.state.stacks import Kind
from penstock.store.reading import Source, read_rows

REFILL = "refill_sandbox"
"""The task that makes it again."""


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
