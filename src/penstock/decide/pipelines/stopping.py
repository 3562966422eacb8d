"""A run is stopped: what is in progress ends first, or is abandoned (CP-041…044)."""

from __future__ import annotations

from penstock.decide.pipelines.actions import end_action, end_rule
from penstock.decide.pipelines.draft import Draft, is_going
from penstock.decide.pipelines.endings import end_run
from penstock.decide.pipelines.refusals import refused
from penstock.state.pipelines import (
    ActionRun,
    ActionStatus,
    ConditionKind,
    ConditionRun,
    ConditionStatus,
    Run,
    RunStatus,
    StageStatus,
    Stop,
    Stopping,
)


def stop(draft: Draft, event: Stop) -> None:
    """StopPipelineExecution. Nothing later starts; a run that only waits is stopped at once.

    Raises PipelineExecutionNotStoppableException, DuplicatedStopRequestException.
    """
    run = draft.runs.get(event.run)
    if run is None:
        raise refused(
            "PipelineExecutionNotStoppable",
            f"The pipeline execution {event.run} is not in progress, or is none of this pipeline",
        )
    if not is_going(run):
        raise refused(
            "PipelineExecutionNotStoppable",
            f"The pipeline execution {run.id} is not in progress: it is {run.status}",
        )
    _check_duplicate(run, event)
    first = run.status is RunStatus.IN_PROGRESS
    run = draft.put(
        run._replace(
            status=RunStatus.STOPPING, stopping=event.how, reason=event.reason or run.reason
        )
    )
    if first:
        draft.tell(run, "STOPPING")
    if run.waiting:
        end_run(draft, run, RunStatus.STOPPED)
        return
    _stop_stage(draft, run, first)
    draft.due.append(run.id)


def _check_duplicate(run: Run, event: Stop) -> None:
    if run.status is RunStatus.STOPPING and (
        event.how is Stopping.WAIT or run.stopping is Stopping.ABANDON
    ):
        raise refused(
            "DuplicatedStopRequest",
            f"The pipeline execution {run.id} is stopping already. Only one that waits for its"
            " actions can be stopped again, to abandon them",
        )


def _stop_stage(draft: Draft, run: Run, first: bool) -> None:
    name = draft.stage(run).name
    current = run.stages[name]._replace(status=StageStatus.STOPPING)
    if first:
        draft.tell(run, "STOPPING", name)
    if run.stopping is Stopping.ABANDON:
        actions = {
            action: _abandoned(draft, run, name, action, begun)
            for action, begun in current.actions.items()
        }
        conditions = {
            kind: _abandoned_check(draft, run, name, kind, check)
            for kind, check in current.conditions.items()
        }
        current = current._replace(actions=actions, conditions=conditions)
    draft.put_stage(run, name, current)


def _abandoned(draft: Draft, run: Run, stage: str, action: str, begun: ActionRun) -> ActionRun:
    if begun.status is not ActionStatus.IN_PROGRESS:
        return begun
    return end_action(draft, run, stage, action, begun, ActionStatus.ABANDONED)


def _abandoned_check(
    draft: Draft, run: Run, stage: str, kind: ConditionKind, check: ConditionRun
) -> ConditionRun:
    if check.status is not ConditionStatus.IN_PROGRESS:
        return check
    rules = {
        name: end_rule(draft, run, stage, kind, name, begun, ActionStatus.ABANDONED)
        if begun.status is ActionStatus.IN_PROGRESS
        else begun
        for name, begun in check.rules.items()
    }
    return check._replace(status=ConditionStatus.ABANDONED, rules=rules, ended=draft.now)
