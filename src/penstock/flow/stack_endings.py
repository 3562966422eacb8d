"""Who waits for an operation of a stack is told how it has ended: a parent's task (TG-121), or an
action of a pipeline (CP-150)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from penstock.flow.actions import defer_start
from penstock.flow.pipelines import finish_action
from penstock.flow.stack_steps import Inside, Step
from penstock.state.pipelines import Failed
from penstock.state.recorded_stacks import Waiter
from penstock.state.stack_operations import OperationKind, OutputValue
from penstock.state.stacks import Made, NotMade
from penstock.store import stacks

_DONE = {
    OperationKind.CREATE: "created",
    OperationKind.UPDATE: "updated",
    OperationKind.DELETE: "deleted",
}


def waiter_of(row: Any) -> Waiter:
    return Waiter(row.waiting_task, row.waiting_action)


def outcome_of(step: Step) -> Made | NotMade | None:
    """For the parent's task; None while the operation is under way."""
    ended = step.ended
    if ended is None:
        return None
    arn = step.name.arn
    if not ended.failed:
        return Made(arn, nested_attributes(step.state.outputs, step.row.plan))
    told = f"Embedded stack {arn} was not successfully {_DONE[ended.kind]}"
    if ended.kind is OperationKind.UPDATE:
        return NotMade(f"{told}. Currently in {step.state.status} with reason: {ended.failed}", arn)
    return NotMade(f"{told}: {ended.failed}", arn)


PLAN = "@plan"
"""Which plan a nested stack has, so that its parent may go back to that."""


def nested_attributes(
    outputs: Mapping[str, OutputValue], plan: int | None
) -> dict[str, str | int | None]:
    """What Fn::GetAtt gives of a nested stack, and its plan."""
    return {**{f"Outputs.{name}": one.value for name, one in outputs.items()}, PLAN: plan}


async def tell_action(here: Inside, step: Step, waiter: Waiter) -> None:
    """The pipeline's action that waits is asked again, and sees how the operation has ended."""
    if waiter.action is not None:
        await defer_start(here.connection, waiter.action, step.now)


async def tell_interrupted(here: Inside, row: Any, now: datetime) -> NotMade:
    """An operation is given up as the stack is deleted; the parent's task is to hear what is
    returned."""
    reason = "The stack is being deleted"
    if row.waiting_action is not None:
        await finish_action(here.connection, row.waiting_action, Failed("JobFailed", reason), now)
    arn = stacks.name_of(row).arn
    return NotMade(f"Embedded stack {arn} was not successfully created: {reason}", arn)
