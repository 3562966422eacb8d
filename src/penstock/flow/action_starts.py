"""What a provider has to know of an execution that is to begin."""

from __future__ import annotations

from uuid import UUID

from penstock.decide.action_deadlines import ONE, WAITING
from penstock.documents.pipelines.reader import pipeline_of
from penstock.flow.actions import find_action, find_rule, stage_of
from penstock.state.pipelines import ActionStatus, ConditionKind, Run
from penstock.state.plain_records import record_of
from penstock.state.recorded_pipelines import PipelineName, Start
from penstock.store import Store, action_executions
from penstock.store.facts import read_time_scale, recall
from penstock.store.pipelines import read_secrets


async def read_start(store: Store, action: UUID) -> Start | None:
    """An execution that is in progress; None where it has ended, or is gone. Raises SealError."""
    row = await action_executions.find_started(store.database, action)
    if row is None or row.status != ActionStatus.IN_PROGRESS:
        return None
    run = record_of(Run, row.run)
    pipeline = pipeline_of(row.document)
    stage = stage_of(pipeline.stages, row.stage)
    kind = ConditionKind(row.condition) if row.condition else None
    what = find_rule(stage, kind, row.action) if kind else find_action(stage, row.action)
    configuration = dict(row.input["resolvedConfiguration"])
    if row.secret:
        secrets = await read_secrets(store.database, store.sealer, row.pipeline, row.version)
        place = f"{row.stage}/{row.action}/"
        configuration |= {
            key.removeprefix(place): value
            for key, value in secrets.items()
            if key.startswith(place)
        }
    return Start(
        row.id,
        PipelineName(row.account, row.region, row.name),
        run,
        pipeline,
        stage,
        what,
        configuration,
        {name: run.artifacts[name] for name in what.inputs if name in run.artifacts},
        row.started,
        row.deadline,
        await recall(store.database, "endpoint") or "",
        row.waiting,
        await read_time_scale(store.database) if what.type.provider in WAITING else ONE,
    )
