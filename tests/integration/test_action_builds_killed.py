"""Builds of pipelines whose starter was killed before it could say that they have begun."""

from __future__ import annotations

import pytest

from penstock.actions import provider_of
from penstock.flow.action_starts import read_start
from penstock.state.pipelines import RunStatus
from penstock.worker.actions import start_action

from .mill import Mill, build, mill
from .plant import SOURCE, stage
from .yard import spec

__all__ = ["mill"]
pytestmark = pytest.mark.anyio


async def test_a_build_that_ends_before_anybody_has_told_of_its_start_is_named(
    mill: Mill,
) -> None:
    await mill.stock()
    await mill.project("web", spec("true"))
    await mill.create(stage("Source", SOURCE), stage("Build", build("Make", "web")))
    run = await mill.begin()
    (fetch,) = await mill.jobs()
    await start_action(mill.store, fetch.action, mill.tick)
    await mill.store.database.execute("DELETE FROM procrastinate_jobs WHERE id = %s", (fetch.id,))
    (make,) = await mill.jobs()
    start = await read_start(mill.store, make.action)
    assert start is not None
    await provider_of(start.action.type)(mill.store, start)
    await mill.store.database.execute("DELETE FROM procrastinate_jobs WHERE id = %s", (make.id,))
    async with mill.yard.worker():
        assert (await mill.ended(run)).status == RunStatus.SUCCEEDED
    listed = await mill.yard.ask("codebuild", "ListBuilds")
    assert [(await mill.actions())["Make"].external_id] == listed["ids"]
