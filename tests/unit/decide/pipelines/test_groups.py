"""Actions of a stage: which start together, what a failure does, and the names of their runs."""

from __future__ import annotations

from penstock.decide.pipelines.ids import action_id
from penstock.state.pipelines import ActionEnded, ActionStatus, RunStatus, StageStatus

from .world import BAD, OK, World, action, pipeline, stage


def world() -> World:
    """A stage of two actions, one after them, and one much later."""
    test = stage("Test", "unit", "lint", action("whole", 2), action("report", 9))
    there = World(pipeline(stage("Source"), test))
    there.end(there.begin(), "source")
    return there


def test_a_group_starts_when_those_of_lower_run_order_have_succeeded() -> None:
    """CP-006, CP-039"""
    there = world()
    assert there.now_running() == ["1 unit", "1 lint"]
    there.end(1, "unit")
    assert there.now_running() == ["1 lint"]
    there.end(1, "lint")
    assert there.now_running() == ["1 whole"]
    there.end(1, "whole")
    assert there.now_running() == ["1 report"]


def test_after_a_failure_siblings_go_on_and_then_the_stage_fails() -> None:
    """CP-039"""
    there = world()
    there.fail(1, "unit")
    assert there.now_running() == ["1 lint"]
    assert there.stage_status(1, "Test") is StageStatus.IN_PROGRESS
    there.end(1, "lint")
    assert there.action_run(1, "Test", "lint").status is ActionStatus.SUCCEEDED
    assert there.stage_status(1, "Test") is StageStatus.FAILED
    assert there.status(1) is RunStatus.FAILED
    assert list(there.stage_run(1, "Test").actions) == ["unit", "lint"]


def test_an_outcome_that_comes_twice_changes_nothing() -> None:
    there = world()
    started = there.started(1, "unit")
    there.happen(ActionEnded(started.run, started.id, OK))
    before = there.state
    for outcome in (OK, BAD):
        assert there.happen(ActionEnded(started.run, started.id, outcome)) == ()
    assert there.state is before


def test_an_outcome_of_a_run_that_has_ended_changes_nothing() -> None:
    there = world()
    there.fail(1, "unit", "lint")
    before = there.state
    started = action_id(there.run(1).id, "Test", 1, "unit")
    assert there.happen(ActionEnded(there.run(1).id, started, OK)) == ()
    assert there.happen(ActionEnded(started, started, OK)) == ()
    assert there.state is before


def test_an_action_that_waits_for_approval_holds_its_stage_like_any_other() -> None:
    """CP-060: what an approval is waits in its row; here it is an action that ends late"""
    there = World(pipeline(stage("Source"), stage("Approve"), stage("Deploy")))
    for _ in range(2):
        there.end(there.begin(), "source")
    there.now += 6 * 24 * 3600
    assert there.holders() == {"Approve": 1}
    there.fail(1, "approve")
    assert there.statuses() == ["Failed", "InProgress"]
    there.end(2, "approve")
    assert there.now_running() == ["2 deploy"]


def test_an_action_has_the_same_id_however_often_its_start_is_decided() -> None:
    """CP-045"""
    first, second = world(), world()
    assert first.started(1, "unit") == second.started(1, "unit")
    ids = {first.started(1, name).id for name in ("unit", "lint")}
    assert len(ids) == 2
    other = World(pipeline(stage("Source"), stage("Test")))
    other.begin()
    assert other.started(1, "source").id == action_id(other.run(1).id, "Source", 1, "source")


def test_a_run_was_updated_when_something_last_happened_to_it() -> None:
    """CP-053"""
    there = world()
    there.begin()
    before = there.now
    there.end(1, "unit")
    assert (there.run(1).updated, there.run(2).updated) == (before + 1, before)
