"""Pipelines in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from penstock.cli.pipeline_runs import Approval
from penstock.cli.pipeline_view import (
    action_line,
    describe,
    mark,
    pipelines_table,
    run_line,
    seconds,
)
from penstock.state.pipelines import ActionStatus, RunStatus

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RUN = "0123abcd-0000-4000-8000-000000000000"


def run(status: str = "Succeeded", **members: Any) -> dict[str, Any]:
    return {
        "pipelineExecutionId": RUN,
        "status": status,
        "startTime": NOON,
        "lastUpdateTime": NOON + timedelta(seconds=1.25),
        "trigger": {"triggerType": "WebhookV2"},
        "sourceRevisions": [{"actionName": "Fetch", "revisionId": "f" * 40}],
        **members,
    }


def acted(status: str, category: str = "Deploy", **result: Any) -> dict[str, Any]:
    return {
        "stageName": "Deploy",
        "actionName": "Copy",
        "status": status,
        "startTime": NOON,
        "lastUpdateTime": NOON + timedelta(seconds=2),
        "input": {"actionTypeId": {"category": category}},
        "output": {"executionResult": result},
    }


def state(*stages: dict[str, Any]) -> dict[str, Any]:
    return {"pipelineName": "app", "pipelineVersion": 3, "stageStates": list(stages)}


def staged(**members: Any) -> dict[str, Any]:
    return {"stageName": "Deploy", "actionStates": [], **members}


@pytest.mark.parametrize("status", [*ActionStatus, *RunStatus])
def test_each_status_has_a_mark(status: str) -> None:
    assert mark(status).strip()


def test_an_execution_is_a_line_with_its_cause_and_what_it_is_of() -> None:
    words = run_line(run()).split()
    assert words[:3] == ["✓", "0123abcd", "Succeeded"]
    assert words[5:] == ["1.2", "s", "WebhookV2", "Fetch", "ffffffff"]


def test_an_execution_without_times_and_revisions_is_a_line_too() -> None:
    bare = {"pipelineExecutionId": RUN, "status": "InProgress"}
    assert run_line(bare).split() == ["●", "0123abcd", "InProgress"]


def test_an_action_says_how_long_it_took_and_what_went_wrong() -> None:
    assert action_line(acted("Succeeded")).split() == [
        "✓", "Deploy/Copy", "Succeeded", "2.0", "s",
    ]  # fmt: skip
    failed = acted("Failed", errorDetails={"message": "No bucket\nat all"})
    assert action_line(failed).endswith("2.0 s No bucket")
    assert action_line(acted("Failed")).endswith("2.0 s")


def test_an_action_that_runs_says_where_or_what_it_waits_for() -> None:
    running = action_line(acted("InProgress", externalExecutionId="web:1"))
    assert running.startswith("● Deploy/Copy") and running.endswith("web:1")
    assert action_line(acted("InProgress", "Approval")).endswith("waits for an approval")


def test_a_stage_says_what_waits_before_it_and_why_it_is_closed() -> None:
    """CP-034"""
    closed = {"enabled": False, "disabledReason": "not on Fridays"}
    one = staged(
        inboundTransitionState=closed,
        inboundExecutions=[{"pipelineExecutionId": RUN}, {"pipelineExecutionId": "9" * 36}],
    )
    (_, line, *_) = describe(state(one), [], [])
    assert line.endswith("closed: not on Fridays  waiting: 0123abcd, 99999999")
    single = staged(inboundExecution={"pipelineExecutionId": RUN})
    assert describe(state(single), [], [])[1].endswith("waiting: 0123abcd")
    assert describe(state(staged()), [], [])[1] == "Deploy"


def test_an_action_of_a_stage_says_what_went_wrong_before_anything_else() -> None:
    latest = {"status": "Failed", "summary": "ran", "errorDetails": {"message": "broke\nbadly"}}
    one = staged(
        latestExecution={"status": "Failed", "pipelineExecutionId": RUN},
        actionStates=[{"actionName": "Copy", "latestExecution": latest}, {"actionName": "New"}],
    )
    _, stage, copy, new, *_ = describe(state(one), [], [])
    assert stage.split() == ["Deploy", "✗", "Failed", "0123abcd"]
    assert copy.split() == ["Copy", "✗", "Failed", "broke"]
    assert new.split() == ["New"]


def test_a_pipeline_says_what_is_to_be_approved_and_how() -> None:
    lines = describe(state(), [run()], [Approval("Gate", "Ask", "token", RUN)])
    assert lines[0] == "app  v3"
    assert lines[-1] == "Gate/Ask waits for an approval in 0123abcd: penstock approve app"
    assert "token" not in "".join(lines)
    assert describe(state(), [], [])[-1] == "No executions."


def test_pipelines_are_a_table() -> None:
    assert pipelines_table([]) == ["No pipelines."]
    one = {"name": "app", "version": 12, "pipelineType": "V1", "executionMode": "PARALLEL"}
    (line,) = pipelines_table([one])
    assert line.split() == ["app", "v12", "V1", "PARALLEL"]


def test_what_has_not_begun_has_taken_no_time() -> None:
    assert seconds(None, NOON) == seconds(NOON, None) == ""
    assert seconds(NOON, NOON) == "0.0 s"
