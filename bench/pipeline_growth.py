"""What is shown of pipelines in a database that has grown, beside one that has not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
from bench.load import client
from bench.pipeline_runs import await_quiet, make_ready
from bench.rounds import Table
from bench.server import Hot, compare
from bench.servers import Server, penstock, running

PIPELINES, EXECUTIONS = 1_000, 100  # of each
SHOWN = 10
GROWN = f"Penstock, {PIPELINES:,} pipelines, {PIPELINES * EXECUTIONS:,} past executions"
FRESH = f"Penstock, {SHOWN} pipelines, {SHOWN} past executions of the one"
GOAL = "The goal is that a grown database answers at least two thirds as many calls."


def _state(made: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"name": made["pipeline"]}


def _listing(size: int) -> Any:
    return lambda made: {"pipelineName": made["pipeline"], "maxResults": size}


CALLS = (
    Hot("GetPipelineState", "codepipeline", "get_pipeline_state", _state, GOAL),
    Hot(
        f"ListPipelineExecutions, {SHOWN} of them",
        "codepipeline",
        "list_pipeline_executions",
        _listing(SHOWN),
        GOAL,
    ),
    Hot(
        f"ListActionExecutions, {3 * SHOWN} of them",
        "codepipeline",
        "list_action_executions",
        _listing(3 * SHOWN),
        GOAL,
    ),
    Hot(
        f"ListPipelines, {SHOWN} of them",
        "codepipeline",
        "list_pipelines",
        lambda _: {"maxResults": SHOWN},
        GOAL,
    ),
)


def grown(folder: Path) -> list[Table]:
    """Calls a second, with one client and with sixteen."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(running(name, penstock(folder / data), folder / name[:20]))
            for name, data in ((GROWN, "grown"), (FRESH, "fresh"))
        ]
        for server in servers:
            _run(server)
        _fill(json.loads((folder / "grown/server.json").read_text())["database"])
        made = {GROWN: {"pipeline": f"copy-{PIPELINES // 2}"}, FRESH: {"pipeline": "bench-0"}}
        return [compare(call, clients, servers, made) for call in CALLS for clients in (1, 16)]


def _run(server: Server) -> None:
    """So many executions of the first pipeline, which have ended."""
    names = make_ready(server)
    pipelines = client("codepipeline", server.url)
    for _ in range(SHOWN - 1):
        pipelines.start_pipeline_execution(name=names[0])
        await_quiet(pipelines, names[0])


def _fill(database: str) -> None:
    """Copies the pipeline that is there, with its last execution, and what its stages remember."""
    parameters = {"pipelines": PIPELINES, "executions": EXECUTIONS}
    with psycopg.connect(database, autocommit=True) as connection:
        for statement in (_PIPELINES, _VERSIONS, _EXECUTIONS, _MEMORIES, _ACTIONS):
            connection.execute(statement, parameters)
        for statement in ("VACUUM (ANALYZE)", "CHECKPOINT"):  # or they would come in between
            connection.execute(statement)


_PIPELINES = """
INSERT INTO pipelines (account, region, name, number, created, updated)
SELECT account, region, 'copy-' || n, %(executions)s, created, updated
FROM pipelines, generate_series(1, %(pipelines)s) AS n WHERE name = 'bench-0'
"""
_VERSIONS = """
INSERT INTO pipeline_versions (pipeline, version, document, created)
SELECT copy.id, 1, document || jsonb_build_object('name', copy.name), v.created
FROM pipelines one JOIN pipeline_versions v ON v.pipeline = one.id, pipelines copy
WHERE one.name = 'bench-0' AND copy.name LIKE 'copy-%%'
"""
_EXECUTIONS = """
INSERT INTO pipeline_executions
  (id, pipeline, number, version, status, type, mode, started, updated, succeeded_in, run)
SELECT new.id, new.pipeline, new.number, version, status, type, mode,
  started - (%(executions)s - new.number) * interval '1 hour',
  updated - (%(executions)s - new.number) * interval '1 hour', succeeded_in,
  replace(run::text, one.id::text, new.id::text)::jsonb
    || jsonb_build_object('number', new.number)
FROM (SELECT e.* FROM pipeline_executions e JOIN pipelines p ON p.id = e.pipeline
    WHERE p.name = 'bench-0' ORDER BY e.number DESC LIMIT 1) AS one,
  (SELECT gen_random_uuid() AS id, id AS pipeline, n AS number
    FROM pipelines, generate_series(1, %(executions)s) AS n WHERE name LIKE 'copy-%%') AS new
"""
_MEMORIES = """
UPDATE pipelines copy SET stages = replace(one.stages::text, old.id::text, new.id::text)::jsonb
FROM pipelines one JOIN pipeline_executions old
    ON old.pipeline = one.id AND old.number = one.number, pipeline_executions new
WHERE one.name = 'bench-0' AND copy.name LIKE 'copy-%%'
  AND new.pipeline = copy.id AND new.number = copy.number
"""
_ACTIONS = """
INSERT INTO action_executions (id, pipeline, execution, version, kind, stage, action, condition,
  category, owner, provider, attempt, status, started, updated, deadline, external_id, summary,
  input, output)
SELECT gen_random_uuid(), new.pipeline, new.id, a.version, kind, stage, action, condition,
  category, owner, provider, attempt, a.status, new.started, new.updated, new.updated,
  external_id, summary, input, output
FROM (SELECT a.* FROM action_executions a JOIN pipelines p ON p.id = a.pipeline
    WHERE p.name = 'bench-0' ORDER BY a.sequence DESC LIMIT 3) AS a,
  (SELECT e.* FROM pipeline_executions e JOIN pipelines p ON p.id = e.pipeline
    WHERE p.name LIKE 'copy-%%' ORDER BY e.number) AS new
"""
