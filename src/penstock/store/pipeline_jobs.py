"""Jobs of job workers: rows that `flow.jobs` writes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from penstock.documents.pipelines import TypeId
from penstock.store.database import Connection, Database

OPEN = ("Queued", "Dispatched")


async def insert_job(
    connection: Connection,
    job: UUID,
    action: UUID,
    place: tuple[str, str],
    type_id: TypeId,
    *,
    nonce: str,
    continuation_token: str = "",
    now: datetime,
) -> None:
    """A job of an account and Region; nothing where it is there already."""
    await connection.execute(
        "INSERT INTO pipeline_jobs (id, action, account, region, category, owner, provider,"
        " version, status, nonce, continuation_token, created)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'Queued', %s, %s, %s) ON CONFLICT DO NOTHING",
        (job, action, *place, *type_id, nonce, continuation_token, now),
    )


async def take_jobs(
    connection: Connection,
    place: tuple[str, str],
    type_id: TypeId,
    query: tuple[str, str] | None,
    limit: int,
) -> list[Any]:
    """The oldest jobs that nobody has acknowledged, as dispatched; `query` is a key and value of
    their configuration (CP-158)."""
    key, value = query or (None, None)
    found = await connection.execute(
        "WITH taken AS MATERIALIZED ("
        "  SELECT j.id FROM pipeline_jobs j JOIN action_executions a ON a.id = j.action"
        "  WHERE (j.account, j.region, j.category, j.owner, j.provider, j.version)"
        "      = (%s, %s, %s, %s, %s, %s)"
        "    AND j.status IN ('Queued', 'Dispatched') AND a.status = 'InProgress'"
        "    AND (%s::text IS NULL OR a.input -> 'resolvedConfiguration' ->> %s = %s)"
        "  ORDER BY j.created, j.id LIMIT %s FOR UPDATE OF j SKIP LOCKED)"
        " UPDATE pipeline_jobs j SET status = 'Dispatched' FROM taken WHERE j.id = taken.id"
        " RETURNING j.*",
        (*place, *type_id, key, key, value, limit),
    )
    return sorted(await found.fetchall(), key=lambda row: (row.created, row.id))


async def find_job(source: Database | Connection, job: UUID) -> Any | None:
    """The row of a job, with the status of its action as `action_status`."""
    sql = (
        "SELECT j.*, a.status AS action_status FROM pipeline_jobs j"
        " JOIN action_executions a ON a.id = j.action WHERE j.id = %s"
    )
    if isinstance(source, Database):
        return await source.fetch_one(sql, (job,))
    return await (await source.execute(sql, (job,))).fetchone()


async def lock_job(connection: Connection, job: UUID) -> Any | None:
    """As `find_job`; nobody else changes the job until the transaction ends."""
    found = await connection.execute(
        "SELECT j.*, a.status AS action_status FROM pipeline_jobs j"
        " JOIN action_executions a ON a.id = j.action WHERE j.id = %s FOR UPDATE OF j",
        (job,),
    )
    return await found.fetchone()


async def find_going(connection: Connection, action: UUID) -> UUID | None:
    """The job of an action that has not ended."""
    found = await connection.execute(
        "SELECT id FROM pipeline_jobs WHERE action = %s AND status NOT IN ('Succeeded', 'Failed')"
        " ORDER BY created DESC LIMIT 1",
        (action,),
    )
    row = await found.fetchone()
    return row.id if row else None


async def begin_job(connection: Connection, job: UUID) -> None:
    """Somebody has it, without having acknowledged it; nothing where it has ended."""
    await connection.execute(
        "UPDATE pipeline_jobs SET status = 'InProgress' WHERE id = %s AND status = ANY (%s)",
        (job, list(OPEN)),
    )


async def save_status(connection: Connection, job: UUID, status: str) -> None:
    await connection.execute("UPDATE pipeline_jobs SET status = %s WHERE id = %s", (status, job))
