"""A worker that starts actions, as `penstock worker` runs it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest

from penstock.flow.actions import START
from penstock.state.pipelines import Run, RunStatus

from .plant import Plant
from .yard import PATIENCE, Yard

pytestmark = pytest.mark.anyio


@pytest.fixture
async def plant(yard: Yard) -> Plant:
    plant = Plant(yard.store)
    plant.now = datetime.now(UTC)  # as the worker's is
    await plant.site()
    return plant


async def until(plant: Plant, run: UUID, status: str, stage: str = "") -> Run:
    """The run once it has a status, and has come to a stage."""
    async with asyncio.timeout(PATIENCE), plant.store.notices.of(plant.name.topic) as news:
        while True:
            found = await plant.run(run)
            if found.status == status and (not stage or stage in found.stages):
                return found
            await news.wait()
            news.clear()


async def test_a_worker_starts_what_is_to_be_started(yard: Yard, plant: Plant) -> None:
    async with yard.worker():
        run = await plant.begin()
        await until(plant, run, RunStatus.IN_PROGRESS, "Approve")
        await plant.finish((await plant.actions())["Ask"].id)
        found = await until(plant, run, RunStatus.SUCCEEDED)
    version = found.revisions["Fetch"].id
    assert await plant.read("site", f"{version}/index.html") == b"<p>hello"
    assert await plant.jobs() == []


async def test_a_worker_does_what_a_killed_one_had_begun(yard: Yard, plant: Plant) -> None:
    run = await plant.begin()
    await yard.store.database.execute(
        "UPDATE procrastinate_jobs SET status = 'doing' WHERE task_name = %s", (START,)
    )
    async with yard.worker():
        await until(plant, run, RunStatus.IN_PROGRESS, "Approve")


async def test_a_worker_ends_what_is_overdue(yard: Yard, plant: Plant) -> None:
    """CP-055"""
    run = await plant.begin()
    await yard.store.database.execute("DELETE FROM procrastinate_jobs")
    await yard.store.database.execute("UPDATE action_executions SET deadline = '2026-01-01'")
    async with yard.worker():
        await until(plant, run, RunStatus.FAILED)
