"""Performs the tasks of stacks: asks the handlers of resource types, and tells what they answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from penstock.decide.stacks.engine.differences import NESTED
from penstock.errors import AwsError
from penstock.flow.stack_steps import hidden
from penstock.flow.stacks import finish_task, wait_task
from penstock.resources import handler_of
from penstock.resources.contract import Handler, Job, NotMade, Outcome, Waiting
from penstock.resources.property_types import check_property_types
from penstock.resources.reasons import reason_of
from penstock.resources.taken import refuse_taken
from penstock.services.own_endpoint import AWAY as NOBODY_ANSWERS
from penstock.services.sts import assumed_role
from penstock.state.calls import Principal
from penstock.state.recorded_stacks import Plan
from penstock.state.stack_operations import Doing
from penstock.state.stacks import StackName, TaskAction
from penstock.store import stack_tasks, stacks
from penstock.store.sealing import SealError
from penstock.store.stacks import Stack
from penstock.worker.cloud import Clouds, StackCloud, Unanswered, endpoint_of
from penstock.worker.dynamic_values import resolved, secrets_in, texts_of, texts_there
from penstock.worker.patience import AWAY, patiently

LOG = logging.getLogger("penstock.worker")
AT_ONCE = 8
LONGEST = timedelta(minutes=15)
"""How long a handler may take that does not answer that somebody else is at it."""

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class _Undone(NamedTuple):
    """`again` is whether a worker has begun the task before."""

    doing: Doing
    stack: Stack
    again: bool


async def perform_resource(
    clouds: Clouds, task: UUID, clock: Clock = utc_now, *, last: bool = False
) -> None:
    """Does a task and records what comes of it; nothing where it has ended, or waits.

    Killed at any point, it is done again from the beginning. Raises Unanswered, to be called again
    later; where this is the `last` time, that fails the task.
    """
    store = clouds.store
    outcome = await patiently(lambda: _attempt(clouds, task, clock, last=last))
    if outcome is None:
        LOG.info("task %s of a stack has ended before, or is gone", task)
    elif isinstance(outcome, Waiting):
        until, physical_id, kind = outcome
        await patiently(lambda: wait_task(store, task, until, physical_id, clock(), kind=kind))
    else:
        ended = outcome
        await patiently(lambda: finish_task(store, task, ended, clock()))


async def _attempt(clouds: Clouds, task: UUID, clock: Clock, *, last: bool) -> Outcome | None:
    """None where there is nothing to be done. Raises what says that the database is away."""
    store = clouds.store
    row = await stack_tasks.find_undone(store.database, store.sealer, task)
    stack = await stacks.get_stack(store.database, store.sealer, row.stack) if row else None
    if stack is None:
        return None
    try:
        return await _perform(clouds, _Undone(row.doing, stack, row.begun is not None), clock)
    except Unanswered as error:
        if not last:
            raise
        reason = reason_of(AwsError(NOBODY_ANSWERS, str(error), 503), task)
        return NotMade(reason, row.doing.task.physical_id)


async def _perform(clouds: Clouds, undone: _Undone, clock: Clock) -> Outcome | None:
    """Reasons do not say what secrets are."""
    cloud, secrets = await _cloud(clouds, undone.stack), list[str]()
    outcome = await _answered(cloud, undone, clock, secrets)
    if isinstance(outcome, NotMade):
        untouched = not (cloud.has_acted or undone.again)
        reason = hidden(outcome.reason, tuple(secrets))
        return outcome._replace(reason=reason, untouched=untouched)
    return outcome


async def _answered(
    cloud: StackCloud, undone: _Undone, clock: Clock, secrets: list[str]
) -> Outcome | None:
    """Puts the secrets it finds out into a list."""
    task = undone.doing.task
    try:
        async with asyncio.timeout(LONGEST.total_seconds()) as limit:
            job = await _job(cloud, undone, clock(), secrets)
            if task.action is not TaskAction.DELETE:
                check_property_types(job)
            begun = job if job.again else await _begun(job)
            if begun is None:
                return None
            outcome = await _act(handler_of(task.type), begun)
            await cloud.check()
            return outcome
    except (*AWAY, Unanswered):
        raise
    except AwsError as error:
        return NotMade(reason_of(error, task.id))
    except SealError as error:
        return NotMade(f"A secret of {task.logical_id} cannot be read: {error}")
    except Exception as error:
        if limit.expired():
            return NotMade(f"{task.logical_id} has timed out: it had {LONGEST}")
        LOG.exception("%s of %s cannot be made", task.logical_id, undone.stack.name.arn)
        return NotMade(f"Internal Failure: {type(error).__name__}: {error}")


async def _begun(job: Job) -> Job | None:
    """Says that the task has been begun, in a transaction of its own: what is there under its name
    from then on is what it has made. None where it has ended. Raises AwsError."""
    if job.task.action is TaskAction.CREATE:
        await refuse_taken(job)
    async with job.store.database.transaction() as connection:
        first = await stack_tasks.begin_task(connection, job.task.id, job.now)
    return None if first is None else job._replace(again=not first)


async def _act(handler: Handler, job: Job) -> Outcome:
    if job.task.action is TaskAction.CREATE:
        return await handler.create(job)
    if job.task.action is TaskAction.UPDATE:
        return await handler.update(job)
    return await handler.delete(job)


async def _cloud(clouds: Clouds, stack: Stack) -> StackCloud:
    endpoint = await endpoint_of(clouds.store)
    return StackCloud(clouds, principal_of(stack), stack.name.region, endpoint)


async def _job(cloud: StackCloud, undone: _Undone, now: datetime, secrets: list[str]) -> Job:
    """What dynamic references stand for has to be there only where something is to be made of it:
    what there is already can be changed and deleted without it. Stacks in stacks are handed the
    references, as anybody may read parameters of theirs."""
    task, stack = undone.doing.task, undone.stack
    properties, previous = task.properties, task.previous
    if task.type != NESTED:
        find = texts_there if task.action is TaskAction.DELETE else texts_of
        texts, before = await find(cloud, properties), await texts_there(cloud, previous)
        secrets += secrets_in({**before, **texts})
        properties, previous = resolved(properties, texts), resolved(previous, before)
    plan, other = stack.plan, stack.before
    if task.restoring:
        plan, other = other, plan
    updated = task.action is TaskAction.UPDATE
    return Job(
        task,
        stack.name,
        properties,
        previous,
        _tags(stack, task.logical_id, plan),
        cloud.principal,
        cloud,
        cloud.store,
        now,
        cloud.endpoint,
        undone.again,
        other.tags if updated and other is not None else {},
    )


def principal_of(stack: Stack) -> Principal:
    """A session of the stack's role, else whoever asked for the operation; in the stack's account,
    as roles are not looked up here."""
    account = stack.name.account
    if stack.plan is not None and stack.plan.role_arn:
        session = assumed_role(stack.plan.role_arn, "AWSCloudFormation")
        return session._replace(account=account)
    return stack.principal._replace(account=account)


def tags_of(stack: Stack, logical_id: str) -> Mapping[str, str]:
    return _tags(stack, logical_id, stack.plan)


def _tags(stack: Stack, logical_id: str, plan: Plan | None) -> Mapping[str, str]:
    name: StackName = stack.name
    given: Mapping[str, Any] = plan.tags if plan is not None else {}
    return {
        **given,
        "aws:cloudformation:stack-name": name.name,
        "aws:cloudformation:stack-id": name.arn,
        "aws:cloudformation:logical-id": logical_id,
    }
