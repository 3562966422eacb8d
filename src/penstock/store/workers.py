"""Workers that are up, and what lost ones left undone; all by the database's clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from penstock.store.database import Connection, Database


async def beat(database: Database, worker: UUID, name: str, host: str) -> None:
    """Says that a worker is up; to be repeated long before it would count as lost."""
    await database.execute(
        "INSERT INTO workers (id, name, host) VALUES (%s, %s, %s)"
        " ON CONFLICT (id) DO UPDATE SET seen = now()",
        (worker, name, host),
    )


async def forget_worker(database: Database, worker: UUID) -> None:
    await database.execute("DELETE FROM workers WHERE id = %s", (worker,))


async def forget_lost_workers(database: Database, lost: timedelta) -> None:
    """Removes the rows of workers not heard of for ten times as long."""
    await database.execute("DELETE FROM workers WHERE seen < now() - %s", (lost * 10,))


async def builds_of_lost_workers(database: Database, lost: timedelta) -> Sequence[UUID]:
    """Builds that have begun and whose worker has not been heard of for so long.

    Since the database is up: while it was away, nobody could be heard.
    """
    rows = await database.fetch(
        "SELECT b.id FROM builds b LEFT JOIN workers w ON w.id = b.worker"
        " WHERE b.stage = 'RUNNING' AND (w.seen IS NULL"
        "   OR greatest(w.seen, pg_postmaster_start_time()) < now() - %s)",
        (lost,),
    )
    return [row.id for row in rows]


async def is_lost(connection: Connection, worker: UUID | None, lost: timedelta) -> bool:
    found = await connection.execute(
        "SELECT 1 FROM workers"
        " WHERE id = %s AND greatest(seen, pg_postmaster_start_time()) >= now() - %s",
        (worker, lost),
    )
    return await found.fetchone() is None


async def worker_name(connection: Connection, worker: UUID | None) -> str:
    found = await connection.execute("SELECT name FROM workers WHERE id = %s", (worker,))
    row: Any = await found.fetchone()
    return str(row.name) if row else "that had it"


async def queue_again(database: Database, lost: timedelta) -> int:
    """Puts jobs back whose worker took them so long ago and has not begun the build; how many.

    One that is begun all the same, by a worker that was only slow, is begun once: the build's row
    decides.
    """
    rows = await database.fetch(
        "WITH stuck AS MATERIALIZED ("
        "  SELECT j.id, j.queue_name FROM procrastinate_jobs j"
        "  JOIN builds b ON b.id = (j.args ->> 'build')::uuid"
        "  WHERE j.task_name = 'run_build' AND j.status = 'doing' AND b.stage = 'QUEUED'"
        "    AND (SELECT max(e.at) FROM procrastinate_events e"
        "      WHERE e.job_id = j.id AND e.type = 'started') < now() - %s"
        "  FOR UPDATE OF j SKIP LOCKED)"
        " SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL),"
        "   pg_notify('procrastinate_queue_v1#' || queue_name,"
        "     json_build_object('type', 'job_inserted', 'job_id', id)::text)"
        " FROM stuck",
        (lost,),
    )
    return len(rows)


async def queue_jobs_again(database: Database, queue: str, lost: timedelta) -> int:
    """Puts jobs of a queue back that workers had begun who were not heard of for so long; how many.

    A worker that was only slow may then do what another does too: the jobs of this queue are such
    that it is harmless. While the database was away nobody could be heard. Of jobs of which only
    one may be waiting one is put back, unless one is waiting: the others are dropped.
    """
    rows = await database.fetch(
        "WITH lost AS MATERIALIZED ("
        "  SELECT j.id, j.queue_name, j.queueing_lock FROM procrastinate_jobs j"
        "  LEFT JOIN procrastinate_workers w ON w.id = j.worker_id"
        "  WHERE j.queue_name = %s AND j.status = 'doing' AND (w.id IS NULL"
        "    OR greatest(w.last_heartbeat, pg_postmaster_start_time()) < now() - %s)"
        "  FOR UPDATE OF j SKIP LOCKED),"
        " spare AS MATERIALIZED ("
        "  SELECT l.id FROM lost l WHERE EXISTS (SELECT 1 FROM procrastinate_jobs t"
        "    WHERE t.queueing_lock = l.queueing_lock AND t.status = 'todo')"
        "  OR EXISTS (SELECT 1 FROM lost o WHERE o.queueing_lock = l.queueing_lock"
        "    AND o.id < l.id)),"
        " dropped AS (DELETE FROM procrastinate_jobs j USING spare WHERE j.id = spare.id),"
        " stuck AS (SELECT * FROM lost WHERE id NOT IN (SELECT id FROM spare))"
        " SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL),"
        "   pg_notify('procrastinate_queue_v1#' || queue_name,"
        "     json_build_object('type', 'job_inserted', 'job_id', id)::text)"
        " FROM stuck",
        (queue, lost),
        commits=True,
    )
    return len(rows)
