"""What nobody would end otherwise: jobs of lost workers, and actions whose time is over (CP-055).

Any number of workers may sweep at the same time, as often as they like: the one door
(`flow.pipelines.finish_action`) lets only the first through.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from psycopg import InterfaceError, OperationalError

from penstock.decide.action_deadlines import spoken
from penstock.flow.actions import QUEUE
from penstock.flow.pipelines import finish_action
from penstock.state.pipelines import Failed
from penstock.store import Store, action_executions, workers

LOG = logging.getLogger("penstock.flow")


async def sweep_actions(store: Store, now: datetime, lost: timedelta) -> int:
    """Settles all that is overdue; returns how many executions it ended or queued again."""
    settled = await workers.queue_jobs_again(store.database, QUEUE, lost)
    for row in await action_executions.find_due(store.database, now):
        try:
            settled += await finish_action(store, row.id, _timed_out(row), now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # the others are not to wait for it
            LOG.exception("%s cannot be ended, though its time is over", row.id)
    return settled


def _timed_out(row: Any) -> Failed:
    what = "action" if row.kind == action_executions.ACTION else "rule"
    time = spoken(row.deadline - row.started)
    return Failed("JobFailed", f"The {what} {row.action} has timed out: it had {time}")
