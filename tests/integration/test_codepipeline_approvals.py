"""Approvals through the API (CP-060…062, A30)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from penstock.errors import AwsError
from penstock.flow.overdue_actions import sweep_actions
from penstock.store import Store

from .desk import action
from .works import ASK, ROOT, UNKNOWN, Works, stage

pytestmark = pytest.mark.anyio

PLACE = {"pipelineName": "web", "stageName": "Ask", "actionName": "Ask"}
YES = {"status": "Approved", "summary": "Looks good"}
LINK = {"ExternalEntityLink": "http://example.com/1", "CustomData": "Look"}


@pytest.fixture
async def works(store: Store) -> Works:
    works = Works(store)
    await works.furnish()
    return works


async def asked(works: Works, *stages: dict[str, Any], **members: Any) -> str:
    """An execution that waits for its approval."""
    run = await works.make(*stages, **members)
    await works.work()
    return run


async def token_of(works: Works, name: str = "Ask") -> str:
    return str((await works.action(name))["token"])


async def answer(works: Works, token: str, result: dict[str, str] = YES, **place: str) -> Any:
    return await works("put_approval_result", **PLACE | place, result=result, token=token)


async def refused(works: Works, waiting: str, **members: Any) -> str:
    asked = {**PLACE, "result": YES, "token": waiting, **members}
    return await works.refused("put_approval_result", **asked)


async def test_an_approval_waits_for_its_answer(works: Works) -> None:
    """CP-060, CP-128, A15"""
    run = await asked(works, stage("Ask", action("Ask", "Approval Manual", configuration=LINK)))
    waiting = await works.action("Ask")
    (row,) = [row for row in (await works.plant.actions()).values() if row.action == "Ask"]
    assert waiting == {
        "actionExecutionId": str(row.id),
        "status": "InProgress",
        "lastStatusChange": row.started,
        "token": str(row.token),
    }
    assert str(UUID(waiting["token"])) == waiting["token"]
    assert await works.status_of(run) == "InProgress"


async def test_who_approves_is_named(works: Works) -> None:
    """CP-060, CP-062, A30"""
    run = await asked(works)
    token = await token_of(works)
    approved = await answer(works, token)
    at = works.now
    assert approved == {"approvedAt": at}
    ended = await works.action("Ask")
    assert (ended["status"], ended["summary"], ended["lastUpdatedBy"]) == (
        "Succeeded", "Looks good", ROOT
    )  # fmt: skip
    assert ended["lastStatusChange"] == at
    assert "token" not in ended
    assert await works.status_of(run) == "Succeeded"
    listed = await works("list_action_executions", pipelineName="web")
    detail = listed["actionExecutionDetails"][0]
    assert (detail["actionName"], detail["updatedBy"]) == ("Ask", ROOT)
    assert detail["output"]["executionResult"] == {"externalExecutionSummary": "Looks good"}


@pytest.mark.parametrize("said", ["Not on a Friday", ""])
async def test_what_is_rejected_fails(works: Works, said: str) -> None:
    """CP-060, CP-061: the summary may be empty."""
    run = await asked(works)
    await answer(works, await token_of(works), {"status": "Rejected", "summary": said})
    ended = await works.action("Ask")
    assert ended["status"] == "Failed"
    assert ended.get("summary", "") == said
    assert ended["errorDetails"] == {
        "code": "JobFailed",
        "message": said or "The approval was rejected",
    }
    assert await works.status_of(run) == "Failed"


async def test_an_approval_is_answered_once(works: Works) -> None:
    """CP-061, A30"""
    await asked(works)
    token = await token_of(works)
    await answer(works, token)
    assert await refused(works, token) == "ApprovalAlreadyCompletedException"
    assert (await works.action("Ask"))["status"] == "Succeeded"


async def test_of_those_who_answer_at_once_one_is_heard(works: Works) -> None:
    """CP-061"""
    run = await asked(works)
    token = await token_of(works)
    no = {"status": "Rejected", "summary": "no"}
    answers = await asyncio.gather(
        *(answer(works, token, result) for result in (YES, no, YES, no)), return_exceptions=True
    )
    codes = [one.code for one in answers if isinstance(one, AwsError)]
    assert codes == ["ApprovalAlreadyCompletedException"] * 3
    ended = (await works.action("Ask"))["status"]
    assert await works.status_of(run) == ended


async def test_a_token_of_another_attempt_or_place_is_refused(works: Works) -> None:
    """CP-061, A30"""
    run = await asked(works, stage("Ask", ASK), stage("Next", {**ASK, "name": "Again"}))
    old = await token_of(works)
    await answer(works, old, {"status": "Rejected", "summary": ""})
    await works(
        "retry_stage_execution", pipelineName="web", stageName="Ask", pipelineExecutionId=run,
        retryMode="FAILED_ACTIONS",
    )  # fmt: skip
    code = "InvalidApprovalTokenException"
    assert await refused(works, old) == code
    assert await refused(works, UNKNOWN) == code
    new = await token_of(works)
    assert new != old
    assert await refused(works, new, stageName="Next", actionName="Again") == code
    await answer(works, new)
    assert await refused(works, await token_of(works, "Again")) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"pipelineName": "absent"}, "PipelineNotFoundException"),
        ({"stageName": "Absent"}, "StageNotFoundException"),
        ({"actionName": "Absent"}, "ActionNotFoundException"),
        ({"stageName": "Source"}, "ActionNotFoundException"),
        ({"result": {"status": "approved", "summary": ""}}, "ValidationException"),
        ({"result": {"status": "Approved", "summary": "x" * 513}}, "ValidationException"),
        ({"token": "1"}, "ValidationException"),
    ],
)
async def test_what_is_no_answer_is_refused(
    works: Works, change: dict[str, Any], code: str
) -> None:
    """CP-061, A30"""
    await asked(works)
    token = await token_of(works)
    assert await refused(works, token, **change) == code
    await answer(works, token, {"status": "Approved", "summary": "x" * 512})


async def test_an_approval_that_nobody_answers_fails(works: Works) -> None:
    """CP-055, CP-060"""
    run = await asked(works, stage("Ask", {**ASK, "timeoutInMinutes": 5}))
    token = await token_of(works)
    now = works.plant.now
    assert await sweep_actions(works.store, now + timedelta(minutes=4), timedelta(hours=1)) == 0
    works.plant.tick(timedelta(minutes=6))
    assert await sweep_actions(works.store, works.plant.now, timedelta(hours=1)) == 1
    ended = await works.action("Ask")
    assert ended["status"] == "Failed"
    assert "timed out" in ended["errorDetails"]["message"]
    assert await works.status_of(run) == "Failed"
    assert await refused(works, token) == "ApprovalAlreadyCompletedException"


async def test_an_abandoned_approval_takes_no_answer(works: Works) -> None:
    """CP-042, CP-061"""
    run = await asked(works)
    token = await token_of(works)
    await works(
        "stop_pipeline_execution", pipelineName="web", pipelineExecutionId=run, abandon=True
    )
    assert await refused(works, token) == "ApprovalAlreadyCompletedException"
    assert await works.status_of(run) == "Stopped"


async def test_in_parallel_the_token_is_that_of_the_action_execution(works: Works) -> None:
    """CP-037, CP-061, A17"""
    first = await asked(works, executionMode="PARALLEL")
    second = await works.start()
    await works.work()
    assert "token" not in await works.action("Ask")
    tokens = {}
    for run in (first, second):
        listed = await works(
            "list_action_executions", pipelineName="web", filter={"pipelineExecutionId": run}
        )
        (waiting,) = [
            one for one in listed["actionExecutionDetails"] if one["status"] == "InProgress"
        ]
        tokens[run] = waiting["output"]["executionResult"]["externalExecutionId"]
    await answer(works, tokens[second])
    assert await works.status_of(second) == "Succeeded"
    assert await works.status_of(first) == "InProgress"
    assert await refused(works, tokens[second]) == "ApprovalAlreadyCompletedException"
    await answer(works, tokens[first], {"status": "Rejected", "summary": "no"})
    assert await works.status_of(first) == "Failed"
