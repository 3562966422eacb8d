"""The sandbox is in this process's memory. What stacks have in it is made again by a worker."""

from __future__ import annotations

from penstock.flow.stack_steps import QUEUE
from penstock.store import Store
from penstock.store.queue import defer
from penstock.store.sandboxed_stacks import REFILL, stacks_in_sandbox


async def refill_later(store: Store) -> bool:
    """Whether there is anything to be made again. Call it once this server answers."""
    async with store.database.transaction() as connection:
        if not await stacks_in_sandbox(connection, limit=1):
            return False
        await defer(connection, REFILL, {}, queue=QUEUE, once=REFILL)
    return True
