"""Approvals by their tokens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from penstock.store.database import Connection


async def find_approval(
    connection: Connection, place: tuple[int, str, str], token: UUID
) -> Any | None:
    """The id and status of the execution that a token is of; `place` is pipeline, stage and action.

    None for a token of another place, or of an attempt that a later one has replaced.
    """
    found = await connection.execute(
        "SELECT id, status FROM action_executions a WHERE token = %s"
        " AND (pipeline, stage, action) = (%s, %s, %s)"
        " AND NOT EXISTS (SELECT 1 FROM action_executions later"
        "   WHERE (later.execution, later.kind, later.stage, later.action)"
        "     = (a.execution, a.kind, a.stage, a.action) AND later.sequence > a.sequence)",
        (token, *place),
    )
    return await found.fetchone()
