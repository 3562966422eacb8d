"""What nobody would end otherwise: builds of lost workers, and those whose time is over.

Any number of workers may sweep at the same time, as often as they like: each build is looked at
again under its lock, and one that another has just settled is left as it is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from penstock.flow.builds import GRACE, give_up
from penstock.flow.overdue_actions import sweep_actions
from penstock.flow.overdue_stacks import sweep_stacks
from penstock.state.builds import PhaseContext, Status
from penstock.state.recorded_builds import Stage
from penstock.store import Store, builds, workers
from penstock.store.database import Connection

LOST = timedelta(seconds=10)
"""A worker not heard of for so long is lost, and all that it has begun."""
OVERTIME = GRACE * 2
"""A build ends itself when its time is over. Only one that does not is ended from outside."""

QUEUED_TOO_LONG = PhaseContext("QUEUED_TIMED_OUT", "Build has been in the queue for too long.")
TIMED_OUT = PhaseContext("BUILD_TIMED_OUT", "Build has timed out.")


async def sweep(store: Store, now: datetime, lost: timedelta = LOST) -> int:
    """Settles all that is overdue; returns how many builds it ended or queued again."""
    settled = await workers.queue_again(store.database, lost)
    settled += await sweep_actions(store, now, lost)
    settled += await sweep_stacks(store, now, lost)
    for build in await workers.builds_of_lost_workers(store.database, lost):
        settled += await _settle(store, build, now, lost)
    for build in await builds.find_overdue(store.database, now, OVERTIME):
        settled += await _settle(store, build, now, lost)
    await workers.forget_lost_workers(store.database, lost)
    return settled


async def _settle(store: Store, build: UUID, now: datetime, lost: timedelta) -> bool:
    async with store.database.transaction() as connection:
        row = await builds.lock_build(connection, build)
        verdict = await _verdict(connection, row, now, lost) if row else None
        if verdict is None:
            return False
        await give_up(connection, row, *verdict, now)
        return True


async def _verdict(
    connection: Connection, row: Any, now: datetime, lost: timedelta
) -> tuple[Status, PhaseContext] | None:
    """How a build ends that is locked; None for one that goes on, or has ended."""
    if row.stage == Stage.QUEUED and row.queued_until < now:
        return Status.TIMED_OUT, QUEUED_TOO_LONG
    if row.stage == Stage.RUNNING and row.deadline < now - OVERTIME:
        return Status.TIMED_OUT, TIMED_OUT
    if row.stage == Stage.RUNNING and await workers.is_lost(connection, row.worker, lost):
        name = await workers.worker_name(connection, row.worker)
        return Status.FAULT, worker_gone(name)
    return None


def worker_gone(name: str) -> PhaseContext:
    message = f"The worker {name} has ended, or cannot reach the database, and the build with it."
    return PhaseContext("WORKER_LOST", message)
