"""Executions of pipelines, actions and rules, listed (A17, A20, A22)."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.store import Store

from .desk import REGION, action, fetch
from .works import ASK, NO, UNKNOWN, Works, stage

pytestmark = pytest.mark.anyio

WINDOW = {"category": "Rule", "owner": "AWS", "provider": "VariableCheck", "version": "1"}
RULE = {
    "name": "Fetched",
    "ruleTypeId": WINDOW,
    "configuration": {"Variable": "#{Src.VersionId}", "Value": "x", "Operator": "NE"},
}
CHECKED = stage("Ask", ASK, beforeEntry={"conditions": [{"result": "FAIL", "rules": [RULE]}]})
LISTINGS = {
    "list_pipeline_executions": "pipelineExecutionSummaries",
    "list_action_executions": "actionExecutionDetails",
    "list_rule_executions": "ruleExecutionDetails",
}


@pytest.fixture
async def works(store: Store) -> Works:
    works = Works(store)
    await works.furnish()
    return works


async def listed(works: Works, operation: str, size: int = 0, **asked: Any) -> list[dict[str, Any]]:
    """All of it, in pages of a size."""
    found: list[dict[str, Any]] = []
    more: dict[str, Any] = {"maxResults": size} if size else {}
    while True:
        page = await works(operation, pipelineName=works.plant.name.name, **more, **asked)
        found += page[LISTINGS[operation]]
        assert not size or len(page[LISTINGS[operation]]) <= size
        if "nextToken" not in page:
            return found
        more["nextToken"] = page["nextToken"]


SOURCE = {**fetch(), "namespace": "Src"}


async def checked(works: Works, runs: int = 1) -> list[str]:
    """Executions that have gone through a condition and wait for an approval, the first first."""
    made = [await works.make(CHECKED, first=SOURCE, executionMode="PARALLEL")]
    made += [await works.start() for _ in range(runs - 1)]
    await works.work()
    for run in made:
        await works.finish("Fetched", run=run)
    return made


async def test_executions_are_listed_the_newest_first(works: Works) -> None:
    """A20"""
    runs = [await works.make(executionMode="QUEUED")]
    runs += [await works.start() for _ in range(4)]
    found = await listed(works, "list_pipeline_executions", 2)
    assert [one["pipelineExecutionId"] for one in found] == runs[::-1]
    assert found == await listed(works, "list_pipeline_executions")


async def test_executions_are_listed_that_succeeded_in_a_stage_of_this_version(
    works: Works,
) -> None:
    """A20"""
    first = await works.make()
    await works.work()
    await works.finish("Ask")
    second = await works.start()
    await works.work()

    async def succeeded(**stage: str) -> list[str]:
        asked = {"succeededInStage": stage}
        found = await listed(works, "list_pipeline_executions", 1, filter=asked)
        return [one["pipelineExecutionId"] for one in found]

    assert await succeeded(stageName="Source") == [second, first]
    assert await succeeded(stageName="Ask") == [first]
    assert await succeeded(stageName="Absent") == []
    assert await succeeded() == [second, first]
    got = (await works("get_pipeline", name="web"))["pipeline"]
    await works("update_pipeline", pipeline=got)
    assert await succeeded(stageName="Source") == []


async def test_actions_tell_what_they_were_given_and_what_came_of_it(works: Works) -> None:
    """CP-090, A17"""
    (run,) = await checked(works)
    version = (await works.plant.actions())["Fetch"].external_id
    ask, fetch = await listed(works, "list_action_executions")
    assert (ask["actionName"], ask["status"], ask["stageName"]) == ("Ask", "InProgress", "Ask")
    (made,) = fetch["output"]["outputArtifacts"]
    assert fetch == {
        "pipelineExecutionId": run,
        "actionExecutionId": fetch["actionExecutionId"],
        "pipelineVersion": 1,
        "stageName": "Source",
        "actionName": "Fetch",
        "startTime": fetch["startTime"],
        "lastUpdateTime": fetch["lastUpdateTime"],
        "status": "Succeeded",
        "input": {
            "actionTypeId": {
                "category": "Source", "owner": "AWS", "provider": "S3", "version": "1"
            },
            "configuration": {"S3Bucket": "sources", "S3ObjectKey": "app.zip"},
            "resolvedConfiguration": {"S3Bucket": "sources", "S3ObjectKey": "app.zip"},
            "region": REGION,
            "inputArtifacts": [],
            "namespace": "Src",
        },
        "output": {
            "outputArtifacts": [made],
            "outputVariables": {
                "VersionId": version, "ETag": fetch["output"]["outputVariables"]["ETag"]
            },
            "executionResult": fetch["output"]["executionResult"],
        },
    }  # fmt: skip
    assert made["name"] == "App"
    assert made["s3location"]["bucket"] == "artifacts"
    assert fetch["startTime"] < fetch["lastUpdateTime"]


async def test_rules_tell_what_they_were_given_and_what_came_of_it(works: Works) -> None:
    """CP-090, A22"""
    (run,) = await checked(works)
    version = (await works.plant.actions())["Fetch"].external_id
    (rule,) = await listed(works, "list_rule_executions")
    assert rule == {
        "pipelineExecutionId": run,
        "ruleExecutionId": rule["ruleExecutionId"],
        "pipelineVersion": 1,
        "stageName": "Ask",
        "ruleName": "Fetched",
        "startTime": rule["startTime"],
        "lastUpdateTime": rule["lastUpdateTime"],
        "status": "Succeeded",
        "input": {
            "ruleTypeId": WINDOW,
            "configuration": RULE["configuration"],
            "resolvedConfiguration": {"Variable": version, "Value": "x", "Operator": "NE"},
            "region": REGION,
            "inputArtifacts": [],
        },
        "output": {"executionResult": rule["output"].get("executionResult", {})},
    }


@pytest.mark.parametrize(
    ("operation", "names"),
    [
        ("list_action_executions", ["Ask", "Fetch"]),  # A17
        ("list_rule_executions", ["Fetched"]),  # A22
    ],
)
async def test_they_are_listed_by_execution_or_all(
    works: Works, operation: str, names: list[str]
) -> None:
    runs = await checked(works, 3)
    name = "actionName" if "action" in operation else "ruleName"
    found = await listed(works, operation, 2)
    assert found == await listed(works, operation)
    assert len(found) == 3 * len(names)
    of_one = await listed(works, operation, 1, filter={"pipelineExecutionId": runs[1]})
    assert [one[name] for one in of_one] == names
    assert {one["pipelineExecutionId"] for one in of_one} == {runs[1]}


async def test_the_latest_attempts_can_be_asked_for(works: Works) -> None:
    """CP-045, CP-046, A17"""
    then = {**ASK, "name": "Then", "runOrder": 2}
    run = await works.make(stage("Ask", ASK, then))
    await works.work()
    failed = await works.finish("Ask", NO)
    await works(
        "retry_stage_execution", pipelineName="web", stageName="Ask", pipelineExecutionId=run,
        retryMode="FAILED_ACTIONS",
    )  # fmt: skip

    async def found(range: str) -> list[tuple[str, str]]:
        asked = {"pipelineExecutionId": run, "startTimeRange": range}
        rows = await listed(
            works, "list_action_executions", 1, filter={"latestInPipelineExecution": asked}
        )
        return [(one["actionName"], one["status"]) for one in rows]

    latest = [("Ask", "InProgress"), ("Fetch", "Succeeded")]
    assert await found("Latest") == latest
    assert await found("All") == [latest[0], ("Ask", "Failed"), latest[1]]
    every = await listed(works, "list_action_executions", filter={"pipelineExecutionId": run})
    ids = [one["actionExecutionId"] for one in every]
    assert len(set(ids)) == 3
    assert str(failed) in ids


@pytest.mark.parametrize("operation", LISTINGS)
async def test_listings_refuse_what_is_not_theirs(works: Works, operation: str) -> None:
    """A17, A20, A22"""
    other = await works.make(name="other", executionMode="PARALLEL")
    for _ in range(2):
        await works.start()
    await works.make()
    web = {"pipelineName": "web"}
    assert await works.refused(operation, pipelineName="absent") == "PipelineNotFoundException"
    code = "InvalidNextTokenException"
    assert await works.refused(operation, **web, nextToken="x") == code
    theirs = await works("list_pipeline_executions", pipelineName="other", maxResults=1)
    assert await works.refused(operation, **web, nextToken=theirs["nextToken"]) == code
    for size in (0, 101):
        refused = await works.refused(operation, **web, maxResults=size)
        assert refused == "ValidationException"
    if operation != "list_pipeline_executions":
        for run in (other, UNKNOWN):
            asked = {"filter": {"pipelineExecutionId": run}}
            refused = await works.refused(operation, **web, **asked)
            assert refused == "PipelineExecutionNotFoundException"
        latest = {"pipelineExecutionId": other, "startTimeRange": "Latest"}
        refused = await works.refused(
            operation, **web, filter={"latestInPipelineExecution": latest}
        )
        assert refused == "PipelineExecutionNotFoundException"


async def test_an_action_that_could_not_begin_is_listed(works: Works) -> None:
    """CP-093, A17"""
    said = action("Say", "Approval Manual", configuration={"CustomData": "#{Src.Absent}"})
    run = await works.make(stage("Say", said), first=SOURCE)
    await works.work()
    assert await works.status_of(run) == "Failed"
    say = (await listed(works, "list_action_executions"))[0]
    assert (say["actionName"], say["status"]) == ("Say", "Failed")
    error = say["output"]["executionResult"]["errorDetails"]
    assert error["message"] == (
        "An action in this pipeline failed because one or more variables could not be resolved:"
        " Action name=Say"
    )
