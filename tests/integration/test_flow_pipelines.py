"""Pipelines that advance: one transaction for each step, and one door for what ends."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from penstock.documents.pipelines import Mode
from penstock.documents.pipelines.reader import pipeline_of
from penstock.errors import AwsError
from penstock.flow.pipelines import begin, finish_action, redefine
from penstock.state.pipelines import (
    ActionStatus,
    Failed,
    Gate,
    Override,
    Retry,
    RunStatus,
    SetGate,
    StageStatus,
    Stop,
    Stopping,
    Succeeded,
)
from penstock.store import Store, pipelines
from penstock.store.action_executions import Result, list_actions
from penstock.store.database import Database
from penstock.store.pipeline_executions import (
    find_execution,
    forget_executions,
    list_executions,
)
from penstock.store.resealing import reseal
from penstock.store.sealing import MasterKey, Sealer
from penstock.worker.actions import start_action

from .plant import APPROVE, MANUAL, NOON, SITE, SOURCE, Plant, action, declaration, stage

pytestmark = pytest.mark.anyio

NO = Failed("JobFailed", "no")
TEST = action("Test", "Manual", category="Approval")
ASKING = (stage("Source", SOURCE), stage("Ask", APPROVE, TEST), stage("Last", APPROVE))


@pytest.fixture
def plant(store: Store) -> Plant:
    return Plant(store)


async def test_a_source_goes_through_an_approval_to_a_bucket(plant: Plant) -> None:
    """CP-060, CP-120, CP-129"""
    data = await plant.site()
    run = await plant.begin()
    assert await plant.work() == 1
    approval = (await plant.actions())["Ask"]
    assert (await plant.run(run)).status == RunStatus.IN_PROGRESS
    assert await plant.finish(approval.id, result=Result(summary="fine", updated_by="ada"))
    assert await plant.work() == 1
    ended = await plant.run(run)
    assert ended.status == RunStatus.SUCCEEDED
    artifact = ended.artifacts["App"]
    assert await plant.read(artifact.bucket, artifact.key) == data
    version = ended.revisions["Fetch"].id
    assert await plant.read("site", f"{version}/index.html") == b"<p>hello"
    assert await plant.read("site", f"{version}/css/a.css") == b"p {}"
    rows = await plant.actions()
    assert [row.status for row in rows.values()] == [ActionStatus.SUCCEEDED] * 3


async def test_a_run_tells_of_each_step_once(plant: Plant) -> None:
    """CP-170, CP-173"""
    await plant.site()
    await plant.begin()
    await plant.work(times=2)
    await plant.finish((await plant.actions())["Ask"].id)
    await plant.work(times=2)
    told = []
    for name, acted in (("Source", "Fetch"), ("Approve", "Ask"), ("Deploy", "Copy")):
        told += [("STARTED", name), ("STARTED", name, acted), ("SUCCEEDED", name, acted)]
        told += [("SUCCEEDED", name)]
    assert await plant.events() == [("STARTED",), *told, ("SUCCEEDED",)]


async def test_what_an_action_did_is_in_its_event_and_its_record(plant: Plant) -> None:
    """CP-090, CP-171, CP-172"""
    await plant.site()
    run = await plant.begin()
    await plant.work()
    row = (await plant.actions())["Fetch"]
    found = (await plant.run(run)).artifacts["App"]
    artifacts = [{"name": "App", "s3location": {"bucket": "artifacts", "key": found.key}}]
    version = (await plant.run(run)).revisions["Fetch"].id
    assert row.output["outputArtifacts"] == artifacts
    assert row.output["outputVariables"]["VersionId"] == version
    assert row.external_id == version
    events = await plant.store.database.fetch(
        "SELECT detail, resources, at FROM events WHERE detail ->> 'action' = 'Fetch'"
        " AND detail ->> 'state' = 'SUCCEEDED'"
    )
    assert [event.resources for event in events] == [[plant.name.arn]]
    detail = events[0].detail
    assert detail == {
        "pipeline": "app",
        "execution-id": str(run),
        "action-execution-id": str(row.id),
        "state": "SUCCEEDED",
        "version": 1,
        "pipeline-execution-attempt": 1,
        "stage": "Source",
        "action": "Fetch",
        "region": "us-east-1",
        "type": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
        "output-artifacts": artifacts,
        "execution-result": {"external-execution-id": version},
    }
    await plant.finish((await plant.actions())["Ask"].id)
    copy = (await plant.actions())["Copy"]
    assert copy.input["configuration"]["ObjectKey"] == "#{Src.VersionId}"
    assert copy.input["resolvedConfiguration"]["ObjectKey"] == version
    assert copy.input["inputArtifacts"] == artifacts


async def test_jobs_that_are_done_twice_do_nothing_the_second_time(plant: Plant) -> None:
    await plant.site()
    run = await plant.begin()
    assert await plant.work(times=3) == 1
    approval = (await plant.actions())["Ask"].id
    assert await plant.finish(approval)
    assert not await plant.finish(approval, Failed("JobFailed", "too late"))
    assert await plant.work(times=3) == 1
    assert (await plant.run(run)).status == RunStatus.SUCCEEDED
    assert len(await plant.actions()) == 3


async def test_the_door_is_shut_to_what_is_not_there(plant: Plant) -> None:
    assert not await plant.finish(uuid4())
    await plant.site()
    await plant.begin()
    (job,) = await plant.jobs()
    async with plant.store.database.transaction() as connection:
        assert await pipelines.delete_pipeline(connection, plant.name)
    assert not await plant.finish(job.action)
    await start_action(plant.store, job.action)
    with pytest.raises(AwsError, match="PipelineNotFoundException: Account '000000000000' does"):
        await plant.begin()


async def test_a_token_begins_one_run(plant: Plant) -> None:
    """CP-103"""
    await plant.site()
    first = await plant.begin(token="once")
    assert await plant.begin(token="once") == first
    assert await plant.begin(token="twice") != first
    assert await plant.begin() != await plant.begin()
    assert (await plant.state()).number == 4


async def test_begins_at_once_with_one_token_are_one_run(plant: Plant) -> None:
    """CP-103"""
    await plant.site()
    assert len(set(await asyncio.gather(*(plant.begin(token="t") for _ in range(4))))) == 1


async def test_a_refusal_changes_nothing(plant: Plant) -> None:
    """CP-043"""
    await plant.site()
    run = await plant.begin()
    await plant.work()
    before, told = await plant.state(), await plant.events()
    for event in (
        Stop(uuid4(), Stopping.WAIT),
        Retry(run, "Approve", "FAILED_ACTIONS"),
        SetGate("Nowhere", Gate()),
    ):
        with pytest.raises(AwsError):
            await plant.happen(event)
    assert await plant.state() == before
    assert await plant.events() == told
    assert await plant.jobs() == []


async def test_a_failure_after_the_decision_leaves_nothing_of_it(plant: Plant) -> None:
    await plant.site()
    with pytest.raises(RuntimeError, match="the machine stops"):
        async with plant.store.database.transaction() as connection:
            await begin(connection, plant.name, MANUAL, now=NOON)
            raise RuntimeError("the machine stops")
    assert (await plant.state()).runs == {}
    assert (await plant.events(), await plant.jobs(), await plant.actions()) == ([], [], {})


async def test_a_failed_stage_is_retried_with_new_executions(plant: Plant) -> None:
    """CP-045, CP-046"""
    await plant.site()
    run = await plant.begin()
    await plant.work()
    first = (await plant.actions())["Ask"]
    await plant.finish(first.id, NO)
    assert (await plant.run(run)).status == RunStatus.FAILED
    row = (await plant.actions())["Ask"]
    assert (row.status, row.error) == (ActionStatus.FAILED, NO._asdict())
    await plant.happen(Retry(run, "Approve", "FAILED_ACTIONS"))
    second = (await plant.actions())["Ask"]
    assert second.id != first.id
    assert (second.attempt, second.token != first.token) == (2, True)
    await plant.finish(second.id)
    await plant.work()
    assert (await plant.run(run)).status == RunStatus.SUCCEEDED
    pipeline = second.pipeline
    database = plant.store.database
    every = await list_actions(database, pipeline, execution=run, limit=10)
    assert [row.action for row in every] == ["Copy", "Ask", "Ask", "Fetch"]
    latest = await list_actions(database, pipeline, execution=run, latest=True, limit=10)
    assert [row.action for row in latest] == ["Copy", "Ask", "Fetch"]
    page = await list_actions(database, pipeline, after=every[1].sequence, limit=1)
    assert [row.id for row in page] == [first.id]


async def test_a_failed_run_is_a_point_of_a_metric(plant: Plant) -> None:
    """CP-175"""
    await plant.site()
    await plant.begin()
    await plant.work()
    await plant.finish((await plant.actions())["Ask"].id, NO)
    rows = await plant.store.database.fetch(
        "SELECT name, value, dimensions FROM metric_points ORDER BY length(dimensions::text)"
    )
    name = "FailedPipelineExecutions"
    assert [(row.name, row.value) for row in rows] == [(name, 1), (name, 1)]
    assert rows[1].dimensions == {"PipelineName": "app"}


async def test_an_abandoned_action_takes_no_outcome(plant: Plant) -> None:
    """CP-042"""
    await plant.site()
    run = await plant.begin()
    (job,) = await plant.jobs()
    await plant.happen(Stop(run, Stopping.ABANDON, "enough"))
    assert (await plant.run(run)).status == RunStatus.STOPPED
    assert (await plant.actions())["Fetch"].status == ActionStatus.ABANDONED
    await start_action(plant.store, job.action)
    assert not await plant.finish(job.action)
    assert (await plant.run(run)).artifacts == {}


async def test_an_action_whose_variables_are_not_there_is_recorded_as_failed(plant: Plant) -> None:
    """CP-093"""
    await plant.bucket("artifacts")
    copy = action("Copy", "S3", inputs=("App",), BucketName="#{Src.Nothing}", Extract="true")
    await plant.create(stage("Source", SOURCE), stage("Deploy", copy))
    run = await plant.begin()
    await plant.finish((await plant.actions())["Fetch"].id)
    row = (await plant.actions())["Copy"]
    assert (await plant.run(run)).status == RunStatus.FAILED
    assert row.status == ActionStatus.FAILED
    assert row.error["message"].endswith("could not be resolved: Action name=Copy")
    assert len(await plant.jobs()) == 1  # that of the source


async def test_a_new_version_is_that_of_the_runs_that_begin_then(plant: Plant) -> None:
    """CP-020, CP-022"""
    await plant.site()
    old = await plant.begin()
    await plant.work()
    document = declaration("app", stage("Source", SOURCE), stage("Other", APPROVE), version=2)
    async with plant.store.database.transaction() as connection:
        version = await pipelines.update_pipeline(
            connection, plant.store.sealer, plant.name, document, now=plant.now
        )
        assert version == 2
        await redefine(connection, plant.name, version, pipeline_of(document), plant.tick())
    row = await pipelines.find_pipeline(plant.store.database, plant.name)
    assert row is not None
    assert (row.current, row.version, row.document["stages"][1]["name"]) == (2, 2, "Other")
    await plant.finish((await plant.actions())["Ask"].id)
    found = await find_execution(plant.store.database, plant.name, old)
    assert found is not None
    assert found.status == RunStatus.CANCELLED
    new = await plant.begin()
    await plant.work()
    assert (await plant.run(new)).version == 2
    assert list((await plant.state()).stages) == ["Source", "Other"]


async def test_a_version_that_was_not_committed_is_not_remembered(plant: Plant) -> None:
    await plant.site()
    for name in ("Undone", "Done"):
        document = declaration("app", stage("Source", SOURCE), stage(name, APPROVE), version=2)
        async with plant.store.database.transaction() as connection:
            version = await pipelines.update_pipeline(
                connection, plant.store.sealer, plant.name, document, now=plant.now
            )
            assert version == 2
            await redefine(connection, plant.name, version, pipeline_of(document), NOON)
            await begin(connection, plant.name, MANUAL, now=NOON)
            if name == "Undone":
                await connection.execute("ROLLBACK AND CHAIN")
    assert list((await plant.state()).stages) == ["Source", "Done"]


async def test_two_servers_end_the_actions_of_a_stage_at_once(
    plant: Plant, database_url: str
) -> None:
    """CP-039"""
    other = Database(database_url, connections=4)
    stores = (plant.store, plant.store._replace(database=other))
    await plant.create(*ASKING)
    for _ in range(5):
        run = await plant.begin()
        fetch = (await plant.actions())["Fetch"].id
        ended = await asyncio.gather(
            *(finish_action(store, fetch, Succeeded(), NOON) for store in stores * 3)
        )
        assert sum(ended) == 1
        rows = await plant.actions()
        ended = await asyncio.gather(
            *(
                finish_action(store, rows[name].id, Succeeded(), NOON)
                for name in ("Ask", "Test")
                for store in stores
            )
        )
        assert sum(ended) == 2
        found = await plant.run(run)
        assert found.stages["Ask"].status == StageStatus.SUCCEEDED
        assert found.stages["Last"].status == StageStatus.IN_PROGRESS
        await plant.finish((await plant.actions())["Ask"].id)
        assert (await plant.run(run)).status == RunStatus.SUCCEEDED
    await other.close()


async def test_two_servers_begin_runs_at_once(plant: Plant, database_url: str) -> None:
    """CP-033"""
    other = Database(database_url, connections=4)
    await plant.site()

    async def start(database: Database) -> None:
        async with database.transaction() as connection:
            await begin(connection, plant.name, MANUAL, now=datetime.now(UTC))

    await asyncio.gather(*(start(one) for one in (plant.store.database, other) * 6))
    await other.close()
    found = (await plant.actions())["Fetch"].pipeline
    rows = await list_executions(plant.store.database, found, limit=20)
    assert [row.number for row in rows] == list(range(12, 0, -1))
    going = [row.number for row in rows if row.status == RunStatus.IN_PROGRESS]
    assert going == [12, 1]  # one is in the stage, one waits for it
    assert len(await plant.jobs()) == 1


async def test_executions_are_listed_by_what_they_were(plant: Plant) -> None:
    """CP-053"""
    await plant.site()
    for _ in range(3):
        await plant.begin()
        await plant.work()
    await plant.finish((await plant.actions())["Ask"].id)
    pipeline = (await plant.actions())["Ask"].pipeline
    database = plant.store.database
    rows = await list_executions(database, pipeline, limit=2)
    assert [row.run.number for row in rows] == [3, 2]
    rows = await list_executions(database, pipeline, after=2, limit=2)
    assert [row.number for row in rows] == [1]
    rows = await list_executions(database, pipeline, succeeded_in="Approve", limit=2)
    assert [row.number for row in rows] == [1]


async def test_history_is_forgotten_but_for_what_stages_remember(plant: Plant) -> None:
    """CP-053"""
    await plant.create(*ASKING)
    for _ in range(3):
        run = await plant.begin()
        await plant.finish((await plant.actions())["Fetch"].id, NO)
    assert await forget_executions(plant.store.database, plant.now) == 2
    assert list((await plant.state()).runs) == [run]
    assert await forget_executions(plant.store.database, plant.tick()) == 0


async def test_what_is_overridden_is_remembered(plant: Plant) -> None:
    """CP-102"""
    await plant.site()
    asked = Override("Fetch", "S3_OBJECT_VERSION_ID", "1")
    run = await plant.begin(overrides=[asked])
    assert (await plant.run(run)).overrides == (asked,)


async def test_runs_of_parallel_show_their_tokens_as_external_ids(plant: Plant) -> None:
    """CP-061"""
    await plant.site(executionMode=Mode.PARALLEL)
    await plant.begin()
    await plant.work()
    row = (await plant.actions())["Ask"]
    assert row.external_id == str(row.token)


async def test_secrets_are_in_no_document_and_open_under_a_new_key(plant: Plant) -> None:
    """CP-014"""
    job = action("Do", "Jenkins", category="Test", owner="Custom", inputs=("App",), Token="****")
    secrets = {"Test/Do/Token": "s3cr3t", "Source/Fetch/Token": "other"}
    old, fresh = (MasterKey.of(bytes([byte]) * 32) for byte in (1, 2))
    plant.store = plant.store._replace(sealer=Sealer([old]))
    await plant.create(stage("Source", SOURCE), stage("Test", job), secrets=secrets)
    database = plant.store.database
    row = await pipelines.find_pipeline(database, plant.name)
    assert row is not None
    assert await pipelines.read_secrets(database, plant.store.sealer, row.id, 1) == secrets
    both = Sealer([fresh, old])
    assert await reseal(database, both) == 1
    assert await pipelines.read_secrets(database, Sealer([fresh]), row.id, 1) == secrets
    assert await pipelines.read_secrets(database, both, row.id, 2) == {}


async def test_pipelines_are_listed_by_name(plant: Plant) -> None:
    for name in ("b", "a", "C"):
        await plant.create(*SITE, name=name)
    rows = await pipelines.list_pipelines(plant.store.database, *plant.name[:2], after="C", limit=1)
    assert [(row.name, row.version, row.type, row.mode) for row in rows] == [
        ("a", 1, "V2", "SUPERSEDED")
    ]
    async with plant.store.database.transaction() as connection:
        again = await pipelines.insert_pipeline(
            connection, plant.store.sealer, plant.name, {}, now=NOON
        )
        assert again is None
        assert await pipelines.count_pipelines(connection, *plant.name[:2]) == 3
