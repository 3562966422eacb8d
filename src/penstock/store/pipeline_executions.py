"""Executions of pipelines: rows that `flow` writes, and everybody reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from penstock.state.pipelines import Run, StageState, StageStatus
from penstock.state.plain_records import plain, record_of
from penstock.state.recorded_pipelines import PipelineName
from penstock.store.database import Connection, Database

# Reading, for whoever asks.


async def find_execution(database: Database, name: PipelineName, execution: UUID) -> Any | None:
    """The row, with its `run` as state.pipelines.Run; None where the pipeline has none such."""
    row = await database.fetch_one(
        "SELECT e.* FROM pipeline_executions e JOIN pipelines p ON p.id = e.pipeline"
        " WHERE e.id = %s AND (p.account, p.region, p.name) = (%s, %s, %s)",
        (execution, *name),
    )
    return None if row is None else row._replace(run=record_of(Run, row.run))


async def list_executions(
    database: Database,
    pipeline: int,
    *,
    succeeded_in: str | None = None,
    version: int | None = None,
    after: int | None = None,
    limit: int,
) -> list[Any]:
    """Rows, the newest first, with `run` as state.pipelines.Run; those before the number `after`.

    Those that have succeeded in a stage, or all; of one version, or of any.
    """
    rows = await database.fetch(
        "SELECT * FROM pipeline_executions WHERE pipeline = %s"
        " AND (%s::bigint IS NULL OR number < %s) AND (%s::integer IS NULL OR version = %s)"
        " AND (%s::text IS NULL OR %s = ANY (succeeded_in)) ORDER BY number DESC LIMIT %s",
        (pipeline, after, after, version, version, succeeded_in, succeeded_in, limit),
    )
    return [row._replace(run=record_of(Run, row.run)) for row in rows]


async def forget_executions(database: Database, before: datetime) -> int:
    """Removes those that ended before a time, but not what stages remember; returns how many."""
    return await database.execute(
        "DELETE FROM pipeline_executions e USING pipelines p"
        " WHERE p.id = e.pipeline AND e.updated < %s AND e.status NOT IN ('InProgress', 'Stopping')"
        " AND e.id NOT IN (SELECT (v #>> '{}')::uuid"
        "   FROM jsonb_path_query(p.stages, '$.*.*') v WHERE jsonb_typeof(v) = 'string')",
        (before,),
    )


# What a decision depends on. `stages` has each StageState as it was saved, so the ids in it are the
# texts right below a stage; those that wait there have not ended.
_REMEMBERED = """
WITH p AS MATERIALIZED (
  SELECT * FROM pipelines WHERE (account, region, name) = (%s, %s, %s)),
wanted AS (
  SELECT u.id FROM pipeline_executions u
    WHERE u.pipeline = (SELECT id FROM p) AND u.status IN ('InProgress', 'Stopping')
  UNION
  SELECT (v #>> '{}')::uuid FROM p, jsonb_path_query(p.stages, '$.*.*') v
    WHERE jsonb_typeof(v) = 'string'
  UNION
  SELECT unnest(%s::uuid[])),
r AS MATERIALIZED (
  SELECT e.number, e.version, e.run FROM pipeline_executions e JOIN wanted USING (id)
  WHERE e.pipeline = (SELECT id FROM p))
SELECT p.id, p.version, p.number, p.stages,
  (SELECT coalesce(jsonb_agg(run ORDER BY number), '[]') FROM r) AS runs,
  (SELECT jsonb_object_agg(v.version, v.id) FROM pipeline_versions v
   WHERE v.pipeline = p.id AND (v.version = p.version OR v.version IN (SELECT version FROM r))
  ) AS versions
FROM p
"""


class Remembered:
    """What a pipeline's rows say of it, without the definitions."""

    def __init__(self, row: Any) -> None:
        self.id: int = row.id
        self.version: int = row.version
        self.number: int = row.number
        self.stages: Mapping[str, StageState] = {
            name: record_of(StageState, value) for name, value in row.stages.items()
        }
        runs = (record_of(Run, value) for value in row.runs)
        self.runs: Mapping[UUID, Run] = {run.id: run for run in runs}
        self.versions: Mapping[int, int] = {
            int(version): identity for version, identity in row.versions.items()
        }
        """The ids of their definitions, by version."""


async def read_remembered(
    source: Database | Connection, name: PipelineName, also: Sequence[UUID] = ()
) -> Remembered | None:
    """The runs that have not ended, those that stages remember, and those of `also`."""
    parameters = (*name, list(also))
    if isinstance(source, Database):
        row: Any = await source.fetch_one(_REMEMBERED, parameters)
    else:
        row = await (await source.execute(_REMEMBERED, parameters)).fetchone()
    return None if row is None else Remembered(row)


# The execution from which an execution comes is in what its token names: the delivery of an event
# of it to a rule's target, or an action of it that started the other.
_LINE = """
WITH RECURSIVE line AS (
  SELECT id, pipeline, run -> 'cause' AS cause, token, 1 AS depth
  FROM pipeline_executions WHERE id = %s
  UNION ALL
  SELECT e.id, e.pipeline, e.run -> 'cause', e.token, line.depth + 1
  FROM line
  CROSS JOIN LATERAL (SELECT CASE WHEN line.token
    ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' THEN line.token::uuid END AS token) named
  CROSS JOIN LATERAL (
    SELECT (v.detail ->> 'execution-id')::uuid AS id FROM event_deliveries d
      JOIN events v ON v.sequence = d.event
      WHERE d.id = named.token AND v.source = 'aws.codepipeline'
    UNION ALL
    SELECT a.execution FROM action_executions a WHERE a.id = named.token) before
  JOIN pipeline_executions e ON e.id = before.id
  WHERE line.depth < %s)
SELECT id, pipeline, cause ->> 'type' AS cause, cause ->> 'detail' AS detail FROM line
ORDER BY depth
"""


async def line_of(connection: Connection, execution: UUID, limit: int) -> list[Any]:
    """An execution, that from which it comes, and so on: id, pipeline (of the row), and the cause
    with its detail. Executions come from others by rules that hear of pipelines, and by actions
    that start them."""
    return await (await connection.execute(_LINE, (execution, limit))).fetchall()


# Steps of `flow`, in its transactions.


async def find_token(connection: Connection, pipeline: int, token: str) -> UUID | None:
    """The execution that was begun with a token; the pipeline's row is locked."""
    found = await connection.execute(
        "SELECT id FROM pipeline_executions WHERE pipeline = %s AND token = %s", (pipeline, token)
    )
    row = await found.fetchone()
    return row.id if row else None


async def save_token(connection: Connection, execution: UUID, token: str) -> None:
    await connection.execute(
        "UPDATE pipeline_executions SET token = %s WHERE id = %s", (token, execution)
    )


async def save_runs(connection: Connection, pipeline: int, runs: Sequence[Run]) -> None:
    """Those that are new, and those that have changed."""
    for run in runs:  # mostly one
        await connection.execute(_SAVE, _parameters(pipeline, run))


_SAVE = """
INSERT INTO pipeline_executions (id, pipeline, number, version, status, type, mode, started,
  updated, succeeded_in, run)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET version = excluded.version, status = excluded.status,
  updated = excluded.updated, succeeded_in = excluded.succeeded_in, run = excluded.run
"""


def _parameters(pipeline: int, run: Run) -> tuple[Any, ...]:
    succeeded = [
        name for name, stage in run.stages.items() if stage.status == StageStatus.SUCCEEDED
    ]
    return (
        *(run.id, pipeline, run.number, run.version, run.status, run.type, run.mode),
        *(datetime.fromtimestamp(run.started, UTC), datetime.fromtimestamp(run.updated, UTC)),
        *(succeeded, Jsonb(plain(run))),
    )


def plain_stages(stages: Mapping[str, StageState]) -> dict[str, Any]:
    return {name: plain(stage) for name, stage in stages.items()}
