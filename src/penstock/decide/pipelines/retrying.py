"""A failed or stopped stage is tried again, by hand or by itself (CP-045…047, CP-068)."""

from __future__ import annotations

from penstock.decide.pipelines.actions import PASSED, is_busy, start_group
from penstock.decide.pipelines.draft import Draft
from penstock.decide.pipelines.refusals import check_latest, check_room, check_stage, refused
from penstock.documents.pipelines import Mode, RetryMode, Stage
from penstock.errors import AwsError
from penstock.state.pipelines import (
    ActionStatus,
    ConditionKind,
    ConditionStatus,
    Retry,
    Run,
    RunStatus,
    StageRun,
    StageStatus,
)

_RETRYABLE = (RunStatus.FAILED, RunStatus.STOPPED)
_ENDED_BADLY = (ActionStatus.FAILED, ActionStatus.ABANDONED)


def retry(draft: Draft, event: Retry) -> None:
    """RetryStageExecution.

    Raises ConflictException, StageNotFoundException, StageNotRetryableException,
    NotLatestPipelineExecutionException, ConcurrentPipelineExecutionsLimitExceededException, and
    ValidationException for a mode that is none.
    """
    mode = _mode(event.mode)
    run = _run(draft, event)
    stage = draft.stage(run)
    check_latest(draft, run, stage.name)
    current = run.stages[stage.name]
    if run.status is RunStatus.IN_PROGRESS:
        _check_in_progress(current, mode)
    elif run.status is RunStatus.STOPPING:
        raise refused("Conflict", f"The pipeline execution {run.id} is stopping. Try again later")
    elif run.status not in _RETRYABLE:
        raise _not_retryable(f"its pipeline execution {run.id} is {run.status}")
    else:
        check_room(draft, run.mode)
    _try_again(draft, run, stage, mode, "ManualStageRetry")


def _mode(text: str) -> RetryMode:
    try:
        return RetryMode(text)
    except ValueError:
        modes = ", ".join(RetryMode)
        message = f"The retry mode {text} is none: choose from {modes}"
        raise refused("Validation", message) from None


def _run(draft: Draft, event: Retry) -> Run:
    """The run, which is in the stage, or was when it ended, by the current definition."""
    check_stage(draft, event.stage)
    run = draft.runs.get(event.run)
    if run is None:
        raise refused(
            "NotLatestPipelineExecution",
            f"The pipeline execution {event.run} is out of date, or is none of this pipeline",
        )
    if run.version != draft.version or run.cancelled:
        raise _not_retryable("the pipeline was changed after its execution had begun")
    if run.waiting or draft.stage(run).name != event.stage:
        raise _not_retryable(f"the pipeline execution {run.id} neither failed nor stopped in it")
    return run


def _check_in_progress(current: StageRun, mode: RetryMode) -> None:
    """Failed actions can be retried while their siblings run, but not all actions (CP-046)."""
    if not any(action.status is ActionStatus.FAILED for action in current.actions.values()):
        raise _not_retryable("it has no failed actions")
    checking = any(
        check.status is ConditionStatus.IN_PROGRESS for check in current.conditions.values()
    )
    if checking or mode is RetryMode.ALL_ACTIONS:
        raise refused("Conflict", "Actions or rules of the stage are in progress. Try again later")


def _not_retryable(why: str) -> AwsError:
    return refused("StageNotRetryable", f"The stage cannot be retried: {why}")


def retry_by_itself(draft: Draft, run: Run, stage: Stage) -> None:
    """The stage has failed, and its onFailure is RETRY. The run holds it all the while."""
    draft.tell(run, "FAILED", stage.name)
    mode = stage.on_failure.retry_mode if stage.on_failure else RetryMode.FAILED_ACTIONS
    _try_again(draft, run, stage, mode, "AutomatedStageRetry")


def _try_again(draft: Draft, run: Run, stage: Stage, mode: RetryMode, trigger: str) -> None:
    ended = run.status is not RunStatus.IN_PROGRESS
    current = _next_attempt(run.stages[stage.name], mode, trigger)
    run = resume(draft, run._replace(attempt=run.attempt + 1), stage, current, ended)
    if is_busy(current):
        start_group(draft, run, stage, current)


def resume(draft: Draft, run: Run, stage: Stage, current: StageRun, ended: bool) -> Run:
    """The run goes on in the stage, and holds it again."""
    run = run._replace(status=RunStatus.IN_PROGRESS, stopping=None, reason="", summary="")
    run = draft.put_stage(run, stage.name, current)
    place = draft.place(stage.name)
    if place is not None and run.mode is not Mode.PARALLEL:
        draft.places[stage.name] = place._replace(holder=run.id)
    if ended:
        draft.tell(run, "RESUMED")
    draft.tell(run, "RESUMED", stage.name)
    draft.due.append(run.id)
    return run


def _next_attempt(current: StageRun, mode: RetryMode, trigger: str) -> StageRun:
    """What is kept of the attempt before: in FAILED_ACTIONS, whatever did not fail.

    An entry that was granted is not asked for again then; what follows the actions always is.
    """
    manual = trigger == "ManualStageRetry"
    entry = current.conditions.get(ConditionKind.BEFORE_ENTRY)
    kept = mode is RetryMode.FAILED_ACTIONS
    actions = {
        name: action
        for name, action in current.actions.items()
        if kept and action.status not in _ENDED_BADLY
    }
    granted = entry if kept and entry is not None and entry.status in PASSED else None
    return current._replace(
        status=StageStatus.IN_PROGRESS,
        attempt=current.attempt + 1,
        automatic=current.automatic + (not manual),
        manual=current.manual + manual,
        trigger=trigger,
        actions=actions,
        conditions={ConditionKind.BEFORE_ENTRY: granted} if granted else {},
        ended=None,
    )
