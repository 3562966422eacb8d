"""Going back to what a stack was before an update that has failed (TG-105).

Only what the update has touched is restored, each after what it depended on. What was made in place
of another makes room for that again, and what is new is left to the cleanup.
"""

from __future__ import annotations

from penstock.decide.stacks.engine.differences import NESTED
from penstock.decide.stacks.engine.draft import Draft
from penstock.decide.stacks.engine.forward import MADE, reason_of
from penstock.decide.stacks.engine.moves import Move
from penstock.state.stacks import ResourceState, ResourceStatus, TaskAction


def restore(draft: Draft) -> bool:
    """Begins what can be restored; whether that was all, and the stack has moved on."""
    ready = _ready(draft)
    while ready:
        restored_now = [_begin(draft, before) for before in ready]
        ready = _ready(draft) if any(restored_now) else []
    if draft.tasks:
        return False
    if draft.operation.failed:
        draft.move(Move.STAY, reason_of(draft))
    else:
        _remove_new(draft)
        draft.earlier = {}
        draft.move(Move.COMPLETE)
    return True


def _ready(draft: Draft) -> list[ResourceState]:
    done, under_way = draft.operation.done, draft.under_way()
    todo = {
        name: before
        for name, before in draft.earlier.items()
        if before is not None and name not in done
    }
    return [
        before
        for name, before in todo.items()
        if name not in under_way
        and name not in draft.operation.failed
        and not any(on in todo for on in before.depends_on)
    ]


def _begin(draft: Draft, before: ResourceState) -> bool:
    """Whether it is restored already, so that others may be ready."""
    name = before.logical_id
    current = draft.resources[name]
    if current.physical_id != before.physical_id:
        draft.leave(current, "Delete")
        draft.put(before, ResourceStatus.UPDATE_IN_PROGRESS)
        restored(draft, before)
        return True
    again = current.type == NESTED or name in draft.operation.retagged
    if current.properties == before.properties and not again:
        put_back(draft, current, before)
        return True
    draft.put(current, ResourceStatus.UPDATE_IN_PROGRESS, properties=before.properties)
    draft.begin(
        TaskAction.UPDATE,
        current._replace(metadata=before.metadata, attributes=before.attributes),
        before.properties,
        previous=current.properties,
    )
    return False


def put_back(draft: Draft, current: ResourceState, before: ResourceState) -> None:
    """What was touched, and is as it was, but for what the template alone says of it."""
    if current.status == before.status and current.metadata == before.metadata:
        draft.resources[before.logical_id] = before
        draft.done(before.logical_id)
    else:
        restored(draft, before)


def restored(draft: Draft, before: ResourceState) -> None:
    status = ResourceStatus.UPDATE_COMPLETE
    if before.status not in MADE:
        status = before.status  # it had failed before, too
    draft.put(before, status)
    draft.done(before.logical_id)


def _remove_new(draft: Draft) -> None:
    for name, before in draft.earlier.items():
        if before is None and name in draft.resources:
            new = draft.resources.pop(name)
            policy = new.deletion_policy
            draft.leave(new, "Delete" if policy == "RetainExceptOnCreate" else policy)
