"""Runs are stopped, one way or the other."""

from __future__ import annotations

import pytest

from penstock.documents.pipelines import Result
from penstock.state.pipelines import (
    ActionEnded,
    ActionStatus,
    ConditionKind,
    ConditionStatus,
    EndedAction,
    RunStatus,
    StageStatus,
    Stop,
    Stopping,
)

from .world import OK, World, action, condition, pipeline, stage


def building() -> World:
    """A run whose stage has two actions in progress, and one to come."""
    build = stage("Build", "app", "docs", action("pack", 2))
    there = World(pipeline(stage("Source"), build, stage("Deploy")))
    there.end(there.begin(), "source")
    return there


def test_stop_and_wait_lets_what_runs_end_and_starts_nothing() -> None:
    """CP-041"""
    there = building()
    there.stop(1, reason="enough")
    assert there.status(1) is RunStatus.STOPPING
    assert there.stage_status(1, "Build") is StageStatus.STOPPING
    assert there.holders() == {"Build": 1}
    there.end(1, "app", "docs")
    assert there.action_run(1, "Build", "app").status is ActionStatus.SUCCEEDED
    assert (there.status(1), there.run(1).reason) == (RunStatus.STOPPED, "enough")
    assert there.stage_status(1, "Build") is StageStatus.STOPPED
    assert (there.holders(), there.now_running()) == ({}, [])


def test_a_run_that_is_stopping_is_stopped_even_if_its_action_fails() -> None:
    """CP-030, CP-041"""
    there = building()
    there.stop(1)
    there.fail(1, "app", "docs")
    assert (there.status(1), there.stage_status(1, "Build")) == ("Stopped", "Stopped")


def test_the_next_run_enters_once_a_run_has_stopped() -> None:
    """CP-041"""
    there = building()
    there.end(there.begin(), "source")
    there.stop(1)
    assert there.inbound("Build") == [2]
    there.end(1, "app", "docs")
    assert there.holders() == {"Build": 2}


def test_stop_and_abandon_ends_the_run_and_ignores_what_goes_on() -> None:
    """CP-042"""
    there = building()
    app = there.started(1, "app")
    there.end(1, "docs")
    there.stop(1, Stopping.ABANDON)
    assert there.status(1) is RunStatus.STOPPED
    assert there.action_run(1, "Build", "app").status is ActionStatus.ABANDONED
    assert there.action_run(1, "Build", "docs").status is ActionStatus.SUCCEEDED
    ended = [effect for effect in there.effects if isinstance(effect, EndedAction)][-1]
    assert (ended.id, ended.status) == (app.id, ActionStatus.ABANDONED)
    before = there.state
    assert there.happen(ActionEnded(app.run, app.id, OK)) == ()
    assert there.state is before


def test_abandoned_rules_abandon_their_condition() -> None:
    """CP-031, CP-042"""
    guarded = stage("Build", entry=condition(Result.FAIL, "one", "two"))
    there = World(pipeline(stage("Source"), guarded))
    there.end(there.begin(), "source")
    there.end(1, "one")
    there.stop(1, Stopping.ABANDON)
    kind = ConditionKind.BEFORE_ENTRY
    assert there.check(1, "Build", kind) is ConditionStatus.ABANDONED
    rules = there.stage_run(1, "Build").conditions[kind].rules
    assert [rule.status for rule in rules.values()] == ["Succeeded", "Abandoned"]
    assert there.status(1) is RunStatus.STOPPED


WAIT, ABANDON = Stopping.WAIT, Stopping.ABANDON
DUPLICATED, TOO_LATE = "DuplicatedStopRequest", "PipelineExecutionNotStoppable"


@pytest.mark.parametrize(
    ("requests", "answers"),
    [
        ([WAIT, WAIT], ["", DUPLICATED]),
        ([WAIT, ABANDON], ["", ""]),
        ([WAIT, ABANDON, ABANDON], ["", "", TOO_LATE]),
        ([ABANDON, WAIT], ["", TOO_LATE]),
    ],
)
def test_which_stops_may_follow_which(requests: list[Stopping], answers: list[str]) -> None:
    """CP-043"""
    there = building()
    assert [there.stop(1, how) for how in requests] == answers


def test_a_run_that_has_ended_or_is_not_there_cannot_be_stopped() -> None:
    """CP-043"""
    there = building()
    there.fail(1, "app", "docs")
    assert there.stop(1) == TOO_LATE
    run = there.run(1)
    there.state = there.state._replace(runs={})
    assert there.refused(Stop(run.id, WAIT)) == TOO_LATE


def test_a_stopped_run_that_waited_never_enters_and_cannot_be_retried() -> None:
    """CP-044"""
    there = building()
    there.gate("Deploy", enabled=False)
    there.end(1, "app", "docs")
    there.end(1, "pack")
    assert there.inbound("Deploy") == [1]
    there.stop(1)
    assert (there.status(1), there.inbound("Deploy")) == (RunStatus.STOPPED, [])
    there.gate("Deploy", enabled=True)
    assert there.now_running() == []
    assert there.retry(1, "Deploy") == "StageNotRetryable"


def test_a_run_that_was_stopped_in_a_stage_can_be_retried() -> None:
    """CP-044"""
    there = building()
    there.stop(1)
    there.end(1, "app", "docs")
    assert there.retry(1, "Build") == ""
    assert there.now_running() == ["1 pack"]
    assert there.run(1).stopping is None


def test_a_stage_stopped_with_nothing_left_to_do_is_done_once_it_is_retried() -> None:
    """CP-044"""
    there = World()
    there.begin()
    there.stop(1)
    there.end(1, "source")
    assert there.status(1) is RunStatus.STOPPED
    there.retry(1, "Source")
    assert there.now_running() == ["1 build"]
