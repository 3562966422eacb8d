"""Creates and updates: making what the definition says (TG-106, TG-107).

A resource is begun when all that it depends on is as it is to be, so that what it refers to can be
put in. What does not change by that is no event. Where one fails nothing else is begun, all that is
under way is given up (`cancelling`), and the operation fails when nothing is under way any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.decide.stacks.engine.cancelling import cancel_all
from penstock.decide.stacks.engine.differences import NESTED, is_replaced
from penstock.decide.stacks.engine.draft import Draft
from penstock.decide.stacks.engine.moves import Move
from penstock.decide.stacks.engine.outputs import make_outputs
from penstock.decide.stacks.engine.references import resolved
from penstock.errors import AwsError
from penstock.state.recorded_stacks import OnFailure
from penstock.state.stack_operations import Bake, OperationKind
from penstock.state.stacks import ResourceState, ResourceStatus, TaskAction, Wanted

REPLACED = "Requested update requires the creation of a new physical resource; hence creating one."
MADE = (ResourceStatus.CREATE_COMPLETE, ResourceStatus.UPDATE_COMPLETE)


def go_forward(draft: Draft) -> bool:
    """Begins what can be begun; whether that was all of it, and the stack has moved on."""
    if not draft.failing:
        _begin_ready(draft)
    if not draft.failing and not draft.tasks:
        _refuse_circles(draft)
    if not draft.failing and not draft.tasks:
        outputs = make_outputs(draft)
        if outputs is not None and not _is_baked(draft):
            return False
        if outputs is not None:
            _succeed(draft)
            draft.outputs = outputs
            return True
    if draft.failing:
        cancel_all(draft)
        if not draft.tasks:
            _fail(draft)
            return True
    return False


def _is_baked(draft: Draft) -> bool:
    """Whether no alarm may roll back any more what has been made (TG-119)."""
    if draft.operation.bake is Bake.DUE:
        draft.bake()
    return draft.operation.bake in (Bake.NONE, Bake.OVER)


def _begin_ready(draft: Draft) -> None:
    """What does not change may let others begin that depend on it."""
    through = draft.operation.done | draft.under_way()
    waiting = [name for name in draft.definition.resources if name not in through]
    begun = True
    while begun and not draft.failing:
        ready = [name for name in waiting if _is_ready(draft, name)]
        begun = bool(ready)
        waiting = [name for name in waiting if name not in ready]
        for name in ready:
            try:
                _begin(draft, name, draft.definition.resources[name])
            except AwsError as error:
                _refuse(draft, name, draft.definition.resources[name], error.message)


def _is_ready(draft: Draft, name: str) -> bool:
    wanted = draft.definition.resources
    return all(one in draft.operation.done or one not in wanted for one in wanted[name].depends_on)


def _refuse_circles(draft: Draft) -> None:
    """What waits although nothing is under way waits for itself."""
    left = [name for name in draft.definition.resources if name not in draft.operation.done]
    if left:
        draft.fail_by(f"Circular dependency between resources: [{', '.join(left)}]")


def _begin(draft: Draft, name: str, wanted: Wanted) -> None:
    properties: Mapping[str, Any] = resolved(wanted.properties, draft.resources)
    current = draft.resources.get(name)
    if current is None or not current.physical_id:
        touch(draft, name, None)
        _create(draft, name, wanted, properties)
    elif current.status not in (*MADE, ResourceStatus.UPDATE_FAILED):
        # A create that has failed, and was not rolled back: the half of it goes first.
        touch(draft, name, None)
        draft.put(current, ResourceStatus.DELETE_IN_PROGRESS)
        draft.begin(TaskAction.DELETE, current, current.properties)
    elif name not in draft.operation.retagged and _is_same(current, wanted, properties):
        _keep(draft, current, wanted)
    else:
        _change(draft, current, wanted, properties)


def _is_same(current: ResourceState, wanted: Wanted, properties: Mapping[str, Any]) -> bool:
    """Nested stacks are looked into whatever they are given, as their templates may change."""
    same = current.properties == properties and current.type == wanted.type
    return same and current.status in MADE and wanted.type != NESTED


def _create(draft: Draft, name: str, wanted: Wanted, properties: Mapping[str, Any]) -> None:
    status = ResourceStatus.CREATE_IN_PROGRESS
    new = ResourceState(name, wanted.type, status, properties=properties)
    begun = draft.put(_as_wanted(new, wanted), status)
    draft.begin(TaskAction.CREATE, begun, properties)


def _keep(draft: Draft, current: ResourceState, wanted: Wanted) -> None:
    """No property changes; metadata may, which nobody has to do anything about."""
    kept = _as_wanted(current, wanted)
    if kept != current:
        touch(draft, current.logical_id, current)
        if kept.metadata != current.metadata:
            draft.put(kept, ResourceStatus.UPDATE_IN_PROGRESS)
            draft.put(kept, ResourceStatus.UPDATE_COMPLETE)
        else:
            draft.resources[current.logical_id] = kept
    draft.done(current.logical_id)


def _change(
    draft: Draft, current: ResourceState, wanted: Wanted, properties: Mapping[str, Any]
) -> None:
    touch(draft, current.logical_id, current)
    replaced = current.type != wanted.type or is_replaced(
        wanted.replaced_by, current.properties, properties
    )
    changing = draft.put(
        _as_wanted(current, wanted),
        ResourceStatus.UPDATE_IN_PROGRESS,
        REPLACED if replaced else "",
        properties=properties,
    )
    if replaced:
        draft.begin(TaskAction.CREATE, changing._replace(type=wanted.type), properties)
    else:
        previous = current.properties
        draft.begin(TaskAction.UPDATE, changing, properties, previous=previous)


def _as_wanted(resource: ResourceState, wanted: Wanted) -> ResourceState:
    """With what of a resource is a matter of the template alone."""
    return resource._replace(
        depends_on=wanted.depends_on,
        deletion_policy=wanted.deletion_policy,
        metadata=wanted.metadata,
    )


def touch(draft: Draft, name: str, before: ResourceState | None) -> None:
    """Remembers what an update goes back to: what was there before the first that has not
    succeeded."""
    if draft.operation.kind is OperationKind.UPDATE and name not in draft.earlier:
        draft.earlier[name] = before


def _refuse(draft: Draft, name: str, wanted: Wanted, reason: str) -> None:
    """What it refers to is not there: it has failed without anybody having begun it."""
    current = draft.resources.get(name)
    if current is not None and current.physical_id:
        touch(draft, name, current)
        draft.put(current, ResourceStatus.UPDATE_FAILED, reason)
        draft.failed(name, TaskAction.UPDATE)
        return
    touch(draft, name, None)
    status = ResourceStatus.CREATE_FAILED
    draft.put(_as_wanted(ResourceState(name, wanted.type, status), wanted), status, reason)
    draft.failed(name, TaskAction.CREATE)


def _succeed(draft: Draft) -> None:
    """What the stack no longer has is left to the cleanup, with its policy (TG-118)."""
    wanted = draft.definition.resources
    for name, before in draft.earlier.items():
        current = draft.resources.get(name)
        if before is not None and (current is None or before.physical_id != current.physical_id):
            one = wanted.get(name)
            draft.leave(before, one.update_replace_policy if one else before.deletion_policy)
    for name in [name for name in draft.resources if name not in wanted]:
        removed = draft.resources.pop(name)
        draft.leave(removed, removed.deletion_policy)
    draft.earlier = {}
    draft.move(Move.COMPLETE)


def _fail(draft: Draft) -> None:
    reason = reason_of(draft)
    operation = draft.operation
    draft.operation = operation._replace(why=operation.why or reason)
    if operation.on_failure is OnFailure.DO_NOTHING:
        draft.move(Move.STAY, reason)
    elif operation.kind is OperationKind.UPDATE:
        draft.move(Move.ROLL_BACK, reason)
    elif operation.on_failure is OnFailure.DELETE:
        draft.move(Move.DELETE, f"{_sentence(reason)} Delete requested by user.")
    else:
        draft.move(Move.ROLL_BACK, f"{_sentence(reason)} Rollback requested by user.")


def reason_of(draft: Draft) -> str:
    """Why the stack is where it is, in CloudFormation's words."""
    operation = draft.operation
    if operation.problem:
        return operation.problem
    return "".join(
        f"The following resource(s) failed to {action}: [{', '.join(names)}]. "
        for action in TaskAction
        if (names := _failed_at(operation.failed, action))
    )


def _failed_at(failed: Mapping[str, TaskAction], action: TaskAction) -> list[str]:
    """Logical ids; keys of what is leaving have more in them."""
    return [key.partition(" ")[0] for key, at in failed.items() if at is action]


def _sentence(reason: str) -> str:
    return reason.rstrip(" .") + "."
