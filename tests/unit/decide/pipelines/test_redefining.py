"""The pipeline is changed while runs are on their way."""

from __future__ import annotations

from penstock.documents.pipelines import Mode
from penstock.state.pipelines import Redefine, StageState, StageStatus

from .world import World, action, pipeline, stage


def two_runs(mode: Mode = Mode.SUPERSEDED) -> World:
    """One run is in Build, with an action to come; another waits before it."""
    build = stage("Build", "build", action("pack", 2))
    there = World(pipeline(stage("Source"), build, stage("Deploy"), mode=mode))
    for _ in range(2):
        there.end(there.begin(), "source")
    return there


def test_running_actions_finish_nothing_later_starts_and_runs_are_cancelled() -> None:
    """CP-022"""
    there = two_runs()
    there.redefine(pipeline(stage("Source"), stage("Build"), stage("Deploy")))
    assert there.statuses() == ["InProgress", "Cancelled"]
    assert there.holders() == {"Build": 1}
    there.end(1, "build")
    assert there.statuses() == ["Cancelled", "Cancelled"]
    assert there.stage_status(1, "Build") is StageStatus.CANCELLED
    assert (there.now_running(), there.holders()) == ([], {})


def test_a_run_of_the_new_definition_waits_for_the_stage_that_is_still_held() -> None:
    """CP-022, CP-032"""
    there = two_runs()
    there.redefine(pipeline(stage("Source"), stage("Build"), stage("Deploy")))
    there.end(there.begin(), "source")
    assert (there.run(3).version, there.inbound("Build")) == (2, [3])
    there.fail(1, "build")
    assert there.statuses() == ["Cancelled", "Cancelled", "InProgress"]
    assert there.now_running() == ["3 build"]


def test_a_change_starts_nothing() -> None:
    """CP-023"""
    there = World()
    there.redefine(pipeline(stage("Source"), stage("Ship")))
    assert (there.state.runs, there.effects) == ({}, [])
    there.begin()
    assert there.run(1).version == 2


def test_stages_keep_what_they_remember_by_their_names() -> None:
    """CP-022, CP-050"""
    there = two_runs()
    there.gate("Deploy", enabled=False)
    latest = there.state.stages["Build"].latest
    there.redefine(pipeline(stage("Source"), stage("Ship"), stage("Build"), stage("Deploy")))
    assert list(there.state.stages) == ["Source", "Ship", "Build", "Deploy"]
    assert there.state.stages["Ship"] == StageState()
    assert there.state.stages["Build"].latest == latest
    assert not there.state.stages["Deploy"].gate.enabled


def test_a_run_in_a_stage_that_is_gone_ends_all_the_same() -> None:
    """CP-022"""
    there = two_runs()
    there.redefine(pipeline(stage("Source"), stage("Ship")))
    there.end(1, "build")
    assert there.statuses() == ["Cancelled", "Cancelled"]


def test_a_run_that_is_stopping_is_stopped() -> None:
    """CP-022, CP-041"""
    there = two_runs()
    there.stop(1)
    there.redefine(pipeline())
    there.end(1, "build")
    assert there.statuses() == ["Stopped", "Cancelled"]


def test_a_run_that_is_to_be_cancelled_can_be_stopped() -> None:
    """CP-022, CP-041"""
    there = two_runs()
    there.redefine(pipeline())
    assert there.stop(1) == ""
    there.end(1, "build")
    assert there.status(1) == "Stopped"


def test_parallel_runs_go_on_by_the_definition_they_began_with() -> None:
    """CP-024"""
    there = two_runs(Mode.PARALLEL)
    there.redefine(pipeline(stage("Source"), stage("Ship")))
    assert set(there.state.definitions) == {1, 2}
    there.end(1, "build")
    there.end(1, "pack")
    there.end(1, "deploy")
    assert there.statuses() == ["Succeeded", "InProgress"]


def test_parallel_runs_neither_hold_nor_mark_stages_of_another_mode() -> None:
    """CP-024"""
    there = two_runs(Mode.PARALLEL)
    there.redefine(pipeline(mode=Mode.QUEUED))
    before = there.state.stages["Deploy"]
    there.end(1, "build")
    there.end(1, "pack")
    there.end(1, "deploy")
    assert there.state.stages["Deploy"] == before


def test_a_parallel_run_enters_when_the_gate_it_waits_at_is_gone() -> None:
    """CP-024, CP-050"""
    there = two_runs(Mode.PARALLEL)
    there.gate("Deploy", enabled=False)
    there.end(1, "build")
    there.end(1, "pack")
    assert there.inbound("Deploy") == [1]
    there.redefine(pipeline(stage("Source"), stage("Build")))
    assert "1 deploy" in there.now_running()


def test_a_definition_is_let_go_of_with_its_last_run() -> None:
    there = two_runs()
    there.redefine(pipeline())
    assert set(there.state.definitions) == {1, 2}
    there.end(1, "build")
    there.redefine(pipeline())
    assert set(there.state.definitions) == {3}


def test_a_version_that_is_known_changes_nothing() -> None:
    there = two_runs()
    before = there.state
    there.happen(Redefine(1, pipeline()))
    assert there.state is before
