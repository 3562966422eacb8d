"""Batches whose artifacts are combined, while that has not been done yet (CB-106)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from penstock.decide.batch_artifacts import Combining, Part
from penstock.errors import AwsError
from penstock.flow.batch_artifacts import COMBINE, find_combining, record_combined
from penstock.flow.build_batches import advance_all
from penstock.flow.builds import finish
from penstock.services.codebuild.batch_rules import check_member
from penstock.state.builds import Status
from penstock.state.recorded_builds import Ending, Place
from penstock.store.build_batches import combining_alone

from .batch_machine import NOON, OK, Machine, batchspec, phases, run, task

pytestmark = pytest.mark.anyio

PLACE = Place("", "arn:aws:s3:::bucket/out/web", "5a", "3d")
LIMIT = timedelta(minutes=5)


async def built(machine: Machine) -> str:
    """A batch of which all builds have ended, and b has an artifact."""
    config = {"combineArtifacts": True, "timeoutInMins": 5}
    batch_id = await machine.start(buildBatchConfigOverride=config)
    await machine.read_source(batch_id, batchspec(task("a"), task("b")))
    begun = await machine.begin((await machine.builds(batch_id))["b"])
    artifacts = (Place("", "arn:aws:s3:::bucket/out/1/web", "5b", "3e"),)
    await finish(machine.store, begun.claim, Ending(OK, artifacts=artifacts), machine.now)
    await run(machine, batch_id)
    return batch_id


async def combining(machine: Machine, batch_id: str) -> Combining:
    found = await find_combining(machine.store, UUID(batch_id[-36:]))
    assert found is not None
    return found


async def jobs(machine: Machine) -> int:
    rows = await machine.store.database.fetch(
        "SELECT 1 FROM procrastinate_jobs WHERE task_name = %s", (COMBINE,)
    )
    return len(rows)


async def test_a_batch_is_over_once_its_artifacts_are_combined(machine: Machine) -> None:
    """CB-104, CB-106: those of builds that have one."""
    batch_id = await built(machine)
    batch = await machine.batch(batch_id)
    assert phases(batch)[-2:] == [("IN_PROGRESS", OK), ("COMBINE_ARTIFACTS", None)]
    assert (batch["currentPhase"], batch["complete"]) == ("COMBINE_ARTIFACTS", False)
    work = await combining(machine, batch_id)
    assert work.parts == (Part("b", "bucket", "out/1/web"),)
    await record_combined(machine.store, work, PLACE, machine.now)
    batch = await machine.batch(batch_id)
    assert phases(batch)[-2:] == [("COMBINE_ARTIFACTS", OK), ("SUCCEEDED", None)]
    assert batch["artifacts"]["sha256sum"] == "5a"
    with pytest.raises(AwsError, match="has succeeded"):
        await machine.codebuild.retry_build_batch(machine.call, {"id": batch_id})


async def test_whoever_advances_asks_for_a_lost_job_again_and_once(machine: Machine) -> None:
    batch_id = await built(machine)
    await machine.store.database.execute("DELETE FROM procrastinate_jobs")
    for _ in range(2):
        await advance_all(machine.store, check_member, machine.now)
    assert await jobs(machine) == 1
    assert phases(await machine.batch(batch_id))[-1] == ("COMBINE_ARTIFACTS", None)


@pytest.mark.parametrize(("status", "last"), [("STOPPED", "STOPPED"), ("TIMED_OUT", "FAILED")])
async def test_what_is_combined_for_a_batch_that_has_ended_meanwhile_does_not_count(
    machine: Machine, status: str, last: str
) -> None:
    """CB-104, CB-105"""
    batch_id = await built(machine)
    work = await combining(machine, batch_id)
    if status == "STOPPED":
        await machine.codebuild.stop_build_batch(machine.call, {"id": batch_id})
    else:
        machine.now = NOON + LIMIT
        await machine.do_jobs()
    await record_combined(machine.store, work, PLACE, machine.now)
    batch = await machine.batch(batch_id)
    assert phases(batch)[-2:] == [("COMBINE_ARTIFACTS", status), (last, None)]
    assert "sha256sum" not in batch["artifacts"]


async def test_what_is_combined_for_a_batch_that_is_retried_meanwhile_does_not_count(
    machine: Machine,
) -> None:
    """CB-137"""
    batch_id = await built(machine)
    work = await combining(machine, batch_id)
    await machine.codebuild.stop_build_batch(machine.call, {"id": batch_id})
    retry = {"id": batch_id, "retryType": "RETRY_FAILED_BUILDS"}
    await machine.codebuild.retry_build_batch(machine.call, retry)
    await record_combined(machine.store, work, PLACE, machine.now)
    assert not (await machine.batch(batch_id))["complete"]
    again = await combining(machine, batch_id)
    await record_combined(machine.store, again, PLACE, machine.now)
    assert (await machine.batch(batch_id))["buildBatchStatus"] == Status.SUCCEEDED


async def test_one_at_a_time_combines_a_batch(machine: Machine) -> None:
    batch = UUID(int=1)
    async with combining_alone(machine.store.database, batch) as alone:
        assert alone
        async with combining_alone(machine.store.database, batch) as other:
            assert not other
    async with combining_alone(machine.store.database, batch) as alone:
        assert alone
