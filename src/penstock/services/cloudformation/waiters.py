"""Tools that wait for a stack look every 30 seconds. A request that says it is such a look is kept
until the stack has come to an end, for a while: so `aws cloudformation deploy` returns with that.

SDKs say it by the feature `B` of their user agent, the aws CLI of version 2 by the command's name.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress

from penstock.decide.stacks.engine.moves import UNDER_WAY
from penstock.flow.stacks import topic
from penstock.store import Store
from penstock.store.stacks import Stack, get_stack

PATIENCE = 20.0
"""Seconds; clients give up after 60."""
_WAITER = re.compile(
    r"(?:^|\s)(?:m/(?:[^\s,]+,)*B(?:[\s,]|$)|command/cloudformation\.(?:wait|deploy)\b)"
)


def is_waiter(headers: Mapping[str, str]) -> bool:
    return _WAITER.search(headers.get("user-agent", "")) is not None


async def settled(store: Store, stack: Stack, patience: float = PATIENCE) -> Stack:
    """The stack as it is when nothing is under way in it any more, or else after a while."""
    if stack.status not in UNDER_WAY:
        return stack
    async with store.notices.of(topic(stack.name.id)) as news:
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while stack.status in UNDER_WAY:
                    news.clear()
                    found = await get_stack(store.database, store.sealer, stack.name.id)
                    if found is None:
                        break
                    stack = found
                    if stack.status in UNDER_WAY:
                        await news.wait()
    return stack
