"""The steps of a build's life, without any worker: what each may do, and what it tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from penstock.errors import AwsError
from penstock.flow import builds as flow
from penstock.flow.build_starts import StartOrder, start, start_within
from penstock.flow.overdue import LOST, sweep
from penstock.services.codebuild import CodeBuild
from penstock.services.sts import assumed_role
from penstock.state.builds import PhaseContext, PhaseRecord, PhaseType, Status
from penstock.state.calls import Call
from penstock.state.recorded_builds import BuildName, Claim, Ending
from penstock.store import Store
from penstock.store.builds import find_documents
from penstock.store.workers import beat

pytestmark = pytest.mark.anyio

ACCOUNT, REGION = "000000000000", "us-east-1"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PROJECT: dict[str, Any] = {
    "name": "web",
    "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2"},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
    "serviceRole": f"arn:aws:iam::{ACCOUNT}:role/build",
    "autoRetryLimit": 1,
}
SOON = timedelta(milliseconds=1)
"""A worker silent for so long is lost; the tests' database has been up longer in any case."""
ENDED = Ending(Status.SUCCEEDED, (PhaseRecord(PhaseType.BUILD, 1.0, 2.0, Status.SUCCEEDED),))


@pytest.fixture(autouse=True)
async def project(store: Store, call_of: Callable[..., Call]) -> AsyncIterator[None]:
    await CodeBuild(store).create_project(call_of("codebuild", "CreateProject"), PROJECT)
    yield


async def queued(store: Store, **members: Any) -> BuildName:
    order = StartOrder(ACCOUNT, REGION, "web", {}, "ada", NOON, **members)
    document = await start(store, order)
    return BuildName(ACCOUNT, REGION, "web", UUID(document["id"].partition(":")[2]))


async def begun(
    store: Store, build: BuildName, worker: UUID | None = None, at: datetime = NOON
) -> flow.Begun | None:
    claim = Claim(build.uuid, uuid4())
    return await flow.begin(store, claim, worker or await up(store), session, at)


def session(role: str, build: str) -> Any:
    return assumed_role(role, build)


async def up(store: Store, ago: timedelta = timedelta()) -> UUID:
    """A worker that was heard of so long ago."""
    worker = uuid4()
    await beat(store.database, worker, "w1", "here")
    await store.database.execute(
        "UPDATE workers SET seen = now() - %s WHERE id = %s", (ago, worker)
    )
    return worker


async def document(store: Store, build: BuildName) -> dict[str, Any]:
    (found,) = await find_documents(store.database, ACCOUNT, REGION, [build.uuid])
    return found


async def events(store: Store, build: BuildName) -> list[tuple[str, str]]:
    rows = await store.database.fetch(
        "SELECT detail_type, coalesce(detail ->> 'completed-phase', detail ->> 'build-status')"
        " AS what FROM events WHERE resources = %s ORDER BY sequence",
        ([build.arn],),
    )
    return [(row.detail_type.split()[-2], row.what) for row in rows]


async def test_a_start_is_one_commit(store: Store) -> None:
    """CB-180: the build, its number, its event and its job are there together, or not at all."""

    def refuse(build: dict[str, Any]) -> None:
        raise AwsError("InvalidInputException", "no")

    with pytest.raises(AwsError):
        await queued(store, check=refuse)
    for table in ("builds", "events", "procrastinate_jobs"):
        assert not await store.database.fetch(f"SELECT 1 FROM {table}")
    build = await queued(store)
    assert (await document(store, build))["buildNumber"] == 1
    assert await events(store, build) == [("State", "IN_PROGRESS"), ("Phase", "SUBMITTED")]
    (job,) = await store.database.fetch("SELECT * FROM procrastinate_jobs")
    assert (job.task_name, job.queue_name) == ("run_build", "builds")
    assert job.args == {"build": str(build.uuid)}


async def test_builds_started_at_once_have_numbers_of_their_own(store: Store) -> None:
    """CB-131"""
    builds = await asyncio.gather(*(queued(store) for _ in range(8)))
    numbers = [(await document(store, build))["buildNumber"] for build in builds]
    assert sorted(numbers) == list(range(1, 9))


async def test_of_workers_that_begin_a_build_one_has_it(store: Store) -> None:
    build = await queued(store)
    found = await asyncio.gather(*(begun(store, build) for _ in range(4)))
    assert len([one for one in found if one is not None]) == 1
    shown = await document(store, build)
    assert shown["currentPhase"] == "PROVISIONING"
    assert [phase["phaseType"] for phase in shown["phases"]] == [
        "SUBMITTED",
        "QUEUED",
        "PROVISIONING",
    ]


async def test_a_beginning_whose_answer_was_lost_is_begun_again(store: Store) -> None:
    build, worker = await queued(store), await up(store)
    claim = Claim(build.uuid, uuid4())
    for _ in range(2):
        assert await flow.begin(store, claim, worker, session, NOON)


async def test_a_build_ends_with_events_and_metrics(store: Store) -> None:
    """CB-180, CB-181, CB-182"""
    build = await queued(store)
    mine = await begun(store, build)
    assert mine is not None
    await flow.finish(store, mine.claim, ENDED, NOON + timedelta(seconds=9))
    assert await events(store, build) == [
        ("State", "IN_PROGRESS"),
        ("Phase", "SUBMITTED"),
        ("Phase", "QUEUED"),
        ("Phase", "BUILD"),
        ("State", "SUCCEEDED"),
    ]
    rows = await store.database.fetch(
        "SELECT dimensions, value FROM metric_points WHERE name = 'Duration' ORDER BY dimensions"
    )
    assert [(row.dimensions, row.value) for row in rows] == [({}, 9), ({"ProjectName": "web"}, 9)]


async def test_a_start_within_a_transaction_is_part_of_it(store: Store) -> None:
    """CB-138: with its token, which stands for no build where the transaction has failed."""
    order = StartOrder(ACCOUNT, REGION, "web", {}, "ada", NOON, token="t")
    with pytest.raises(ZeroDivisionError):
        async with store.database.transaction() as connection:
            await start_within(connection, order)
            raise ZeroDivisionError
    assert await store.database.fetch("SELECT 1 FROM builds") == []
    async with store.database.transaction() as connection:
        first = await start_within(connection, order)
        again = await start_within(connection, order)
    assert (first["id"], first["buildNumber"]) == (again["id"], 1)
    assert len(await store.database.fetch("SELECT 1 FROM procrastinate_jobs")) == 1


async def test_a_claim_that_is_over_changes_nothing(store: Store) -> None:
    """A worker believed lost comes back too late."""
    build = await queued(store)
    mine = await begun(store, build, await up(store, LOST * 2))
    assert mine is not None
    assert await sweep(store, NOON, SOON) == 1
    before = await document(store, build)
    record = PhaseRecord(PhaseType.BUILD, 1.0)
    with pytest.raises(flow.Lost):
        await flow.record_progress(store, mine, flow.Progressed((record,), ()), NOON)
    with pytest.raises(flow.Lost):
        await flow.finish(store, mine.claim, ENDED, NOON)
    assert not await flow.give_up_claim(
        store, mine.claim, Status.FAULT, PhaseContext("X", "y"), NOON
    )
    assert await document(store, build) == before


async def test_what_a_lost_worker_had_begun_ends_and_is_built_again(store: Store) -> None:
    """CB-139: with the reason, and the next build in the queue; by however many sweep at once."""
    build = await queued(store)
    await begun(store, build, await up(store, LOST * 2))
    assert sum(await asyncio.gather(*(sweep(store, NOON, SOON) for _ in range(4)))) == 1
    shown = await document(store, build)
    assert shown["buildStatus"] == "FAULT"
    assert shown["phases"][-2]["contexts"][0]["statusCode"] == "WORKER_LOST"
    following = UUID(shown["autoRetryConfig"]["nextAutoRetry"].rpartition(":")[2])
    again = await document(store, build._replace(uuid=following))
    assert again["currentPhase"] == "QUEUED"
    assert again["autoRetryConfig"]["previousAutoRetry"] == build.arn


async def test_what_a_worker_that_is_up_has_begun_is_left_to_it(store: Store) -> None:
    build = await queued(store)
    await begun(store, build, await up(store))
    assert await sweep(store, NOON) == 0
    assert (await document(store, build))["buildStatus"] == "IN_PROGRESS"


async def test_a_build_that_was_taken_and_not_begun_is_in_the_queue_again(store: Store) -> None:
    await queued(store)
    await store.database.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    assert await sweep(store, NOON) == 0
    await store.database.execute("UPDATE procrastinate_events SET at = at - %s", (LOST * 2,))
    assert await sweep(store, NOON) == 1
    (job,) = await store.database.fetch("SELECT status FROM procrastinate_jobs")
    assert job.status == "todo"


async def test_a_build_waits_no_longer_than_it_may(store: Store) -> None:
    """CB-134"""
    build = await queued(store)
    assert await sweep(store, NOON + timedelta(minutes=479)) == 0
    assert await sweep(store, NOON + timedelta(minutes=481)) == 1
    shown = await document(store, build)
    assert shown["phases"][1]["phaseStatus"] == shown["buildStatus"] == "TIMED_OUT"
    assert await begun(store, build) is None


async def test_a_build_that_does_not_end_in_time_is_ended(store: Store) -> None:
    """CB-133: though its worker is up."""
    build = await queued(store)
    await begun(store, build, await up(store))
    assert await sweep(store, NOON + timedelta(minutes=61)) == 0
    assert await sweep(store, NOON + timedelta(minutes=75)) == 1
    shown = await document(store, build)
    assert shown["phases"][-2]["phaseStatus"] == shown["buildStatus"] == "TIMED_OUT"


async def test_a_stop_ends_what_is_queued_and_asks_what_runs(store: Store) -> None:
    """CB-136: and of a build that has ended changes nothing."""
    waiting, running = await queued(store), await queued(store)
    mine = await begun(store, running)
    assert mine is not None
    assert (await flow.stop(store, waiting, NOON))["buildStatus"] == "STOPPED"
    async with store.notices.of(running.topic) as news:
        assert (await flow.stop(store, running, NOON))["buildStatus"] == "IN_PROGRESS"
        async with asyncio.timeout(5):
            await news.wait()
    await flow.finish(store, mine.claim, ENDED, NOON)
    assert (await flow.stop(store, running, NOON))["buildStatus"] == "SUCCEEDED"


async def test_credentials_end_with_the_build(store: Store) -> None:
    build = await queued(store)
    mine = await begun(store, build)
    assert mine is not None
    await flow.finish(store, mine.claim, ENDED, NOON)
    (key,) = await store.database.fetch("SELECT * FROM access_keys")
    assert key.access_key_id == mine.key.access_key_id
    assert key.revoked == NOON
    assert key.expires > NOON + timedelta(minutes=60)
