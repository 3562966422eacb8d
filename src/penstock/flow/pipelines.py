"""The steps of a pipeline's life: each is one transaction under the lock of the pipeline's row.

| step | when |
| --- | --- |
| begin | a run is to begin: the API, a trigger, another pipeline |
| happen | anything else happens: a stop, a retry, a rollback, a gate, an override |
| redefine | the pipeline has a new version |
| finish_action | an action or a rule has ended, however it came to that: the one door |

Each loads what the decision depends on, asks `decide.pipelines`, and saves what has changed, the
events of it and the jobs that start what is to be started. What a decision refuses leaves nothing.

The pipeline's row may be locked after a build's or a batch's, never before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from penstock.decide import pipelines as decider
from penstock.decide.action_documents import action_output
from penstock.documents.pipelines import Pipeline
from penstock.errors import AwsError
from penstock.flow.actions import perform
from penstock.flow.definitions import definitions_of
from penstock.flow.pipeline_signals import tell
from penstock.state.pipelines import (
    ActionEnded,
    ActionStatus,
    Begin,
    Cause,
    Decision,
    EndedAction,
    Event,
    Failed,
    Override,
    OverrideCondition,
    Redefine,
    Retry,
    StageState,
    State,
    Stop,
    Succeeded,
)
from penstock.state.recorded_pipelines import PipelineName
from penstock.store import Store, action_executions, pipeline_executions, pipelines
from penstock.store.action_executions import Result
from penstock.store.database import Connection, Database
from penstock.store.notices import notify
from penstock.store.pipeline_executions import Remembered

_OF_A_RUN = ActionEnded | Stop | Retry | OverrideCondition

__all__ = ["Result", "begin", "finish_action", "happen", "look", "redefine"]


async def begin(
    connection: Connection,
    name: PipelineName,
    cause: Cause,
    *,
    now: datetime,
    variables: Mapping[str, str] = {},
    overrides: Iterable[Override] = (),
    token: str = "",
) -> UUID:
    """Begins a run, and returns its pipelineExecutionId: with a token used before that of then
    (CP-103).

    Raises AwsError: PipelineNotFoundException, ConcurrentPipelineExecutionsLimitExceededException
    (CP-038), ValidationException for variables (CP-095) and overrides.
    """
    row = await _lock(connection, name)
    if token and (known := await pipeline_executions.find_token(connection, row.id, token)):
        return known
    run = uuid4()
    await _happen(connection, name, Begin(run, cause, variables, tuple(overrides)), now)
    if token:
        await pipeline_executions.save_token(connection, run, token)
    return run


async def happen(connection: Connection, name: PipelineName, event: Event, now: datetime) -> State:
    """Decides about an event and does what was decided; the state after it.

    Raises AwsError: PipelineNotFoundException, and with what the decision refuses; then nothing has
    changed.
    """
    await _lock(connection, name)
    return (await _happen(connection, name, event, now)).state


async def redefine(
    connection: Connection, name: PipelineName, version: int, pipeline: Pipeline, now: datetime
) -> None:
    """Makes a version that `store.pipelines.update_pipeline` has kept the current one (CP-022)."""
    row = await _lock(connection, name)
    await _happen(connection, name, Redefine(version, pipeline), now)
    await pipelines.save_version(connection, row.id, version, now)


async def finish_action(
    source: Store | Connection,
    action: UUID,
    outcome: Succeeded | Failed,
    now: datetime,
    *,
    result: Result = Result(),  # noqa: B008
) -> bool:
    """Ends an action's or a rule's execution; False where it has ended before, or is gone."""
    if isinstance(source, Store):
        async with source.database.transaction() as connection:
            return await finish_action(connection, action, outcome, now, result=result)
    name = await pipelines.lock_pipeline_of(source, action)
    if name is None:
        return False
    output = action_output(outcome) if isinstance(outcome, Succeeded) else {}
    run = await action_executions.save_outcome(source, action, result, output)
    if run is None:
        return False
    decision = await _happen(source, name, ActionEnded(run, action, outcome), now)
    if not any(
        isinstance(effect, EndedAction) and effect.id == action for effect in decision.effects
    ):
        # Its run knows of it no more; it is not to come up again.
        failure = outcome if isinstance(outcome, Failed) else None
        status = ActionStatus.FAILED if failure else ActionStatus.SUCCEEDED
        await action_executions.end_action(source, action, status, failure, now)
    return True


async def look(source: Database | Connection, name: PipelineName) -> State | None:
    """The state as it is now, for whoever shows it; None without the pipeline."""
    remembered = await pipeline_executions.read_remembered(source, name)
    return None if remembered is None else await _state(source, remembered)


async def _lock(connection: Connection, name: PipelineName) -> Any:
    row = await pipelines.lock_pipeline(connection, name)
    if row is None:
        raise no_pipeline(name)
    return row


async def _happen(
    connection: Connection, name: PipelineName, event: Event, now: datetime
) -> Decision:
    """The pipeline's row is locked."""
    also = [event.run] if isinstance(event, _OF_A_RUN) else []
    remembered = await pipeline_executions.read_remembered(connection, name, also)
    if remembered is None:
        raise no_pipeline(name)
    before = await _state(connection, remembered)
    decision = decider.decide(before, event, now.timestamp())
    if decision.state is before and not decision.effects:
        return decision
    await _save(connection, remembered, decision)
    await perform(connection, remembered.id, name, decision, now)
    await tell(connection, name, decision, now)
    await notify(connection, name.topic)
    return decision


async def _state(source: Database | Connection, remembered: Remembered) -> State:
    definitions = await definitions_of(source, remembered.versions)
    stages = definitions[remembered.version].stages
    return State(
        remembered.version,
        definitions,
        {stage.name: remembered.stages.get(stage.name, StageState()) for stage in stages},
        remembered.runs,
        remembered.number,
    )


async def _save(connection: Connection, before: Remembered, decision: Decision) -> None:
    after = decision.state
    if after.number != before.number or after.stages != before.stages:
        await pipelines.save_pipeline(
            connection,
            before.id,
            number=after.number,
            stages=pipeline_executions.plain_stages(after.stages),
        )
    changed = [run for run in after.runs.values() if run is not before.runs.get(run.id)]
    if changed:
        await pipeline_executions.save_runs(connection, before.id, changed)


def no_pipeline(name: PipelineName) -> AwsError:
    return AwsError(
        "PipelineNotFoundException",
        f"Account '{name.account}' does not have a pipeline with name '{name.name}'",
    )
