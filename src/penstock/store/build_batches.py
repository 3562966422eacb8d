"""CodeBuild's batches of builds: rows that `flow` writes, and everybody reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from penstock.state.builds import Status
from penstock.state.recorded_batches import BatchBuild, BatchName
from penstock.state.recorded_builds import Claim
from penstock.store.database import Connection, Database

Document = dict[str, Any]


def name_of(row: Any) -> BatchName:
    return BatchName(row.account, row.region, row.project, row.id)


# Reading, for whoever asks.


async def find_documents(
    database: Database, account: str, region: str, ids: Sequence[UUID]
) -> list[Document]:
    """The API's BuildBatches of those that are there, in the order of `ids`."""
    rows = await database.fetch(
        "SELECT document FROM build_batches WHERE id = ANY (%s) AND account = %s AND region = %s"
        " ORDER BY array_position(%s, id)",
        (ids, account, region, ids),
    )
    return [row.document for row in rows]


async def list_batches(
    database: Database,
    account: str,
    region: str,
    *,
    project: str | None,
    status: str | None,
    descending: bool,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Any]:
    """Rows with project, id and submitted, by the time they were submitted; of one project or all,
    of one status or any."""
    at, batch = after or (None, None)
    return await database.fetch(
        _LIST_DOWN if descending else _LIST_UP,
        (account, region, project, project, status, status, at, at, batch, limit),
    )


_LIST: LiteralString = (
    "SELECT project, id, submitted FROM build_batches WHERE account = %s AND region = %s"
    " AND (%s::text IS NULL OR project = %s) AND (%s::text IS NULL OR status = %s)"
)
_LIST_UP: LiteralString = (
    _LIST + " AND (%s::timestamptz IS NULL OR (submitted, id) > (%s, %s))"
    " ORDER BY submitted, id LIMIT %s"
)
_LIST_DOWN: LiteralString = (
    _LIST + " AND (%s::timestamptz IS NULL OR (submitted, id) < (%s, %s))"
    " ORDER BY submitted DESC, id DESC LIMIT %s"
)


async def find_unfinished(database: Database) -> list[UUID]:
    rows = await database.fetch("SELECT id FROM build_batches WHERE ended IS NULL")
    return [row.id for row in rows]


async def find_ended(database: Database, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Of some batches those that have ended, with their projects."""
    rows = await database.fetch(
        "SELECT id, project FROM build_batches WHERE id = ANY (%s) AND ended IS NOT NULL", (ids,)
    )
    return {row.id: row.project for row in rows}


@asynccontextmanager
async def combining_alone(database: Database, batch: UUID) -> AsyncIterator[bool]:
    """Whether nobody else is combining a batch's artifacts now; then nobody may until the end."""
    async with database.connect() as connection:
        found = await connection.execute(
            "SELECT pg_try_advisory_lock(hashtextextended(%s, 3)) AS mine", (str(batch),)
        )
        ((mine,),) = await found.fetchall()
        yield mine


async def forget_batches(database: Database, before: datetime) -> int:
    """Removes those that ended before a time; returns how many."""
    return await database.execute("DELETE FROM build_batches WHERE ended < %s", (before,))


# Steps of `flow`, in its transactions.


async def take_number(connection: Connection, account: str, region: str, name: str) -> Any | None:
    """A project's document, and the number of its next batch; None where there is no project."""
    found = await connection.execute(
        "UPDATE projects SET next_batch_number = next_batch_number + 1"
        " WHERE (account, region, name) = (%s, %s, %s)"
        " RETURNING document, next_batch_number - 1 AS number",
        (account, region, name),
    )
    return await found.fetchone()


async def insert_batch(
    connection: Connection,
    name: BatchName,
    *,
    document: Document,
    effective: Document,
    variables: Mapping[str, str],
    deadline: datetime,
    token: str | None,
    token_hash: bytes | None,
    now: datetime,
) -> None:
    await connection.execute(
        "INSERT INTO build_batches (account, region, project, id, status, document, effective,"
        " variables, deadline, submitted, token, token_hash)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *name,
            Status.IN_PROGRESS,
            Jsonb(document),
            Jsonb(effective),
            Jsonb(dict(variables)),
            deadline,
            now,
            token,
            token_hash,
        ),
    )


async def lock_batch(connection: Connection, batch: UUID) -> Any | None:
    """The row, which nobody else changes until the transaction ends; None where there is none."""
    found = await connection.execute(
        "SELECT * FROM build_batches WHERE id = %s FOR UPDATE", (batch,)
    )
    return await found.fetchone()


async def save_document(
    connection: Connection, batch: UUID, document: Document, ended: datetime | None
) -> None:
    await connection.execute(
        "UPDATE build_batches SET status = %s, document = %s, ended = %s WHERE id = %s",
        (document["buildBatchStatus"], Jsonb(document), ended, batch),
    )


async def save_stopping(connection: Connection, batch: UUID, status: Status) -> None:
    await connection.execute(
        "UPDATE build_batches SET stopping = %s WHERE id = %s", (status, batch)
    )


async def read_effective(connection: Connection, claim: Claim) -> Any | None:
    """The batch of a claim's build, locked, with `id` and `effective`; None without the claim."""
    found = await connection.execute(
        "SELECT batch.id, batch.effective FROM build_batches AS batch"
        " JOIN build_batch_members AS member ON member.batch = batch.id AND NOT superseded"
        " JOIN builds ON builds.id = member.build"
        " WHERE builds.id = %s AND builds.claim = %s FOR UPDATE OF batch",
        (claim.build, claim.token),
    )
    return await found.fetchone()


async def save_plan(connection: Connection, batch: UUID, plan: Document) -> None:
    await connection.execute(
        "UPDATE build_batches SET plan = %s WHERE id = %s", (Jsonb(plan), batch)
    )


async def renew(
    connection: Connection,
    batch: UUID,
    *,
    forget_plan: bool,
    deadline: datetime,
    token: str,
    now: datetime,
) -> None:
    """Makes a batch that ended one that is at its beginning."""
    await connection.execute(
        "UPDATE build_batches SET stopping = NULL, deadline = %s, ended = NULL, retry_token = %s,"
        " retried = %s, plan = CASE WHEN %s THEN NULL ELSE plan END WHERE id = %s",
        (deadline, token, now, forget_plan, batch),
    )


async def delete_batch(connection: Connection, batch: UUID) -> None:
    await connection.execute("DELETE FROM build_batches WHERE id = %s", (batch,))


# Its builds.


async def read_members(connection: Connection, batch: UUID) -> list[BatchBuild]:
    """All builds of a batch, as they were asked for."""
    found = await connection.execute(
        "SELECT * FROM build_batch_members WHERE batch = %s ORDER BY sequence", (batch,)
    )
    return [
        BatchBuild(
            row.identifier,
            row.build,
            round(row.requested.timestamp(), 3),
            Status(row.status),
            row.stopping,
            row.superseded,
            row.outcome,
            row.problem,
        )
        for row in await found.fetchall()
    ]


async def insert_member(
    connection: Connection,
    batch: UUID,
    identifier: str,
    *,
    build: UUID | None,
    problem: str,
    now: datetime,
) -> None:
    """A build that was started or, with a `problem`, one that could not be."""
    status = Status.FAILED if problem else Status.IN_PROGRESS
    await connection.execute(
        "INSERT INTO build_batch_members (batch, identifier, build, requested, status, problem)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (batch, identifier, build, now, status, problem),
    )


async def mark_stopping(connection: Connection, build: UUID) -> None:
    await connection.execute(
        "UPDATE build_batch_members SET stopping = true WHERE build = %s", (build,)
    )


async def end_member(
    connection: Connection, build: UUID, status: Status, outcome: Document
) -> UUID | None:
    """Notes how a build ended; its batch, or None where that has been deleted."""
    found = await connection.execute(
        "UPDATE build_batch_members SET status = %s, outcome = %s WHERE build = %s RETURNING batch",
        (status, Jsonb(outcome), build),
    )
    row = await found.fetchone()
    return row.batch if row else None


async def supersede(connection: Connection, batch: UUID, *, succeeded: bool) -> None:
    """Sets aside the builds of a batch, those that `succeeded` as well or not."""
    await connection.execute(
        "UPDATE build_batch_members SET superseded = true"
        " WHERE batch = %s AND (status <> %s OR %s)",
        (batch, Status.SUCCEEDED, succeeded),
    )
