"""The state of a pipeline: who is in which stage, who waits, and what was checked (A15)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from penstock.store import Store

from .works import ASK, NO, ROOT, Works, condition, stage

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
LAST = stage("Last", {**ASK, "name": "Done"})
BODY = stage("Ask", ASK)


@pytest.fixture
async def works(store: Store) -> Works:
    works = Works(store)
    await works.furnish()
    return works


async def disable(works: Works, stage: str = "Ask", reason: str = "Wait") -> None:
    answer = await works(
        "disable_stage_transition", pipelineName="web", stageName=stage, transitionType="Inbound",
        reason=reason,
    )  # fmt: skip
    assert answer == {}


async def enable(works: Works, stage: str = "Ask") -> None:
    answer = await works(
        "enable_stage_transition", pipelineName="web", stageName=stage, transitionType="Inbound"
    )
    assert answer == {}


async def test_the_state_of_a_pipeline_that_is_half_way(works: Works) -> None:
    """CP-031, CP-053, A15"""
    run = await works.make(BODY, LAST)
    await works.work()
    state = await works("get_pipeline_state", name="web")
    fetch, ask = (await works.plant.actions()).values()
    there = {"pipelineExecutionId": run, "type": "STANDARD"}
    assert (state["pipelineName"], state["pipelineVersion"]) == ("web", 1)
    assert state["created"] == state["updated"]
    assert state["stageStates"] == [
        {
            "stageName": "Source",
            "inboundTransitionState": {"enabled": True},
            "actionStates": [
                {
                    "actionName": "Fetch",
                    "currentRevision": {
                        "revisionId": fetch.external_id,
                        "revisionChangeId": fetch.external_id,
                        "created": fetch.started,
                    },
                    "latestExecution": {
                        "actionExecutionId": str(fetch.id),
                        "status": "Succeeded",
                        "lastStatusChange": fetch.updated,
                        "externalExecutionId": fetch.external_id,
                    },
                }
            ],
            "latestExecution": {**there, "status": "Succeeded"},
        },
        {
            "stageName": "Ask",
            "inboundTransitionState": {"enabled": True},
            "actionStates": [
                {
                    "actionName": "Ask",
                    "latestExecution": {
                        "actionExecutionId": str(ask.id),
                        "status": "InProgress",
                        "lastStatusChange": ask.started,
                        "token": str(ask.token),
                    },
                }
            ],
            "latestExecution": {**there, "status": "InProgress"},
        },
        {
            "stageName": "Last",
            "inboundTransitionState": {"enabled": True},
            "actionStates": [{"actionName": "Done"}],
        },
    ]


async def test_a_pipeline_that_is_not_there_has_no_state(works: Works) -> None:
    """A15"""
    assert await works.refused("get_pipeline_state", name="absent") == "PipelineNotFoundException"
    assert await works.refused("get_pipeline_state", name="") == "ValidationException"
    assert await works.refused("get_pipeline_state") == "ValidationException"


async def test_who_waits_for_a_stage_is_shown(works: Works) -> None:
    """CP-032, CP-034, CP-036"""
    first = await works.make(executionMode="QUEUED")
    others = [await works.start() for _ in range(2)]
    await works.work()
    ask = (await works.stages())["Ask"]
    assert ask["latestExecution"]["pipelineExecutionId"] == first
    waiting = [
        {"pipelineExecutionId": run, "status": "InProgress", "type": "STANDARD"} for run in others
    ]
    assert ask["inboundExecutions"] == waiting
    assert ask["inboundExecution"] == waiting[-1]
    await works.finish("Ask")
    ask = (await works.stages())["Ask"]
    assert ask["latestExecution"]["pipelineExecutionId"] == others[0]
    assert ask["inboundExecutions"] == waiting[1:]


async def test_a_disabled_transition_holds_the_newest(works: Works) -> None:
    """CP-033, CP-034, CP-050, CP-051, A09, A10"""
    first = await works.make()
    await disable(works, reason="Wait for (2.0) - soon!")
    at = works.now
    await works.work()
    ask = (await works.stages())["Ask"]
    assert ask["inboundTransitionState"] == {
        "enabled": False,
        "lastChangedBy": ROOT,
        "lastChangedAt": at,
        "disabledReason": "Wait for (2.0) - soon!",
    }
    assert ask["inboundExecution"]["pipelineExecutionId"] == first
    assert "latestExecution" not in ask
    second = await works.start()
    await works.work()
    assert await works.status_of(first) == "Superseded"
    await enable(works)
    ask = (await works.stages())["Ask"]
    assert ask["inboundTransitionState"] == {
        "enabled": True, "lastChangedBy": ROOT, "lastChangedAt": works.now - timedelta(seconds=1)
    }  # fmt: skip
    assert ask["latestExecution"]["pipelineExecutionId"] == second
    assert "inboundExecution" not in ask


async def test_who_is_past_a_transition_goes_on(works: Works) -> None:
    """CP-050"""
    run = await works.make(BODY, LAST)
    await works.work()
    await disable(works)
    await works.finish("Ask")
    await works.finish("Done")
    assert await works.status_of(run) == "Succeeded"


async def test_after_a_month_the_next_execution_goes_in(works: Works) -> None:
    """CP-050"""
    first = await works.make()
    await disable(works)
    await works.work()
    works.plant.tick(31 * DAY)
    await enable(works)
    assert (await works.stages())["Ask"]["inboundExecution"]["pipelineExecutionId"] == first
    second = await works.start()
    await works.work()
    ask = (await works.stages())["Ask"]
    assert ask["latestExecution"]["pipelineExecutionId"] == second
    assert await works.status_of(first) == "Superseded"


async def test_what_was_stopped_while_it_waited_never_enters(works: Works) -> None:
    """CP-044"""
    run = await works.make()
    await disable(works)
    await works.work()
    await works("stop_pipeline_execution", pipelineName="web", pipelineExecutionId=run)
    assert await works.status_of(run) == "Stopped"
    await enable(works)
    ask = (await works.stages())["Ask"]
    assert "inboundExecution" not in ask
    assert "latestExecution" not in ask
    code = await works.refused(
        "retry_stage_execution", pipelineName="web", stageName="Ask", pipelineExecutionId=run,
        retryMode="FAILED_ACTIONS",
    )  # fmt: skip
    assert code in ("StageNotRetryableException", "NotLatestPipelineExecutionException")


@pytest.mark.parametrize("type", ["Inbound", "Outbound"])
async def test_either_type_is_the_transition_into_the_stage(works: Works, type: str) -> None:
    """CP-051: AWS does not say what Outbound is."""
    await works.make()
    asked = {"pipelineName": "web", "stageName": "Ask", "transitionType": type}
    await works("disable_stage_transition", **asked, reason="x")
    assert not (await works.stages())["Ask"]["inboundTransitionState"]["enabled"]
    await works("enable_stage_transition", **asked)
    assert (await works.stages())["Ask"]["inboundTransitionState"]["enabled"]


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"pipelineName": "absent"}, "PipelineNotFoundException"),
    ({"stageName": "Absent"}, "StageNotFoundException"),
    ({"transitionType": "Both"}, "ValidationException"),
]


@pytest.mark.parametrize(("change", "code"), REFUSED)
@pytest.mark.parametrize("operation", ["disable_stage_transition", "enable_stage_transition"])
async def test_transitions_that_are_none_are_refused(
    works: Works, operation: str, change: dict[str, str], code: str
) -> None:
    """A09, A10"""
    await works.make()
    asked = {"pipelineName": "web", "stageName": "Ask", "transitionType": "Inbound"}
    if operation == "disable_stage_transition":
        asked["reason"] = "x"
    assert await works.refused(operation, **{**asked, **change}) == code


@pytest.mark.parametrize("reason", ["a, b", "", "x" * 301, "a/b", None])
async def test_reasons_have_their_characters(works: Works, reason: str | None) -> None:
    """CP-051, A09"""
    await works.make()
    asked = {"pipelineName": "web", "stageName": "Ask", "transitionType": "Inbound"}
    if reason is not None:
        asked["reason"] = reason
    assert await works.refused("disable_stage_transition", **asked) == "ValidationException"
    assert (await works.stages())["Ask"]["inboundTransitionState"] == {"enabled": True}


async def test_conditions_are_shown_with_their_rules(works: Works) -> None:
    """CP-031, CP-065, A15"""
    await works.make(stage("Ask", ASK, beforeEntry=condition("FAIL", "one", "two")))
    await works.work()
    first = await works.finish("one")
    shown = (await works.stages())["Ask"]["beforeEntryConditionState"]
    assert shown["latestExecution"] == {"status": "InProgress"}
    (checked,) = shown["conditionStates"]
    assert checked["latestExecution"]["status"] == "InProgress"
    one, two = checked["ruleStates"]
    assert (one["ruleName"], one["latestExecution"]["status"]) == ("one", "Succeeded")
    assert one["latestExecution"]["ruleExecutionId"] == str(first)
    assert (two["ruleName"], two["latestExecution"]["status"]) == ("two", "InProgress")
    await works.finish("two", NO)
    ask = (await works.stages())["Ask"]
    assert ask["latestExecution"]["status"] == "Failed"
    (checked,) = ask["beforeEntryConditionState"]["conditionStates"]
    assert checked["latestExecution"] == {
        "status": "Failed", "lastStatusChange": works.now - timedelta(seconds=1)
    }  # fmt: skip
    failed = checked["ruleStates"][1]["latestExecution"]
    assert failed["errorDetails"] == {"code": "JobFailed", "message": "no"}
    assert "latestExecution" not in ask["actionStates"][0]


async def test_conditions_after_a_stage_have_states_of_their_own(works: Works) -> None:
    """CP-031, CP-066, A15"""
    await works.make(
        stage(
            "Ask",
            ASK,
            onSuccess=condition("FAIL", "good"),
            onFailure=condition("ROLLBACK", "bad"),
        )
    )
    await works.work()
    await works.finish("Ask")
    await works.finish("good", NO)
    ask = (await works.stages())["Ask"]
    assert ask["onSuccessConditionState"]["latestExecution"] == {"status": "Failed"}
    assert ask["onFailureConditionState"]["latestExecution"] == {"status": "InProgress"}
    await works.finish("bad", NO)
    ask = (await works.stages())["Ask"]
    assert ask["onFailureConditionState"]["latestExecution"] == {"status": "Failed"}
    run = ask["latestExecution"]["pipelineExecutionId"]
    answer = await works("get_pipeline_execution", pipelineName="web", pipelineExecutionId=run)
    found = answer["pipelineExecution"]
    assert found["status"] == "Failed"
    assert "no earlier pipeline execution has succeeded in it" in found["statusSummary"]


async def test_a_skipped_stage_is_shown_as_such(works: Works) -> None:
    """CP-031, CP-067, A15"""
    run = await works.make(stage("Ask", ASK, beforeEntry=condition("SKIP", "one")), LAST)
    await works.work()
    await works.finish("one", NO)
    stages = await works.stages()
    assert stages["Ask"]["latestExecution"]["status"] == "Skipped"
    assert stages["Last"]["latestExecution"]["pipelineExecutionId"] == run
    await works.finish("Done")
    assert await works.status_of(run) == "Succeeded"
