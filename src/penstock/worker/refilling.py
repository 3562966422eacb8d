"""Makes again what stacks have in the sandbox, after the server that kept it has begun anew.

What has a name comes back under it. What has an id that the sandbox draws cannot come back under
the same, and is not made under another: nobody would know of that.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from penstock.errors import AwsError
from penstock.flow.stack_steps import QUEUE
from penstock.resources import handler_of
from penstock.resources.contract import Job, Kind, Made, Task, TaskAction
from penstock.state.stacks import ResourceState, ResourceStatus
from penstock.store import stacks
from penstock.store.queue import defer
from penstock.store.sandboxed_stacks import REFILL, stacks_in_sandbox
from penstock.store.stack_resources import list_resources
from penstock.store.stacks import Stack
from penstock.worker.cloud import Clouds, StackCloud, Unanswered, endpoint_of
from penstock.worker.dynamic_values import resolved_if_there
from penstock.worker.stacks import principal_of, tags_of

LOG = logging.getLogger("penstock.worker")
SOON = timedelta(seconds=1)
_GONE = (ResourceStatus.DELETE_COMPLETE, ResourceStatus.DELETE_IN_PROGRESS)


class Remaking(Job):
    """A job whose resource has the name it had."""

    def name(self, longest: int = 63, *, lower: bool = False, between: str = "-") -> str:
        last = self.task.physical_id
        if last.startswith(("arn:", "https://")):
            last = last.rpartition("/")[2].rpartition(":")[2].rpartition("#")[2]
        return last.removesuffix(".fifo")


async def refill_or_wait(clouds: Clouds, now: datetime) -> None:
    """Later, where no server answers: tasks wait for it. A server that has begun meanwhile has
    deferred it too."""
    try:
        await refill_sandbox(clouds)
    except Unanswered as error:
        LOG.warning("the sandbox is not filled yet: %s", error)
        async with clouds.store.database.transaction() as connection:
            await defer(connection, REFILL, {}, queue=QUEUE, at=now + SOON, once=REFILL)


async def refill_sandbox(clouds: Clouds) -> None:
    store = clouds.store
    endpoint = await endpoint_of(store)
    for stack in await stacks_in_sandbox(store.database):
        found = await stacks.get_stack(store.database, store.sealer, stack)
        if found is not None:
            await _refill(clouds, found, endpoint)


async def _refill(clouds: Clouds, stack: Stack, endpoint: str) -> None:
    store, name = clouds.store, stack.name
    listed = await list_resources(store.database, store.sealer, name.id)
    lost = []
    for state in in_order([one.state for one in listed if _is_kept(one.state)]):
        if problem := await _remake(clouds, stack, state, endpoint):
            lost.append(f"{state.logical_id} ({problem})")
    if lost:
        LOG.warning(
            "the sandbox has begun anew, and of stack %s it has not any more: %s",
            name.name,
            ", ".join(lost),
        )


def _is_kept(state: ResourceState) -> bool:
    return bool(state.physical_id) and state.kind is Kind.SANDBOX and state.status not in _GONE


def in_order(states: list[ResourceState]) -> list[ResourceState]:
    """What others depend on before these."""
    left = {state.logical_id: state for state in states}
    ordered: list[ResourceState] = []
    while left:
        ready = [one for one in left.values() if not left.keys() & set(one.depends_on)]
        for state in ready or list(left.values()):
            ordered.append(left.pop(state.logical_id))
    return ordered


async def _remake(clouds: Clouds, stack: Stack, state: ResourceState, endpoint: str) -> str:
    """Why it is not there again, or ""."""
    job = await _job(clouds, stack, state, endpoint)
    handler = handler_of(state.type)
    try:
        outcome = await handler.create(job)
        if isinstance(outcome, Made) and outcome.physical_id == state.physical_id:
            return ""
        if made := outcome.physical_id:
            await handler.delete(job._replace(task=job.task._replace(physical_id=made)))
    except AwsError as error:
        return error.message
    return getattr(outcome, "reason", "") or f"{state.physical_id} would be another"


async def _job(clouds: Clouds, stack: Stack, state: ResourceState, endpoint: str) -> Job:
    cloud = StackCloud(clouds, principal_of(stack), stack.name.region, endpoint, filling=True)
    task = Task(
        _task_id(stack.name.id, state),
        TaskAction.CREATE,
        state.logical_id,
        state.type,
        state.properties,
        physical_id=state.physical_id,
        metadata=state.metadata,
    )
    return Remaking(
        task,
        stack.name,
        await resolved_if_there(cloud, state.properties),
        {},
        tags_of(stack, state.logical_id),
        principal_of(stack),
        cloud,
        clouds.store,
        datetime.now(UTC),
        endpoint,
        again=True,
    )


def _task_id(stack: UUID, state: ResourceState) -> UUID:
    return uuid5(stack, f"refill {state.logical_id} {state.physical_id}")
