"""Stages are tried again, by hand and by themselves."""

from __future__ import annotations

from uuid import UUID

import pytest

from penstock.documents.pipelines import Mode, OnFailure, Result, RetryMode
from penstock.state.pipelines import Retry, RunStatus, StageStatus, Stopping

from .world import World, action, condition, pipeline, stage

NOT_RETRYABLE = "StageNotRetryable"


def building(failure: OnFailure | None = None, mode: Mode = Mode.SUPERSEDED) -> World:
    build = stage("Build", "app", "docs", action("pack", 2), failure=failure)
    there = World(pipeline(stage("Source"), build, stage("Deploy"), mode=mode))
    there.end(there.begin(), "source")
    return there


def failed(failure: OnFailure | None = None, mode: Mode = Mode.SUPERSEDED) -> World:
    there = building(failure, mode)
    there.end(1, "docs")
    there.fail(1, "app")
    return there


def test_a_retry_keeps_the_run_and_gives_new_ids_to_what_is_retried() -> None:
    """CP-045"""
    there = building()
    app, docs = there.started(1, "app"), there.started(1, "docs")
    there.end(1, "docs")
    there.fail(1, "app")
    assert there.retry(1, "Build") == ""
    assert there.statuses() == ["InProgress"]
    assert there.started(1, "app").id != app.id
    assert there.action_run(1, "Build", "docs").id == docs.id
    assert (there.run(1).attempt, there.stage_run(1, "Build").attempt) == (2, 2)
    assert there.stage_run(1, "Build").trigger == "ManualStageRetry"
    assert there.holders() == {"Build": 1}


def test_failed_actions_are_retried_and_then_the_stage_goes_on() -> None:
    """CP-046"""
    there = failed()
    there.retry(1, "Build", "FAILED_ACTIONS")
    assert there.now_running() == ["1 app"]
    there.end(1, "app")
    there.end(1, "pack")
    assert there.now_running() == ["1 deploy"]


def test_failed_actions_can_be_retried_while_their_siblings_run() -> None:
    """CP-046"""
    there = building()
    there.fail(1, "app")
    assert there.retry(1, "Build") == ""
    assert there.now_running() == ["1 docs", "1 app"]
    there.end(1, "app", "docs")
    assert there.now_running() == ["1 pack"]


def test_all_actions_starts_the_stage_over() -> None:
    """CP-046"""
    there = failed()
    there.retry(1, "Build", "ALL_ACTIONS")
    assert there.now_running() == ["1 app", "1 docs"]


def test_all_actions_is_refused_while_one_is_in_progress() -> None:
    """CP-046"""
    there = building()
    there.fail(1, "app")
    assert there.retry(1, "Build", "ALL_ACTIONS") == "Conflict"


def test_a_failed_run_is_not_retryable_once_a_newer_one_has_entered() -> None:
    """CP-040"""
    there = failed()
    there.end(there.begin(), "source")
    assert there.retry(1, "Build") == "NotLatestPipelineExecution"


def test_a_failed_run_is_retryable_while_a_newer_one_waits_at_a_closed_gate() -> None:
    """CP-040"""
    there = failed()
    there.gate("Build", enabled=False)
    there.end(there.begin(), "source")
    assert there.retry(1, "Build") == ""
    assert (there.holders(), there.inbound("Build")) == ({"Build": 1}, [2])


def test_parallel_runs_are_retried_whoever_came_after_them() -> None:
    """CP-037, CP-040"""
    there = failed(mode=Mode.PARALLEL)
    there.end(there.begin(), "source")
    assert there.retry(1, "Build") == ""
    assert there.holders() == {}


def test_nothing_failed_in_a_stage_that_runs() -> None:
    """CP-047"""
    assert building().retry(1, "Build") == NOT_RETRYABLE


def test_a_stage_that_is_being_retried_is_not_retryable() -> None:
    """CP-047"""
    there = failed()
    there.retry(1, "Build")
    assert there.retry(1, "Build") == NOT_RETRYABLE


def test_a_run_that_is_stopping_cannot_be_retried_yet() -> None:
    """CP-047"""
    there = building()
    there.stop(1)
    assert there.retry(1, "Build") == "Conflict"


def test_a_stage_is_not_retryable_after_the_pipeline_was_changed() -> None:
    """CP-047"""
    there = failed()
    there.redefine(pipeline(stage("Source"), stage("Build")))
    assert there.retry(1, "Build") == NOT_RETRYABLE


@pytest.mark.parametrize(
    ("name", "mode", "refusal"),
    [
        ("Nowhere", "FAILED_ACTIONS", "StageNotFound"),
        ("Source", "FAILED_ACTIONS", NOT_RETRYABLE),
        ("Deploy", "FAILED_ACTIONS", NOT_RETRYABLE),
        ("Build", "SOME_ACTIONS", "Validation"),
    ],
)
def test_other_stages_and_modes_are_refused(name: str, mode: str, refusal: str) -> None:
    """CP-047"""
    there = failed()
    before = there.state
    assert there.retry(1, name, mode) == refusal
    assert there.state is before


def test_a_run_that_has_succeeded_and_one_that_is_not_there_are_refused() -> None:
    """CP-047"""
    there = World()
    there.begin()
    for name in ("source", "build", "deploy"):
        there.end(1, name)
    assert there.retry(1, "Deploy") == NOT_RETRYABLE
    unknown = Retry(UUID(int=99), "Deploy", "ALL_ACTIONS")
    assert there.refused(unknown) == "NotLatestPipelineExecution"


@pytest.mark.parametrize(
    ("mode", "running"),
    [(RetryMode.FAILED_ACTIONS, ["1 app"]), (RetryMode.ALL_ACTIONS, ["1 app", "1 docs"])],
)
def test_a_stage_retries_itself_once(mode: RetryMode, running: list[str]) -> None:
    """CP-068"""
    there = failed(OnFailure(Result.RETRY, mode))
    assert there.now_running() == running
    current = there.stage_run(1, "Build")
    assert (current.automatic, current.manual, current.trigger) == (1, 0, "AutomatedStageRetry")
    assert there.holders() == {"Build": 1}
    if "1 docs" in running:
        there.end(1, "docs")
    there.fail(1, "app")
    assert there.statuses() == ["Failed"]


def test_nobody_gets_into_a_stage_between_its_failure_and_its_own_retry() -> None:
    """CP-068"""
    there = building(OnFailure(Result.RETRY))
    there.end(there.begin(), "source")
    there.fail(1, "app", "docs")
    assert (there.holders(), there.inbound("Build")) == ({"Build": 1}, [2])


def test_a_source_stage_retries_itself_too() -> None:
    """CP-068"""
    source = stage("Source", failure=OnFailure(Result.RETRY))
    there = World(pipeline(source, stage("Build")))
    there.begin()
    there.fail(1, "source")
    assert there.now_running() == ["1 source"]


def test_a_retry_by_hand_does_not_bring_back_the_one_of_itself() -> None:
    """CP-068"""
    there = failed(OnFailure(Result.RETRY))
    there.fail(1, "app")
    there.retry(1, "Build")
    there.fail(1, "app")
    assert there.statuses() == ["Failed"]
    current = there.stage_run(1, "Build")
    assert (current.automatic, current.manual, current.attempt) == (1, 1, 3)


def test_a_stage_that_was_stopped_does_not_retry_itself() -> None:
    """CP-041, CP-068"""
    there = building(OnFailure(Result.RETRY))
    there.stop(1)
    there.fail(1, "app", "docs")
    assert there.statuses() == ["Stopped"]


def test_an_entry_that_was_granted_is_asked_for_again_only_with_all_actions() -> None:
    """CP-046"""
    guarded = stage("Build", entry=condition(Result.FAIL))
    for mode, running in (("FAILED_ACTIONS", ["1 build"]), ("ALL_ACTIONS", ["1 rule"])):
        there = World(pipeline(stage("Source"), guarded))
        there.end(there.begin(), "source")
        there.end(1, "rule")
        there.fail(1, "build")
        there.retry(1, "Build", mode)
        assert there.now_running() == running


def test_what_was_abandoned_is_retried_as_what_failed() -> None:
    """CP-044, CP-046"""
    there = building()
    there.end(1, "docs")
    there.stop(1, Stopping.ABANDON)
    there.retry(1, "Build")
    assert there.now_running() == ["1 app"]
    assert there.status(1) is RunStatus.IN_PROGRESS
    assert there.stage_status(1, "Build") is StageStatus.IN_PROGRESS
