"""Rules that ask other services: an alarm, a function (CP-073, CP-074)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import boto3
import pytest
from botocore.config import Config

from penstock.state.pipelines import ActionStatus, ConditionKind, Run, RunStatus
from penstock.store import Store
from penstock.store.facts import tell
from penstock.worker.actions import start_action

from .hosting import serving
from .mill import condition, rule
from .plant import APPROVE, REGION, SOURCE, Document, Plant, stage, zipped

pytestmark = pytest.mark.anyio


@pytest.fixture
async def plant(store: Store) -> Plant:
    plant = Plant(store)
    plant.now = datetime.now(UTC) - timedelta(minutes=1)  # its clock ticks as it likes
    await plant.bucket("source", versioned=True)
    await plant.bucket("artifacts")
    await plant.put("source", "app.zip", zipped({"a": b"1"}))
    return plant


@asynccontextmanager
async def at(plant: Plant, **services: str) -> AsyncIterator[str]:
    """A server, which the rules ask."""
    async with serving(plant.store, services=services) as url:
        async with plant.store.database.transaction() as connection:
            await tell(connection, "endpoint", url)
        yield url


def client(url: str, service: str, **credentials: str) -> Any:
    keys = credentials or {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "x"}
    config = Config(retries={"total_max_attempts": 1})
    return boto3.client(service, region_name=REGION, endpoint_url=url, config=config, **keys)


async def checked(plant: Plant, checking: Document, kind: str = "beforeEntry") -> UUID:
    """The execution of a rule that has been asked once."""
    result = {"beforeEntry": "FAIL", "onSuccess": "FAIL"}[kind]
    guarded = stage("Guarded", APPROVE, **{kind: condition(result, checking)})
    await plant.create(stage("Source", SOURCE), guarded)
    await plant.begin()
    (fetch,) = await plant.jobs()
    await start_action(plant.store, fetch.action)
    if kind == "onSuccess":
        await plant.finish((await plant.actions())["Ask"].id)
    row = (await plant.actions())[checking["name"]]
    await plant.store.database.execute("DELETE FROM procrastinate_jobs")
    await start_action(plant.store, row.id)
    return UUID(str(row.id))


async def row(plant: Plant, name: str) -> Any:
    return (await plant.actions())[name]


# Alarms


def alarm(name: str, **configuration: str) -> Document:
    return rule("Alarm", "CloudWatchAlarm", AlarmName=name, **configuration)


async def put_alarm(url: str, state: str) -> str:
    """A new alarm in a state; its name."""
    name, cloudwatch = f"errors-{uuid4()}", client(url, "cloudwatch")
    await asyncio.to_thread(
        cloudwatch.put_metric_alarm, AlarmName=name, ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1, MetricName="Errors", Namespace="web", Period=60, Statistic="Sum",
        Threshold=1.0,
    )  # fmt: skip
    await set_alarm(url, name, state)
    return name


async def set_alarm(url: str, name: str, state: str) -> None:
    cloudwatch = client(url, "cloudwatch")
    await asyncio.to_thread(
        cloudwatch.set_alarm_state, AlarmName=name, StateValue=state, StateReason="a test"
    )


async def due(plant: Plant) -> list[datetime]:
    rows = await plant.store.database.fetch(
        "SELECT scheduled_at FROM procrastinate_jobs WHERE queue_name = 'actions'"
    )
    return [row.scheduled_at for row in rows]


@pytest.mark.parametrize("kind", ["beforeEntry", "onSuccess"])
@pytest.mark.parametrize(
    ("state", "status"), [("OK", ActionStatus.SUCCEEDED), ("ALARM", ActionStatus.FAILED)]
)
async def test_an_alarm_decides_at_once_where_no_time_is_given(
    plant: Plant, state: str, status: ActionStatus, kind: str
) -> None:
    """CP-073"""
    async with at(plant) as url:
        name = await put_alarm(url, state)
        await checked(plant, alarm(name), kind)
    found = await row(plant, "Alarm")
    assert found.status == status
    said = f"The alarm {name} is in the state {state}"
    assert said in (found.summary if found.error is None else found.error["message"])
    assert await plant.store.database.fetch("SELECT 1 FROM access_keys WHERE revoked IS NULL") == []


async def test_an_entry_waits_for_the_alarm_to_be_over(plant: Plant) -> None:
    """CP-073: it flips in the time that it has"""
    async with at(plant) as url:
        name = await put_alarm(url, "ALARM")
        before = datetime.now(UTC)
        id_ = await checked(plant, alarm(name, WaitTime="10"))
        (next_look,) = await due(plant)
        assert timedelta(seconds=10) < next_look - before < timedelta(seconds=60)
        assert (await row(plant, "Alarm")).status == ActionStatus.IN_PROGRESS
        await start_action(plant.store, id_)
        assert await due(plant) == [next_look]  # one job, however often it is asked
        await set_alarm(url, name, "OK")
        await start_action(plant.store, id_)
    assert (await row(plant, "Alarm")).status == ActionStatus.SUCCEEDED


async def test_a_stage_that_succeeded_is_watched(plant: Plant) -> None:
    """CP-073"""
    async with at(plant) as url:
        name = await put_alarm(url, "OK")
        id_ = await checked(plant, alarm(name, WaitTime="10"), "onSuccess")
        assert (await row(plant, "Alarm")).status == ActionStatus.IN_PROGRESS
        await set_alarm(url, name, "ALARM")
        await start_action(plant.store, id_)
    found = await row(plant, "Alarm")
    assert (found.status, found.error["code"]) == (ActionStatus.FAILED, "JobFailed")
    assert found.error["message"].endswith(
        "is in the state ALARM; wanted is INSUFFICIENT_DATA or OK"
    )


async def test_an_alarm_that_is_missing_is_an_error(plant: Plant) -> None:
    """CP-073"""
    async with at(plant):
        await checked(plant, alarm("gone", WaitTime="10"))
    found = await row(plant, "Alarm")
    assert found.error == {"code": "ConfigurationError", "message": "There is no alarm gone"}


async def test_a_server_that_is_away_is_asked_again_while_there_is_time(plant: Plant) -> None:
    """CP-073"""
    async with at(plant):
        pass
    id_ = await checked(plant, alarm("errors", WaitTime="10"))
    assert len(await due(plant)) == 1
    assert (await row(plant, "Alarm")).summary.startswith("CloudWatch does not answer: ")
    await plant.store.database.execute(
        "UPDATE action_executions SET started = started - interval '11 minutes'"
    )
    await start_action(plant.store, id_)
    found = await row(plant, "Alarm")
    assert found.error["message"].startswith("CloudWatch: ServiceUnavailable: ")


# Functions


class Functions:
    """An emulator of Lambda: it notes what functions are given, and runs none."""

    def __init__(self) -> None:
        self.given: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self.headers = b""
        self.status = b"202 Accepted"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.lower().splitlines()
        (length,) = (int(line[15:]) for line in lines if line.startswith("content-length:"))
        body = json.loads(await reader.readexactly(length))
        assert "x-amz-invocation-type: event" in lines
        self.given.put_nowait((head.split()[1].split("/")[-2], body))
        answer = b"Content-Length: 2\r\nConnection: close\r\n\r\n{}"
        writer.write(b"HTTP/1.1 " + self.status + b"\r\n" + self.headers + answer)
        await writer.drain()
        writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        async with await asyncio.start_server(self.serve, "127.0.0.1", 0) as server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(20):
            name, event = await self.given.get()
        assert name == "gate"
        job: dict[str, Any] = event["CodePipeline.job"]
        return job


@pytest.fixture
async def functions() -> Functions:
    return Functions()


def invoke() -> Document:
    return {
        **rule("Gate", "LambdaInvoke", FunctionName="gate", UserParameters="#{Src.VersionId}"),
        "inputArtifacts": [{"name": "App"}],
    }


def answer(url: str, job: dict[str, Any]) -> Any:
    """A client of the function's own: with what the job gives it for its artifacts."""
    given = job["data"]["artifactCredentials"]
    return client(
        url, "codepipeline", aws_access_key_id=given["accessKeyId"],
        aws_secret_access_key=given["secretAccessKey"], aws_session_token=given["sessionToken"],
    )  # fmt: skip


async def run_of(plant: Plant) -> Run:
    (run,) = (await plant.state()).runs.values()
    return run


async def test_a_function_is_told_of_a_job_and_ends_the_rule_by_it(
    plant: Plant, functions: Functions
) -> None:
    """CP-074, CP-156, CP-157"""
    async with functions.listening() as emulator, at(plant, **{"lambda": emulator}) as url:
        await checked(plant, invoke())
        job = await functions.next()
        run = await run_of(plant)
        artifact = run.artifacts["App"]
        assert job["accountId"] == "000000000000"
        assert job["data"] == {
            "actionConfiguration": {
                "configuration": {
                    "FunctionName": "gate", "UserParameters": run.variables["Src"]["VersionId"],
                }
            },
            "inputArtifacts": [
                {
                    "name": "App",
                    "revision": artifact.revision,
                    "location": {
                        "type": "S3",
                        "s3Location": {"bucketName": artifact.bucket, "objectKey": artifact.key},
                    },
                }
            ],
            "outputArtifacts": [],
            "artifactCredentials": job["data"]["artifactCredentials"],
        }  # fmt: skip
        found = await row(plant, "Gate")
        assert (found.status, found.external_id) == (ActionStatus.IN_PROGRESS, job["id"])
        pipelines = answer(url, job)
        await asyncio.to_thread(pipelines.put_job_success_result, jobId=job["id"])
    assert (await row(plant, "Gate")).status == ActionStatus.SUCCEEDED
    assert "Ask" in (await run_of(plant)).stages["Guarded"].actions


async def test_a_function_may_refuse(plant: Plant, functions: Functions) -> None:
    """CP-074, CP-157"""
    async with functions.listening() as emulator, at(plant, **{"lambda": emulator}) as url:
        await checked(plant, invoke())
        job = await functions.next()
        details = {"type": "JobFailed", "message": "not on a Friday"}
        pipelines = answer(url, job)
        await asyncio.to_thread(
            pipelines.put_job_failure_result, jobId=job["id"], failureDetails=details
        )
    assert (await row(plant, "Gate")).error["message"] == "not on a Friday"
    run = await run_of(plant)
    assert run.status == RunStatus.FAILED
    status = run.stages["Guarded"].conditions[ConditionKind.BEFORE_ENTRY].status
    assert status == "Failed"


async def test_a_function_that_goes_on_is_invoked_again(plant: Plant, functions: Functions) -> None:
    """CP-157: with its token, in another job, later"""
    async with functions.listening() as emulator, at(plant, **{"lambda": emulator}) as url:
        id_ = await checked(plant, invoke())
        first = await functions.next()
        pipelines = answer(url, first)
        await asyncio.to_thread(
            pipelines.put_job_success_result, jobId=first["id"], continuationToken="half"
        )
        assert (await row(plant, "Gate")).status == ActionStatus.IN_PROGRESS
        (again,) = await due(plant)
        assert again > datetime.now(UTC)
        await start_action(plant.store, id_)
        second = await functions.next()
        assert second["data"]["continuationToken"] == "half"
        assert second["id"] != first["id"]
        pipelines = answer(url, second)
        await asyncio.to_thread(pipelines.put_job_success_result, jobId=second["id"])
    assert (await row(plant, "Gate")).status == ActionStatus.SUCCEEDED


async def test_a_rule_that_is_started_twice_has_one_job(plant: Plant, functions: Functions) -> None:
    """CP-156: the function may be invoked more than once for it"""
    async with functions.listening() as emulator, at(plant, **{"lambda": emulator}):
        id_ = await checked(plant, invoke())
        await start_action(plant.store, id_)
        jobs = {(await functions.next())["id"], (await functions.next())["id"]}
    assert len(jobs) == 1


async def test_a_function_that_fails_where_it_is_seen_fails_the_rule(
    plant: Plant, functions: Functions
) -> None:
    """CP-074"""
    functions.headers = b"X-Amz-Function-Error: Unhandled\r\n"
    async with functions.listening() as emulator, at(plant, **{"lambda": emulator}):
        await checked(plant, invoke())
    error = (await row(plant, "Gate")).error
    assert error == {"code": "JobFailed", "message": "The function gate failed: Unhandled"}


async def test_a_function_that_is_missing_is_an_error(plant: Plant, functions: Functions) -> None:
    """CP-074"""
    functions.status = b"404 Not Found"
    functions.headers = b"X-Amzn-ErrorType: ResourceNotFoundException\r\n"
    async with functions.listening() as emulator, at(plant, **{"lambda": emulator}):
        await checked(plant, invoke())
    error = (await row(plant, "Gate")).error
    assert error["code"] == "ConfigurationError"
    assert "cannot be invoked: ResourceNotFoundException" in error["message"]
