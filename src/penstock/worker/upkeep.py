"""What is done every minute, by whichever worker is free; all of it may be done twice."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from penstock.flow.build_batches import advance_all
from penstock.services.codebuild.batch_rules import check_member
from penstock.store import Store, secrets
from penstock.store.build_batches import forget_batches
from penstock.store.builds import forget_builds
from penstock.store.leftovers import collect_blobs
from penstock.store.lifecycle import apply_lifecycle
from penstock.store.log_retention import apply_retention
from penstock.store.reports import forget_expired_reports

LOG = logging.getLogger("penstock.worker")
HISTORY = timedelta(days=365)
"""How long builds are kept (CB-140)."""


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
        lambda: advance_all(store, check_member, now),
    )
    for work in works:
        try:
            await work()
        except Exception:
            LOG.exception("a part of the upkeep failed")
