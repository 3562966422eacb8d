"""The sandbox is in this process's memory. What stacks have in it is made again by a worker."""

from __future__ import annotations

from penstock.flow.stack_steps import QUEUE
from penstock.store.database import Connection
from penstock.store.queue import defer
from penstock.store.sandboxed_stacks import REFILL, begin_sandbox, stacks_in_sandbox


async def begin_anew(connection: Connection) -> bool:
    """Whether there is anything to be made again. To be committed before this server answers: who
    has asked the one before, or asks this one too early, is to know."""
    await begin_sandbox(connection)
    if not await stacks_in_sandbox(connection, limit=1):
        return False
    await defer(connection, REFILL, {}, queue=QUEUE, once=REFILL)
    return True
