"""Deleting, in the reverse order of what depends on what: rollbacks of creates, deletes, cleanups.

What fails to be deleted keeps what it depends on; all others are deleted. A cleanup goes on with
everything (`moves`).
"""

from __future__ import annotations

from collections.abc import Iterator

from penstock.decide.stacks.engine.draft import Draft
from penstock.decide.stacks.engine.forward import reason_of
from penstock.decide.stacks.engine.moves import CLEANUPS, Move
from penstock.state.stack_operations import OperationKind
from penstock.state.stacks import ResourceState, ResourceStatus, StackStatus, TaskAction

GONE = (ResourceStatus.DELETE_COMPLETE, ResourceStatus.DELETE_SKIPPED)
LEFT = "Update successful. One or more resources could not be deleted."
NO_SNAPSHOT = "[sandbox] No snapshot is made"


def delete_all(draft: Draft) -> bool:
    """Begins what can be deleted; whether that was all, and the stack has moved on."""
    ready = list(_ready(draft))
    while ready:
        gone_now = [_begin(draft, key, one) for key, one in ready]
        ready = list(_ready(draft)) if any(gone_now) else []
    if draft.tasks:
        return False
    if draft.status in CLEANUPS:
        draft.leaving = {}
        left = (
            draft.operation.failed
            and draft.status == StackStatus.UPDATE_COMPLETE_CLEANUP_IN_PROGRESS
        )
        draft.move(Move.COMPLETE, LEFT if left else "")
    elif draft.operation.failed:
        reason = reason_of(draft)
        operation = draft.operation
        draft.operation = operation._replace(why=operation.why or reason)
        draft.move(Move.STAY, reason)
    else:
        draft.move(Move.COMPLETE)
    return True


def _remaining(draft: Draft) -> dict[str, ResourceState]:
    """All that is to go, by keys that differ: those of `leaving` have a space."""
    found = dict(draft.leaving)
    if draft.status in CLEANUPS:
        return {key: one for key, one in found.items() if key not in draft.operation.failed}
    found.update(draft.resources)
    return {key: one for key, one in found.items() if one.status not in GONE}


def _ready(draft: Draft) -> Iterator[tuple[str, ResourceState]]:
    remaining, under_way = _remaining(draft), draft.under_way()
    needed = {
        (on, one.logical_id) for one in remaining.values() for on in one.depends_on
    }  # who depends on whom
    held = {on for on, by in needed if on != by}
    for key, one in remaining.items():
        free = one.logical_id not in held
        if free and key not in under_way and key not in draft.operation.failed:
            yield key, one


def _begin(draft: Draft, key: str, resource: ResourceState) -> bool:
    """Whether it is gone already, so that others may be ready."""
    leaving = key if key in draft.leaving else ""
    if not resource.physical_id:
        gone(draft, resource, leaving, ResourceStatus.DELETE_COMPLETE)
        return True
    if _is_kept(draft, resource, leaving):
        gone(draft, resource, leaving, ResourceStatus.DELETE_SKIPPED)
        return True
    reason = NO_SNAPSHOT if resource.deletion_policy == "Snapshot" else ""
    draft.put(resource, ResourceStatus.DELETE_IN_PROGRESS, reason, leaving=leaving)
    draft.begin(TaskAction.DELETE, resource, resource.properties, leaving=leaving)
    return False


def _is_kept(draft: Draft, resource: ResourceState, leaving: str) -> bool:
    """TG-118"""
    if resource.logical_id in draft.operation.retain and not leaving:
        return True
    if resource.deletion_policy == "RetainExceptOnCreate":
        return draft.operation.kind is not OperationKind.CREATE
    return resource.deletion_policy == "Retain"


def gone(draft: Draft, resource: ResourceState, leaving: str, status: ResourceStatus) -> None:
    draft.put(resource, status, leaving=leaving)
    if leaving:
        del draft.leaving[leaving]
