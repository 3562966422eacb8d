"""Change sets as callers name them: by name and stack, or by ARN."""

from __future__ import annotations

from uuid import UUID

from penstock.services.cloudformation.errors import change_set_not_found, invalid
from penstock.services.cloudformation.stack_names import the_stack
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.change_sets import ChangeSet, find_by_id, find_by_name


async def the_change_set(store: Store, call: Call, change_set: str, stack: str | None) -> ChangeSet:
    """Raises ChangeSetNotFound, and ValidationError for an unknown stack."""
    found = await find_change_set(store, call, change_set, stack)
    if found is None:
        raise change_set_not_found(change_set)
    return found


async def find_change_set(
    store: Store, call: Call, change_set: str, stack: str | None
) -> ChangeSet | None:
    if change_set.startswith("arn:"):
        return await _by_arn(store, call, change_set)
    if not stack:
        raise invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
    owner = await the_stack(store, call, stack)
    return await find_by_name(store.database, owner.name.id, change_set)


async def _by_arn(store: Store, call: Call, arn: str) -> ChangeSet | None:
    *_, name, last = ("", *arn.split("/"))
    try:
        id = UUID(last)
    except ValueError:
        return None
    found = await find_by_id(store.database, call.account, call.region, name, id)
    return found if found is not None and found.arn == arn else None
