"""Policies of stacks: kept and shown; updates do not look at them (TG-127)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from penstock.services.cloudformation.errors import invalid
from penstock.services.cloudformation.stack_names import changeable, the_stack
from penstock.services.cloudformation.template_sources import read_url
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.stacks import set_policy

LONGEST = 16_384  # bytes


class Policies(Service):
    async def set_stack_policy(self, call: Call, request: Request) -> None:
        stack = await changeable(self.store, call, request["StackName"])
        policy = await policy_of(self.store, call, request)
        if policy is None:
            raise invalid("Either StackPolicyBody or StackPolicyURL must be specified.")
        async with self.store.database.transaction() as connection:
            await set_policy(connection, stack.name.id, policy)

    async def get_stack_policy(self, call: Call, request: Request) -> Answer:
        stack = await the_stack(self.store, call, request["StackName"])
        return {"StackPolicyBody": stack.policy} if stack.policy else {}


async def policy_of(
    store: Store, call: Call, request: Mapping[str, Any], member: str = "StackPolicy"
) -> str | None:
    """What a request says of a policy, in its Body or at its URL. Raises ValidationError."""
    body, url = request.get(f"{member}Body"), request.get(f"{member}URL")
    if body is not None and url is not None:
        raise invalid(f"You cannot specify both {member}Body and {member}URL.")
    if url is not None:
        data = await read_url(store, call, url, what=f"{member}URL", most=LONGEST)
        body = data.decode(errors="replace")
    if body is not None and not _is_policy(body):
        raise invalid("Error validating stack policy: Invalid stack policy")
    return body


def _is_policy(text: str) -> bool:
    try:
        policy = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(policy, dict) and isinstance(policy.get("Statement"), list | dict)
