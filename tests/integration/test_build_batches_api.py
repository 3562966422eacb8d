"""Batches of builds in the API: what is refused, listed, retried, deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from penstock.errors import AwsError

from .batch_machine import (
    BAD,
    NOON,
    OK,
    ROLE,
    Machine,
    batchspec,
    phases,
    run,
    running,
    statuses,
    task,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("config", "request_", "code"),
    [
        ({}, {}, "InvalidInputException"),
        ({"serviceRole": ROLE}, {"debugSessionEnabled": True}, "NotImplemented"),
        ({"serviceRole": ROLE}, {"projectName": "gone"}, "ResourceNotFoundException"),
        (
            {"serviceRole": ROLE, "restrictions": {"maximumBuildsAllowed": 101}},
            {},
            "InvalidInputException",
        ),
    ],
)
async def test_what_is_no_batch_is_refused(
    machine: Machine, config: dict[str, Any], request_: dict[str, Any], code: str
) -> None:
    await machine.codebuild.update_project(
        machine.call, {"name": "web", "buildBatchConfig": config}
    )
    with pytest.raises(AwsError) as caught:
        await machine.start(**request_)
    assert caught.value.code == code
    assert (await machine.codebuild.list_build_batches(machine.call, {}))["ids"] == []


async def test_a_batch_that_failed_is_retried_under_its_id(machine: Machine) -> None:
    """CB-137: only what failed, or all of it; phases are appended."""
    batch_id = await machine.start()
    text = batchspec(task("a"), task("b"), task("c", "b"))
    await machine.read_source(batch_id, text)
    await run(machine, batch_id, failing="b")
    first = await machine.batch(batch_id)
    retry = {"id": batch_id, "retryType": "RETRY_FAILED_BUILDS", "idempotencyToken": "t"}
    retried = (await machine.codebuild.retry_build_batch(machine.call, retry))["buildBatch"]
    again = (await machine.codebuild.retry_build_batch(machine.call, retry))["buildBatch"]
    assert retried["id"] == batch_id and again == retried
    assert phases(retried)[: len(first["phases"])] == phases(first)
    assert await running(machine, batch_id) == {"b"}
    await run(machine, batch_id, failing="c")
    second = await machine.batch(batch_id)
    assert statuses(second) == {"DOWNLOAD_SOURCE": OK, "a": OK, "b": OK, "c": BAD}
    prior = {one["identifier"]: one["priorBuildSummaryList"] for one in second["buildGroups"]}
    assert [one["buildStatus"] for one in prior["b"]] == ["FAILED"]
    everything = {"id": batch_id, "retryType": "RETRY_ALL_BUILDS"}
    await machine.codebuild.retry_build_batch(machine.call, everything)
    assert await running(machine, batch_id) == {"DOWNLOAD_SOURCE"}
    await machine.read_source(batch_id, text)
    await run(machine, batch_id)
    last = await machine.batch(batch_id)
    assert last["buildBatchStatus"] == "SUCCEEDED"
    assert [len(group["priorBuildSummaryList"]) for group in last["buildGroups"]] == [1, 1, 2, 1]


async def test_only_a_batch_that_failed_is_retried(machine: Machine) -> None:
    """CB-137"""
    batch_id = await machine.start()
    with pytest.raises(AwsError, match="is in progress"):
        await machine.codebuild.retry_build_batch(machine.call, {"id": batch_id})
    await machine.read_source(batch_id, batchspec(task("a")))
    await run(machine, batch_id)
    with pytest.raises(AwsError, match="has succeeded"):
        await machine.codebuild.retry_build_batch(machine.call, {"id": batch_id})


async def test_the_same_token_is_the_same_batch(machine: Machine) -> None:
    """CB-138"""
    first = await machine.start(idempotencyToken="t")
    assert await machine.start(idempotencyToken="t") == first
    with pytest.raises(AwsError, match="parameter mismatch"):
        await machine.start(idempotencyToken="t", sourceVersion="other")


async def test_batches_are_listed_and_deleted(machine: Machine) -> None:
    """By the time they were submitted, the last first."""
    codebuild, call = machine.codebuild, machine.call
    ids = []
    for minute in range(3):
        later = call._replace(now=NOON + timedelta(minutes=minute))
        answer = await codebuild.start_build_batch(later, {"projectName": "web"})
        ids.append(answer["buildBatch"]["id"])
    await codebuild.stop_build_batch(call, {"id": ids[0]})
    page = await codebuild.list_build_batches(call, {"maxResults": 2})
    rest = await codebuild.list_build_batches(
        call, {"maxResults": 2, "nextToken": page["nextToken"]}
    )
    assert [*page["ids"], *rest["ids"]] == ids[::-1] and "nextToken" not in rest
    of_project = {"projectName": "web", "filter": {"status": "STOPPED"}}
    assert await codebuild.list_build_batches_for_project(call, of_project) == {"ids": ids[:1]}
    with pytest.raises(AwsError, match="Project cannot be found"):
        await codebuild.list_build_batches_for_project(call, {"projectName": "gone"})
    with pytest.raises(AwsError, match="is in progress"):
        await codebuild.delete_build_batch(call, {"id": ids[1]})
    deleted = await codebuild.delete_build_batch(call, {"id": ids[0]})
    assert deleted["statusCode"] == "BATCH_DELETED" and len(deleted["buildsDeleted"]) == 1
    got = await codebuild.batch_get_build_batches(call, {"ids": ids[:1]})
    assert got == {"buildBatches": [], "buildBatchesNotFound": ids[:1]}
