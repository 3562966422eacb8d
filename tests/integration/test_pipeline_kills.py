"""A pipeline played to its end, with its process killed at each of its commit points in turn.

Killed is what a test can do to one process at an exact place: the statement or the transaction is
undone, or committed, and whoever asked for it does not live to hear of it. What comes after a kill
is what comes after any: clients ask again, and lost workers' jobs are done by others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, LiteralString
from uuid import UUID

import pytest

from penstock.documents.pipelines import TypeId
from penstock.flow import jobs
from penstock.flow.jobs import Report
from penstock.state.pipelines import (
    ActionStatus,
    Failed,
    Retry,
    Run,
    RunStatus,
    Stop,
    Stopping,
    Succeeded,
)
from penstock.store import Store
from penstock.store.database import Connection, Database, Parameters
from penstock.store.objects import find_object
from penstock.store.pipeline_executions import find_execution
from penstock.worker.actions import start_action

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
BEFORE, AFTER = "before", "after"


class Killed(BaseException):
    """Nothing in a process survives this, and nothing in it can catch it."""


class Doomed(Database):
    """Kills at the commit of this number, before it or after it. 0 kills never."""

    at, when, passed = 0, BEFORE, 0

    def doom(self, at: int, when: str) -> None:
        self.at, self.when, self.passed = at, when, 0

    def _point(self, when: str) -> None:
        if when == BEFORE:
            self.passed += 1
        if (self.passed, when) == (self.at, self.when):
            raise Killed

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with super().transaction() as connection:
            yield connection
            self._point(BEFORE)
        self._point(AFTER)

    async def _fetch(self, sql: LiteralString, parameters: Parameters) -> list[Any]:
        writes = not sql.lstrip().startswith(("SELECT *", "WITH p AS")) and (
            "put_object(" in sql or "UPDATE" in sql or "INSERT" in sql
        )
        if not writes:
            return await super()._fetch(sql, parameters)
        self._point(BEFORE)
        rows = await super()._fetch(sql, parameters)
        self._point(AFTER)
        return rows

    async def execute(self, sql: LiteralString, parameters: Parameters = ()) -> int:
        self._point(BEFORE)
        count = await super().execute(sql, parameters)
        self._point(AFTER)
        return count


class Story:
    """A run that succeeds after a retry, and one that is abandoned; `plant` looks, `doomed` acts.

    Each step may be asked for again, and says by True that it has been taken.
    """

    def __init__(self, plant: Plant, doomed: Store) -> None:
        self.plant = plant
        self.acting = Plant(doomed)
        self.acting.name = plant.name
        self.ended: Counter[UUID] = Counter()

    async def play(self, kill_at: int, when: str) -> None:
        database = self.acting.store.database
        assert isinstance(database, Doomed)
        database.doom(kill_at, when)
        for step in (
            self.begins, self.works, self.is_tested, self.is_approved, self.works, self.fails,
            self.is_mended, self.works, self.begins_another, self.works, self.is_abandoned,
        ):  # fmt: skip
            while True:
                try:
                    await step()
                    break
                except Killed:
                    pass

    async def _run(self, token: str) -> UUID:
        return await self.acting.begin(token=token)

    async def _look(self, token: str) -> Run:
        name = self.plant.name
        found = await find_execution(self.plant.store.database, name, await self._run(token))
        assert found
        run: Run = found.run
        return run

    async def _row(self, name: str, run: UUID) -> Any:
        rows = await self.plant.store.database.fetch(
            "SELECT * FROM action_executions WHERE execution = %s AND action = %s"
            " ORDER BY sequence DESC LIMIT 1",
            (run, name),
        )
        return rows[0]

    async def begins(self) -> None:
        await self._run("first")

    async def works(self) -> None:
        """Does the jobs there are; a job that was not done to its end is still there."""
        while jobs := await self.plant.jobs():
            for job in jobs:
                await start_action(self.acting.store, job.action, self.acting.tick)
                await self.plant.store.database.execute(
                    "DELETE FROM procrastinate_jobs WHERE id = %s", (job.id,)
                )

    async def _finish(self, action: UUID, outcome: Succeeded | Failed) -> None:
        self.ended[action] += await self.acting.finish(action, outcome)

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
        run = await self._run("first")
        await self._finish((await self._row("Ask", run)).id, Succeeded())

    async def fails(self) -> None:
        """The bucket is missing: the deployment has failed by itself."""
        assert (await self._look("first")).status == RunStatus.FAILED

    async def is_mended(self) -> None:
        run = await self._look("first")
        if run.status == RunStatus.FAILED:
            await self.plant.bucket("site")
            await self.acting.happen(Retry(run.id, "Deploy", "FAILED_ACTIONS"))

    async def begins_another(self) -> None:
        await self._run("second")

    async def is_abandoned(self) -> None:
        run = await self._look("second")
        if run.status == RunStatus.IN_PROGRESS:
            await self.acting.happen(Stop(run.id, Stopping.ABANDON))


@pytest.fixture
async def doomed(store: Store, database_url: str) -> AsyncIterator[Store]:
    database = Doomed(database_url, connections=3)
    yield store._replace(database=database)
    await database.close()


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
        await Story(plant, doomed).play(at, when)
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
