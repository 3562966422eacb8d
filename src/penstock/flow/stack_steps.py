"""One step of a stack: what is decided about an event, made into rows and jobs of one transaction.

The stack's row is locked. A parent's row may be locked after a child's, and a pipeline's after a
stack's, never before.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from penstock.decide.stacks import engine
from penstock.decide.stacks.engine.outputs import exported
from penstock.state.plain_records import record_of
from penstock.state.recorded_stacks import Plan
from penstock.state.stack_operations import (
    NO_RESOURCES,
    Bakes,
    Begun,
    Create,
    Decision,
    Delete,
    Ended,
    Event,
    Exports,
    Operation,
    State,
    TaskEnded,
    Told,
    Update,
)
from penstock.state.stacks import Definition, NotMade, StackName, StackStatus
from penstock.store import Store, exports, stack_resources, stack_tasks, stacks
from penstock.store.database import Connection
from penstock.store.facts import read_time_scale
from penstock.store.notices import notify
from penstock.store.queue import defer
from penstock.store.sealing import Sealer
from penstock.store.stack_events import StackEvent, insert_events
from penstock.store.stack_resources import EARLIER, LEAVING, RESOURCE

PERFORM = "perform_resource"
"""The job that does a task, with the argument `id`."""
QUEUE = "stacks"
STACK = "AWS::CloudFormation::Stack"
HIDDEN = "****"


class Inside(NamedTuple):
    """A transaction of a store's database, for steps that are to be committed with other things."""

    store: Store
    connection: Connection

    @property
    def sealer(self) -> Sealer:
        return self.store.sealer


Source = Store | Inside


@asynccontextmanager
async def inside(source: Source) -> AsyncIterator[Inside]:
    """The transaction, or one of its own."""
    if isinstance(source, Inside):
        yield source
        return
    async with source.database.transaction() as connection:
        yield Inside(source, connection)


def topic(stack: UUID) -> str:
    """News of a stack (`store.notices`)."""
    return f"stack:{stack}"


class Step(NamedTuple):
    """A decision about a stack, and what it was before; `row` is that of the stack, as it was.
    `secrets` are shown to nobody (TG-112)."""

    row: Any
    plan: Plan | None
    before: State
    decision: Decision
    now: datetime
    secrets: tuple[str, ...] = ()

    @property
    def name(self) -> StackName:
        return stacks.name_of(self.row)

    @property
    def state(self) -> State:
        return self.decision.state

    @property
    def ended(self) -> Ended | None:
        """How the operation has ended, if it has."""
        return next((one for one in self.decision.effects if isinstance(one, Ended)), None)

    @property
    def succeeded(self) -> bool:
        """Whether what the stack is to be has come to be, by this step."""
        return self.state.outputs is not self.before.outputs


async def take(here: Inside, row: Any, event: Event, now: datetime, *, new: bool = False) -> Step:
    """Decides about an event and saves what was decided. A stack that is `new` has only its row.

    Raises AwsError where the event is a request that is refused.
    """
    outlines = [
        await stacks.read_outline(here.connection, here.sealer, plan)
        for plan in (row.plan, row.plan_before)
        if plan is not None
    ]
    outline = outlines[0] if outlines else None
    secrets = secrets_of(one.settings for one in outlines)
    definition = outline.definition if outline else NO_RESOURCES
    before = await _state(here, row, definition, new)
    before = before._replace(exports=await _exports(here, row, before, event))
    decision = engine.decide(before, _without(secrets, event))
    step = Step(row, outline.settings if outline else None, before, decision, now, secrets)
    await _save(here, step)
    return step


def _without(secrets: tuple[str, ...], event: Event) -> Event:
    """Services say what they were given in what they refuse."""
    if isinstance(event, TaskEnded) and isinstance(event.outcome, NotMade):
        reason = hidden(event.outcome.reason, secrets)
        return event._replace(outcome=event.outcome._replace(reason=reason))
    return event


# Loading


async def _state(here: Inside, row: Any, definition: Definition, new: bool) -> State:
    arn = stacks.name_of(row).arn
    if new:
        return State(arn=arn)
    connection, sealer = here.connection, here.sealer
    places: Any = await stack_resources.read_places(connection, sealer, row.id)
    return State(
        StackStatus(row.status),
        arn,
        definition,
        places[RESOURCE],
        record_of(Operation, row.operation) if row.operation else None,
        await stack_tasks.read_tasks(connection, sealer, row.id),
        places[EARLIER],
        places[LEAVING],
        stacks.outputs_of(sealer, row),
    )


async def _exports(here: Inside, row: Any, state: State, event: Event) -> Exports:
    """What other stacks have to do with this one's exports, as soon as that may matter."""
    definition = event.definition if isinstance(event, Create | Update) else state.definition
    wanted = {one.export for one in definition.outputs.values() if one.export}
    if isinstance(event, Delete):
        wanted = set()
    if not (wanted or exported(state.outputs)) or len(state.tasks) > 1:
        return Exports()
    name = stacks.name_of(row)
    await exports.lock_exports(here.connection, name, wanted)
    return Exports(
        await exports.read_taken(here.connection, name, wanted),
        await exports.read_used(here.connection, name),
    )


# Saving


async def _save(here: Inside, step: Step) -> None:
    connection, sealer = here.connection, here.sealer
    before, state, stack = step.before, step.state, step.row.id
    if state is not before:
        for place, old, new in (
            (RESOURCE, before.resources, state.resources),
            (EARLIER, before.earlier, state.earlier),
            (LEAVING, before.leaving, state.leaving),
        ):
            await stack_resources.save_place(connection, sealer, stack, place, old, new, step.now)
        await stack_tasks.save_tasks(connection, sealer, stack, before.tasks, state.tasks)
        await _save_stack(here, step)
    await _tell(here, step)
    for effect in step.decision.effects:
        if isinstance(effect, Bakes):
            await _bake(here, step)
        elif isinstance(effect, Begun) and effect.task in state.tasks:
            await defer(connection, PERFORM, {"id": str(effect.task)}, queue=QUEUE)
    if step.decision.effects:
        await notify(connection, topic(stack))


async def _bake(here: Inside, step: Step) -> None:
    minutes = step.plan.rollback.get("MonitoringTimeInMinutes", 0) if step.plan else 0
    scale = await read_time_scale(here.connection)
    until = scale.real(step.now, step.now + timedelta(minutes=minutes))
    await stacks.save_baked(here.connection, step.row.id, until)


async def _save_stack(here: Inside, step: Step) -> None:
    connection, state, row = here.connection, step.state, step.row
    if state.status is None:
        return
    if (state.status, state.operation) != (step.before.status, step.before.operation):
        await stacks.save_operation(connection, row.id, state.status, state.operation)
    if step.succeeded:
        await stacks.save_outputs(connection, here.sealer, row.id, state.outputs)
        await exports.save_exports(connection, here.sealer, step.name, exported(state.outputs))
    if state.status == step.before.status:
        return
    if row.deadline is not None and state.status != StackStatus.CREATE_IN_PROGRESS:
        await stacks.end_deadline(connection, row.id)
    await _settle_plan(here, step)
    if state.status.startswith("DELETE_"):
        await exports.save_exports(connection, here.sealer, step.name, {})
    if state.status == StackStatus.DELETE_COMPLETE:
        await stacks.save_deleted(connection, row.id, step.now)


_BACK = (
    StackStatus.UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS,
    StackStatus.UPDATE_ROLLBACK_COMPLETE,
)


async def _settle_plan(here: Inside, step: Step) -> None:
    """What the stack is from now on, and what it imports, once that is certain."""
    connection, row, status = here.connection, step.row, step.state.status
    if step.succeeded:
        await stacks.save_plans(connection, row.id, row.plan, None)
        imports = step.state.definition.imports
    elif status in _BACK and row.plan_before is not None:
        await stacks.save_plans(connection, row.id, row.plan_before, None)
        outline = await stacks.read_outline(connection, here.sealer, row.plan_before)
        imports = outline.definition.imports
    elif status in (StackStatus.DELETE_COMPLETE, StackStatus.ROLLBACK_COMPLETE):
        imports = ()
    else:
        return
    await exports.save_imports(connection, step.name, imports, more=False)


async def _tell(here: Inside, step: Step) -> None:
    told = [effect for effect in step.decision.effects if isinstance(effect, Told)]
    if not told:
        return
    events = [_event(step, one) for one in told]
    await insert_events(here.connection, here.sealer, step.row.id, events)
    reasons = [one.reason for one in told if not one.logical_id]
    if reasons:
        await stacks.save_reason(here.connection, step.row.id, reasons[-1])


def _event(step: Step, told: Told) -> StackEvent:
    name, properties = step.name, ""
    if told.properties is not None:
        properties = json.dumps(hidden(told.properties, step.secrets), separators=(",", ":"))
    return StackEvent(
        uuid4(),
        told.logical_id or name.name,
        told.physical_id if told.logical_id else name.arn,
        told.type if told.logical_id else STACK,
        told.status,
        told.reason,
        step.row.token,
        step.now,
        properties,
    )


def secrets_of(plans: Iterable[Plan]) -> tuple[str, ...]:
    """The values that are to be shown to nobody, the longest first (TG-112)."""
    found = {
        text
        for plan in plans
        for one in plan.parameters.values()
        if one.no_echo
        for text in (one.given, one.resolved)
        if text
    }
    return tuple(sorted(found, key=len, reverse=True))


def hidden(value: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, HIDDEN)
        return value
    if isinstance(value, Mapping):
        return {key: hidden(one, secrets) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [hidden(one, secrets) for one in value]
    return value
