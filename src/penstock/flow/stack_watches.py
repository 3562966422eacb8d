"""Alarms that roll back a create or an update while it is under way, and some time after (TG-119).

A job looks at them again and again until the operation is over.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from penstock.flow.stack_steps import QUEUE, Inside
from penstock.state.recorded_stacks import Plan
from penstock.state.stacks import StackStatus
from penstock.store.queue import defer

WATCH = "watch_stack"
"""The job that looks at a stack's alarms, with the arguments `stack` and `operation`."""
EVERY = timedelta(seconds=10)
WATCHED = (StackStatus.CREATE_IN_PROGRESS, StackStatus.UPDATE_IN_PROGRESS)


def is_watched(plan: Plan) -> bool:
    asked = plan.rollback
    return bool(asked.get("RollbackTriggers") or asked.get("MonitoringTimeInMinutes"))


def next_look(baked: datetime | None, now: datetime) -> datetime:
    """At the end of the time at the latest."""
    return now + EVERY if baked is None or baked <= now else min(baked, now + EVERY)


async def defer_watch(here: Inside, stack: UUID, operation: UUID, at: datetime) -> None:
    arguments = {"stack": str(stack), "operation": str(operation)}
    once = f"{WATCH} {operation}"
    await defer(here.connection, WATCH, arguments, queue=QUEUE, at=at, once=once)
