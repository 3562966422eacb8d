"""A pipeline played to its end, with its process killed at each of its commit points in turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import pytest

from penstock.documents.pipelines import TypeId
from penstock.flow import jobs
from penstock.flow.jobs import Report
from penstock.state.pipelines import (
    ActionStatus,
    Retry,
    RunStatus,
    Stop,
    Stopping,
    Succeeded,
)
from penstock.store import Store
from penstock.store.objects import find_object

from .dooming import AFTER, BEFORE, Doomed, Player
from .dooming import doomed as doomed
from .plant import ACCOUNT, APPROVE, REGION, SOURCE, Plant, action, stage, zipped

pytestmark = pytest.mark.anyio

JENKINS = TypeId("Test", "Custom", "Jenkins")
TEST = action("Test", "Jenkins", category="Test", owner="Custom", inputs=("App",))
COPY = action("Copy", "S3", inputs=("App",), BucketName="site", Extract="true")
KEEP = action(
    "Keep", "S3", inputs=("App",), order=2, BucketName="site", Extract="false", ObjectKey="{uuid}"
)
STAGES = (
    stage("Source", SOURCE),
    stage("Check", APPROVE, TEST),
    stage("Deploy", COPY, KEEP),
)


class Story(Player):
    """A run that succeeds after a retry, and one that is abandoned."""

    @property
    def steps(self) -> Sequence[Callable[[], Awaitable[None]]]:
        return (
            self.begins, self.works, self.is_tested, self.is_approved, self.works, self.fails,
            self.is_mended, self.works, self.begins_another, self.works, self.is_abandoned,
        )  # fmt: skip

    async def begins(self) -> None:
        await self.run("first")

    async def is_tested(self) -> None:
        store, place = self.acting.store, (ACCOUNT, REGION)
        for job in await jobs.poll(store, place, JENKINS, limit=1, now=self.acting.now):
            await jobs.acknowledge(store, ACCOUNT, job.id, job.nonce)
        rows = await self.plant.store.database.fetch(
            "SELECT j.id FROM pipeline_jobs j JOIN pipelines p ON p.account = j.account"
            " JOIN action_executions a ON a.id = j.action AND a.pipeline = p.id"
            " WHERE p.name = %s AND j.status = 'InProgress'",
            (self.plant.name.name,),
        )
        for row in rows:
            await jobs.succeed(store, ACCOUNT, row.id, Report(), self.acting.tick())

    async def is_approved(self) -> None:
        run = await self.run("first")
        await self.finish((await self.row("Ask", run)).id, Succeeded())

    async def fails(self) -> None:
        """The bucket is missing: the deployment has failed by itself."""
        assert (await self.look("first")).status == RunStatus.FAILED

    async def is_mended(self) -> None:
        run = await self.look("first")
        if run.status == RunStatus.FAILED:
            await self.plant.bucket("site")
            await self.acting.happen(Retry(run.id, "Deploy", "FAILED_ACTIONS"))

    async def begins_another(self) -> None:
        await self.run("second")

    async def is_abandoned(self) -> None:
        run = await self.look("second")
        if run.status == RunStatus.IN_PROGRESS:
            await self.acting.happen(Stop(run.id, Stopping.ABANDON))


@pytest.fixture
async def play(store: Store, doomed: Store) -> Callable[[int, str], Awaitable[Plant]]:
    source = Plant(store)
    await source.bucket("source", versioned=True)
    await source.bucket("artifacts")
    data = zipped({"index.html": b"<p>"})
    await source.put("source", "app.zip", data)

    async def act(at: int, when: str) -> Plant:
        await store.database.execute(
            "DELETE FROM object_versions v USING buckets b"
            " WHERE b.id = v.bucket AND b.name = 'site'"
        )
        await store.database.execute("DELETE FROM buckets WHERE name = 'site'")
        plant = Plant(store)
        await plant.create(*STAGES, name=f"app-{at}-{when}")
        story = Story(plant, doomed)
        await story.play(story.steps, at, when)
        assert await plant.read("site", "index.html") == b"<p>"
        copy = (await keeps(plant))[0]
        assert (await plant.read("site", copy)) == data
        return plant

    return act


async def keeps(plant: Plant) -> list[str]:
    """Keys of archives that were deployed."""
    rows = await plant.store.database.fetch(
        "SELECT DISTINCT key FROM object_versions v JOIN buckets b ON b.id = v.bucket"
        " WHERE b.name = 'site' AND key <> 'index.html'"
    )
    return [row.key for row in rows]


async def points(play: Callable[[int, str], Awaitable[Plant]], doomed: Store) -> int:
    """How many commits the story has when nobody kills it."""
    await play(0, BEFORE)
    assert isinstance(doomed.database, Doomed)
    return doomed.database.passed


async def check(plant: Plant) -> None:
    """Every run has ended, every action once, nothing is lost, nothing is left, nothing locked."""
    database = plant.store.database
    runs = await database.fetch(
        "SELECT e.* FROM pipeline_executions e JOIN pipelines p ON p.id = e.pipeline"
        " WHERE p.name = %s ORDER BY number",
        (plant.name.name,),
    )
    assert [row.status for row in runs] == [RunStatus.SUCCEEDED, RunStatus.STOPPED]
    rows = await database.fetch(
        "SELECT a.* FROM action_executions a JOIN pipelines p ON p.id = a.pipeline"
        " WHERE p.name = %s",
        (plant.name.name,),
    )
    found = Counter((row.execution, row.action, row.status) for row in rows)
    first, second = (row.id for row in runs)
    done, failed, left = ActionStatus.SUCCEEDED, ActionStatus.FAILED, ActionStatus.ABANDONED
    assert found == Counter(
        [(first, name, done) for name in ("Fetch", "Test", "Ask", "Copy", "Keep")]
        + [(first, "Copy", failed), (second, "Fetch", done)]
        + [(second, name, left) for name in ("Test", "Ask")]
    )
    events = await database.fetch(
        "SELECT detail ->> 'action-execution-id' AS id, detail ->> 'state' AS state FROM events"
        " WHERE detail ->> 'pipeline' = %s AND detail ? 'action'",
        (plant.name.name,),
    )
    assert Counter(map(tuple, events)) == Counter(
        pair
        for row in rows
        for pair in ((str(row.id), "STARTED"), (str(row.id), row.status.upper()))
    )
    assert await plant.jobs() == []
    assert len(await keeps(plant)) == 1
    artifacts = [row.run["artifacts"]["App"] for row in runs]
    for artifact in artifacts:
        await find_object(plant.store, artifact["bucket"], artifact["key"])
    async with database.transaction() as connection:
        await connection.execute(
            "SELECT 1 FROM pipelines WHERE name = %s FOR UPDATE NOWAIT", (plant.name.name,)
        )


async def test_a_story_that_nobody_kills_ends_well(
    play: Callable[[int, str], Awaitable[Plant]],
) -> None:
    await check(await play(0, BEFORE))


async def test_a_process_may_be_killed_at_every_commit(
    play: Callable[[int, str], Awaitable[Plant]], doomed: Store
) -> None:
    last = await points(play, doomed)
    assert last > 20
    for when in (BEFORE, AFTER):
        for at in range(1, last + 1):
            try:
                await check(await play(at, when))
            except Exception as error:
                error.add_note(f"killed {when} commit {at} of {last}")
                raise
            assert isinstance(doomed.database, Doomed)
            assert doomed.database.passed >= at
