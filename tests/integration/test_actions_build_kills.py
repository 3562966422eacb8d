"""Builds of pipelines, and processes that are killed between one commit and the next (CP-125)."""

from __future__ import annotations

from uuid import UUID

import pytest

from penstock.flow import builds
from penstock.state.pipelines import ActionStatus, RunStatus
from penstock.state.recorded_builds import BuildName
from penstock.store import Store
from penstock.worker.actions import start_action

from .dooming import AFTER, BEFORE, Doomed, Killed
from .dooming import doomed as doomed
from .mill import Mill, build, commands
from .plant import ACCOUNT, REGION, SOURCE, Document, stage
from .yard import Yard, spec

pytestmark = pytest.mark.anyio

CONFIG = {"serviceRole": f"arn:aws:iam::{ACCOUNT}:role/batch"}
BATCH = "version: 0.2\nbatch: {build-list: [{identifier: a}]}\nphases: {build: {commands: [ls]}}\n"
KINDS = {
    "build": build("Make", "web"),
    "batch": build("Make", "many", BatchEnabled="true"),
    "commands": commands("Make", "true"),
}


@pytest.fixture
async def mill(yard: Yard) -> Mill:
    mill = Mill(yard)
    await mill.stock()
    await mill.project("web", spec("true"))
    await mill.project("many", BATCH, buildBatchConfig=CONFIG)
    return mill


async def about_to_make(mill: Mill, make: Document, name: str) -> tuple[UUID, UUID]:
    """A run, and its action that is to be started."""
    await mill.create(stage("Source", SOURCE), stage("Build", make), name=name)
    run = await mill.begin()
    (fetch,) = await mill.jobs()
    await start_action(mill.store, fetch.action)
    await mill.store.database.execute("DELETE FROM procrastinate_jobs")
    return run, (await mill.actions())["Make"].id


@pytest.mark.parametrize("kind", KINDS)
async def test_an_action_that_is_killed_while_it_starts_has_one_build(
    mill: Mill, doomed: Store, kind: str
) -> None:
    """CP-125, CP-126"""
    database = doomed.database
    assert isinstance(database, Doomed)
    database.doom(0, BEFORE)
    _, action = await about_to_make(mill, KINDS[kind], "counted")
    await start_action(doomed, action)
    commits = database.passed
    assert commits >= 2
    for when in (BEFORE, AFTER):
        for at in range(1, commits + 1):
            _, action = await about_to_make(mill, KINDS[kind], f"app-{when}-{at}")
            database.doom(at, when)
            with pytest.raises(Killed):
                await start_action(doomed, action)
            await start_action(doomed, action)
            await start_action(doomed, action)
    of_batch, single = await mill.store.database.fetch_one(
        "SELECT (SELECT count(*) FROM build_batches), (SELECT count(*) FROM builds)"
    ) or (0, 0)
    assert of_batch == (1 + 2 * commits if kind == "batch" else 0)
    assert single == 1 + 2 * commits


@pytest.mark.parametrize("when", [BEFORE, AFTER])
async def test_a_build_and_its_action_end_in_one_transaction(
    mill: Mill, doomed: Store, when: str
) -> None:
    """CP-125"""
    run, action = await about_to_make(mill, KINDS["build"], "app")
    await start_action(mill.store, action)
    _, _, uuid = (await mill.actions())["Make"].external_id.rpartition(":")
    name = BuildName(ACCOUNT, REGION, "web", UUID(uuid))
    assert isinstance(doomed.database, Doomed)
    doomed.database.doom(1, when)
    with pytest.raises(Killed):
        await builds.stop(doomed, name, mill.tick())
    complete = (await mill.yard.document(name))["buildComplete"]
    status = (await mill.actions())["Make"].status
    assert (complete, status) == (
        (False, ActionStatus.IN_PROGRESS) if when == BEFORE else (True, ActionStatus.FAILED)
    )
    await builds.stop(mill.store, name, mill.tick())
    assert (await mill.run(run)).status == RunStatus.FAILED
