"""What is asked of a stack, and when it is refused."""

from __future__ import annotations

from penstock.decide.stacks.engine.cancelling import cancel_all
from penstock.decide.stacks.engine.draft import Draft
from penstock.decide.stacks.engine.moves import MOVES, Move
from penstock.decide.stacks.engine.outputs import export_problem
from penstock.decide.stacks.engine.restoring import restored
from penstock.decide.stacks.refusals import invalid, listed
from penstock.state.recorded_stacks import OnFailure
from penstock.state.stack_operations import (
    Alarmed,
    Bake,
    Baked,
    CancelUpdate,
    ContinueRollback,
    Create,
    Delete,
    Operation,
    OperationKind,
    Review,
    RollBack,
    TimeOver,
    Update,
)
from penstock.state.stacks import StackStatus

ASKED = "User Initiated"
TOO_LONG = "Stack creation time exceeded the specified timeout."


def review(draft: Draft, _: Review) -> None:
    draft.move(Move.REVIEW, ASKED)


def create(draft: Draft, asked: Create) -> None:
    _begin(draft, Move.CREATE, Operation(asked.id, OperationKind.CREATE, asked.on_failure))
    draft.definition = asked.definition
    _complete(draft, asked)


def update(draft: Draft, asked: Update) -> None:
    operation = Operation(asked.id, OperationKind.UPDATE, asked.on_failure, retagged=asked.retagged)
    _begin(draft, Move.UPDATE, operation)
    draft.definition = asked.definition
    _complete(draft, asked)


def _complete(draft: Draft, asked: Create | Update) -> None:
    bake = Bake.DUE if asked.bakes else Bake.NONE
    draft.operation = draft.operation._replace(problem=asked.problem, bake=bake)


def delete(draft: Draft, asked: Delete) -> None:
    """Also of what is being created: that is given up."""
    if draft.status in (StackStatus.DELETE_IN_PROGRESS, StackStatus.DELETE_COMPLETE):
        return
    if asked.retain and draft.status != StackStatus.DELETE_FAILED:
        message = f"Invalid operation on stack [{draft.arn}]. Resources can be retained only"
        raise invalid(f"{message} of a stack that is in DELETE_FAILED state.")
    unknown = sorted(name for name in asked.retain if name not in draft.resources)
    if unknown:
        raise invalid(f"The specified resources to retain do not exist: {listed(unknown)}")
    if problem := export_problem(draft, {}):
        raise invalid(problem)
    if draft.tasks and draft.status == StackStatus.CREATE_IN_PROGRESS:
        cancel_all(draft)
    operation = Operation(asked.id, OperationKind.DELETE, retain=asked.retain)
    _begin(draft, Move.DELETE, operation)
    for name, before in draft.earlier.items():
        current = draft.resources.get(name)
        if before is not None and (current is None or before.physical_id != current.physical_id):
            draft.leave(before, before.deletion_policy)
    draft.earlier = {}


def cancel_update(draft: Draft, _: CancelUpdate) -> None:
    if draft.status != StackStatus.UPDATE_IN_PROGRESS:
        raise invalid("CancelUpdateStack cannot be called from current stack status")
    draft.operation = draft.operation._replace(on_failure=OnFailure.ROLLBACK)
    draft.fail_by(ASKED)


def roll_back(draft: Draft, asked: RollBack) -> None:
    if draft.status == StackStatus.UPDATE_ROLLBACK_FAILED:
        raise _refused(draft, "RollbackStack")
    kind = OperationKind.UPDATE
    if draft.status == StackStatus.CREATE_FAILED:
        kind = OperationKind.CREATE
    retagged = draft.operation.retagged
    operation = Operation(asked.id, kind, why=ASKED, retagged=retagged)
    _begin(draft, Move.ROLL_BACK, operation, "RollbackStack")


def continue_rollback(draft: Draft, asked: ContinueRollback) -> None:
    """Those that are skipped count as they were before, whatever they are."""
    if draft.status != StackStatus.UPDATE_ROLLBACK_FAILED:
        raise _refused(draft, "ContinueUpdateRollback")
    open_ = {
        name
        for name, before in draft.earlier.items()
        if before is not None and name not in draft.operation.done
    }
    unknown = sorted(asked.skip - open_)
    if unknown:
        message = "The resources that are to be skipped are not in UPDATE_FAILED state"
        raise invalid(f"{message}: {listed(unknown)}")
    done = draft.operation.done
    retagged = draft.operation.retagged
    operation = Operation(asked.id, OperationKind.UPDATE, why=ASKED, retagged=retagged)
    _begin(draft, Move.ROLL_BACK, operation)
    draft.operation = draft.operation._replace(done=done)
    for name in sorted(asked.skip):
        restored(draft, draft.before(name))


def time_over(draft: Draft, _: TimeOver) -> None:
    if draft.status == StackStatus.CREATE_IN_PROGRESS:
        draft.fail_by(TOO_LONG)


def alarmed(draft: Draft, event: Alarmed) -> None:
    if draft.status in (StackStatus.CREATE_IN_PROGRESS, StackStatus.UPDATE_IN_PROGRESS):
        draft.fail_by(event.reason)


def baked(draft: Draft, _: Baked) -> None:
    if draft.operation.bake is Bake.GOING:
        draft.operation = draft.operation._replace(bake=Bake.OVER)


def _begin(draft: Draft, move: Move, operation: Operation, called: str = "") -> None:
    if (draft.status, move) not in MOVES:
        raise _refused(draft, called or f"{move.capitalize()}Stack")
    draft.operation = operation
    draft.move(move, ASKED)


def _refused(draft: Draft, called: str) -> Exception:
    if called == "DeleteStack":
        return invalid(f"Stack [{draft.arn}] cannot be deleted while in status {draft.status}")
    if called == "CreateStack":
        name = draft.arn.split("/")[1]
        return invalid(f"Stack [{name}] already exists")
    state = f"Stack:{draft.arn} is in {draft.status} state"
    if called == "UpdateStack":
        return invalid(f"{state} and can not be updated.")
    return invalid(f"{state} and {called} cannot be called.")
