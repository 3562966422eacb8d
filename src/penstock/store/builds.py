"""CodeBuild's builds: rows that `flow` writes, and everybody reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from penstock.state.builds import Status
from penstock.state.recorded_builds import BuildName, Claim, Stage
from penstock.store.database import Connection, Database

Document = dict[str, Any]


def name_of(row: Any) -> BuildName:
    return BuildName(row.account, row.region, row.project, row.id)


# Reading, for whoever asks.


async def find_documents(
    database: Database, account: str, region: str, ids: Sequence[UUID]
) -> list[Document]:
    """The API's Builds of those that are there, in the order of `ids`."""
    rows = await database.fetch(
        "SELECT document FROM builds WHERE id = ANY (%s) AND account = %s AND region = %s"
        " ORDER BY array_position(%s, id)",
        (ids, account, region, ids),
    )
    return [row.document for row in rows]


async def find_stage(database: Database, claim: Claim) -> Any | None:
    """Whether a claim still holds (`held`), and whether its build is to stop (`to_stop`)."""
    return await database.fetch_one(
        "SELECT coalesce(claim = %s, false) AS held, stop_requested IS NOT NULL AS to_stop"
        " FROM builds WHERE id = %s",
        (claim.token, claim.build),
    )


async def find_overdue(database: Database, now: datetime, grace: timedelta) -> list[UUID]:
    """Builds whose time in the queue, or with a worker, is over."""
    rows = await database.fetch(
        "SELECT id FROM builds WHERE stage <> 'ENDED'"
        " AND CASE stage WHEN 'QUEUED' THEN queued_until < %s ELSE deadline < %s END",
        (now, now - grace),
    )
    return [row.id for row in rows]


async def find_ended(database: Database, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Of some builds those that have ended, with their projects."""
    rows = await database.fetch(
        "SELECT id, project FROM builds WHERE id = ANY (%s) AND stage = 'ENDED'", (ids,)
    )
    return {row.id: row.project for row in rows}


async def list_builds(
    database: Database,
    account: str,
    region: str,
    *,
    descending: bool,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Any]:
    """Rows with project, id and submitted, by the time they were submitted."""
    sql = _LIST_DOWN if descending else _LIST_UP
    at, build = after or (None, None)
    return await database.fetch(sql, (account, region, at, at, build, limit))


_LIST_UP: LiteralString = (
    "SELECT project, id, submitted FROM builds WHERE account = %s AND region = %s"
    " AND (%s::timestamptz IS NULL OR (submitted, id) > (%s, %s))"
    " ORDER BY submitted, id LIMIT %s"
)
_LIST_DOWN: LiteralString = (
    "SELECT project, id, submitted FROM builds WHERE account = %s AND region = %s"
    " AND (%s::timestamptz IS NULL OR (submitted, id) < (%s, %s))"
    " ORDER BY submitted DESC, id DESC LIMIT %s"
)


async def list_builds_of(
    database: Database,
    account: str,
    region: str,
    project: str,
    *,
    descending: bool,
    after: int | None,
    limit: int,
) -> list[Any]:
    """Rows with project, id and number, by the number."""
    sql = _LIST_OF_DOWN if descending else _LIST_OF_UP
    return await database.fetch(sql, (account, region, project, after, after, limit))


_LIST_OF_UP: LiteralString = (
    "SELECT project, id, number FROM builds WHERE account = %s AND region = %s AND project = %s"
    " AND (%s::integer IS NULL OR number > %s) ORDER BY number LIMIT %s"
)
_LIST_OF_DOWN: LiteralString = (
    "SELECT project, id, number FROM builds WHERE account = %s AND region = %s AND project = %s"
    " AND (%s::integer IS NULL OR number < %s) ORDER BY number DESC LIMIT %s"
)


async def last_status(
    database: Database, account: str, region: str, project: str, ref: str | None
) -> str | None:
    """The buildStatus of the last build of a project, of one ref or of any (CB-175)."""
    row = await database.fetch_one(
        "SELECT status FROM builds WHERE account = %s AND region = %s AND project = %s"
        " AND (%s::text IS NULL OR ref = %s) ORDER BY number DESC LIMIT 1",
        (account, region, project, ref, ref),
    )
    return row.status if row else None


async def delete_builds(
    database: Database, account: str, region: str, ids: Sequence[UUID]
) -> set[UUID]:
    """Removes those that have ended, and returns which."""
    rows = await database.fetch(
        "DELETE FROM builds WHERE id = ANY (%s) AND account = %s AND region = %s AND stage = %s"
        " RETURNING id",
        (ids, account, region, Stage.ENDED),
        commits=True,
    )
    return {row.id for row in rows}


async def forget_builds(database: Database, before: datetime) -> int:
    """Removes those that ended before a time; returns how many."""
    return await database.execute("DELETE FROM builds WHERE ended < %s", (before,))


# Steps of `flow`, in its transactions.


async def take_number(connection: Connection, account: str, region: str, name: str) -> Any | None:
    """A project's document and cache generation, and the number of its next build.

    The project's row is locked from here on; None where there is no project.
    """
    found = await connection.execute(
        "UPDATE projects SET next_build_number = next_build_number + 1"
        " WHERE (account, region, name) = (%s, %s, %s)"
        " RETURNING document, cache_generation, next_build_number - 1 AS number",
        (account, region, name),
    )
    return await found.fetchone()


async def count_unfinished(
    connection: Connection, account: str, region: str, project: str
) -> tuple[int, int]:
    """How many builds an account has in the queue, and a project that have not ended."""
    found = await connection.execute(
        "SELECT count(*) FILTER (WHERE stage = %s) AS queued,"
        " count(*) FILTER (WHERE project = %s) AS of_project"
        " FROM builds WHERE account = %s AND region = %s AND stage <> 'ENDED'",
        (Stage.QUEUED, project, account, region),
    )
    ((queued, of_project),) = await found.fetchall()
    return queued, of_project


async def insert_build(
    connection: Connection,
    name: BuildName,
    number: int,
    *,
    document: Document,
    effective: Document,
    variables: Mapping[str, str],
    cache_generation: int,
    ref: str,
    token: str | None,
    token_hash: bytes | None,
    queued_until: datetime,
    now: datetime,
) -> None:
    await connection.execute(
        "INSERT INTO builds (account, region, project, id, number, stage, status, document,"
        " effective, variables, cache_generation, ref, submitted, queued_until, token, token_hash)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *name,
            number,
            Stage.QUEUED,
            Status.IN_PROGRESS,
            Jsonb(document),
            Jsonb(effective),
            Jsonb(dict(variables)),
            cache_generation,
            ref,
            now,
            queued_until,
            token,
            token_hash,
        ),
    )


async def read_build(connection: Connection, build: UUID) -> Any | None:
    found = await connection.execute("SELECT * FROM builds WHERE id = %s", (build,))
    return await found.fetchone()


async def lock_build(connection: Connection, build: UUID) -> Any | None:
    """The row, which nobody else changes until the transaction ends; None where there is none."""
    found = await connection.execute("SELECT * FROM builds WHERE id = %s FOR UPDATE", (build,))
    return await found.fetchone()


async def claim_build(
    connection: Connection,
    claim: Claim,
    *,
    worker: UUID,
    access_key_id: str,
    document: Document,
    deadline: datetime,
) -> None:
    await connection.execute(
        "UPDATE builds SET stage = %s, claim = %s, worker = %s, access_key_id = %s, document = %s,"
        " deadline = %s WHERE id = %s",
        (
            Stage.RUNNING,
            claim.token,
            worker,
            access_key_id,
            Jsonb(document),
            deadline,
            claim.build,
        ),
    )


async def change_running(
    connection: Connection, claim: Claim, changes: Mapping[str, Any], ref: str | None
) -> Document | None:
    """Puts members into the document of a claim's build and returns it; None without the claim."""
    found = await connection.execute(
        "UPDATE builds SET document = document || %s, ref = coalesce(%s, ref)"
        " WHERE id = %s AND claim = %s AND stage = %s RETURNING document",
        (Jsonb(dict(changes)), ref, claim.build, claim.token, Stage.RUNNING),
    )
    row = await found.fetchone()
    return row.document if row else None


async def request_stop(connection: Connection, build: UUID, now: datetime) -> None:
    await connection.execute(
        "UPDATE builds SET stop_requested = coalesce(stop_requested, %s) WHERE id = %s",
        (now, build),
    )


async def end_build(connection: Connection, build: UUID, document: Document, now: datetime) -> None:
    await connection.execute(
        "UPDATE builds SET stage = %s, status = %s, document = %s, ended = %s, claim = NULL"
        " WHERE id = %s",
        (Stage.ENDED, document["buildStatus"], Jsonb(document), now, build),
    )
