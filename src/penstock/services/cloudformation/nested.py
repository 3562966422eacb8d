"""Stacks in stacks (TG-121): what a parent's task begins, and waits for.

A child has begun by its parent's task exactly once: its id is made of the task's, and an update
has the task's id as its token. So tasks may be done again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import NAMESPACE_OID, UUID, uuid5

from penstock.decide.stacks.engine.moves import UNDER_WAY
from penstock.errors import AwsError
from penstock.flow import stacks as flow
from penstock.flow.stack_endings import nested_attributes
from penstock.services.cloudformation.asked import Asked
from penstock.services.cloudformation.errors import invalid
from penstock.services.cloudformation.planning import make_plan
from penstock.services.cloudformation.stack_names import check_name, find, plan_of
from penstock.services.cloudformation.template_sources import read_url
from penstock.services.cloudformation.updating import changes_nothing
from penstock.state.calls import Call
from penstock.state.recorded_stacks import OnFailure, Plan, Waiter
from penstock.state.stacks import StackName
from penstock.store import Store
from penstock.store.stacks import Stack, find_plan, get_stack


class Nested(NamedTuple):
    """What a resource AWS::CloudFormation::Stack is to be: its properties with all references
    resolved, and the tags that its parent hands down. `parent` is an ARN, `task` its task."""

    properties: Mapping[str, Any]
    tags: Mapping[str, str]
    parent: str
    task: UUID


async def start_child(store: Store, call: Call, name: str, nested: Nested) -> str:
    """Begins the create of a stack of this name; its ARN. Raises AwsError."""
    check_name(name)
    child = StackName(call.account, call.region, name, uuid5(NAMESPACE_OID, str(nested.task)))
    if await get_stack(store.database, store.sealer, child.id) is not None:
        return child.arn
    plan = await _plan(store, call, child, nested, None)
    await flow.create(
        store,
        child,
        plan,
        principal=call.principal,
        now=call.now,
        waiter=Waiter(task=nested.task),
        parent=nested.parent,
    )
    return child.arn


async def update_child(
    store: Store, call: Call, arn: str, nested: Nested, back: int | None = None
) -> bool:
    """Begins its update, `back` to a plan that it had where that is still known; False where there
    is nothing to be done. Raises AwsError."""
    stack = await _child(store, call, arn)
    token = str(nested.task)
    if stack.token == token and stack.status in UNDER_WAY:
        return True
    if back is not None and back == stack.plan_id:
        return False
    previous = await plan_of(store, stack)
    plan = await _earlier(store, stack, back)
    if plan is None:
        plan = await _plan(store, call, stack.name, nested, previous)
        if changes_nothing(stack, previous, plan):
            return False
    await flow.update(
        store,
        stack.name,
        plan,
        principal=call.principal,
        now=call.now,
        waiter=Waiter(task=nested.task),
        token=token,
    )
    return True


async def delete_child(store: Store, call: Call, arn: str, task: UUID) -> bool:
    """Begins its delete; False where it is gone. Raises AwsError."""
    stack = await find(store, call, arn)
    if stack is None or stack.deleted is not None:
        return False
    await flow.delete(
        store, stack.name, principal=call.principal, now=call.now, waiter=Waiter(task=task)
    )
    return True


async def child_attributes(store: Store, call: Call, arn: str) -> dict[str, Any]:
    stack = await _child(store, call, arn)
    return dict(nested_attributes(stack.outputs, stack.plan_id))


async def _child(store: Store, call: Call, arn: str) -> Stack:
    stack = await find(store, call, arn)
    if stack is None or stack.deleted is not None:
        raise AwsError("ValidationError", f"Stack [{arn}] does not exist")
    return stack


async def _earlier(store: Store, stack: Stack, plan: int | None) -> Plan | None:
    """A plan that a stack had before. What has been put where its template came from may be
    another by now."""
    if plan is None:
        return None
    return await find_plan(store.database, store.sealer, stack.name.id, plan)


async def _plan(
    store: Store, call: Call, name: StackName, nested: Nested, previous: Plan | None
) -> Plan:
    url = nested.properties.get("TemplateURL")
    if not isinstance(url, str):
        raise invalid("TemplateURL must be a string")
    data = await read_url(store, call, url)
    parent = await find(store, call, nested.parent)
    above = parent.plan if parent is not None else None
    asked = asked_for_child(above, nested.properties, nested.tags)
    return (await make_plan(store, call, name, data, asked, previous)).plan


def asked_for_child(
    above: Plan | None, properties: Mapping[str, Any], tags: Mapping[str, str]
) -> Asked:
    """What was acknowledged for the stack `above`, and whether it rolls back, goes for it too.

    It has the tags of its parent, but for those that say whose resource it is.
    """
    handed = {key: value for key, value in tags.items() if not key.startswith("aws:")}
    stays = above is not None and above.on_failure is OnFailure.DO_NOTHING
    own = {one["Key"]: _text(one["Value"]) for one in properties.get("Tags", ())}
    return Asked(
        parameters={name: _text(value) for name, value in properties.get("Parameters", {}).items()},
        capabilities=above.capabilities if above else (),
        tags={**handed, **own},
        notification_arns=tuple(properties.get("NotificationARNs", ())),
        role_arn=above.role_arn if above else "",
        on_failure=OnFailure.DO_NOTHING if stays else OnFailure.ROLLBACK,
        timeout=int(properties.get("TimeoutInMinutes", 0)),
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(_text, value)) if isinstance(value, list | tuple) else str(value)
