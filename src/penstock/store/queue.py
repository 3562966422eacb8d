"""Defers jobs by name, on the connection of the transaction that gives rise to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from penstock.store.database import Connection

# The queue library's own function, as its clients in every language call it.
_DEFER = """
SELECT procrastinate_defer_jobs_v1(
  ARRAY[ROW(%s, %s, 0, %s, %s, %s, %s)::procrastinate_job_to_defer_v1]
)
"""


async def defer(
    connection: Connection,
    task: str,
    arguments: dict[str, Any],
    *,
    queue: str = "default",
    at: datetime | None = None,
    lock: str | None = None,
    once: str | None = None,
) -> None:
    """A job that a worker starts once the transaction has committed, and not before `at`.

    Jobs of one `lock` run one after another, in order. `once` names jobs of which only one may be
    waiting: where one is, nothing is deferred.
    """
    if once is not None:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (once,))
        waiting = await connection.execute(
            "SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = %s AND status = 'todo'", (once,)
        )
        if await waiting.fetchone():
            return
    await connection.execute(_DEFER, (queue, task, lock, once, Jsonb(arguments), at))
