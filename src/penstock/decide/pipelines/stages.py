"""What a stage does next, once nothing in it is in progress: the table of moves, and each of them.

| the stage | does |
| --- | --- |
| has a beforeEntry condition that was not checked | check it |
| was refused entry, with FAIL | fail, without onFailure: nothing was done that could be undone |
| was refused entry, with SKIP | end as Skipped: the run goes on (CP-067) |
| has a failed action | what onFailure says |
| has actions that have not begun | start those of the lowest run order (CP-039) |
| has an onSuccess condition that was not checked | check it |
| has one that was not met, with ROLLBACK | fail and roll back |
| has one that was not met, with FAIL | what onFailure says |
| else | succeed |

| onFailure | does |
| --- | --- |
| has a condition that was not checked | check it |
| has one that was not met, or ROLLBACK without one | fail and roll back |
| RETRY, and the stage was not retried by itself yet (CP-068) | retry |
| else, or is not there | fail |
"""

from __future__ import annotations

from enum import Enum, auto

from penstock.decide.pipelines.actions import PASSED, is_busy, start_check, start_group
from penstock.decide.pipelines.draft import Draft, is_going
from penstock.decide.pipelines.endings import end_run, end_stage
from penstock.decide.pipelines.entering import admit, arrive
from penstock.decide.pipelines.retrying import retry_by_itself
from penstock.decide.pipelines.rolling_back import ends_after_its_stage, roll_back_by_itself
from penstock.documents.pipelines import Condition, Result, Stage
from penstock.state.pipelines import (
    ActionStatus,
    ConditionKind,
    Run,
    RunStatus,
    StageRun,
    StageStatus,
)


class Move(Enum):
    CHECK_ENTRY = auto()
    CHECK_SUCCESS = auto()
    CHECK_FAILURE = auto()
    START = auto()
    SKIP = auto()
    SUCCEED = auto()
    FAIL = auto()
    ROLL_BACK = auto()
    RETRY = auto()


_CHECKS = {
    Move.CHECK_ENTRY: ConditionKind.BEFORE_ENTRY,
    Move.CHECK_SUCCESS: ConditionKind.ON_SUCCESS,
    Move.CHECK_FAILURE: ConditionKind.ON_FAILURE,
}


def next_move(stage: Stage, current: StageRun) -> Move:
    """The table above. Nothing of the stage is in progress."""
    if stage.before_entry is not None:
        check = current.conditions.get(ConditionKind.BEFORE_ENTRY)
        if check is None:
            return Move.CHECK_ENTRY
        if check.status not in PASSED:
            return Move.SKIP if stage.before_entry.result is Result.SKIP else Move.FAIL
    for action in current.actions.values():
        if action.status is not ActionStatus.SUCCEEDED:
            return _after_failure(stage, current)
    if len(current.actions) < len(stage.actions):
        return Move.START
    return _after_success(stage, current)


def _after_success(stage: Stage, current: StageRun) -> Move:
    if stage.on_success is None:
        return Move.SUCCEED
    check = current.conditions.get(ConditionKind.ON_SUCCESS)
    if check is None:
        return Move.CHECK_SUCCESS
    if check.status in PASSED:
        return Move.SUCCEED
    if stage.on_success.result is Result.ROLLBACK:
        return Move.ROLL_BACK
    return _after_failure(stage, current)


def _after_failure(stage: Stage, current: StageRun) -> Move:
    on_failure = stage.on_failure
    if on_failure is None:
        return Move.FAIL
    if on_failure.condition is not None:
        check = current.conditions.get(ConditionKind.ON_FAILURE)
        if check is None:
            return Move.CHECK_FAILURE
        return Move.FAIL if check.status in PASSED else Move.ROLL_BACK
    if on_failure.result is Result.ROLLBACK:
        return Move.ROLL_BACK
    if on_failure.result is Result.RETRY and not current.automatic:
        return Move.RETRY
    return Move.FAIL


def advance(draft: Draft) -> None:
    """Does all there is to do now, in the runs that are due and in those they make way for."""
    for due in draft.due:  # it grows meanwhile
        while _step(draft, draft.runs[due]):
            pass


def _step(draft: Draft, run: Run) -> bool:
    """One move of the run. Returns whether there may be another."""
    if run.waiting or not is_going(run):
        return False
    stage = draft.stage(run)
    current = run.stages[stage.name]
    if is_busy(current):
        return False
    if run.status is RunStatus.STOPPING:
        _end(draft, run, stage, StageStatus.STOPPED, RunStatus.STOPPED)
    elif run.cancelled:
        _end(draft, run, stage, StageStatus.CANCELLED, RunStatus.CANCELLED)
    else:
        _perform(draft, run, stage, current, next_move(stage, current))
    return True


def _perform(draft: Draft, run: Run, stage: Stage, current: StageRun, move: Move) -> None:
    match move:
        case Move.START:
            start_group(draft, run, stage, current)
        case Move.SUCCEED:
            _go_on(draft, run, stage, StageStatus.SUCCEEDED)
        case Move.SKIP:
            _go_on(draft, run, stage, StageStatus.SKIPPED)
        case Move.FAIL:
            _end(draft, run, stage, StageStatus.FAILED, RunStatus.FAILED)
        case Move.ROLL_BACK:
            _fail_and_roll_back(draft, run, stage)
        case Move.RETRY:
            retry_by_itself(draft, run, stage)
        case _:
            kind = _CHECKS[move]
            start_check(draft, run, stage.name, current, kind, _condition(stage, kind))


def _condition(stage: Stage, kind: ConditionKind) -> Condition:
    on_failure = stage.on_failure.condition if stage.on_failure is not None else None
    condition = {
        ConditionKind.BEFORE_ENTRY: stage.before_entry,
        ConditionKind.ON_SUCCESS: stage.on_success,
        ConditionKind.ON_FAILURE: on_failure,
    }[kind]
    if condition is None:  # `next_move` asks for those that are there
        raise AssertionError(f"stage {stage.name} has no condition {kind}")
    return condition


def _go_on(draft: Draft, run: Run, stage: Stage, status: StageStatus) -> None:
    """The stage is done with: the run goes to the next, and the next run comes in."""
    run = end_stage(draft, run, status)
    last = len(draft.definitions[run.version].stages) - 1
    if run.stage == last or ends_after_its_stage(run):
        end_run(draft, run, RunStatus.SUCCEEDED)
    else:
        arrive(draft, run, run.stage + 1)
    admit(draft, stage.name)


def _end(
    draft: Draft, run: Run, stage: Stage, stage_status: StageStatus, run_status: RunStatus
) -> None:
    end_run(draft, end_stage(draft, run, stage_status), run_status)
    admit(draft, stage.name)


def _fail_and_roll_back(draft: Draft, run: Run, stage: Stage) -> None:
    """The rollback goes before those who wait: what failed is undone first."""
    attempt = run.stages[stage.name].attempt
    run = end_run(draft, end_stage(draft, run, StageStatus.FAILED), RunStatus.FAILED)
    roll_back_by_itself(draft, run, stage.name, attempt)
    admit(draft, stage.name)
