"""Batches of builds where much happens at once, in any order, or gets lost."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID

import pytest

from penstock.flow.batch_members import ADVANCE
from penstock.flow.build_batches import advance, advance_all
from penstock.services.codebuild.batch_rules import check_member
from penstock.state.builds import Status
from penstock.store.builds import lock_build, take_number

from .batch_machine import (
    ACCOUNT,
    BAD,
    OK,
    REGION,
    Machine,
    batchspec,
    run,
    running,
    statuses,
    task,
)
from .locks import until_it_waits

pytestmark = pytest.mark.anyio


async def test_a_batch_goes_on_after_a_job_was_lost_with_its_worker(machine: Machine) -> None:
    batch_id = await machine.start()
    await machine.read_source(batch_id, batchspec(task("a"), task("b", "a")))
    await machine.end((await machine.builds(batch_id))["a"], OK)
    async with machine.store.database.transaction() as connection:
        await connection.execute("DELETE FROM procrastinate_jobs WHERE task_name = %s", (ADVANCE,))
    assert await advance_all(machine.store, check_member, machine.now) == 1
    assert await running(machine, batch_id) == {"b"}
    await run(machine, batch_id)
    assert await advance_all(machine.store, check_member, machine.now) == 0


async def test_whoever_advances_at_once_starts_each_build_once(machine: Machine) -> None:
    batch_id = await machine.start()
    await machine.read_source(batch_id, batchspec(task("a"), *(task(x, "a") for x in "bcde")))
    await machine.end((await machine.builds(batch_id))["a"], OK)
    batch = UUID(batch_id[-36:])
    await asyncio.gather(
        *(advance(machine.store, batch, check_member, machine.now) for _ in range(5))
    )
    listed = await machine.codebuild.list_builds(machine.call, {})
    assert len(listed["ids"]) == 6
    builds = await machine.builds(batch_id)
    await asyncio.gather(
        *(machine.end(build, OK) for build in builds.values()),
        *(advance(machine.store, batch, check_member, machine.now) for _ in range(3)),
        machine.codebuild.stop_build_batch(machine.call, {"id": batch_id}),
    )
    await machine.do_jobs()
    assert (await machine.batch(batch_id))["complete"]


async def test_whoever_ends_a_build_may_start_another_while_the_batch_stops_it(
    machine: Machine,
) -> None:
    """Locks are taken in one order: the end of a build has its row, and then the project's."""
    batch_id = await machine.start()
    windows = task("b", "c", env={"type": "WINDOWS_CONTAINER"})
    text = batchspec(task("a"), windows, task("c"), task("d", "c"), fast_fail=True)
    await machine.read_source(batch_id, text)
    builds = await machine.builds(batch_id)
    await machine.end(builds["c"], OK)  # and now d starts, and b cannot, so that a is stopped
    store = machine.store
    async with (
        asyncio.timeout(20),
        asyncio.TaskGroup() as tasks,
        store.database.transaction() as connection,
    ):
        assert await lock_build(connection, builds["a"])
        batch = UUID(batch_id[-36:])
        advancing = tasks.create_task(advance(store, batch, check_member, machine.now))
        await until_it_waits(store, advancing)
        assert await take_number(connection, ACCOUNT, REGION, "web")
    await machine.do_jobs()
    stopped = Status.STOPPED
    assert statuses(await machine.batch(batch_id)) == {
        "DOWNLOAD_SOURCE": OK,
        "a": stopped,
        "b": BAD,
        "c": OK,
        "d": stopped,
    }


async def test_in_whatever_order_builds_end_a_batch_comes_to_the_right_end(
    machine: Machine,
) -> None:
    """CB-100, CB-101, CB-105: random graphs and ends, spurious advances, delays of the queue.

    CB-137: what failed is retried, with what waited for it.
    """
    for seed in range(25):
        await _live(machine, random.Random(seed), f"seed {seed}")


async def _live(machine: Machine, chance: random.Random, seed: str) -> None:
    names = [f"t{number}" for number in range(chance.randint(1, 6))]
    depends = {
        name: chance.sample(names[:index], chance.randint(0, min(index, 2)))
        for index, name in enumerate(names)
    }
    ignored = {name for name in names if chance.random() < 0.3}
    fast_fail = chance.random() < 0.3
    tasks = [task(name, *depends[name], ignore_failure=name in ignored) for name in names]
    batch_id = await machine.start()
    await machine.read_source(batch_id, batchspec(*tasks, fast_fail=fast_fail))
    batch, ended = UUID(batch_id[-36:]), {"DOWNLOAD_SOURCE": OK}
    while builds := await machine.builds(batch_id):
        for name in builds:
            passing = {other for other in depends[name] if ended.get(other) == OK}
            assert passing | ignored >= set(depends[name]), seed
            assert set(depends[name]) <= set(ended), seed
        name = chance.choice(sorted(builds))
        if name not in ended:
            ended[name] = chance.choice([OK, OK, BAD, Status.TIMED_OUT])
            await machine.end(builds[name], ended[name])
        if chance.random() < 0.3:
            await advance(machine.store, batch, check_member, machine.now)
        if chance.random() < 0.6 or set(builds) <= set(ended):
            await machine.do_jobs()
    found = await machine.batch(batch_id)
    assert found["complete"], seed
    told = statuses(found)
    assert {name: told[name] for name in ended} == ended, seed
    failed = any(status != OK and name not in ignored for name, status in ended.items())
    assert found["buildBatchStatus"] == (BAD if failed else OK), seed
    if failed:
        retry = {"id": batch_id, "retryType": "RETRY_FAILED_BUILDS"}
        await machine.codebuild.retry_build_batch(machine.call, retry)
        await run(machine, batch_id)
        found = await machine.batch(batch_id)
        assert set(statuses(found).values()) == {OK}, seed
    else:
        assert set(ended) == {"DOWNLOAD_SOURCE", *names}, seed
