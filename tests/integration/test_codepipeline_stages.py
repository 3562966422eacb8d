"""Stages that are retried, rolled back and overridden, through the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from penstock.store import Store

from .desk import action, artifacts
from .plant import zipped
from .works import ASK, NO, ROOT, UNKNOWN, Works, condition, stage

pytestmark = pytest.mark.anyio

TWO = stage("Ask", ASK, {**ASK, "name": "Also"}, {**ASK, "name": "Then", "runOrder": 2})
COPY = action(
    "Copy",
    "Deploy S3",
    configuration={"BucketName": "site", "Extract": "true"},
    inputArtifacts=artifacts("App"),
)


@pytest.fixture
async def works(store: Store) -> Works:
    works = Works(store)
    await works.furnish()
    return works


def of_ask(run: str, **members: str) -> dict[str, str]:
    return {"pipelineName": "web", "stageName": "Ask", "pipelineExecutionId": run, **members}


async def retry(works: Works, run: str, mode: str = "FAILED_ACTIONS") -> None:
    answer = await works("retry_stage_execution", **of_ask(run, retryMode=mode))
    assert answer == {"pipelineExecutionId": run}


async def refused_retry(works: Works, run: str, **members: str) -> str:
    asked = of_ask(run, **{"retryMode": "FAILED_ACTIONS", **members})
    return await works.refused("retry_stage_execution", **asked)


async def attempts(works: Works, name: str) -> list[tuple[str, str]]:
    """Ids and statuses of an action, the latest first."""
    listed = await works("list_action_executions", pipelineName="web")
    return [
        (one["actionExecutionId"], one["status"])
        for one in listed["actionExecutionDetails"]
        if one["actionName"] == name
    ]


async def failed(works: Works, *stages: dict[str, Any]) -> str:
    """An execution whose action Ask has failed."""
    run = await works.make(*(stages or (stage("Ask", ASK),)))
    await works.work()
    await works.finish("Ask", NO)
    return run


async def test_a_retry_of_failed_actions_leaves_the_others(works: Works) -> None:
    """CP-045, CP-046, CP-068, A37"""
    run = await failed(works, TWO)
    await works.finish("Also")
    assert await works.status_of(run) == "Failed"
    assert "retryStageMetadata" not in (await works.stages())["Ask"]
    await retry(works, run)
    assert await works.status_of(run) == "InProgress"
    (new, now), (old, before) = await attempts(works, "Ask")
    assert (now, before) == ("InProgress", "Failed")
    assert new != old
    assert len(await attempts(works, "Also")) == 1
    assert (await works.stages())["Ask"]["retryStageMetadata"] == {
        "manualStageRetryAttempt": 1,
        "latestRetryTrigger": "ManualStageRetry",
    }
    told = await works.store.database.fetch(
        "SELECT detail FROM events WHERE detail ->> 'action' = 'Ask'"
        " AND detail ->> 'state' = 'STARTED' ORDER BY sequence"
    )
    assert [row.detail["pipeline-execution-attempt"] for row in told] == [1, 2]
    await works.finish("Ask")
    await works.finish("Then")
    assert await works.status_of(run) == "Succeeded"


async def test_a_retry_of_all_actions_is_of_the_whole_stage(works: Works) -> None:
    """CP-046, A37"""
    run = await failed(works, TWO)
    code = await refused_retry(works, run, retryMode="ALL_ACTIONS")
    assert code == "ConflictException"  # Also is in progress
    await works.finish("Also")
    await retry(works, run, "ALL_ACTIONS")
    assert [status for _, status in await attempts(works, "Also")] == ["InProgress", "Succeeded"]
    await works.finish("Ask", NO)
    await works.finish("Also")
    await retry(works, run, "ALL_ACTIONS")
    assert (await works.stages())["Ask"]["retryStageMetadata"]["manualStageRetryAttempt"] == 2


async def test_a_stage_that_retries_by_itself_says_so(works: Works) -> None:
    """CP-068, A15"""
    again = {"result": "RETRY", "retryConfiguration": {"retryMode": "FAILED_ACTIONS"}}
    run = await failed(works, stage("Ask", ASK, onFailure=again))
    assert await works.status_of(run) == "InProgress"
    automatic = {"autoStageRetryAttempt": 1, "latestRetryTrigger": "AutomatedStageRetry"}
    assert (await works.stages())["Ask"]["retryStageMetadata"] == automatic
    await works.finish("Ask", NO)
    assert await works.status_of(run) == "Failed"
    await retry(works, run)
    assert (await works.stages())["Ask"]["retryStageMetadata"] == {
        "autoStageRetryAttempt": 1,
        "manualStageRetryAttempt": 1,
        "latestRetryTrigger": "ManualStageRetry",
    }


async def test_retries_that_are_refused(works: Works) -> None:
    """CP-035, CP-040, CP-047, A37"""
    run = await failed(works)
    other = await works.make(name="other")
    works.named("web")
    assert await refused_retry(works, run, pipelineName="absent") == "PipelineNotFoundException"
    assert await refused_retry(works, run, stageName="Absent") == "StageNotFoundException"
    assert await refused_retry(works, run, stageName="Source") == "StageNotRetryableException"
    assert await refused_retry(works, run, retryMode="SOME") == "ValidationException"
    for unknown in (UNKNOWN, other):
        assert await refused_retry(works, unknown) == "NotLatestPipelineExecutionException"
    newer = await works.start()
    await works.work()
    assert await refused_retry(works, run) == "NotLatestPipelineExecutionException"
    assert await refused_retry(works, newer) == "StageNotRetryableException"
    await works.finish("Ask", NO, newer)
    declared = (await works("get_pipeline", name="web"))["pipeline"]
    await works("update_pipeline", pipeline=declared)
    assert await refused_retry(works, newer) == "StageNotRetryableException"


async def deployed(works: Works) -> tuple[str, str]:
    """Two executions that have deployed one thing after the other."""
    await works.plant.bucket("site")
    first = await works.make(stage("Deploy", COPY))
    await works.work()
    await works.plant.put("sources", "app.zip", zipped({"index.html": b"<p>new"}))
    second = await works.start()
    await works.work()
    assert await works.plant.read("site", "index.html") == b"<p>new"
    return first, second


async def roll_back(works: Works, target: str) -> str:
    answer = await works(
        "rollback_stage", pipelineName="web", stageName="Deploy", targetPipelineExecutionId=target
    )
    return str(answer["pipelineExecutionId"])


async def refused_rollback(works: Works, target: str, **members: str) -> str:
    asked = {"pipelineName": "web", "stageName": "Deploy", "targetPipelineExecutionId": target}
    return await works.refused("rollback_stage", **{**asked, **members})


async def test_a_rollback_deploys_what_was_deployed_then(works: Works) -> None:
    """CP-048, CP-053, CP-054, A38"""
    first, second = await deployed(works)
    run = await roll_back(works, first)
    assert run not in (first, second)
    await works.work()
    assert await works.plant.read("site", "index.html") == b"<p>hello"
    listed = await works("list_pipeline_executions", pipelineName="web")
    back, _, before = listed["pipelineExecutionSummaries"]
    assert (back["pipelineExecutionId"], back["status"]) == (run, "Succeeded")
    assert back["executionType"] == "ROLLBACK"
    assert back["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": first}
    assert back["trigger"] == {"triggerType": "ManualRollback", "triggerDetail": ROOT}
    assert back["sourceRevisions"] == before["sourceRevisions"]
    deploy = (await works.stages())["Deploy"]
    assert deploy["latestExecution"] == {
        "pipelineExecutionId": run, "status": "Succeeded", "type": "ROLLBACK"
    }  # fmt: skip


async def test_a_stage_rolls_back_by_itself(works: Works) -> None:
    """CP-048, CP-054, CP-070"""
    await works.plant.bucket("site")
    first = await works.make(stage("Deploy", COPY, onFailure={"result": "ROLLBACK"}))
    await works.work()
    await works.plant.put("sources", "app.zip", b"no archive")
    second = await works.start()
    await works.work()
    assert await works.status_of(second) == "Failed"
    listed = await works("list_pipeline_executions", pipelineName="web")
    back = listed["pipelineExecutionSummaries"][0]
    assert back["trigger"] == {"triggerType": "AutomatedRollback", "triggerDetail": second}
    assert back["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": first}
    assert back["status"] == "Succeeded"


async def test_rollbacks_that_are_refused(works: Works) -> None:
    """CP-049, A38"""
    first, second = await deployed(works)
    unable = "UnableToRollbackStageException"
    assert await refused_rollback(works, first, pipelineName="absent") == (
        "PipelineNotFoundException"
    )
    assert await refused_rollback(works, first, stageName="Absent") == "StageNotFoundException"
    assert await refused_rollback(works, UNKNOWN) == "PipelineExecutionNotFoundException"
    assert await refused_rollback(works, first, stageName="Source") == unable
    back = await roll_back(works, first)
    assert await refused_rollback(works, second) == unable  # the stage is running
    await works.work()
    assert await refused_rollback(works, back) == unable
    works.plant.tick(timedelta(days=366))
    assert await refused_rollback(works, first) == "PipelineExecutionOutdatedException"
    declared = (await works("get_pipeline", name="web"))["pipeline"]
    await works("update_pipeline", pipeline=declared)
    assert await refused_rollback(works, first) == unable


async def test_in_parallel_nothing_is_rolled_back(works: Works) -> None:
    """CP-037, CP-049"""
    await works.plant.bucket("site")
    run = await works.make(stage("Deploy", COPY), executionMode="PARALLEL")
    await works.work()
    assert await works.status_of(run) == "Succeeded"
    assert await refused_rollback(works, run) == "UnableToRollbackStageException"


async def override(works: Works, run: str, kind: str = "BEFORE_ENTRY") -> None:
    asked = of_ask(run, conditionType=kind)
    assert await works("override_stage_condition", **asked) == {}


async def refused_override(works: Works, run: str, **members: str) -> str:
    asked = of_ask(run, **{"conditionType": "BEFORE_ENTRY", **members})
    return await works.refused("override_stage_condition", **asked)


async def test_a_condition_that_is_overridden_lets_the_stage_proceed(works: Works) -> None:
    """CP-069, A26"""
    run = await works.make(
        stage(
            "Ask",
            ASK,
            beforeEntry=condition("FAIL", "before"),
            onSuccess=condition("FAIL", "after"),
        )
    )
    await works.work()
    await works.finish("before", NO)
    assert await works.status_of(run) == "Failed"
    await override(works, run)
    ask = (await works.stages())["Ask"]
    assert ask["beforeEntryConditionState"]["latestExecution"] == {"status": "Overridden"}
    assert await works.status_of(run) == "InProgress"
    await works.finish("Ask")
    await works.finish("after", NO)
    assert await works.status_of(run) == "Failed"
    await override(works, run, "ON_SUCCESS")
    assert await works.status_of(run) == "Succeeded"


async def test_overrides_that_are_refused(works: Works) -> None:
    """CP-067, CP-069, A26"""
    run = await works.make(stage("Ask", ASK, beforeEntry=condition("FAIL", "before")))
    await works.work()
    not_overridable = "ConditionNotOverridableException"
    assert await refused_override(works, run) in (not_overridable, "ConflictException")
    await works.finish("before", NO)
    assert await refused_override(works, run, pipelineName="absent") == "PipelineNotFoundException"
    assert await refused_override(works, run, stageName="Absent") == "StageNotFoundException"
    assert await refused_override(works, run, conditionType="ON_FAILURE") == "ValidationException"
    assert await refused_override(works, run, conditionType="ON_SUCCESS") == not_overridable
    assert await refused_override(works, UNKNOWN) == "NotLatestPipelineExecutionException"
    await works.start()
    await works.work()
    assert await refused_override(works, run) == "NotLatestPipelineExecutionException"
