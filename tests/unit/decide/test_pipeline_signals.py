from __future__ import annotations

from types import MappingProxyType
from uuid import UUID

from penstock.decide.pipeline_signals import (
    Performed,
    executions_told,
    failed_runs,
    signals,
)
from penstock.documents.pipelines import Action, Mode, Pipeline, Stage, Store, TypeId
from penstock.state.pipelines import (
    ActionStatus,
    Cause,
    ConditionKind,
    Decision,
    Effect,
    EndedAction,
    Failed,
    Run,
    StartAction,
    State,
    Told,
)
from penstock.state.recorded_pipelines import PipelineName

NAME = PipelineName("000000000000", "us-east-1", "app")
RUN, OLD, NEW = (UUID(int=number) for number in (1, 2, 3))
NO = Failed("JobFailed", "no")
COPY = Action("Copy", TypeId("Deploy", "AWS", "S3"), region="eu-west-1")


def decision(*effects: Effect, reason: str = "") -> Decision:
    pipeline = Pipeline("app", "role", (Stage("Deploy", (COPY,)),), {"": Store("b")})
    cause = Cause("StartPipelineExecution", "ada")
    run = Run(RUN, 1, 7, Mode.SUPERSEDED, cause, 0.0, 0.0, reason=reason)
    state = State(7, {7: pipeline}, {}, MappingProxyType({RUN: run}), 1)
    return Decision(state, effects)


def test_a_retry_in_one_decision_tells_of_the_old_execution_and_of_the_new() -> None:
    """CP-045, CP-172"""
    ended = EndedAction(RUN, OLD, ActionStatus.FAILED, NO, "Deploy", "Copy")
    effects = (
        ended,
        Told(RUN, "FAILED", "Deploy", "Copy", NO),
        Told(RUN, "STARTED", "Deploy", "Copy", attempt=2),
        StartAction(RUN, NEW, "Deploy", "Copy", {}),
    )
    assert executions_told(decision(*effects)) == {1: OLD, 2: NEW}


def test_an_execution_that_fails_before_it_starts_is_told_of_twice() -> None:
    """CP-093"""
    effects = (
        Told(RUN, "STARTED", "Deploy", "Copy"),
        EndedAction(RUN, NEW, ActionStatus.FAILED, NO, "Deploy", "Copy"),
        Told(RUN, "FAILED", "Deploy", "Copy", NO),
    )
    assert executions_told(decision(*effects)) == {0: NEW, 2: NEW}


def test_a_rule_of_the_same_name_is_no_action() -> None:
    kind = ConditionKind.BEFORE_ENTRY
    effects = (
        EndedAction(RUN, OLD, ActionStatus.SUCCEEDED, None, "Deploy", "Copy", kind),
        Told(RUN, "STARTED", "Deploy", "Copy"),
        StartAction(RUN, NEW, "Deploy", "Copy", {}),
    )
    assert executions_told(decision(*effects)) == {1: NEW}


def test_a_run_that_starts_says_why_and_one_that_stops_says_what_for() -> None:
    """CP-171"""
    told = decision(Told(RUN, "STARTED"), Told(RUN, "STOPPING", attempt=2), reason="enough")
    started, stopping = signals(NAME, told, {})
    common = {"pipeline": "app", "execution-id": str(RUN), "version": 7}
    assert started.detail_type == "CodePipeline Pipeline Execution State Change"
    assert started.detail == common | {
        "state": "STARTED",
        "pipeline-execution-attempt": 1,
        "execution-trigger": {"trigger-type": "StartPipelineExecution", "trigger-detail": "ada"},
    }
    assert stopping.detail == common | {
        "state": "STOPPING",
        "pipeline-execution-attempt": 2,
        "stop-execution-comments": "enough",
    }


def test_a_failed_action_says_what_it_was_and_how_it_failed() -> None:
    """CP-172"""
    effects = (
        EndedAction(RUN, OLD, ActionStatus.FAILED, NO, "Deploy", "Copy"),
        Told(RUN, "FAILED", "Deploy", "Copy", NO),
    )
    inputs = [{"name": "App", "s3location": {"bucket": "b", "key": "k"}}]
    known = {OLD: Performed("d-1", "http://d/1", "", inputs)}
    (signal,) = signals(NAME, decision(*effects), known)
    assert signal.detail_type == "CodePipeline Action Execution State Change"
    assert signal.detail == {
        "pipeline": "app",
        "execution-id": str(RUN),
        "action-execution-id": str(OLD),
        "version": 7,
        "state": "FAILED",
        "pipeline-execution-attempt": 1,
        "stage": "Deploy",
        "action": "Copy",
        "region": "eu-west-1",
        "type": {"category": "Deploy", "owner": "AWS", "provider": "S3", "version": "1"},
        "input-artifacts": inputs,
        "execution-result": {
            "external-execution-id": "d-1",
            "external-execution-url": "http://d/1",
            "external-execution-summary": "no",
            "error-code": "JobFailed",
        },
    }


def test_only_failed_runs_count_as_such() -> None:
    """CP-175"""
    effects = (Told(RUN, "FAILED", "Deploy"), Told(RUN, "FAILED"), Told(RUN, "STOPPED"))
    assert failed_runs(decision(*effects)) == 1


def test_an_event_of_a_stage_names_it() -> None:
    """CP-172"""
    (signal,) = signals(NAME, decision(Told(RUN, "SUCCEEDED", "Deploy")), {})
    assert signal.detail_type == "CodePipeline Stage Execution State Change"
    assert (signal.detail["stage"], "action" in signal.detail) == ("Deploy", False)
