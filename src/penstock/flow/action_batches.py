"""Batches of builds that pipelines wait for; of their end `flow.action_builds` tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from penstock.decide.batch_plans import effective_batch
from penstock.decide.pipeline_builds import Ordered, ordered_build
from penstock.flow.action_builds import tell_action_of_batch
from penstock.flow.build_batches import start_batch
from penstock.flow.build_starts import StartOrder, no_project
from penstock.store import Store, action_builds
from penstock.store.projects import find_project

Document = dict[str, Any]


async def start_action_batch(
    store: Store,
    order: StartOrder,
    action: UUID,
    ordered: Ordered,
    *,
    combined: bool,
    check: Callable[[Document], None],
) -> str:
    """Starts the batch of an action, and returns its id; asked again, it is the same batch.

    `order.check` is of the effective batch, `check` of its builds. Raises AwsError as
    `flow.build_batches.start` does.
    """
    async with store.database.transaction() as connection:
        known = await action_builds.reserve_build(connection, action, ordered.outputs)
        if known is not None and known.batch is not None:
            return f"{order.project}:{known.batch}"
        project = await find_project(connection, *order[:3])
        if project is None:
            raise no_project(order)
        config = effective_batch(project.document, {})["buildBatchConfig"]
        effective = {
            **ordered_build(project.document, ordered._replace(batch=not combined)),
            "buildBatchConfig": {**config, "combineArtifacts": combined},
        }
        document = await start_batch(connection, order, check, effective)
        name: str = document["id"]
        batch = UUID(name.rpartition(":")[2])
        await action_builds.keep_build(connection, action, batch=batch)
        if document["complete"]:  # no build of it could be started, and nobody knew whom to tell
            await tell_action_of_batch(connection, batch, document, order.now)
        return name
