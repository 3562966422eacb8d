"""Stacks as callers name them: by name, or by ARN, which deleted ones have still (TG-109)."""

from __future__ import annotations

import re

from penstock.errors import AwsError
from penstock.services.cloudformation.errors import does_not_exist, invalid, no_stack
from penstock.state.calls import Call
from penstock.state.recorded_stacks import Plan
from penstock.store import Store
from penstock.store.stacks import Stack, find_stack, read_plan

_NAME = re.compile("[a-zA-Z][-a-zA-Z0-9]*")
LONGEST = 128


def check_name(name: str) -> None:
    """Of a stack that is to be made. Raises ValidationError."""
    if len(name) > LONGEST:
        raise _refused(name, f"Member must have length less than or equal to {LONGEST}")
    if not _NAME.fullmatch(name):
        raise _refused(name, f"Member must satisfy regular expression pattern: {_NAME.pattern}")


def _refused(name: str, constraint: str) -> AwsError:
    return invalid(
        f"1 validation error detected: Value '{name[:1024]}' at 'stackName' failed to satisfy"
        f" constraint: {constraint}"
    )


async def find(store: Store, call: Call, stack: str) -> Stack | None:
    return await find_stack(store.database, store.sealer, call.account, call.region, stack)


async def the_stack(store: Store, call: Call, stack: str) -> Stack:
    """One that is read. Raises ValidationError."""
    found = await find(store, call, stack)
    if found is None:
        raise does_not_exist(stack)
    return found


async def changeable(store: Store, call: Call, stack: str) -> Stack:
    """One that something is to be done with. Raises ValidationError."""
    found = await find(store, call, stack)
    if found is None:
        raise no_stack(stack)
    return found


async def plan_of(store: Store, stack: Stack) -> Plan | None:
    """All of a stack's plan; None before there is one."""
    if stack.plan_id is None:
        return None
    return await read_plan(store.database, store.sealer, stack.plan_id)
