"""Job workers, as they ask for jobs and report of them (CP-145, CP-157…159)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.store import Store

from .desk import ACCOUNT, action, artifacts
from .works import UNKNOWN, Works, stage

pytestmark = pytest.mark.anyio

TYPE = {"category": "Build", "owner": "Custom", "provider": "Jenkins", "version": "1"}
JENKINS: dict[str, Any] = {
    "category": "Build",
    "provider": "Jenkins",
    "version": "1",
    "configurationProperties": [
        {"name": "Job", "required": True, "key": True, "secret": False, "queryable": True},
        {"name": "Token", "required": False, "key": False, "secret": True},
    ],
    "inputArtifactDetails": {"minimumCount": 0, "maximumCount": 5},
    "outputArtifactDetails": {"minimumCount": 0, "maximumCount": 5},
}
BUILD = action(
    "Make",
    "Build Jenkins Custom",
    configuration={"Job": "web", "Token": "s3cr3t"},
    inputArtifacts=artifacts("App"),
    outputArtifacts=artifacts("Made"),
    namespace="Made-by",
)
SAY = action("Say", "Approval Manual", configuration={"CustomData": "#{Made-by.Number}"})


@pytest.fixture
async def works(store: Store) -> Works:
    works = Works(store)
    await works.furnish()
    await works("create_custom_action_type", **JENKINS)
    return works


async def queued(works: Works) -> str:
    """An execution whose job waits for a worker."""
    run = await works.make(stage("Build", BUILD), stage("Say", SAY))
    await works.work()
    return run


async def poll(works: Works, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await works("poll_for_jobs", actionTypeId=TYPE, **asked))["jobs"]
    return found


async def taken(works: Works) -> str:
    (job,) = await poll(works)
    answer = await works("acknowledge_job", jobId=job["id"], nonce=job["nonce"])
    assert answer == {"status": "InProgress"}
    return str(job["id"])


async def test_a_job_says_what_is_to_be_done(works: Works) -> None:
    """CP-145, CP-158, A12, A27"""
    run = await queued(works)
    (job,) = await poll(works, maxBatchSize=5)
    data = job["data"]
    assert job["accountId"] == ACCOUNT
    assert data["actionTypeId"] == TYPE
    assert data["actionConfiguration"] == {"configuration": {"Job": "web", "Token": "s3cr3t"}}
    assert data["pipelineContext"]["pipelineExecutionId"] == run
    assert [one["name"] for one in data["inputArtifacts"]] == ["App"]
    assert [one["name"] for one in data["outputArtifacts"]] == ["Made"]
    assert set(data["artifactCredentials"]) == {
        "accessKeyId", "secretAccessKey", "sessionToken"
    }  # fmt: skip
    details = (await works("get_job_details", jobId=job["id"]))["jobDetails"]
    without = {key: value for key, value in data.items() if key != "artifactCredentials"}
    assert {**details["data"], "artifactCredentials": None} == {
        **without, "artifactCredentials": None
    }  # fmt: skip
    assert (details["id"], details["accountId"]) == (job["id"], ACCOUNT)


async def test_a_success_ends_the_action(works: Works) -> None:
    """CP-158, A01, A32"""
    await queued(works)
    job = await taken(works)
    answer = await works(
        "put_job_success_result",
        jobId=job,
        currentRevision={
            "revision": "abc", "changeIdentifier": "c", "revisionSummary": "Built abc"
        },
        executionDetails={
            "summary": "All is well", "externalExecutionId": "17", "percentComplete": 100
        },
        outputVariables={"Number": "17"},
    )  # fmt: skip
    assert answer == {}
    ended = await works.action("Make")
    assert (ended["status"], ended["summary"], ended["percentComplete"]) == (
        "Succeeded", "All is well", 100
    )  # fmt: skip
    assert ended["externalExecutionId"] == "17"
    listed = (await works("list_action_executions", pipelineName="web"))["actionExecutionDetails"]
    say, make = listed[0], listed[1]
    assert say["input"]["resolvedConfiguration"] == {"CustomData": "17"}
    assert make["output"]["outputVariables"] == {"Number": "17"}
    assert [one["name"] for one in make["output"]["outputArtifacts"]] == ["Made"]
    assert make["input"]["configuration"] == {"Job": "web", "Token": "****"}


async def test_a_failure_ends_the_action(works: Works) -> None:
    """A31"""
    run = await queued(works)
    job = await taken(works)
    details = {
        "type": "ConfigurationError", "message": "There is no job web",
        "externalExecutionId": "18",
    }  # fmt: skip
    assert await works("put_job_failure_result", jobId=job, failureDetails=details) == {}
    ended = await works.action("Make")
    assert (ended["status"], ended["externalExecutionId"]) == ("Failed", "18")
    assert ended["errorDetails"] == {
        "code": "ConfigurationError",
        "message": "There is no job web",
    }
    assert await works.status_of(run) == "Failed"


@pytest.mark.parametrize(
    "type",
    ["ConfigurationError", "JobFailed", "PermissionError", "RevisionOutOfSync",
     "RevisionUnavailable", "SystemUnavailable"],
)  # fmt: skip
async def test_failures_have_their_types(works: Works, type: str) -> None:
    """A31"""
    await queued(works)
    job = await taken(works)
    details = {"type": type, "message": "no"}
    await works("put_job_failure_result", jobId=job, failureDetails=details)
    assert (await works.action("Make"))["errorDetails"] == {"code": type, "message": "no"}


async def test_a_continuation_token_comes_back_with_the_next_job(works: Works) -> None:
    """CP-157, CP-158, A32"""
    run = await queued(works)
    first = await taken(works)
    progress = {"percentComplete": 40, "summary": "Halfway"}
    await works(
        "put_job_success_result", jobId=first, continuationToken="more", executionDetails=progress
    )
    going = await works.action("Make")
    assert (going["status"], going["percentComplete"], going["summary"]) == (
        "InProgress", 40, "Halfway"
    )  # fmt: skip
    (job,) = await poll(works)
    assert job["id"] != first
    assert job["data"]["continuationToken"] == "more"
    second = await taken(works)
    await works("put_job_success_result", jobId=second, outputVariables={"Number": "1"})
    assert (await works.action("Make"))["status"] == "Succeeded"
    assert (await works.stages())["Say"]["latestExecution"]["pipelineExecutionId"] == run


async def test_only_the_first_who_acknowledges_has_the_job(works: Works) -> None:
    """CP-158, A01"""
    await queued(works)
    (one,), (same,) = await poll(works), await poll(works)
    assert one["id"] == same["id"]
    answers = await asyncio.gather(
        *(works("acknowledge_job", jobId=job["id"], nonce=job["nonce"]) for job in (one, same)),
        return_exceptions=True,
    )
    codes = [answer.code for answer in answers if isinstance(answer, AwsError)]
    assert codes == ["InvalidNonceException"]
    assert await poll(works) == []


async def test_jobs_are_asked_for_by_a_property(works: Works) -> None:
    """CP-145, A27"""
    await queued(works)
    assert await poll(works, queryParam={"Job": "other"}) == []
    assert len(await poll(works, queryParam={"Job": "web"})) == 1
    code = await works.refused(
        "poll_for_jobs", actionTypeId=TYPE, queryParam={"Job": "web", "Token": "x"}
    )
    assert code == "ValidationException"


async def test_there_are_no_jobs_of_unknown_types(works: Works) -> None:
    """A27"""
    for change in ({"provider": "Other"}, {"owner": "AWS", "provider": "CodeBuild"}):
        code = await works.refused("poll_for_jobs", actionTypeId={**TYPE, **change})
        assert code == "ActionTypeNotFoundException"
    assert await works.refused("poll_for_jobs", actionTypeId=TYPE, maxBatchSize=0) == (
        "ValidationException"
    )


FAILURE = {"type": "JobFailed", "message": "no"}
OF_A_JOB: dict[str, dict[str, Any]] = {
    "acknowledge_job": {"nonce": "1"},  # A01
    "get_job_details": {},  # A12
    "put_job_failure_result": {"failureDetails": FAILURE},  # A31
    "put_job_success_result": {},  # A32
}


@pytest.mark.parametrize("operation", OF_A_JOB)
async def test_a_job_that_is_not_there_is_told(works: Works, operation: str) -> None:
    code = await works.refused(operation, jobId=UNKNOWN, **OF_A_JOB[operation])
    assert code == "JobNotFoundException"
    assert await works.refused(operation, jobId="1", **OF_A_JOB[operation]) == (
        "ValidationException"
    )


async def test_a_job_in_another_state_takes_no_result(works: Works) -> None:
    """A31, A32"""
    await queued(works)
    (job,) = await poll(works)
    code = "InvalidJobStateException"
    for operation in ("put_job_failure_result", "put_job_success_result"):
        assert await works.refused(operation, jobId=job["id"], **OF_A_JOB[operation]) == code
    await works("acknowledge_job", jobId=job["id"], nonce=job["nonce"])
    await works("put_job_success_result", jobId=job["id"], outputVariables={"Number": "1"})
    for operation in ("put_job_failure_result", "put_job_success_result"):
        assert await works.refused(operation, jobId=job["id"], **OF_A_JOB[operation]) == code
    assert await works.refused("acknowledge_job", jobId=job["id"], nonce=job["nonce"]) == (
        "InvalidNonceException"
    )


async def test_a_job_of_a_stopped_execution_takes_no_result(works: Works) -> None:
    """CP-042, A32"""
    run = await queued(works)
    job = await taken(works)
    await works(
        "stop_pipeline_execution", pipelineName="web", pipelineExecutionId=run, abandon=True
    )
    assert await works.refused("put_job_success_result", jobId=job) == "InvalidJobStateException"
    assert await works.refused("get_job_details", jobId=job) == "JobNotFoundException"
    assert await works.status_of(run) == "Stopped"


async def test_outputs_have_a_size(works: Works) -> None:
    """CP-096, A32"""
    await queued(works)
    job = await taken(works)
    most = {f"V{number}": "x" * 10_000 for number in range(13)}
    refused = await works.refused("put_job_success_result", jobId=job, outputVariables=most)
    assert refused == "OutputVariablesSizeExceededException"
    both = {"continuationToken": "t", "outputVariables": {"Number": "1"}}
    assert await works.refused("put_job_success_result", jobId=job, **both) == (
        "ValidationException"
    )
    long = await works.refused("put_job_success_result", jobId=job, continuationToken="x" * 2049)
    assert long == "ValidationException"
    await works("put_job_success_result", jobId=job, outputVariables={"Number": "1"})
