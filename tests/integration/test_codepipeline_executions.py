"""Executions of pipelines through the API: started, stopped and looked at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from penstock.decide.pipelines import refusals
from penstock.store import Store

from .desk import action, pipeline
from .plant import zipped
from .works import ASK, NO, ROOT, UNKNOWN, Works, stage

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)


@pytest.fixture
async def works(store: Store) -> Works:
    works = Works(store)
    await works.furnish()
    return works


async def shown(works: Works, run: str) -> dict[str, Any]:
    answer = await works("get_pipeline_execution", pipelineName="web", pipelineExecutionId=run)
    found: dict[str, Any] = answer["pipelineExecution"]
    return found


async def summary(works: Works, run: str) -> dict[str, Any]:
    listed = await works("list_pipeline_executions", pipelineName="web")
    summaries = listed["pipelineExecutionSummaries"]
    found: dict[str, Any] = next(one for one in summaries if one["pipelineExecutionId"] == run)
    return found


async def stop(works: Works, run: str, **asked: Any) -> Any:
    return await works(
        "stop_pipeline_execution", pipelineName="web", pipelineExecutionId=run, **asked
    )


async def refused_stop(works: Works, run: str, **asked: Any) -> str:
    return await works.refused(
        "stop_pipeline_execution", pipelineName="web", pipelineExecutionId=run, **asked
    )


def revision(version: str) -> dict[str, str]:
    """As S3 sources tell it where the object's metadata say nothing."""
    return {"revisionId": version, "revisionSummary": f"Amazon S3 version id: {version}"}


async def test_an_execution_tells_what_it_runs(works: Works) -> None:
    """CP-053, CP-054, A14"""
    version = await works.plant.put(
        "sources", "app.zip", b"zip", **{"codepipeline-artifact-revision-summary": "Fixed it"}
    )
    run = await works.make(variables=[{"name": "TAG", "defaultValue": "v1"}])
    await works.work()
    assert await shown(works, run) == {
        "pipelineName": "web",
        "pipelineVersion": 1,
        "pipelineExecutionId": run,
        "status": "InProgress",
        "artifactRevisions": [
            {"name": "App", "revisionId": version, "revisionSummary": "Fixed it"}
        ],
        "variables": [{"name": "TAG", "resolvedValue": "v1"}],
        "trigger": {"triggerType": "CreatePipeline", "triggerDetail": ROOT},
        "executionMode": "SUPERSEDED",
        "executionType": "STANDARD",
    }


async def test_the_history_tells_of_a_stopped_execution(works: Works) -> None:
    """CP-041, CP-053, CP-054, A20, A40"""
    await works.make()
    run = await works.start()
    began = works.now
    await works.work()
    answer = await stop(works, run, abandon=True, reason="wrong branch")
    assert answer == {"pipelineExecutionId": run}
    version = (await works.plant.actions())["Fetch"].external_id
    assert await summary(works, run) == {
        "pipelineExecutionId": run,
        "status": "Stopped",
        "startTime": began,
        "lastUpdateTime": works.now - SECOND,
        "sourceRevisions": [{"actionName": "Fetch", **revision(version)}],
        "trigger": {"triggerType": "StartPipelineExecution", "triggerDetail": ROOT},
        "stopTrigger": {"reason": "wrong branch"},
        "executionMode": "SUPERSEDED",
        "executionType": "STANDARD",
    }


async def test_a_start_with_a_token_used_before_is_the_same_start(works: Works) -> None:
    """CP-103, A39"""
    await works.make()
    first = await works.start(clientRequestToken="once-1")
    assert await works.start(clientRequestToken="once-1") == first
    assert await works.start(clientRequestToken="once-2") != first
    assert len((await works("list_pipeline_executions", pipelineName="web"))[
        "pipelineExecutionSummaries"
    ]) == 3  # fmt: skip


async def test_variables_of_a_start_win_over_their_defaults(works: Works) -> None:
    """CP-090, CP-094, CP-095, A39"""
    said = action(
        "Ask",
        "Approval Manual",
        configuration={"CustomData": "#{variables.TAG} #{codepipeline.PipelineExecutionId}"},
    )
    declared = [{"name": "TAG", "defaultValue": "v1"}, {"name": "TO", "defaultValue": "dev"}]
    await works.make(stage("Ask", said), variables=declared)
    await works.work()
    await works.finish("Ask")
    run = await works.start(variables=[{"name": "TAG", "value": "v2"}])
    await works.work()
    resolved = (await shown(works, run))["variables"]
    assert {one["name"]: one["resolvedValue"] for one in resolved} == {"TAG": "v2", "TO": "dev"}
    listed = await works(
        "list_action_executions", pipelineName="web", filter={"pipelineExecutionId": run}
    )
    asked = listed["actionExecutionDetails"][0]["input"]
    assert asked["configuration"] == said["configuration"]
    assert asked["resolvedConfiguration"] == {"CustomData": f"v2 {run}"}


@pytest.mark.parametrize(
    "variables",
    [[{"name": "OTHER", "value": "1"}], [{"name": "TAG", "value": "x" * 1001}], []],
)
async def test_variables_that_do_not_fit_start_nothing(
    works: Works, variables: list[dict[str, str]]
) -> None:
    """CP-095"""
    await works("create_pipeline", pipeline=pipeline(variables=[{"name": "TAG"}]))
    asked: dict[str, Any] = {"variables": variables} if variables else {}
    code = await works.refused("start_pipeline_execution", name="web", **asked)
    assert code == "ValidationException"
    listed = await works("list_pipeline_executions", pipelineName="web")
    assert listed["pipelineExecutionSummaries"] == []


async def test_a_start_names_the_version_of_its_source(works: Works) -> None:
    """CP-102, CP-120"""
    await works.make()
    await works.work()
    old = (await works.plant.actions())["Fetch"].external_id
    await works.plant.put("sources", "app.zip", zipped({"index.html": b"<p>new"}))
    wanted = {
        "actionName": "Fetch", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": old
    }  # fmt: skip
    run = await works.start(sourceRevisions=[wanted])
    await works.work()
    assert (await shown(works, run))["artifactRevisions"] == [{"name": "App", **revision(old)}]
    other = await works.start()
    await works.work()
    assert (await shown(works, other))["artifactRevisions"][0]["revisionId"] != old
    none = {**wanted, "actionName": "Ask"}
    code = await works.refused("start_pipeline_execution", name="web", sourceRevisions=[none])
    assert code == "ValidationException"


async def test_a_stop_that_waits_lets_actions_finish(works: Works) -> None:
    """CP-041, CP-043, A40"""
    run = await works.make(stage("Ask", ASK, {**ASK, "name": "Then", "runOrder": 2}))
    await works.work()
    await stop(works, run, reason="enough")
    assert (await shown(works, run))["status"] == "Stopping"
    assert (await works.action("Ask"))["status"] == "InProgress"
    assert await refused_stop(works, run) == "DuplicatedStopRequestException"
    await works.finish("Ask")
    assert (await shown(works, run))["status"] == "Stopped"
    assert "Then" not in await works.plant.actions()
    assert (await summary(works, run))["stopTrigger"] == {"reason": "enough"}


async def test_a_stop_that_waits_can_be_followed_by_one_that_does_not(works: Works) -> None:
    """CP-042, CP-043"""
    run = await works.make()
    await works.work()
    await stop(works, run)
    await stop(works, run, abandon=True)
    assert (await shown(works, run))["status"] == "Stopped"
    assert (await works.action("Ask"))["status"] == "Abandoned"
    code = "PipelineExecutionNotStoppableException"
    assert await refused_stop(works, run, abandon=True) == code
    assert await refused_stop(works, UNKNOWN) == code


async def test_an_execution_of_another_pipeline_is_not_found(works: Works) -> None:
    """A14, A40"""
    other = await works.make(name="other")
    await works.make()
    for run in (other, UNKNOWN):
        code = await works.refused(
            "get_pipeline_execution", pipelineName="web", pipelineExecutionId=run
        )
        assert code == "PipelineExecutionNotFoundException"
        assert await refused_stop(works, run) == "PipelineExecutionNotStoppableException"
    assert await works.status_of(await works.newest()) == "InProgress"


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("start_pipeline_execution", {"name": "absent"}),
        ("stop_pipeline_execution", {"pipelineName": "absent", "pipelineExecutionId": UNKNOWN}),
        ("get_pipeline_execution", {"pipelineName": "absent", "pipelineExecutionId": UNKNOWN}),
    ],
)
async def test_a_pipeline_that_is_not_there_is_told(
    works: Works, operation: str, request_: dict[str, str]
) -> None:
    """A14, A39, A40"""
    assert await works.refused(operation, **request_) == "PipelineNotFoundException"


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("get_pipeline_execution", {"pipelineName": "web", "pipelineExecutionId": "1"}),
        ("stop_pipeline_execution", {"pipelineName": "web", "pipelineExecutionId": "../x"}),
        ("start_pipeline_execution", {"name": "web", "clientRequestToken": "a b"}),
        ("start_pipeline_execution", {"name": "web", "clientRequestToken": "a" * 129}),
        ("start_pipeline_execution", {"name": "a/b"}),
        (
            "start_pipeline_execution",
            {"name": "web", "sourceRevisions": [
                {"actionName": "Fetch", "revisionType": "TAG", "revisionValue": "1"}
            ]},
        ),
    ],
)  # fmt: skip
async def test_requests_that_are_none_are_refused(
    works: Works, operation: str, request_: dict[str, Any]
) -> None:
    """CP-102, CP-103"""
    await works.make()
    assert await works.refused(operation, **request_) == "ValidationException"


async def test_a_reason_has_200_characters(works: Works) -> None:
    """CP-043"""
    run = await works.make()
    assert await refused_stop(works, run, reason="x" * 201) == "ValidationException"
    await stop(works, run, reason="x" * 200)


@pytest.mark.parametrize("mode", ["QUEUED", "PARALLEL"])
async def test_so_many_executions_at_once(
    works: Works, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CP-038, A37, A39"""
    monkeypatch.setattr(refusals, "MOST_RUNS", 2)
    first = await works.make(executionMode=mode)
    code = "ConcurrentPipelineExecutionsLimitExceededException"
    await works.start()
    assert await works.refused("start_pipeline_execution", name="web") == code
    await works.finish("Fetch", NO, first)
    await works.start()
    refused = await works.refused(
        "retry_stage_execution", pipelineName="web", stageName="Source",
        pipelineExecutionId=first, retryMode="ALL_ACTIONS",
    )  # fmt: skip
    # In QUEUED another is in the stage by now, which comes first.
    assert refused == (code if mode == "PARALLEL" else "NotLatestPipelineExecutionException")


async def test_executions_end_in_their_states(works: Works) -> None:
    """CP-030, CP-033"""
    first = await works.make()
    await works.work()
    second = await works.start()
    await works.work()
    third = await works.start()
    await works.work()
    assert await works.status_of(second) == "Superseded"
    await works.finish("Ask", run=first)
    assert await works.status_of(first) == "Succeeded"
    await works.finish("Ask", NO, third)
    assert await works.status_of(third) == "Failed"
