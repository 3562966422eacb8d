"""What is done every minute, by whichever worker is free; all of it may be done twice."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from penstock.flow.build_batches import advance_all
from penstock.flow.repositories import settle
from penstock.services.codebuild.batch_rules import check_member
from penstock.store import Store, secrets
from penstock.store.build_batches import forget_batches
from penstock.store.builds import forget_builds
from penstock.store.events import forget_events, forget_points
from penstock.store.leftovers import collect_blobs
from penstock.store.lifecycle import apply_lifecycle
from penstock.store.log_retention import apply_retention
from penstock.store.pipeline_executions import forget_executions
from penstock.store.reports import forget_expired_reports
from penstock.store.storage_error import StorageError
from penstock.store.triggers import forget_verdicts
from penstock.worker.polling import poll

LOG = logging.getLogger("penstock.worker")
HISTORY = timedelta(days=365)
"""How long builds are kept (CB-140), and executions of pipelines (CP-053)."""

POINTS = timedelta(days=455)
"""How long metrics are kept: CloudWatch's fifteen months."""
EVENTS = timedelta(days=30)
"""How long events are kept, and what came of them."""

VERDICTS = timedelta(days=30)
"""How long it can be asked why a change has started nothing."""


async def keep_up(store: Store) -> None:
    """Does all of it, whatever part fails."""
    now = datetime.now(UTC)
    works: tuple[Callable[[], Awaitable[int]], ...] = (
        lambda: apply_lifecycle(store, now),
        lambda: collect_blobs(store, now),
        lambda: apply_retention(store, now),
        lambda: secrets.purge(store.database, now),
        lambda: forget_expired_reports(store.database, now),
        lambda: forget_builds(store.database, now - HISTORY),
        lambda: forget_batches(store.database, now - HISTORY),
        lambda: forget_executions(store.database, now - HISTORY),
        lambda: forget_events(store.database, now - EVENTS),
        lambda: forget_points(store.database, now - POINTS),
        lambda: advance_all(store, check_member, now),
        lambda: settle(store),
        lambda: forget_verdicts(store.database, now - VERDICTS),
        lambda: poll(store, now),  # the last, as it waits for others
    )
    for work in works:
        try:
            await work()
        except StorageError as error:
            LOG.error("a part of the upkeep is left for later: %s", error)
        except Exception:
            LOG.exception("a part of the upkeep failed")
