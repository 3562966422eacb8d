"""The steps of a stack's life: each is one transaction under the lock of the stack's row.

| step | when |
| --- | --- |
| create, update, delete, rollback, continue_rollback | an operation is to begin |
| cancel_update, time_over | one that is under way is to fail |
| watch | alarms have been looked at that roll it back |
| wait_task | a task has begun what somebody else will end |
| finish_task | a task has ended, however it came to that: the one door |

Each loads what the decision depends on, asks `decide.stacks.engine`, and saves what has changed,
the events of it, and a job for each task that begins. What is refused leaves nothing. How an
operation has ended is told to whoever waits for it, in the same transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from penstock.decide.stacks.changes import retagged
from penstock.decide.stacks.engine.moves import UNDER_WAY
from penstock.errors import AwsError
from penstock.flow.stack_endings import outcome_of, tell_action, tell_interrupted, waiter_of
from penstock.flow.stack_steps import Inside, Source, Step, inside, take, topic
from penstock.flow.stack_watches import WATCHED, defer_watch, is_watched, next_look
from penstock.state.calls import Principal
from penstock.state.recorded_stacks import Plan, Waiter
from penstock.state.stack_operations import (
    Alarmed,
    Baked,
    CancelUpdate,
    ContinueRollback,
    Create,
    Delete,
    Event,
    Review,
    RollBack,
    TaskEnded,
    TaskInitiated,
    TimeOver,
    Update,
)
from penstock.state.stacks import Kind, Made, NotMade, StackName, StackStatus
from penstock.store import exports, stack_tasks, stacks

__all__ = [
    "Inside", "cancel_update", "continue_rollback", "create", "delete", "finish_task", "rollback",
    "time_over", "topic", "update", "wait_task", "watch",
]  # fmt: skip

NOBODY = Waiter()


async def create(
    source: Source,
    name: StackName,
    plan: Plan,
    *,
    principal: Principal,
    now: datetime,
    waiter: Waiter = NOBODY,
    parent: str = "",
    token: str = "",
    review: bool = False,
) -> StackName:
    """Begins the create of a stack, or of one in review, which keeps its id; its name.

    With `review` it is put there, and the plan is not looked at (TG-105). With the token of the
    operation that has made it, nothing is done. Raises AwsError: AlreadyExistsException.
    """
    async with inside(source) as here:
        row = await stacks.lock_named_stack(here.connection, name)
        new = row is None and await _insert(here, name, parent, review=review, now=now)
        if not new:
            row = row or await stacks.lock_named_stack(here.connection, name)  # of this moment
            if row is not None and token and row.token == token:
                return stacks.name_of(row)
            if row is None or review or row.status != StackStatus.REVIEW_IN_PROGRESS:
                raise _exists(name)
        name = stacks.name_of(row) if row is not None else name
        if review:
            await _begin(here, name, Review(), _Order(principal, now), new=new)
            return name
        identity = await stacks.insert_plan(here.connection, here.sealer, name.id, plan)
        await stacks.save_plans(here.connection, name.id, identity, None)
        problem = await _problem(here, name, plan)
        event = Create(uuid4(), plan.definition, plan.on_failure, problem, is_watched(plan))
        deadline = now + timedelta(minutes=plan.timeout) if plan.timeout else None
        order = _Order(principal, now, token, waiter, deadline)
        await _begin(here, name, event, order, new=new)
        return name


async def _insert(
    here: Inside, name: StackName, parent: str, *, review: bool, now: datetime
) -> bool:
    """False where one of its name has been made at the same time."""
    status = StackStatus.REVIEW_IN_PROGRESS if review else StackStatus.CREATE_IN_PROGRESS
    root = ""
    if parent and (above := stacks.id_of(parent)):
        root = await stacks.read_root(here.connection, above) or parent
    return await stacks.insert_stack(
        here.connection, name, status=status, parent=parent, root=root, now=now
    )


async def update(
    source: Source,
    name: StackName,
    plan: Plan,
    *,
    principal: Principal,
    now: datetime,
    waiter: Waiter = NOBODY,
    token: str = "",
) -> StackName:
    """Begins an update; nothing where the token is that of the last operation. Raises AwsError."""
    async with inside(source) as here:
        row = await _lock(here, name)
        if token and row.token == token:
            return name
        identity = await stacks.insert_plan(here.connection, here.sealer, row.id, plan)
        before = row.plan if row.plan_before is None else row.plan_before
        problem = await _problem(here, name, plan)
        others = await _retagged(here, row, plan)
        event = Update(uuid4(), plan.definition, plan.on_failure, problem, is_watched(plan), others)
        await stacks.save_plans(here.connection, row.id, identity, before)
        await _begin(here, name, event, _Order(principal, now, token, waiter))
        return name


async def delete(
    source: Source,
    name: StackName,
    *,
    retain: frozenset[str] = frozenset(),
    principal: Principal,
    now: datetime,
    waiter: Waiter = NOBODY,
    token: str = "",
) -> bool:
    """Begins a delete, also of what is being created; False where the stack is gone. Nothing where
    the token is that of the last operation.

    Of a delete that is under way already `waiter` is told too; but of several actions only the
    first is. Raises AwsError.
    """
    async with inside(source) as here:
        row = await stacks.lock_stack(here.connection, name)
        if row is None or row.deleted is not None:
            return False
        if token and row.token == token:
            return True
        if row.protected:
            raise AwsError(
                "ValidationError",
                f"Stack [{name.name}] cannot be deleted while TerminationProtection is enabled",
            )
        if row.status == StackStatus.DELETE_IN_PROGRESS:
            both = Waiter(waiter.task or row.waiting_task, row.waiting_action or waiter.action)
            await stacks.save_waiter(here.connection, row.id, both)
            return True
        given_up = row if row.status in UNDER_WAY else None
        order = _Order(principal, now, token, waiter)
        await _begin(here, name, Delete(uuid4(), retain), order, given_up=given_up)
        return True


async def rollback(
    source: Source, name: StackName, *, principal: Principal, now: datetime, token: str = ""
) -> None:
    """Begins to undo a create or an update that has failed and stayed. Raises AwsError."""
    async with inside(source) as here:
        row = await _lock(here, name)
        if not token or row.token != token:
            await _begin(here, name, RollBack(uuid4()), _Order(principal, now, token))


async def continue_rollback(
    source: Source,
    name: StackName,
    *,
    skip: frozenset[str] = frozenset(),
    principal: Principal,
    now: datetime,
    token: str = "",
) -> None:
    """Goes on with the rollback of an update that has failed. Raises AwsError."""
    async with inside(source) as here:
        row = await _lock(here, name)
        if not token or row.token != token:
            await _begin(here, name, ContinueRollback(uuid4(), skip), _Order(principal, now, token))


async def cancel_update(source: Source, name: StackName, *, now: datetime) -> None:
    """Raises AwsError where no update is under way."""
    async with inside(source) as here:
        await _happen(here, await _lock(here, name), CancelUpdate(), now)


async def time_over(source: Source, stack: UUID, now: datetime) -> bool:
    """A create has taken longer than it may, if it still has not ended by then."""
    async with inside(source) as here:
        row = await stacks.lock_stack_by_id(here.connection, stack)
        if row is None or row.deadline is None or row.deadline > now:
            return False
        await stacks.end_deadline(here.connection, stack)
        await _happen(here, row, TimeOver(), now)
        return True


async def watch(
    source: Source, stack: UUID, operation: UUID, alarm: str, now: datetime, *, seen: bool = True
) -> bool:
    """What alarms say of an operation: why it is to be rolled back, or "" where it may go on.

    False where it is over. Alarms that could not be `seen` are looked at again later.
    """
    async with inside(source) as here:
        row = await stacks.lock_stack_by_id(here.connection, stack)
        if row is None or row.operation is None or row.status not in WATCHED:
            return False
        if row.operation["id"] != str(operation):
            return False
        if alarm:
            await _happen(here, row, Alarmed(alarm), now)
        elif seen and row.baked is not None and row.baked <= now:
            await _happen(here, row, Baked(), now)
        else:
            await defer_watch(here, stack, operation, next_look(row.baked, now))
        return True


async def wait_task(
    source: Source,
    task: UUID,
    until: datetime,
    physical_id: str,
    now: datetime,
    *,
    kind: Kind = Kind.REAL,
) -> bool:
    """A task has begun, and will end by `finish_task`; False where it has ended before."""
    async with inside(source) as here:
        row = await stacks.lock_stack_of(here.connection, task)
        if row is None:
            return False
        step = await _happen(here, row, TaskInitiated(task, physical_id, kind), now)
        await stack_tasks.save_due(here.connection, task, until)
        return task in step.before.tasks


async def finish_task(source: Source, task: UUID, outcome: Made | NotMade, now: datetime) -> bool:
    """Ends a task; False where it has ended before, or is gone."""
    async with inside(source) as here:
        row = await stacks.lock_stack_of(here.connection, task)
        if row is None:
            return False
        step = await _happen(here, row, TaskEnded(task, outcome), now)
        return task in step.before.tasks


# Steps


async def _lock(here: Inside, name: StackName) -> Any:
    row = await stacks.lock_stack(here.connection, name)
    if row is None:
        raise AwsError("ValidationError", f"Stack [{name.name}] does not exist")
    return row


class _Order(NamedTuple):
    """Who asks for an operation, and who is told how it ends."""

    principal: Principal
    now: datetime
    token: str = ""
    waiter: Waiter = NOBODY
    deadline: datetime | None = None


async def _begin(
    here: Inside,
    name: StackName,
    event: Event,
    order: _Order,
    *,
    given_up: Any = None,
    new: bool = False,
) -> None:
    """An operation; the stack's row is locked. `given_up` is that row, where another operation
    ends by this."""
    await stacks.save_begin(
        here.connection,
        name.id,
        token=order.token,
        principal=order.principal,
        waiter=order.waiter,
        deadline=order.deadline,
        updated=None if isinstance(event, Create | Review) else order.now,
    )
    await _happen(here, await _lock(here, name), event, order.now, new=new)
    if given_up is not None:
        told = await tell_interrupted(here, given_up, order.now)
        if given_up.waiting_task is not None:
            await finish_task(here, given_up.waiting_task, told, order.now)


async def _happen(
    here: Inside, row: Any, event: Event, now: datetime, *, new: bool = False
) -> Step:
    step = await take(here, row, event, now, new=new)
    if isinstance(event, Create | Update) and event.bakes and step.ended is None:
        await defer_watch(here, row.id, event.id, now)
    waiter, outcome = waiter_of(row), outcome_of(step)
    if outcome is not None and waiter != NOBODY:
        await stacks.save_waiter(here.connection, row.id, NOBODY)
        await tell_action(here, step, waiter)
        if waiter.task is not None:
            await finish_task(here, waiter.task, outcome, now)
    return step


async def _problem(here: Inside, name: StackName, plan: Plan) -> str:
    """Why the plan cannot be; what it imports is held from now on (TG-120)."""
    missing = await exports.save_imports(here.connection, name, plan.definition.imports, more=True)
    if plan.problem or not missing:
        return plan.problem
    return f"No export named {min(missing)} found."


async def _retagged(here: Inside, row: Any, plan: Plan) -> frozenset[str]:
    """Those that are to have other tags, as the stack has."""
    if row.plan is None:
        return frozenset()
    now = await stacks.read_outline(here.connection, here.sealer, row.plan)
    return retagged(plan.definition, now.settings.tags, plan.tags)


def _exists(name: StackName) -> AwsError:
    return AwsError("AlreadyExistsException", f"Stack [{name.name}] already exists")
