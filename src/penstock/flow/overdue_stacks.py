"""What nobody would end otherwise: jobs of lost workers, tasks that wait in vain, creates that take
too long; and deleted stacks that nobody can ask about any more.

Any number of workers may sweep at the same time, as often as they like: the steps of `flow.stacks`
let only the first through.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from psycopg import InterfaceError, OperationalError

from penstock.flow.stack_steps import QUEUE
from penstock.flow.stacks import finish_task, time_over
from penstock.state.stacks import NotMade
from penstock.store import Store, stack_tasks, stacks, workers

LOG = logging.getLogger("penstock.flow")
KEPT = timedelta(days=90)
"""How long a deleted stack can be found by its id (TG-109)."""


async def sweep_stacks(store: Store, now: datetime, lost: timedelta) -> int:
    """Settles all that is overdue; returns how much it was."""
    settled = await workers.queue_jobs_again(store.database, QUEUE, lost)
    for row in await stack_tasks.find_due(store.database, now):
        settled += await _settle(row.id, _timed_out(store, row, now))
    for stack in await stacks.find_overdue(store.database, now):
        settled += await _settle(stack, _over(store, stack, now))
    return settled + await stacks.forget_stacks(store.database, now - KEPT)


def _timed_out(store: Store, row: Any, now: datetime) -> Callable[[], Awaitable[bool]]:
    reason = f"{row.logical_id} has timed out: nobody has said how it ended"
    return lambda: finish_task(store, row.id, NotMade(reason), now)


def _over(store: Store, stack: Any, now: datetime) -> Callable[[], Awaitable[bool]]:
    return lambda: time_over(store, stack, now)


async def _settle(what: object, settle: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await settle()
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # the others are not to wait for it
        LOG.exception("%s cannot be ended, though its time is over", what)
        return False
