"""Who listens to a source, and what was made of its changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from penstock.state.recorded_pipelines import PipelineName
from penstock.store.database import Connection, Database


class Listener(NamedTuple):
    """A pipeline, by its row's id, and its current declaration."""

    id: int
    name: PipelineName
    document: Mapping[str, Any]


class Source(NamedTuple):
    """What source actions are looked for: those of a provider whose configuration has all this."""

    account: str
    region: str
    provider: str
    configuration: Mapping[str, str]


_LISTENERS = (
    "SELECT p.id, p.account, p.region, p.name, v.document FROM pipelines p"
    " JOIN pipeline_versions v ON v.pipeline = p.id AND v.version = p.version"
    " WHERE p.account = %s AND p.region = %s AND v.document @> %s ORDER BY p.id"
)


async def find_listeners(source: Source, where: Database | Connection) -> list[Listener]:
    """Pipelines with such a source, in the order in which their rows are locked."""
    action = {
        "actionTypeId": {"category": "Source", "provider": source.provider},
        "configuration": dict(source.configuration),
    }
    parameters = (source.account, source.region, Jsonb({"stages": [{"actions": [action]}]}))
    if isinstance(where, Database):
        rows = await where.fetch(_LISTENERS, parameters)
    else:
        rows = await (await where.execute(_LISTENERS, parameters)).fetchall()
    return [Listener(row.id, PipelineName(*row[1:4]), row.document) for row in rows]


class Polled(NamedTuple):
    """A pipeline with a source that may have to be looked at; `version` is of its declaration, and
    `active` is when it was changed or started last, `updated` when it was changed."""

    listener: Listener
    version: int
    updated: datetime
    active: datetime


async def find_polled(database: Database) -> list[Polled]:
    """All of those, without the ones that are looked at no more."""
    rows = await database.fetch(
        "SELECT p.id, p.account, p.region, p.name, v.document, p.version, p.updated,"
        " greatest(p.updated, (SELECT started FROM pipeline_executions WHERE pipeline = p.id"
        "   ORDER BY number DESC LIMIT 1)) AS active"
        " FROM pipelines p"
        " JOIN pipeline_versions v ON v.pipeline = p.id AND v.version = p.version"
        " WHERE p.polling_disabled_at IS NULL AND ("
        ' v.document @> \'{"stages":[{"actions":[{"actionTypeId":'
        '{"category":"Source","provider":"S3"}}]}]}\''
        ' OR v.document @> \'{"stages":[{"actions":[{"actionTypeId":'
        '{"category":"Source","provider":"GitHub"}}]}]}\''
        ' OR v.document @> \'{"stages":[{"actions":[{"actionTypeId":'
        '{"category":"Source","provider":"CodeStarSourceConnection"}}]}]}\''
        ") ORDER BY p.id"
    )
    return [
        Polled(
            Listener(row.id, PipelineName(*row[1:4]), row.document),
            row.version,
            row.updated,
            row.active,
        )
        for row in rows
    ]


async def disable_polling(database: Database, pipelines: Sequence[int], now: datetime) -> int:
    """Until they are changed; then they begin afresh, and what was meanwhile starts nothing."""
    return await database.execute(
        "WITH gone AS (DELETE FROM pipeline_sources WHERE pipeline = ANY (%(ids)s))"
        " UPDATE pipelines SET polling_disabled_at = %(now)s"
        " WHERE id = ANY (%(ids)s) AND polling_disabled_at IS NULL",
        {"ids": list(pipelines), "now": now},
    )


Seen = Mapping[str, str]
"""Where a source is: commits by the full names of refs, or what tells one object from another."""


class Mark(NamedTuple):
    """What was looked at, and where it was then."""

    source: Mapping[str, Any]
    seen: Seen


async def find_marks(database: Database) -> dict[tuple[int, str], Mark]:
    """All there are, by pipeline and action."""
    rows = await database.fetch("SELECT pipeline, action, source, seen FROM pipeline_sources")
    return {(row.pipeline, row.action): Mark(row.source, row.seen) for row in rows}


async def see(
    connection: Connection,
    pipeline: int,
    action: str,
    source: Mapping[str, Any],
    seen: Seen,
    now: datetime,
) -> Seen | None:
    """Keeps where a source is, and returns where it was; None where it was not looked at before.

    Pipelines are locked one after another: of two that look at the same time, one sees a change.
    """
    await connection.execute("SELECT FROM pipelines WHERE id = %s FOR UPDATE", (pipeline,))
    found = await connection.execute(
        "SELECT source, seen FROM pipeline_sources WHERE pipeline = %s AND action = %s",
        (pipeline, action),
    )
    before = await found.fetchone()
    await connection.execute(
        "INSERT INTO pipeline_sources (pipeline, action, source, seen, at)"
        " SELECT id, %s, %s, %s, %s FROM pipelines WHERE id = %s"
        " ON CONFLICT (pipeline, action) DO UPDATE"
        "   SET source = excluded.source, seen = excluded.seen, at = excluded.at",
        (action, Jsonb(dict(source)), Jsonb(dict(seen)), now, pipeline),
    )
    return before.seen if before is not None and before.source == dict(source) else None


async def move_mark(
    connection: Connection, pipeline: int, action: str, ref: str, commit: str
) -> bool:
    """Keeps that a ref is at a commit now; False where that was known. True of a source that was
    not looked at before, which keeps nothing."""
    await connection.execute("SELECT FROM pipelines WHERE id = %s FOR UPDATE", (pipeline,))
    place = (pipeline, action)
    found = await connection.execute(
        "SELECT seen ->> %s AS commit FROM pipeline_sources WHERE pipeline = %s AND action = %s",
        (ref, *place),
    )
    before = await found.fetchone()
    if before is None:
        return True
    await connection.execute(
        "UPDATE pipeline_sources SET seen = jsonb_set(seen, ARRAY[%s], to_jsonb(%s::text))"
        " WHERE pipeline = %s AND action = %s",
        (ref, commit, *place),
    )
    return bool(before.commit != commit)


class Verdict(NamedTuple):
    """What was made of a change: an execution, or the reasons why there is none."""

    pipeline: int
    action: str
    change: str
    commit: str
    execution: UUID | None
    reasons: Sequence[str]


async def record_verdict(connection: Connection, verdict: Verdict, now: datetime) -> None:
    await connection.execute(
        "INSERT INTO trigger_verdicts (pipeline, at, action, change, commit, execution, reasons)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (verdict.pipeline, now, *verdict[1:5], list(verdict.reasons)),
    )


async def find_verdicts(database: Database, name: PipelineName, commit: str) -> list[Any]:
    """Of a commit, or of those that begin so, the newest last: at, action, change, commit,
    execution, reasons."""
    pattern = commit.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    return await database.fetch(
        "SELECT v.at, v.action, v.change, v.commit, v.execution, v.reasons FROM trigger_verdicts v"
        " JOIN pipelines p ON p.id = v.pipeline"
        " WHERE (p.account, p.region, p.name) = (%s, %s, %s) AND v.commit LIKE %s ORDER BY v.id",
        (*name, pattern),
    )


async def find_starters(database: Database, name: PipelineName) -> list[Any]:
    """Rules of event buses and webhooks that start a pipeline: kind, name, state."""
    return await database.fetch(
        "SELECT 'rule' AS kind, r.name, r.state FROM event_rules r"
        " JOIN event_targets t ON t.rule = r.id WHERE t.arn = %s"
        " UNION SELECT 'webhook', name, coalesce(error_message, '') FROM pipeline_webhooks"
        " WHERE (account, region) = (%s, %s) AND definition ->> 'targetPipeline' = %s"
        " ORDER BY 1, 2",
        (name.arn, *name),
    )


async def forget_verdicts(database: Database, before: datetime) -> int:
    return await database.execute("DELETE FROM trigger_verdicts WHERE at < %s", (before,))
