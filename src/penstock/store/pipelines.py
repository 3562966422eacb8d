"""CodePipeline's pipelines and their versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from penstock.state.recorded_pipelines import PipelineName
from penstock.store.database import Connection, Database
from penstock.store.sealing import Sealer

Document = dict[str, Any]
Secrets = Mapping[str, str]
"""Values by `Stage/Action/Key`; in the document there is `****` in their place (CP-014)."""


async def find_pipeline(
    source: Database | Connection, name: PipelineName, version: int | None = None
) -> Any | None:
    """A pipeline with one of its versions, the current one without `version`; None without it.

    The row has id, account, region, name, current, created, updated, tags, polling_disabled_at,
    and of the version: version and document, which are None where there is no such version.
    """
    parameters = (version, *name)
    if isinstance(source, Database):
        return await source.fetch_one(_FIND, parameters)
    return await (await source.execute(_FIND, parameters)).fetchone()


_FIND = (
    "SELECT p.id, p.account, p.region, p.name, p.version AS current, p.created, p.updated, p.tags,"
    " p.polling_disabled_at, v.version, v.document"
    " FROM pipelines p LEFT JOIN pipeline_versions v"
    "   ON v.pipeline = p.id AND v.version = coalesce(%s, p.version)"
    " WHERE (p.account, p.region, p.name) = (%s, %s, %s)"
)


async def list_pipelines(
    database: Database, account: str, region: str, *, after: str = "", limit: int
) -> list[Any]:
    """Rows with name, version, type, mode, created and updated, by name."""
    return await database.fetch(
        "SELECT p.name, p.version, v.document ->> 'pipelineType' AS type,"
        " v.document ->> 'executionMode' AS mode, p.created, p.updated"
        " FROM pipelines p JOIN pipeline_versions v"
        "   ON v.pipeline = p.id AND v.version = p.version"
        ' WHERE p.account = %s AND p.region = %s AND p.name > %s COLLATE "C"'
        " ORDER BY p.name LIMIT %s",
        (account, region, after, limit),
    )


async def count_pipelines(source: Connection, account: str, region: str) -> int:
    found = await source.execute(
        "SELECT count(*) AS found FROM pipelines WHERE account = %s AND region = %s",
        (account, region),
    )
    ((count,),) = await found.fetchall()
    return int(count)


async def read_secrets(
    source: Database | Connection, sealer: Sealer, pipeline: int, version: int
) -> Secrets:
    """Those of a version. Raises SealError."""
    sql = "SELECT sealed FROM pipeline_versions WHERE pipeline = %s AND version = %s"
    if isinstance(source, Database):
        row: Any = await source.fetch_one(sql, (pipeline, version))
    else:
        row = await (await source.execute(sql, (pipeline, version))).fetchone()
    if row is None or row.sealed is None:
        return {}
    secrets: Secrets = json.loads(sealer.unseal(bytes(row.sealed), _about(pipeline, version)))
    return secrets


# Steps of `flow` and of the API, in their transactions.


async def lock_pipeline(connection: Connection, name: PipelineName) -> Any | None:
    """The row, which nobody else changes until the transaction ends; None where there is none."""
    found = await connection.execute(
        "SELECT * FROM pipelines WHERE (account, region, name) = (%s, %s, %s) FOR UPDATE", name
    )
    return await found.fetchone()


async def lock_pipeline_of(connection: Connection, action: UUID) -> PipelineName | None:
    """The pipeline that an action's or a rule's execution is of, as by `lock_pipeline`."""
    found = await connection.execute(
        "SELECT p.account, p.region, p.name FROM pipelines p"
        " WHERE p.id = (SELECT pipeline FROM action_executions WHERE id = %s) FOR UPDATE",
        (action,),
    )
    row = await found.fetchone()
    return PipelineName(*row) if row else None


async def insert_pipeline(
    connection: Connection,
    sealer: Sealer,
    name: PipelineName,
    document: Document,
    *,
    secrets: Mapping[str, str] = {},
    tags: Mapping[str, str] = {},
    now: datetime,
) -> int | None:
    """The id of the new pipeline, of version 1; None where there is one of this name."""
    made = await connection.execute(
        "INSERT INTO pipelines (account, region, name, tags, created, updated)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id",
        (*name, Jsonb(dict(tags)), now, now),
    )
    row = await made.fetchone()
    if row is None:
        return None
    pipeline: int = row.id
    await _insert_version(connection, sealer, pipeline, 1, document, secrets, now)
    return pipeline


async def update_pipeline(
    connection: Connection,
    sealer: Sealer,
    name: PipelineName,
    document: Document,
    *,
    secrets: Mapping[str, str] = {},
    now: datetime,
) -> int | None:
    """Keeps another version, and returns its number; None where there is no pipeline.

    It is the current one after `flow.pipelines.redefine`, to be called in the same transaction.
    """
    row = await lock_pipeline(connection, name)
    if row is None:
        return None
    version: int = row.version + 1
    await _insert_version(connection, sealer, row.id, version, document, secrets, now)
    return version


async def _insert_version(
    connection: Connection,
    sealer: Sealer,
    pipeline: int,
    version: int,
    document: Document,
    secrets: Secrets,
    now: datetime,
) -> None:
    sealed = None
    if secrets:
        sealed = sealer.seal(json.dumps(dict(secrets)).encode(), _about(pipeline, version))
    await connection.execute(
        "INSERT INTO pipeline_versions (pipeline, version, document, sealed, created)"
        " VALUES (%s, %s, %s, %s, %s)",
        (pipeline, version, Jsonb(document), sealed, now),
    )


def _about(pipeline: int, version: int) -> str:
    return f"pipeline:{pipeline}:{version}"


async def delete_pipeline(connection: Connection, name: PipelineName) -> bool:
    """With its versions, executions and jobs; False where there was none."""
    gone = await connection.execute(
        "DELETE FROM pipelines WHERE (account, region, name) = (%s, %s, %s)", name
    )
    return gone.rowcount == 1


async def set_tags(connection: Connection, pipeline: int, tags: Mapping[str, str]) -> None:
    """Gives a pipeline, whose row is locked, exactly these tags."""
    await connection.execute(
        "UPDATE pipelines SET tags = %s WHERE id = %s", (Jsonb(dict(tags)), pipeline)
    )


async def read_versions(source: Database | Connection, ids: list[int]) -> dict[int, Document]:
    """Documents by the ids of their rows."""
    sql = "SELECT id, document FROM pipeline_versions WHERE id = ANY (%s)"
    if isinstance(source, Database):
        rows = await source.fetch(sql, (ids,))
    else:
        rows = await (await source.execute(sql, (ids,))).fetchall()
    return {row.id: row.document for row in rows}


async def save_pipeline(
    connection: Connection,
    pipeline: int,
    *,
    number: int,
    stages: Document,
) -> None:
    """What a decision has changed of a pipeline's memory."""
    await connection.execute(
        "UPDATE pipelines SET number = %s, stages = %s WHERE id = %s",
        (number, Jsonb(stages), pipeline),
    )


async def save_version(connection: Connection, pipeline: int, version: int, now: datetime) -> None:
    """Makes a version the current one."""
    await connection.execute(
        "UPDATE pipelines SET version = %s, updated = %s, polling_disabled_at = NULL WHERE id = %s",
        (version, now, pipeline),
    )
