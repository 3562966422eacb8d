"""Custom actions: jobs, which job workers poll for (CP-145, CP-158)."""

from __future__ import annotations

from datetime import UTC, datetime

from penstock.actions.contract import Outcome, Start, Waiting
from penstock.flow.jobs import open_job
from penstock.store import Store


async def start(store: Store, start: Start) -> Outcome:
    await open_job(store, start, datetime.now(UTC))
    return Waiting()
