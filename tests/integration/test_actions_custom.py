"""Custom actions as jobs (CP-145, CP-157, CP-158), and pipelines started by pipelines (CP-139)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from penstock.documents.pipelines import TypeId
from penstock.errors import AwsError
from penstock.flow import jobs
from penstock.flow.jobs import Job, Report
from penstock.flow.overdue import sweep
from penstock.flow.pipelines import Result
from penstock.state.pipelines import ActionStatus, Failed, Revision, RunStatus, Stop, Stopping
from penstock.store import Store
from penstock.store.access_keys import find_key
from penstock.store.pipeline_executions import list_executions

from .plant import ACCOUNT, APPROVE, NOON, REGION, SOURCE, Plant, action, stage

pytestmark = pytest.mark.anyio

PLACE = (ACCOUNT, REGION)
JENKINS = TypeId("Test", "Custom", "Jenkins")
JOB = action(
    "Do", "Jenkins", category="Test", owner="Custom", inputs=("App",), outputs=("Made",),
    ProjectName="web", Token="****",
) | {"namespace": "Done"}  # fmt: skip


@pytest.fixture
async def plant(store: Store) -> Plant:
    plant = Plant(store)
    await plant.bucket("source", versioned=True)
    await plant.bucket("artifacts")
    await plant.put("source", "app.zip", b"data")
    return plant


async def begun(plant: Plant) -> UUID:
    """A run whose job waits to be polled for."""
    stages = stage("Source", SOURCE), stage("Test", JOB), stage("Ask", APPROVE)
    await plant.create(*stages, secrets={"Test/Do/Token": "s3cr3t"})
    run = await plant.begin()
    await plant.work(times=2)
    return run


async def poll(plant: Plant, project: str | None = None) -> list[Job]:
    query = ("ProjectName", project) if project else None
    return await jobs.poll(plant.store, PLACE, JENKINS, query=query, limit=5, now=NOON)


async def taken(plant: Plant) -> Job:
    (job,) = await poll(plant)
    await jobs.acknowledge(plant.store, ACCOUNT, job.id, job.nonce)
    return job


async def succeed(plant: Plant, job: Job, report: Report = Report()) -> None:  # noqa: B008
    await jobs.succeed(plant.store, ACCOUNT, job.id, report, plant.tick())


async def test_a_job_worker_performs_a_custom_action(plant: Plant) -> None:
    """CP-145, CP-158"""
    run = await begun(plant)
    (job,) = await poll(plant)
    row = (await plant.actions())["Do"]
    source = (await plant.run(run)).artifacts["App"]
    data = job.data
    assert data["actionConfiguration"] == {
        "configuration": {"ProjectName": "web", "Token": "s3cr3t"}
    }
    assert data["pipelineContext"] == {
        "pipelineName": "app",
        "stage": {"name": "Test"},
        "action": {"name": "Do", "actionExecutionId": str(row.id)},
        "pipelineArn": plant.name.arn,
        "pipelineExecutionId": str(run),
    }
    place = {"bucketName": "artifacts", "objectKey": source.key}
    assert data["inputArtifacts"] == [
        {
            "name": "App",
            "revision": source.revision,
            "location": {"type": "S3", "s3Location": place},
        }
    ]
    ((made),) = data["outputArtifacts"]
    key = await find_key(
        plant.store.database, plant.store.sealer, data["artifactCredentials"]["accessKeyId"]
    )
    assert key is not None
    assert key.principal.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/pipeline/{row.id.hex}"
    assert await jobs.acknowledge(plant.store, ACCOUNT, job.id, job.nonce) == "InProgress"
    report = Report(
        {"Result": "9"}, Revision("r1"), result=Result("build-7", "", "All is well", "ada")
    )
    await succeed(plant, job, report)
    row = (await plant.actions())["Do"]
    assert (row.status, row.external_id, row.summary, row.updated_by) == (
        ActionStatus.SUCCEEDED, "build-7", "All is well", "ada"
    )  # fmt: skip
    found = await plant.run(run)
    assert found.artifacts["Made"].key == made["location"]["s3Location"]["objectKey"]
    assert found.artifacts["Made"].revision == "r1"
    assert found.variables["Done"] == {"Result": "9"}
    assert found.stages["Ask"].status == "InProgress"


async def test_of_two_workers_only_the_first_gets_a_job(plant: Plant) -> None:
    """CP-158"""
    await begun(plant)
    (first,), (second,) = await poll(plant), await poll(plant)
    assert first.id == second.id
    got = await asyncio.gather(
        *(jobs.acknowledge(plant.store, ACCOUNT, one.id, one.nonce) for one in (first, second)),
        return_exceptions=True,
    )
    assert sorted(str(one).partition(":")[0] for one in got) == [
        "InProgress", "InvalidNonceException"
    ]  # fmt: skip
    assert await poll(plant) == []


async def test_a_nonce_that_is_none_is_refused(plant: Plant) -> None:
    await begun(plant)
    (job,) = await poll(plant)
    with pytest.raises(AwsError, match="InvalidNonceException"):
        await jobs.acknowledge(plant.store, ACCOUNT, job.id, "é")
    for account, one in ((ACCOUNT, uuid4()), ("111111111111", job.id)):
        with pytest.raises(AwsError, match="JobNotFoundException"):
            await jobs.acknowledge(plant.store, account, one, job.nonce)


async def test_a_worker_may_ask_for_the_jobs_of_one_configuration(plant: Plant) -> None:
    """CP-145"""
    await begun(plant)
    assert await poll(plant, "other") == []
    assert len(await poll(plant, "web")) == 1
    other = JENKINS._replace(version="2")
    assert await jobs.poll(plant.store, PLACE, other, now=NOON) == []
    assert await jobs.poll(plant.store, (ACCOUNT, "eu-west-1"), JENKINS, now=NOON) == []


async def test_a_continuation_token_makes_another_job(plant: Plant) -> None:
    """CP-157, CP-158"""
    run = await begun(plant)
    first = await taken(plant)
    await succeed(plant, first, Report(continuation_token="page 2", result=Result("b-1")))
    row = (await plant.actions())["Do"]
    assert (row.status, row.external_id) == (ActionStatus.IN_PROGRESS, "b-1")
    second = await taken(plant)
    assert second.id != first.id
    assert second.data["continuationToken"] == "page 2"
    await succeed(plant, second)
    assert (await plant.run(run)).stages["Ask"].status == "InProgress"


async def test_a_result_is_taken_once_and_of_an_acknowledged_job(plant: Plant) -> None:
    await begun(plant)
    (job,) = await poll(plant)
    with pytest.raises(AwsError, match="InvalidJobStateException"):
        await succeed(plant, job)
    await jobs.acknowledge(plant.store, ACCOUNT, job.id, job.nonce)
    await succeed(plant, job)
    with pytest.raises(AwsError, match="InvalidJobStateException"):
        await succeed(plant, job)
    with pytest.raises(AwsError, match="InvalidJobStateException"):
        await jobs.fail(plant.store, ACCOUNT, job.id, Failed("JobFailed", "x"), Result(), NOON)


async def test_a_job_that_fails_fails_its_action(plant: Plant) -> None:
    run = await begun(plant)
    job = await taken(plant)
    failed = Failed("ConfigurationError", "no such project")
    await jobs.fail(plant.store, ACCOUNT, job.id, failed, Result("build-8"), plant.tick())
    row = (await plant.actions())["Do"]
    assert (row.error, row.external_id) == (failed._asdict(), "build-8")
    assert (await plant.run(run)).status == RunStatus.FAILED


@pytest.mark.parametrize("how", ["deadline", "abandoned"])
async def test_a_job_goes_with_its_action(plant: Plant, how: str) -> None:
    """CP-042, CP-055"""
    run = await begun(plant)
    job = await taken(plant)
    if how == "deadline":
        assert await sweep(plant.store, plant.now + timedelta(hours=24, minutes=1)) == 1
    else:
        await plant.happen(Stop(run, Stopping.ABANDON))
    with pytest.raises(AwsError, match="InvalidJobStateException"):
        await succeed(plant, job)
    with pytest.raises(AwsError, match="JobNotFoundException"):
        await jobs.describe(plant.store, ACCOUNT, job.id, NOON)
    assert await poll(plant) == []


async def test_a_jobs_details_have_credentials_of_their_own(plant: Plant) -> None:
    await begun(plant)
    job = await taken(plant)
    found = await jobs.describe(plant.store, ACCOUNT, job.id, NOON)
    assert found.data.pop("artifactCredentials") != job.data.pop("artifactCredentials")
    assert found.data == job.data


async def test_too_many_variables_and_a_token_with_variables_are_refused(plant: Plant) -> None:
    """CP-096, CP-158"""
    await begun(plant)
    job = await taken(plant)
    with pytest.raises(AwsError, match="OutputVariablesSizeExceededException"):
        await succeed(plant, job, Report({"A": "x" * 122_880}))
    with pytest.raises(AwsError, match="ValidationException: outputVariables cannot be given"):
        await succeed(plant, job, Report({"A": "x"}, continuation_token="t"))
    await succeed(plant, job, Report({"A": "x" * 122_879}))


async def test_a_pipeline_starts_another_once(plant: Plant) -> None:
    """CP-139"""
    await plant.create(
        stage("Source", SOURCE), stage("Ask", APPROVE), name="child",
        variables=[{"name": "Who", "defaultValue": "nobody"}],
    )  # fmt: skip
    child = plant.name
    call = action(
        "Call", "CodePipeline", category="Invoke", PipelineName="child",
        Variables='[{"name": "Who", "value": "#{Src.VersionId}"}]',
        SourceRevisions='[{"actionName": "Fetch", "revisionType": "S3_OBJECT_VERSION_ID",'
        ' "revisionValue": "#{Src.VersionId}"}]',
    )  # fmt: skip
    await plant.create(stage("Source", SOURCE), stage("Call", call), name="parent")
    run = await plant.begin()
    await plant.work(times=2)
    assert (await plant.run(run)).status == RunStatus.SUCCEEDED
    row = (await plant.actions())["Call"]
    plant.name = child
    state = await plant.state()
    (found,) = state.runs.values()
    version = found.revisions["Fetch"].id
    assert row.external_id == str(found.id)
    assert found.variables["variables"] == {"Who": version}
    assert found.cause.detail.endswith(":parent")
    rows = await plant.store.database.fetch("SELECT id FROM pipelines WHERE name = 'child'")
    assert len(await list_executions(plant.store.database, rows[0].id, limit=9)) == 1


async def test_a_pipeline_that_starts_itself_comes_to_an_end(plant: Plant) -> None:
    call = action("Call", "CodePipeline", category="Invoke", PipelineName="app")
    await plant.create(stage("Source", SOURCE), stage("Call", call))
    await plant.begin()
    await plant.work()
    rows = await plant.store.database.fetch(
        "SELECT status, error FROM action_executions WHERE action = 'Call' ORDER BY sequence"
    )
    assert [row.status for row in rows] == [*["Succeeded"] * 4, "Failed"]
    assert "looks like a circle" in rows[-1].error["message"]


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"PipelineName": "gone"}, "Pipeline gone: PipelineNotFoundException: "),
        ({"PipelineName": "app", "Variables": "{"}, "Variables is no JSON: "),
        ({"PipelineName": "app", "Variables": '[{"name": 1}]'}, "Variables has to be a JSON list"),
    ],
)
async def test_a_pipeline_that_cannot_be_started_fails_the_action(
    plant: Plant, configuration: dict[str, Any], message: str
) -> None:
    call = action("Call", "CodePipeline", category="Invoke", **configuration)
    await plant.create(stage("Source", SOURCE), stage("Call", call))
    run = await plant.begin()
    await plant.work()
    assert (await plant.actions())["Call"].error["message"].startswith(message)
    assert (await plant.run(run)).status == RunStatus.FAILED
