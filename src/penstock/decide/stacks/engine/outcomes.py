"""How tasks ended, and what that makes of their resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from penstock.decide.stacks.engine.cancelling import abandon, is_new, replacement
from penstock.decide.stacks.engine.deleting import gone
from penstock.decide.stacks.engine.draft import Draft
from penstock.decide.stacks.engine.restoring import restored
from penstock.state.stack_operations import Doing, TaskEnded, TaskInitiated
from penstock.state.stacks import (
    Kind,
    Made,
    NotMade,
    ResourceState,
    ResourceStatus,
    StackStatus,
    TaskAction,
)

INITIATED = "Resource creation Initiated"
ONLY_RECORDED = f"[{Kind.RECORDED}] the sandbox has not taken this update"


def initiate(draft: Draft, event: TaskInitiated) -> None:
    """Somebody is at it who will say how it ends; nothing has changed where it has ended."""
    doing = draft.tasks.get(event.task)
    if doing is None:
        return
    if doing.task.action is not TaskAction.CREATE:
        draft.tasks[event.task] = doing._replace(initiated=True)
        return
    task = doing.task._replace(physical_id=event.physical_id)
    resource = draft.resources[task.logical_id]
    made = resource._replace(physical_id=event.physical_id, kind=event.kind)
    if is_new(resource):
        draft.resources[task.logical_id] = made
    else:
        made = replacement(resource, doing, event.physical_id)
    _tell_initiated(draft, doing, made, event.kind)
    draft.tasks[event.task] = doing._replace(task=task, initiated=True)
    if doing.cancelled:
        abandon(draft, event.task)


def end(draft: Draft, event: TaskEnded) -> None:
    doing = draft.tasks.pop(event.task, None)
    if doing is not None:
        _ENDS[doing.task.action](draft, doing, event.outcome)


def _tell_initiated(draft: Draft, doing: Doing, resource: ResourceState, kind: Kind) -> None:
    """Once, with what stands behind it where that is not the service itself."""
    if doing.initiated or doing.cancelled:
        return
    status = ResourceStatus.CREATE_IN_PROGRESS
    if not is_new(draft.resources[resource.logical_id]):
        status = ResourceStatus.UPDATE_IN_PROGRESS
    reason = INITIATED if kind is Kind.REAL else f"[{kind}] {INITIATED}"
    draft.tell(resource._replace(status=status, reason=reason))


def _created(draft: Draft, doing: Doing, outcome: Made | NotMade) -> None:
    resource = draft.resources[doing.task.logical_id]
    if not is_new(resource):
        _replaced(draft, doing, resource, outcome)
    elif isinstance(outcome, NotMade):
        physical_id = outcome.physical_id or doing.task.physical_id
        resource = resource._replace(physical_id=physical_id, kind=outcome.kind)
        if doing.cancelled:
            draft.resources[resource.logical_id] = resource
            return
        draft.put(resource, ResourceStatus.CREATE_FAILED, outcome.reason)
        draft.failed(resource.logical_id, TaskAction.CREATE)
    else:
        resource = _made(resource, doing, outcome)
        _tell_initiated(draft, doing, resource, outcome.kind)
        if doing.cancelled:
            draft.resources[resource.logical_id] = resource
            return
        draft.put(resource, ResourceStatus.CREATE_COMPLETE)
        draft.done(resource.logical_id)


def _made(resource: ResourceState, doing: Doing, outcome: Made) -> ResourceState:
    task = doing.task
    physical_id = outcome.physical_id or task.physical_id or resource.physical_id
    return resource._replace(
        type=task.type,
        physical_id=physical_id,
        properties=task.properties,
        attributes=outcome.attributes,
        kind=outcome.kind,
    )


def _replaced(draft: Draft, doing: Doing, resource: ResourceState, outcome: Made | NotMade) -> None:
    """The one before is still there, and is the resource wherever the other was not made."""
    name = resource.logical_id
    if isinstance(outcome, NotMade):
        if half := outcome.physical_id or doing.task.physical_id:
            draft.leave(replacement(resource, doing, half), "Delete")
        _not_updated(draft, doing, resource, outcome.reason)
        return
    new = _made(resource, doing, outcome)
    if doing.cancelled:
        draft.leave(new, "Delete")
        return
    _tell_initiated(draft, doing, new, outcome.kind)
    _displace(draft, resource, new)
    draft.put(new, ResourceStatus.UPDATE_COMPLETE)
    draft.done(name)


def _updated(draft: Draft, doing: Doing, outcome: Made | NotMade) -> None:
    if draft.status == StackStatus.UPDATE_ROLLBACK_IN_PROGRESS:
        _restored(draft, doing, outcome)
        return
    name = doing.task.logical_id
    resource = draft.resources[name]
    if isinstance(outcome, NotMade):
        # What it has now is what it was to have, or half of it.
        if outcome.physical_id and outcome.physical_id != resource.physical_id:
            draft.leave(replacement(resource, doing, outcome.physical_id), "Delete")
        if not outcome.untouched:
            resource = resource._replace(properties=doing.task.properties)
        _not_updated(draft, doing, resource, outcome.reason)
        return
    new = _made(resource, doing, _with_attributes(outcome, resource))
    _displace(draft, resource, new)
    if doing.cancelled:
        draft.resources[name] = new
        return
    forgone = outcome.kind is Kind.RECORDED and resource.kind is not Kind.RECORDED
    draft.put(new, ResourceStatus.UPDATE_COMPLETE, ONLY_RECORDED if forgone else "")
    draft.done(name)


def _with_attributes(outcome: Made, resource: ResourceState) -> Made:
    """A handler that says nothing of attributes leaves them as they are."""
    return outcome._replace(attributes=outcome.attributes or resource.attributes)


def _not_updated(draft: Draft, doing: Doing, resource: ResourceState, reason: str) -> None:
    if doing.cancelled:
        draft.resources[resource.logical_id] = resource
        return
    draft.put(resource, ResourceStatus.UPDATE_FAILED, reason, properties=doing.task.properties)
    draft.failed(resource.logical_id, TaskAction.UPDATE)


def _displace(draft: Draft, old: ResourceState, new: ResourceState) -> None:
    """The old one stays until all has succeeded; who knows of it where the update goes on from one
    that was not rolled back is nobody but the cleanup."""
    if old.physical_id == new.physical_id:
        return
    before = draft.earlier.get(old.logical_id)
    if before is None or before.physical_id != old.physical_id:
        draft.leave(old, "Delete")


def _restored(draft: Draft, doing: Doing, outcome: Made | NotMade) -> None:
    name = doing.task.logical_id
    current = draft.resources[name]
    if isinstance(outcome, NotMade):
        draft.put(current, ResourceStatus.UPDATE_FAILED, outcome.reason)
        draft.failed(name, TaskAction.UPDATE)
        return
    before = draft.before(name)
    physical_id = outcome.physical_id or current.physical_id
    if physical_id != current.physical_id:
        draft.leave(current, "Delete")
    attributes = outcome.attributes or before.attributes
    restored(draft, before._replace(physical_id=physical_id, attributes=attributes))


def _deleted(draft: Draft, doing: Doing, outcome: Made | NotMade) -> None:
    name, leaving = doing.task.logical_id, doing.leaving
    resource = draft.leaving[leaving] if leaving else draft.resources[name]
    if isinstance(outcome, NotMade):
        draft.put(resource, ResourceStatus.DELETE_FAILED, outcome.reason, leaving=leaving)
        draft.failed(leaving or name, TaskAction.DELETE)
        return
    gone(draft, resource, leaving, ResourceStatus.DELETE_COMPLETE)
    if not leaving and draft.status == StackStatus.UPDATE_IN_PROGRESS:
        del draft.resources[name]  # to be made anew


_ENDS: Mapping[TaskAction, Callable[[Draft, Doing, Made | NotMade], None]] = {
    TaskAction.CREATE: _created,
    TaskAction.UPDATE: _updated,
    TaskAction.DELETE: _deleted,
}
