"""Conditions before a stage, after its success, after its failure; and their overrides."""

from __future__ import annotations

import pytest

from penstock.documents.pipelines import Mode, OnFailure, Pipeline, Result, Stage
from penstock.state.pipelines import (
    ConditionKind,
    ConditionStatus,
    Failed,
    OverrideCondition,
    RunStatus,
    StageStatus,
    StartRule,
)

from .world import World, condition, pipeline, stage

ENTRY, SUCCESS, FAILURE = ConditionKind
NOT_OVERRIDABLE = "ConditionNotOverridable"


def declared(guarded: Stage, mode: Mode = Mode.SUPERSEDED) -> Pipeline:
    return pipeline(stage("Source"), guarded, stage("Announce"), mode=mode)


def world(guarded: Stage, mode: Mode = Mode.SUPERSEDED) -> World:
    there = World(declared(guarded, mode))
    there.end(there.begin(), "source")
    return there


def entry(result: Result, *rules: str) -> World:
    return world(stage("Deploy", entry=condition(result, *rules)))


def success(result: Result, failure: OnFailure | None = None) -> World:
    there = world(stage("Deploy", success=condition(result), failure=failure))
    there.end(1, "deploy")
    return there


def test_the_rules_of_a_condition_are_checked_at_once_and_all_have_to_succeed() -> None:
    """CP-064, CP-065"""
    there = entry(Result.FAIL, "one", "two")
    started = [effect for effect in there.effects if isinstance(effect, StartRule)]
    assert [(e.stage, e.kind, e.rule) for e in started] == [
        ("Deploy", ENTRY, "one"),
        ("Deploy", ENTRY, "two"),
    ]
    there.end(1, "one")
    assert there.check(1, "Deploy", ENTRY) is ConditionStatus.IN_PROGRESS
    there.end(1, "two")
    assert there.check(1, "Deploy", ENTRY) is ConditionStatus.SUCCEEDED
    assert there.now_running() == ["1 deploy"]


def test_a_stage_is_held_while_its_entry_is_checked() -> None:
    """CP-032, CP-064"""
    there = entry(Result.FAIL)
    assert there.holders() == {"Deploy": 1}
    assert there.stage_status(1, "Deploy") is StageStatus.IN_PROGRESS


def test_one_rule_that_fails_fails_the_condition_once_all_have_ended() -> None:
    """CP-065, CP-066"""
    there = entry(Result.FAIL, "one", "two")
    there.fail(1, "one")
    assert there.statuses() == ["InProgress"]
    there.end(1, "two")
    assert there.check(1, "Deploy", ENTRY) is ConditionStatus.FAILED
    assert there.stage_status(1, "Deploy") is StageStatus.FAILED
    assert (there.statuses(), there.holders()) == (["Failed"], {})


def test_a_rule_that_cannot_be_checked_makes_the_condition_errored() -> None:
    """CP-031"""
    there = entry(Result.FAIL)
    there.end(1, "rule", outcome=Failed("ConfigurationError", "no such function"))
    assert there.check(1, "Deploy", ENTRY) is ConditionStatus.ERRORED
    assert there.statuses() == ["Failed"]


def test_skip_leaves_the_stage_out_and_the_run_goes_on() -> None:
    """CP-066, CP-067"""
    there = entry(Result.SKIP)
    there.fail(1, "rule")
    assert there.stage_status(1, "Deploy") is StageStatus.SKIPPED
    assert there.now_running() == ["1 announce"]
    assert there.holders() == {"Announce": 1}
    assert there.state.stages["Deploy"].succeeded is None


def test_a_skipped_stage_can_be_neither_retried_nor_overridden_nor_gone_back_to() -> None:
    """CP-047, CP-067"""
    there = entry(Result.SKIP)
    there.fail(1, "rule")
    assert there.retry(1, "Deploy") == "StageNotRetryable"
    assert there.override(1, "Deploy", ENTRY) == NOT_OVERRIDABLE
    assert there.roll_back("Deploy", 1) == "UnableToRollbackStage"


def test_the_last_stage_can_be_skipped() -> None:
    """CP-067"""
    last = stage("Deploy", entry=condition(Result.SKIP))
    there = World(pipeline(stage("Source"), last))
    there.end(there.begin(), "source")
    there.fail(1, "rule")
    assert there.statuses() == ["Succeeded"]
    assert there.retry(1, "Deploy") == "StageNotRetryable"


def test_entry_that_was_refused_is_no_failure_to_be_undone() -> None:
    """CP-066: where nothing was done, onFailure does not engage (our choice)"""
    for failure in (OnFailure(Result.RETRY), OnFailure(Result.ROLLBACK)):
        there = world(stage("Deploy", entry=condition(Result.FAIL), failure=failure))
        there.fail(1, "rule")
        assert there.statuses() == ["Failed"]


def test_after_success_the_condition_keeps_the_run_in_the_stage_until_it_is_met() -> None:
    """CP-064, CP-066"""
    there = success(Result.FAIL)
    assert (there.now_running(), there.holders()) == (["1 rule"], {"Deploy": 1})
    there.end(1, "rule")
    assert there.now_running() == ["1 announce"]


def test_after_success_a_condition_that_is_not_met_fails_the_stage() -> None:
    """CP-066"""
    there = success(Result.FAIL)
    there.fail(1, "rule")
    assert there.stage_status(1, "Deploy") is StageStatus.FAILED
    assert there.statuses() == ["Failed"]
    assert there.state.stages["Deploy"].succeeded is None


def test_after_success_a_condition_that_is_not_met_rolls_the_stage_back() -> None:
    """CP-066, CP-070"""
    there = success(Result.ROLLBACK)
    there.end(1, "rule")
    there.end(there.begin(), "source")
    there.end(2, "deploy")
    there.fail(2, "rule")
    assert there.statuses() == ["InProgress", "Failed", "InProgress"]
    assert there.run(3).target == there.run(1).id


def test_on_failure_engages_when_success_is_denied() -> None:
    """CP-066, CP-068"""
    there = success(Result.FAIL, OnFailure(Result.RETRY))
    there.fail(1, "rule")
    assert there.now_running() == ["1 rule"]
    there.fail(1, "rule")
    assert there.statuses() == ["Failed"]


def failing(*, met: bool) -> World:
    """A stage succeeds once, fails in the next run, and its condition for failure is checked."""
    on_failure = OnFailure(condition=condition(Result.ROLLBACK))
    there = world(stage("Deploy", failure=on_failure))
    there.end(1, "deploy")
    there.end(there.begin(), "source")
    there.fail(2, "deploy")
    assert (there.now_running(), there.holders()["Deploy"]) == (["1 announce", "2 rule"], 2)
    (there.end if met else there.fail)(2, "rule")
    return there


def test_after_failure_a_condition_that_is_not_met_rolls_the_stage_back() -> None:
    """CP-065, CP-066"""
    there = failing(met=False)
    assert there.statuses() == ["InProgress", "Failed", "InProgress"]
    assert there.check(2, "Deploy", FAILURE) is ConditionStatus.FAILED
    assert there.run(3).target == there.run(1).id


def test_after_failure_a_condition_that_is_met_leaves_the_stage_failed() -> None:
    """CP-065, CP-066"""
    there = failing(met=True)
    assert there.statuses() == ["InProgress", "Failed"]


def test_failed_actions_are_not_retried_while_the_condition_for_failure_is_checked() -> None:
    """CP-047"""
    there = world(stage("Deploy", failure=OnFailure(condition=condition(Result.ROLLBACK))))
    there.fail(1, "deploy")
    assert there.retry(1, "Deploy") == "Conflict"


def test_a_failed_entry_is_overridden_and_the_actions_start() -> None:
    """CP-069"""
    there = entry(Result.FAIL)
    there.fail(1, "rule")
    assert there.override(1, "Deploy", ENTRY) == ""
    assert there.check(1, "Deploy", ENTRY) is ConditionStatus.OVERRIDDEN
    assert (there.statuses(), there.now_running()) == (["InProgress"], ["1 deploy"])
    assert (there.holders(), there.run(1).attempt) == ({"Deploy": 1}, 1)
    there.end(1, "deploy")
    assert there.now_running() == ["1 announce"]


def test_a_failed_success_is_overridden_and_the_run_goes_on() -> None:
    """CP-069"""
    there = success(Result.FAIL)
    there.fail(1, "rule")
    assert there.override(1, "Deploy", SUCCESS) == ""
    assert there.check(1, "Deploy", SUCCESS) is ConditionStatus.OVERRIDDEN
    assert there.now_running() == ["1 announce"]


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [(FAILURE, NOT_OVERRIDABLE), (SUCCESS, NOT_OVERRIDABLE), (ENTRY, "")],
)
def test_only_a_condition_that_was_not_met_is_overridden(kind: ConditionKind, refusal: str) -> None:
    """CP-069"""
    there = entry(Result.FAIL)
    there.fail(1, "rule")
    before = there.state
    assert there.override(1, "Deploy", kind) == refusal
    assert (there.state is before) == bool(refusal)


def test_a_condition_that_is_being_checked_or_a_stage_that_failed_later_is_not_overridden() -> None:
    """CP-069"""
    there = entry(Result.FAIL)
    assert there.override(1, "Deploy", ENTRY) == "Conflict"
    there.end(1, "rule")
    there.fail(1, "deploy")
    assert there.override(1, "Deploy", ENTRY) == NOT_OVERRIDABLE


def test_overrides_of_other_stages_runs_and_definitions_are_refused() -> None:
    """CP-069"""
    there = entry(Result.FAIL)
    there.fail(1, "rule")
    assert there.override(1, "Nowhere", ENTRY) == "StageNotFound"
    assert there.override(1, "Source", ENTRY) == NOT_OVERRIDABLE
    gone = OverrideCondition(there.run(1).id, "Deploy", ENTRY)
    there.end(there.begin(), "source")
    assert there.refused(gone) == "NotLatestPipelineExecution"
    there.redefine(declared(stage("Deploy")))
    assert there.refused(gone) == NOT_OVERRIDABLE


def test_an_override_is_one_run_more() -> None:
    """CP-038, CP-069"""
    there = world(stage("Deploy", entry=condition(Result.FAIL)), Mode.QUEUED)
    there.fail(1, "rule")
    for _ in range(50):
        there.begin()
    assert there.override(1, "Deploy", ENTRY) == "ConcurrentPipelineExecutionsLimitExceeded"


def test_a_retry_of_a_refused_entry_asks_again() -> None:
    """CP-046"""
    there = entry(Result.FAIL)
    rule = there.started(1, "rule")
    there.fail(1, "rule")
    there.retry(1, "Deploy")
    assert there.status(1) is RunStatus.IN_PROGRESS
    assert there.started(1, "rule").id != rule.id
    there.end(1, "rule")
    assert there.now_running() == ["1 deploy"]
