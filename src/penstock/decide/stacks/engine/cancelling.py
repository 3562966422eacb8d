"""Giving up what is under way when something has failed, or is asked for no more.

It is told at once that it was cancelled. What somebody works at still runs to its end, which is
waited for, as it may make something yet; what only waits to be told how it ends is left.
"""

from __future__ import annotations

from uuid import UUID

from penstock.decide.stacks.engine.draft import Draft
from penstock.state.stack_operations import Doing
from penstock.state.stacks import ResourceState, ResourceStatus, TaskAction

CREATION = "Resource creation cancelled"
UPDATE = "Resource update cancelled"


def cancel_all(draft: Draft) -> None:
    for identity, doing in list(draft.tasks.items()):
        if not doing.cancelled:
            draft.tasks[identity] = doing._replace(cancelled=True)
            _cancel(draft, doing)
        if doing.initiated and doing.task.action is TaskAction.CREATE:
            abandon(draft, identity)


def _cancel(draft: Draft, doing: Doing) -> None:
    task = doing.task
    resource = draft.resources[task.logical_id]
    if task.action is TaskAction.DELETE:  # the half of an earlier create
        draft.failed(task.logical_id, TaskAction.CREATE)
    elif is_new(resource):
        draft.put(resource, ResourceStatus.CREATE_FAILED, CREATION)
        draft.failed(task.logical_id, TaskAction.CREATE)
    else:
        draft.put(resource, ResourceStatus.UPDATE_FAILED, UPDATE)
        draft.failed(task.logical_id, TaskAction.UPDATE)


def abandon(draft: Draft, identity: UUID) -> None:
    """Waits no more for a create to end; what there is of it is known."""
    doing = draft.tasks.pop(identity)
    resource, made = draft.resources[doing.task.logical_id], doing.task.physical_id
    if made and not is_new(resource):
        draft.leave(replacement(resource, doing, made), "Delete")


def is_new(resource: ResourceState) -> bool:
    """Whether it is made for the first time; a replacement is an update of it."""
    return resource.status in (ResourceStatus.CREATE_IN_PROGRESS, ResourceStatus.CREATE_FAILED)


def replacement(resource: ResourceState, doing: Doing, physical_id: str) -> ResourceState:
    """What is made in place of a resource."""
    task = doing.task
    return resource._replace(
        type=task.type, physical_id=physical_id, properties=task.properties, attributes={}
    )
