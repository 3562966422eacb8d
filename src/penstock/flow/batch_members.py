"""How a batch hears of the end of one of its builds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from penstock.decide.batch_documents import outcome_of
from penstock.state.builds import Status
from penstock.store.build_batches import end_member
from penstock.store.database import Connection
from penstock.store.queue import defer

ADVANCE = "advance_build_batch"
"""The job that calls `flow.build_batches.advance`, with the argument `batch`."""
QUEUE = "batches"
"""Not the builds' queue, in which it would wait for the very builds it is to stop."""


async def tell_batch(connection: Connection, build: UUID, document: dict[str, Any]) -> None:
    """In the transaction that ends a build; `document` is the API's Build.

    There is one job for each end: one that waits already may have begun to look.
    """
    status = Status(document["buildStatus"])
    batch = await end_member(connection, build, status, outcome_of(document))
    if batch is not None:
        await defer(connection, ADVANCE, {"batch": str(batch)}, queue=QUEUE)
