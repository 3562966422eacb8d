"""What tests of several transactions at once have to know of each other's locks."""

from __future__ import annotations

import asyncio
from typing import Any

from penstock.store import Store

WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


async def until_it_waits(store: Store, task: asyncio.Task[Any]) -> None:
    """Returns when a connection of the tests' database waits for a lock, or `task` has ended.

    Nothing announces the first: PostgreSQL has to be asked.
    """
    while not task.done() and await store.database.fetch_one(WAITING) is None:
        await asyncio.sleep(0)
