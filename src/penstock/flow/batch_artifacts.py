"""The last phase of a batch whose artifacts are combined (CB-106): asked for, done, recorded.

A worker does it, in a job that may be lost with it: whoever advances the batch asks again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from penstock.decide import batch_documents
from penstock.decide.batch_artifacts import Combining, parts_of
from penstock.flow.action_builds import tell_action_of_batch
from penstock.flow.build_starts import QUEUE
from penstock.state.builds import PhaseContext, Status
from penstock.state.recorded_builds import Place
from penstock.store import Store
from penstock.store import build_batches as batches
from penstock.store.database import Connection
from penstock.store.notices import notify
from penstock.store.queue import defer

COMBINE = "combine_artifacts"
"""The job that does it, with the argument `batch`; among builds, being as much work as one."""


async def ask_to_combine(connection: Connection, batch: UUID) -> None:
    await defer(connection, COMBINE, {"batch": str(batch)}, queue=QUEUE, once=f"{COMBINE} {batch}")


async def find_combining(store: Store, batch: UUID) -> Combining | None:
    """What is to be combined; None where nothing is any more."""
    async with store.database.transaction() as connection:
        row = await batches.lock_batch(connection, batch)
        if row is None or not _is_combining(row):
            return None
        parts = parts_of(row.plan, await batches.read_members(connection, batch))
    attempt = len(row.document["phases"])
    return Combining(batches.name_of(row), row.effective["artifacts"], parts, attempt)


async def record_combined(
    store: Store, work: Combining, outcome: Place | PhaseContext | None, now: datetime
) -> None:
    """Ends the batch with the artifact, without one where no build had any, or with what failed.

    Nothing happens where it has ended meanwhile.
    """
    async with store.database.transaction() as connection:
        row = await batches.lock_batch(connection, work.name.uuid)
        if row is None or not _is_combining(row) or len(row.document["phases"]) != work.attempt:
            return
        document, status, why = row.document, Status.SUCCEEDED, PhaseContext()
        if isinstance(outcome, Place):
            document = batch_documents.combined(document, outcome)
        elif outcome is not None:
            status, why = Status.FAILED, outcome
        document = batch_documents.ended(document, status, why, now)
        await batches.save_document(connection, row.id, document, now)
        await tell_action_of_batch(connection, row.id, document, now)
        await notify(connection, work.name.topic)


def _is_combining(row: Any) -> bool:
    return row.ended is None and batch_documents.is_combining(row.document)
