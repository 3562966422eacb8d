"""Executions of actions and of rules: rows that `flow` writes, and everybody reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from penstock.documents.pipelines import TypeId
from penstock.state.pipelines import ActionStatus, Failed
from penstock.state.recorded_pipelines import PipelineName
from penstock.store.database import Connection, Database

Document = dict[str, Any]
ACTION, RULE = "ACTION", "RULE"


class Result(NamedTuple):
    """What there is to say of an execution beside its outcome; `updated_by` is an ARN.

    What is empty stays as it was.
    """

    external_id: str = ""
    url: str = ""
    summary: str = ""
    updated_by: str = ""
    log_stream_arn: str = ""
    percent_complete: int | None = None


class Execution(NamedTuple):
    """A new execution of an action, or of a rule of a `condition`."""

    id: UUID
    pipeline: int
    execution: UUID
    version: int
    kind: str
    stage: str
    action: str
    condition: str
    type: TypeId
    attempt: int
    deadline: datetime
    input: Document


# Reading, for whoever asks.


async def find_actions(source: Database | Connection, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """The rows of some executions, by their ids."""
    sql = "SELECT * FROM action_executions WHERE id = ANY (%s)"
    if isinstance(source, Database):
        rows = await source.fetch(sql, (list(ids),))
    else:
        rows = await (await source.execute(sql, (list(ids),))).fetchall()
    return {row.id: row for row in rows}


async def find_started(database: Database, action: UUID) -> Any | None:
    """An execution's row, with what its provider has to know: account, region, name, run,
    document, and whether that has a `secret` in it."""
    return await database.fetch_one(
        "SELECT a.*, p.account, p.region, p.name, e.run, v.document, v.sealed IS NOT NULL AS secret"
        " FROM action_executions a JOIN pipelines p ON p.id = a.pipeline"
        " JOIN pipeline_executions e ON e.id = a.execution"
        " JOIN pipeline_versions v ON v.pipeline = a.pipeline AND v.version = a.version"
        " WHERE a.id = %s",
        (action,),
    )


async def list_actions(
    database: Database,
    pipeline: int,
    *,
    kind: str = ACTION,
    execution: UUID | None = None,
    latest: bool = False,
    after: int | None = None,
    limit: int,
) -> list[Any]:
    """Rows, the newest first; those before the sequence `after`.

    With `latest` only the last attempt at each action of the execution.
    """
    parameters = {
        "pipeline": pipeline,
        "kind": kind,
        "execution": execution,
        "latest": latest,
        "after": after,
        "limit": limit,
    }
    return await database.fetch(_LIST if execution is None else _LIST_OF, parameters)


_LIST = (
    "SELECT * FROM action_executions WHERE pipeline = %(pipeline)s AND kind = %(kind)s"
    " AND (%(after)s::bigint IS NULL OR sequence < %(after)s)"
    " ORDER BY sequence DESC LIMIT %(limit)s"
)
_LIST_OF = (
    "SELECT * FROM action_executions a WHERE execution = %(execution)s"
    " AND pipeline = %(pipeline)s AND kind = %(kind)s"
    " AND (%(after)s::bigint IS NULL OR sequence < %(after)s)"
    " AND (NOT %(latest)s OR NOT EXISTS (SELECT 1 FROM action_executions later"
    "   WHERE (later.execution, later.kind, later.stage, later.action, later.condition)"
    "     = (a.execution, a.kind, a.stage, a.action, a.condition)"
    "   AND later.sequence > a.sequence))"
    " ORDER BY sequence DESC LIMIT %(limit)s"
)


async def find_due(database: Database, now: datetime) -> list[Any]:
    """The rows of executions whose time is over: id, kind, action, started, deadline."""
    return await database.fetch(
        "SELECT id, kind, action, started, deadline FROM action_executions"
        " WHERE status = 'InProgress' AND deadline < %s ORDER BY deadline LIMIT 1000",
        (now,),
    )


async def find_place(connection: Connection, action: UUID) -> PipelineName | None:
    """The pipeline that an execution is of."""
    found = await connection.execute(
        "SELECT p.account, p.region, p.name FROM action_executions a"
        " JOIN pipelines p ON p.id = a.pipeline WHERE a.id = %s",
        (action,),
    )
    row = await found.fetchone()
    return PipelineName(*row) if row else None


# Steps of `flow`, in its transactions; the pipeline's row is locked, but for `save_waiting`.


async def insert_action(connection: Connection, new: Execution, now: datetime) -> None:
    """Nothing where it is there already."""
    await connection.execute(
        "INSERT INTO action_executions (id, pipeline, execution, version, kind, stage, action,"
        " condition, category, owner, provider, attempt, status, started, updated, deadline, input)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (id) DO NOTHING",
        (
            *new[:8],
            *new.type[:3],
            new.attempt,
            ActionStatus.IN_PROGRESS,
            now,
            now,
            new.deadline,
            Jsonb(new.input),
        ),
    )


async def save_approval(connection: Connection, action: UUID, token: UUID, shown: bool) -> None:
    """An approval waits; its token is shown as its external id too, where it has to be (CP-061)."""
    await connection.execute(
        "UPDATE action_executions SET waiting = true, token = %s, external_id = %s WHERE id = %s",
        (token, str(token) if shown else "", action),
    )


async def save_result(connection: Connection, action: UUID, result: Result, now: datetime) -> None:
    """What there is to say of one that has not begun yet, or not ended."""
    await connection.execute(
        _SAVE_RESULT + ", updated = greatest(updated, %s) WHERE id = %s", (*result, now, action)
    )


async def save_waiting(connection: Connection, action: UUID, result: Result, now: datetime) -> None:
    """Its provider has begun. One that has ended meanwhile gets its names there."""
    await connection.execute(
        _SAVE_RESULT + ", waiting = true, updated = greatest(updated, %s) WHERE id = %s",
        (*result, now, action),
    )


async def save_outcome(
    connection: Connection, action: UUID, result: Result, output: Mapping[str, Any]
) -> UUID | None:
    """What came of an execution that is in progress, and the pipeline's execution that it is of;
    None where it has ended."""
    saved = await connection.execute(
        _SAVE_RESULT + ", output = %s WHERE id = %s AND status = 'InProgress' RETURNING execution",
        (*result, Jsonb(dict(output)), action),
    )
    row = await saved.fetchone()
    return row.execution if row else None


_SAVE_RESULT = (
    "UPDATE action_executions SET external_id = coalesce(nullif(%s, ''), external_id),"
    " external_url = coalesce(nullif(%s, ''), external_url),"
    " summary = coalesce(nullif(%s, ''), summary),"
    " updated_by = coalesce(nullif(%s, ''), updated_by),"
    " log_stream_arn = coalesce(nullif(%s, ''), log_stream_arn),"
    " percent_complete = coalesce(%s, percent_complete)"
)


async def end_action(
    connection: Connection,
    action: UUID,
    status: ActionStatus,
    failure: Failed | None,
    now: datetime,
) -> bool:
    """The end of an execution; False where there is none that has not ended."""
    error = {"code": failure.code, "message": failure.message} if failure else None
    ended = await connection.execute(
        "UPDATE action_executions SET status = %s, error = %s, updated = %s"
        " WHERE id = %s AND status = 'InProgress'",
        (status, Jsonb(error) if error else None, now, action),
    )
    return ended.rowcount == 1
