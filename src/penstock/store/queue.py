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
# Who takes jobs passes a locked one over, and only looks again when it is told of one.
_KEEP = """
WITH kept AS MATERIALIZED (
  SELECT id, queue_name FROM procrastinate_jobs
  WHERE queueing_lock = %s AND status = 'todo' FOR UPDATE)
SELECT pg_notify('procrastinate_queue_v1#' || queue_name,
  json_build_object('type', 'job_inserted', 'job_id', id)::text)
FROM kept
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
    waiting: where one is, nothing is deferred, and it stays where it is until the transaction ends,
    so that whoever does it sees all that this transaction does.
    """
    if once is not None:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (once,))
        waiting = await connection.execute(_KEEP, (once,))
        if await waiting.fetchone():
            return
    await connection.execute(_DEFER, (queue, task, lock, once, Jsonb(arguments), at))
