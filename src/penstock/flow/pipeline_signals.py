"""Events and metrics of pipelines, written in the transaction that gives rise to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from penstock.decide.pipeline_signals import Performed, executions_told, failed_runs, signals
from penstock.state.pipelines import Decision
from penstock.state.recorded_pipelines import PipelineName
from penstock.store.action_executions import find_actions
from penstock.store.database import Connection
from penstock.store.events import Event, Point, record_events, record_points

METRIC = "FailedPipelineExecutions"


async def tell(
    connection: Connection, name: PipelineName, decision: Decision, now: datetime
) -> None:
    """CP-170…175, after all that they tell of was saved."""
    ids = list(executions_told(decision).values())
    rows = await find_actions(connection, ids) if ids else {}
    performed = {action: _performed(row) for action, row in rows.items()}
    events = [
        Event(*name[:2], "aws.codepipeline", detail_type, (name.arn,), now, detail)
        for detail_type, detail in signals(name, decision, performed)
    ]
    await record_events(connection, events)
    if failed := failed_runs(decision):
        points = [
            Point(*name[:2], "AWS/CodePipeline", METRIC, dimensions, now, failed, "Count")
            for dimensions in ({}, {"PipelineName": name.name})
        ]
        await record_points(connection, points)


def _performed(row: Any) -> Performed:
    return Performed(
        row.external_id,
        row.external_url,
        row.summary,
        row.input.get("inputArtifacts", ()),
        row.output.get("outputArtifacts", ()),
    )
