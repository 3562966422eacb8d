"""Builds that pipelines wait for: started once for each action, and heard of when they end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from penstock.decide.batch_plans import current
from penstock.decide.pipeline_builds import (
    Ordered,
    batch_outcome_of,
    ordered_build,
    outcome_of,
)
from penstock.flow.build_starts import StartOrder, no_project, start_alone, start_within
from penstock.flow.pipelines import Result, finish_action
from penstock.state.recorded_builds import BuildName
from penstock.store import Store, action_builds, build_batches
from penstock.store.database import Connection
from penstock.store.projects import find_project

Document = dict[str, Any]

INITIATOR = "codepipeline/"
"""What the initiator of such a build begins with (CB-111)."""


async def start_build(store: Store, order: StartOrder, action: UUID, ordered: Ordered) -> BuildName:
    """Starts the build of an action; asked again, it is the same build.

    `order` needs no request. Raises AwsError as `flow.build_starts.start` does.
    """

    async def begin(connection: Connection) -> Document:
        project = await find_project(connection, *order[:3])
        if project is None:
            raise no_project(order)
        return await start_within(connection, order, ordered_build(project.document, ordered))

    return await _start_once(store, order, action, ordered, begin)


async def start_commands(
    store: Store, order: StartOrder, action: UUID, project: Document, ordered: Ordered
) -> BuildName:
    """As `start_build`, of a project that is there for this action alone."""

    async def begin(connection: Connection) -> Document:
        return await start_alone(connection, order, ordered_build(project, ordered))

    return await _start_once(store, order, action, ordered, begin)


async def _start_once(
    store: Store,
    order: StartOrder,
    action: UUID,
    ordered: Ordered,
    begin: Callable[[Connection], Awaitable[Document]],
) -> BuildName:
    async with store.database.transaction() as connection:
        known = await action_builds.reserve_build(connection, action, ordered.outputs)
        if known is not None and known.build is not None:
            build = known.build
        else:
            document = await begin(connection)
            build = UUID(document["id"].rpartition(":")[2])
            await action_builds.keep_build(connection, action, build=build)
    return BuildName(order.account, order.region, order.project, build)


async def tell_action(
    connection: Connection, build: UUID, document: Document, now: datetime
) -> None:
    """In the transaction that ends a build; nothing where no pipeline waits for it."""
    if not document["initiator"].startswith(INITIATOR):
        return
    found = await action_builds.find_of_build(connection, build)
    if found is not None:
        outcome = outcome_of(document, found.outputs)
        await finish_action(connection, found.action, outcome, now, result=_named(document))


async def tell_action_of_batch(
    connection: Connection, batch: UUID, document: Document, now: datetime
) -> None:
    """As `tell_action`, in the transaction that ends a batch."""
    if not document["initiator"].startswith(INITIATOR):
        return
    found = await action_builds.find_of_batch(connection, batch)
    if found is not None:
        members = current(await build_batches.read_members(connection, batch))
        outcome = batch_outcome_of(document, [one.outcome for one in members], found.outputs)
        await finish_action(connection, found.action, outcome, now, result=_named(document))


def _named(document: Document) -> Result:
    """Who started the build may have been killed before it could say which one it is."""
    return Result(external_id=document["id"])
