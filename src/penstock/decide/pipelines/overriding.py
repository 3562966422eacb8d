"""Someone lets a stage proceed whose condition was not met (CP-069)."""

from __future__ import annotations

from penstock.decide.pipelines.draft import Draft, is_going
from penstock.decide.pipelines.refusals import check_latest, check_room, check_stage, refused
from penstock.decide.pipelines.retrying import resume
from penstock.errors import AwsError
from penstock.state.pipelines import (
    ConditionKind,
    ConditionStatus,
    OverrideCondition,
    Run,
    RunStatus,
    StageStatus,
)

_NOT_MET = (ConditionStatus.FAILED, ConditionStatus.ERRORED)


def override(draft: Draft, event: OverrideCondition) -> None:
    """OverrideStageCondition: the run that failed by it goes on, in the same attempt.

    Raises ConflictException, StageNotFoundException, ConditionNotOverridableException,
    NotLatestPipelineExecutionException, ConcurrentPipelineExecutionsLimitExceededException.
    """
    run = _run(draft, event)
    stage = draft.stage(run)
    current = run.stages[stage.name]
    check = current.conditions.get(event.kind)
    if check is None or check.status not in _NOT_MET:
        raise _not_overridable(event, f"it is {check.status if check else 'not checked'}")
    if run.status is not RunStatus.FAILED:
        raise _not_overridable(event, f"the pipeline execution {run.id} is {run.status}")
    check_room(draft, run.mode)
    overridden = check._replace(status=ConditionStatus.OVERRIDDEN, ended=draft.now)
    conditions = {**current.conditions, event.kind: overridden}
    current = current._replace(status=StageStatus.IN_PROGRESS, conditions=conditions, ended=None)
    resume(draft, run, stage, current, ended=True)


def _run(draft: Draft, event: OverrideCondition) -> Run:
    check_stage(draft, event.stage)
    if event.kind is ConditionKind.ON_FAILURE:
        raise _not_overridable(event, "conditions for failure allow no overrides")
    run = draft.runs.get(event.run)
    if run is None:
        raise refused(
            "NotLatestPipelineExecution",
            f"The pipeline execution {event.run} is out of date, or is none of this pipeline",
        )
    if run.version != draft.version or run.cancelled:
        raise _not_overridable(event, "the pipeline was changed after its execution had begun")
    if run.waiting or draft.stage(run).name != event.stage:
        raise _not_overridable(event, f"the pipeline execution {run.id} did not fail by it")
    check_latest(draft, run, event.stage)
    if is_going(run):
        raise refused(
            "Conflict", f"The pipeline execution {run.id} is {run.status}. Try again later"
        )
    return run


def _not_overridable(event: OverrideCondition, why: str) -> AwsError:
    message = f"The {event.kind} condition of the stage {event.stage} cannot be overridden: {why}"
    return refused("ConditionNotOverridable", message)
