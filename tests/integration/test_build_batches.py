"""Batches of builds, as the API answers them while their builds come to their ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from penstock.flow.build_batches import FULL, reads_batch, record_plan
from penstock.flow.builds import Lost, finish
from penstock.state.builds import Status
from penstock.state.recorded_builds import Claim, Ending

from .batch_machine import (
    ACCOUNT,
    BAD,
    COMMIT,
    NOON,
    OK,
    REGION,
    Machine,
    batchspec,
    phases,
    run,
    running,
    statuses,
    task,
)

pytestmark = pytest.mark.anyio


async def test_a_batch_begins_with_a_build_that_downloads_the_source(machine: Machine) -> None:
    """CB-104: the first group is a DOWNLOAD_SOURCE build."""
    answer = await machine.codebuild.start_build_batch(machine.call, {"projectName": "web"})
    batch = answer["buildBatch"]
    assert batch["arn"] == f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build-batch/{batch['id']}"
    assert batch["buildBatchNumber"] == 1
    assert batch["startTime"] == NOON
    assert (batch["buildBatchStatus"], batch["complete"]) == ("IN_PROGRESS", False)
    assert phases(batch) == [("SUBMITTED", "SUCCEEDED"), ("DOWNLOAD_BATCHSPEC", None)]
    (group,) = batch["buildGroups"]
    assert group["identifier"] == "DOWNLOAD_SOURCE"
    build_id = group["currentBuildSummary"]["arn"].partition("/")[2]
    got = await machine.codebuild.batch_get_builds(machine.call, {"ids": [build_id]})
    assert got["builds"][0]["buildBatchArn"] == batch["arn"]
    assert await machine.batch(batch["id"]) == batch


async def test_builds_start_when_those_they_depend_on_have_ended(machine: Machine) -> None:
    """CB-101, CB-104, CB-116, CB-151: order, overrides, phases, the commit of all builds."""
    batch_id = await machine.start(
        environmentVariablesOverride=[{"name": "COLOR", "value": "red", "type": "PLAINTEXT"}]
    )
    env = {
        "image": "alpine",
        "compute-type": "BUILD_GENERAL1_LARGE",
        "privileged-mode": True,
        "variables": {"STAGE": "prod"},
    }
    text = batchspec(task("b", "a", env=env, buildspec="b.yml"), task("a"))
    await machine.read_source(batch_id, text)
    assert await running(machine, batch_id) == {"a"}
    (_, first), (_, second) = await run(machine, batch_id)
    environment = second["environment"]
    assert environment["image"] == "alpine"
    assert environment["computeType"] == "BUILD_GENERAL1_LARGE"
    assert environment["privilegedMode"] is True
    values = {one["name"]: one["value"] for one in environment["environmentVariables"]}
    assert values == {"STAGE": "prod", "COLOR": "red"}
    assert (first["source"].get("buildspec"), second["source"]["buildspec"]) == (None, "b.yml")
    assert first["sourceVersion"] == f"main^{{{COMMIT}}}"
    assert first["artifacts"]["location"] == "arn:aws:s3:::bucket/out/a/web"
    batch = await machine.batch(batch_id)
    assert phases(batch) == [
        ("SUBMITTED", "SUCCEEDED"),
        ("DOWNLOAD_BATCHSPEC", "SUCCEEDED"),
        ("IN_PROGRESS", "SUCCEEDED"),
        ("COMBINE_ARTIFACTS", "SUCCEEDED"),
        ("SUCCEEDED", None),
    ]
    assert (batch["currentPhase"], batch["buildBatchStatus"]) == ("SUCCEEDED", "SUCCEEDED")
    assert batch["resolvedSourceVersion"] == COMMIT
    _, group, _ = batch["buildGroups"]
    assert group["dependsOn"] == ["a"]
    assert group["currentBuildSummary"]["primaryArtifact"] == {
        "type": "S3",
        "identifier": "b",
        "location": "arn:aws:s3:::bucket/out/b/web",
    }


async def test_every_build_finds_its_identifier(machine: Machine) -> None:
    """CB-116"""
    batch_id = await machine.start()
    await machine.read_source(batch_id, batchspec(task("lint")))
    begun = await machine.begin((await machine.builds(batch_id))["lint"])
    assert begun.variables == {"CODEBUILD_BATCH_BUILD_IDENTIFIER": "lint"}
    assert not reads_batch(begun)


@pytest.mark.parametrize(
    ("tasks", "fast_fail", "failing", "status", "ends"),
    [
        ([task("a"), task("b")], False, "a", BAD, {"a": BAD, "b": OK}),
        ([task("a"), task("b", "a")], False, "a", BAD, {"a": BAD, "b": None}),
        ([task("a", ignore_failure=True), task("b", "a")], False, "a", OK, {"a": BAD, "b": OK}),
        ([task("a"), task("b")], True, "a", BAD, {"a": BAD, "b": Status.STOPPED}),
    ],
)
async def test_a_failed_build_fails_the_batch_unless_it_is_ignored(
    machine: Machine,
    tasks: list[dict[str, Any]],
    fast_fail: bool,
    failing: str,
    status: Status,
    ends: dict[str, Status | None],
) -> None:
    """CB-100, CB-105: with fast-fail those that wait or run are stopped."""
    batch_id = await machine.start()
    await machine.read_source(batch_id, batchspec(*tasks, fast_fail=fast_fail))
    await run(machine, batch_id, failing)
    batch = await machine.batch(batch_id)
    assert batch["buildBatchStatus"] == status
    assert statuses(batch) == {"DOWNLOAD_SOURCE": OK, **ends}
    assert batch["complete"]


async def test_a_batch_whose_source_cannot_be_had_has_failed(machine: Machine) -> None:
    batch_id = await machine.start()
    build = (await machine.builds(batch_id))["DOWNLOAD_SOURCE"]
    await machine.end(build, BAD)
    await machine.do_jobs()
    batch = await machine.batch(batch_id)
    assert phases(batch)[1:] == [("DOWNLOAD_BATCHSPEC", "FAILED"), ("FAILED", None)]
    assert batch["phases"][1]["contexts"] == [
        {"statusCode": "BATCH_FAILED", "message": "DOWNLOAD_SOURCE: FAILED"}
    ]


@pytest.mark.parametrize(
    ("restrictions", "text", "message"),
    [
        ({}, b"version: 0.2\nphases: {}", "no batch section"),
        ({"maximumBuildsAllowed": 1}, batchspec(task("a"), task("b")), "maximumBuildsAllowed"),
        (
            {"computeTypesAllowed": ["BUILD_GENERAL1_SMALL"]},
            batchspec(task("a", env={"compute-type": "BUILD_GENERAL1_LARGE"})),
            "computeTypesAllowed: a asks for BUILD_GENERAL1_LARGE",
        ),
        ({}, batchspec(task("DOWNLOAD_SOURCE")), "Invalid identifier"),
    ],
)
async def test_a_batch_that_cannot_be_fails_before_its_builds(
    machine: Machine, restrictions: dict[str, Any], text: bytes, message: str
) -> None:
    """CB-105: the restrictions of buildBatchConfig."""
    batch_id = await machine.start(buildBatchConfigOverride={"restrictions": restrictions})
    await machine.read_source(batch_id, text)
    batch = await machine.batch(batch_id)
    assert phases(batch)[1:] == [("DOWNLOAD_BATCHSPEC", "FAILED"), ("FAILED", None)]
    assert message in batch["phases"][1]["contexts"][0]["message"]
    assert list(statuses(batch)) == ["DOWNLOAD_SOURCE"]


async def test_a_build_that_cannot_be_started_has_failed(machine: Machine) -> None:
    batch_id = await machine.start()
    windows = task("a", env={"type": "WINDOWS_CONTAINER"})
    await machine.read_source(batch_id, batchspec(windows, task("b"), task("c", "a")))
    await run(machine, batch_id)
    batch = await machine.batch(batch_id)
    assert statuses(batch) == {"DOWNLOAD_SOURCE": OK, "a": BAD, "b": OK, "c": None}
    context = batch["phases"][2]["contexts"][0]
    assert (
        "NotImplemented: not implemented: CodeBuild.ProjectEnvironment.type" in context["message"]
    )


async def test_a_stopped_batch_stops_its_builds(machine: Machine) -> None:
    """CB-104: those in the queue end at once, those that run are asked to."""
    batch_id = await machine.start()
    await machine.read_source(batch_id, batchspec(task("a"), task("b"), task("c", "b")))
    builds = await machine.builds(batch_id)
    begun = await machine.begin(builds["a"])
    stopped = await machine.codebuild.stop_build_batch(machine.call, {"id": batch_id})
    assert stopped["buildBatch"]["buildBatchStatus"] == "IN_PROGRESS"
    assert await running(machine, batch_id) == {"a"}
    await finish(machine.store, begun.claim, Ending(Status.STOPPED), machine.now)
    await machine.do_jobs()
    batch = await machine.batch(batch_id)
    assert phases(batch)[2:] == [("IN_PROGRESS", "STOPPED"), ("STOPPED", None)]
    assert statuses(batch) == {
        "DOWNLOAD_SOURCE": OK,
        "a": Status.STOPPED,
        "b": Status.STOPPED,
        "c": None,
    }
    again = await machine.codebuild.stop_build_batch(machine.call, {"id": batch_id})
    assert again["buildBatch"] == batch


async def test_a_batch_is_stopped_when_its_time_is_over(machine: Machine) -> None:
    """CB-105"""
    batch_id = await machine.start(buildBatchConfigOverride={"timeoutInMins": 5})
    await machine.read_source(batch_id, batchspec(task("a")))
    machine.now = NOON + timedelta(minutes=5)
    assert await machine.do_jobs()
    batch = await machine.batch(batch_id)
    assert batch["buildBatchStatus"] == "TIMED_OUT"
    assert phases(batch)[2:] == [("IN_PROGRESS", "TIMED_OUT"), ("FAILED", None)]


async def test_a_limit_of_the_project_lets_builds_start_later(machine: Machine) -> None:
    """CB-135: a batch does not fail by it."""
    await machine.codebuild.update_project(machine.call, {"name": "web", "concurrentBuildLimit": 1})
    batch_id = await machine.start()
    other = await machine.start()
    assert await running(machine, other) == set()
    await machine.read_source(batch_id, batchspec(task("a"), task("b")))
    assert len(await running(machine, batch_id)) == 1
    await run(machine, batch_id)
    assert (await machine.batch(batch_id))["buildBatchStatus"] == "SUCCEEDED"
    machine.now += FULL
    await machine.do_jobs()
    assert await running(machine, other) == {"DOWNLOAD_SOURCE"}


async def test_a_build_is_the_batchs_even_after_it_was_deleted(machine: Machine) -> None:
    """CB-140: builds may be deleted when they have ended."""
    batch_id = await machine.start()
    await machine.read_source(batch_id, batchspec(task("a"), task("b")))
    build = (await machine.builds(batch_id))["a"]
    await machine.end(build, OK)
    await machine.codebuild.batch_delete_builds(machine.call, {"ids": [f"web:{build}"]})
    await machine.do_jobs()
    await run(machine, batch_id)
    assert (await machine.batch(batch_id))["buildBatchStatus"] == "SUCCEEDED"


async def test_only_the_first_build_tells_the_plan(machine: Machine) -> None:
    batch_id = await machine.start()
    build = (await machine.builds(batch_id))["DOWNLOAD_SOURCE"]
    with pytest.raises(Lost):
        await record_plan(machine.store, Claim(build, uuid4()), None)
    await machine.end(build, OK)
    await machine.do_jobs()
    batch = await machine.batch(batch_id)
    assert batch["buildBatchStatus"] == "FAILED"
    assert "did not tell" in batch["phases"][1]["contexts"][0]["message"]
