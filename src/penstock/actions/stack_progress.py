"""How far a stack's operation is that an action has begun.

It is read from the events that have the action's token: these stay as they are, whatever others do
to the stack afterwards, and when it is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from penstock.decide.stacks.engine.moves import UNDER_WAY
from penstock.state.calls import Call
from penstock.state.stacks import StackStatus
from penstock.store import Store
from penstock.store.stack_events import TokenEvent, list_of_token


class Progress(NamedTuple):
    """The id of the stack, what it has come to by the operation, and why that is no success."""

    stack: UUID
    status: StackStatus
    reason: str = ""

    @property
    def under_way(self) -> bool:
        return self.status in UNDER_WAY


async def progress_of(store: Store, call: Call, token: str) -> Progress | None:
    """None where nothing has begun with the token."""
    events = await list_of_token(store.database, call.account, call.region, token)
    own = [one for one in events if not one.logical_id]
    if not own:
        return None
    stack = own[-1].stack
    told = [one for one in events if one.stack == stack]
    return Progress(stack, StackStatus(own[-1].status), _reason(told))


def _reason(events: Sequence[TokenEvent]) -> str:
    """What the stack says after its operation has begun, and of the resource that failed first."""
    said = [one.reason for one in events[1:] if one.reason and not one.logical_id]
    failed = (one for one in events if one.logical_id and one.status.endswith("_FAILED"))
    cause = next((f"{one.logical_id}: {one.reason}" for one in failed if one.reason), "")
    return " ".join(one.strip() for one in (*said[:1], cause) if one)
