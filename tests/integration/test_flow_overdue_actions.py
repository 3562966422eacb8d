"""Actions whose time is over, and jobs of workers that are gone."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from penstock.flow.overdue import LOST, sweep
from penstock.state.pipelines import ActionStatus, RunStatus
from penstock.store import Store
from penstock.worker.actions import start_action

from .plant import SOURCE, Plant, action, stage

pytestmark = pytest.mark.anyio


@pytest.fixture
def plant(store: Store) -> Plant:
    return Plant(store)


async def test_an_approval_that_nobody_answers_fails_after_seven_days(plant: Plant) -> None:
    """CP-055, CP-060"""
    await plant.site()
    run = await plant.begin()
    await plant.work()
    row = (await plant.actions())["Ask"]
    assert row.deadline - row.started == timedelta(days=7)
    assert await sweep(plant.store, row.deadline) == 0
    assert await sweep(plant.store, row.deadline + timedelta(seconds=1)) == 1
    assert await sweep(plant.store, row.deadline + timedelta(seconds=1)) == 0
    row = (await plant.actions())["Ask"]
    assert (row.status, row.error["code"]) == (ActionStatus.FAILED, "JobFailed")
    assert row.error["message"] == "The action Ask has timed out: it had 7 days"
    assert (await plant.run(run)).status == RunStatus.FAILED


async def test_an_approval_may_say_how_long_it_takes(plant: Plant) -> None:
    """CP-015"""
    ask = action("Ask", "Manual", category="Approval") | {"timeoutInMinutes": 5}
    await plant.create(stage("Source", SOURCE), stage("Ask", ask))
    await plant.begin()
    await plant.finish((await plant.actions())["Fetch"].id)
    row = (await plant.actions())["Ask"]
    assert row.deadline - row.started == timedelta(minutes=5)


async def test_several_servers_end_what_is_overdue_once(plant: Plant) -> None:
    await plant.site()
    await plant.begin()
    late = plant.now + timedelta(hours=2)
    assert sum(await asyncio.gather(*(sweep(plant.store, late) for _ in range(4)))) == 1
    assert (await plant.events()).count(("FAILED", "Source", "Fetch")) == 1


async def test_what_is_overdue_does_not_begin_any_more(plant: Plant) -> None:
    await plant.site()
    run = await plant.begin()
    (job,) = await plant.jobs()
    await sweep(plant.store, plant.now + timedelta(hours=2))
    await start_action(plant.store, job.action)
    assert (await plant.run(run)).artifacts == {}


@pytest.mark.parametrize("heard", ["never", "long ago"])
async def test_the_job_of_a_lost_worker_is_done_by_another(plant: Plant, heard: str) -> None:
    await plant.site()
    run = await plant.begin()
    database = plant.store.database
    worker = await database.fetch_one(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour')"
        " RETURNING id"
    )
    assert worker
    await database.execute(
        "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", (worker.id,)
    )
    if heard == "never":
        await database.execute("DELETE FROM procrastinate_workers")
        assert await sweep(plant.store, plant.now) == 1
    else:  # as long as this database is up: it was never away
        assert await sweep(plant.store, plant.now, timedelta(0)) == 1
    assert await plant.work() == 1
    assert (await plant.run(run)).artifacts


async def test_the_job_of_a_worker_that_is_up_is_left_to_it(plant: Plant) -> None:
    await plant.site()
    await plant.begin()
    database = plant.store.database
    worker = await database.fetch_one(
        "INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id"
    )
    assert worker
    await database.execute(
        "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", (worker.id,)
    )
    assert await sweep(plant.store, plant.now, LOST) == 0
    assert await plant.jobs() == []
