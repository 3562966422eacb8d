"""Who enters a stage, who waits for it, and who does not get there."""

from __future__ import annotations

from uuid import UUID

import pytest

from penstock.documents.pipelines import Mode
from penstock.state.pipelines import Begin, Gate, RunStatus, SetGate, StageStatus

from .world import CAUSE, DAY, World, pipeline, stage

MODES_WITH_LOCKS = [Mode.SUPERSEDED, Mode.QUEUED]


def world(mode: Mode = Mode.SUPERSEDED) -> World:
    return World(pipeline(mode=mode))


@pytest.mark.parametrize("mode", MODES_WITH_LOCKS)
def test_a_stage_is_held_from_entry_until_its_actions_have_succeeded(mode: Mode) -> None:
    """CP-032"""
    there = world(mode)
    there.begin()
    assert there.holders() == {"Source": 1}
    there.begin()
    assert there.now_running() == ["1 source"]
    there.end(1, "source")
    assert there.holders() == {"Source": 2, "Build": 1}
    assert there.now_running() == ["1 build", "2 source"]


@pytest.mark.parametrize("mode", MODES_WITH_LOCKS)
def test_a_failure_opens_the_stage(mode: Mode) -> None:
    """CP-032, CP-040"""
    there = world(mode)
    there.begin()
    there.begin()
    there.fail(1, "source")
    assert there.statuses() == ["Failed", "InProgress"]
    assert there.holders() == {"Source": 2}


def test_of_three_quick_runs_the_second_is_superseded_before_a_slow_stage() -> None:
    """CP-033, CP-034"""
    there = world()
    for _ in range(3):
        there.end(there.begin(), "source")
    assert there.statuses() == ["InProgress", "Superseded", "InProgress"]
    assert there.inbound("Build") == [3]
    assert there.now_running() == ["1 build"]
    there.end(1, "build")
    assert there.now_running() == ["1 deploy", "3 build"]


def test_a_run_inside_a_stage_is_never_superseded() -> None:
    """CP-033"""
    there = world()
    there.begin()
    for _ in range(5):
        there.begin()
    assert there.status(1) is RunStatus.IN_PROGRESS
    assert there.statuses()[1:] == [*["Superseded"] * 4, "InProgress"]


def test_a_superseded_run_cannot_be_retried() -> None:
    """CP-035"""
    there = world()
    for _ in range(3):
        there.end(there.begin(), "source")
    assert there.retry(2, "Build") == "StageNotRetryable"
    assert there.retry(2, "Source") == "StageNotRetryable"


def test_queued_runs_go_one_after_the_other_in_the_order_they_came() -> None:
    """CP-036"""
    there = world(Mode.QUEUED)
    for _ in range(3):
        there.begin()
    assert there.inbound("Source") == [2, 3]
    for number in (1, 2, 3):
        there.end(number, "source")
    assert there.inbound("Build") == [2, 3]
    for name in ("build", "deploy"):
        for number in (1, 2, 3):
            there.end(number, name)
    assert there.statuses() == ["Succeeded"] * 3


def test_parallel_runs_neither_wait_nor_hold() -> None:
    """CP-037"""
    there = world(Mode.PARALLEL)
    for _ in range(3):
        there.begin()
    there.end(2, "source")
    assert there.now_running() == ["1 source", "3 source", "2 build"]
    assert there.holders() == {}
    there.end(2, "build")
    there.end(2, "deploy")
    there.end(1, "source")
    assert there.statuses() == ["InProgress", "Succeeded", "InProgress"]


@pytest.mark.parametrize(
    ("mode", "refusal"),
    [
        (Mode.SUPERSEDED, ""),
        (Mode.QUEUED, "ConcurrentPipelineExecutionsLimitExceeded"),
        (Mode.PARALLEL, "ConcurrentPipelineExecutionsLimitExceeded"),
    ],
)
def test_fifty_runs_are_in_progress_at_once_at_most(mode: Mode, refusal: str) -> None:
    """CP-038"""
    there = world(mode)
    for _ in range(50):
        there.begin()
    before = there.state
    assert there.refused(Begin(UUID(int=51), CAUSE)) == refusal
    if refusal:
        assert there.state is before
        there.fail(1, "source")
        assert there.refused(Begin(UUID(int=51), CAUSE)) == ""


@pytest.mark.parametrize("mode", [Mode.QUEUED, Mode.PARALLEL])
def test_a_retry_is_one_run_more(mode: Mode) -> None:
    """CP-038"""
    there = world(mode)
    there.begin()
    there.fail(1, "source")
    there.gate("Source", enabled=False)
    for _ in range(50):
        there.begin()
    assert there.retry(1, "Source") == "ConcurrentPipelineExecutionsLimitExceeded"


def test_a_disabled_transition_holds_the_newest_run_until_it_is_enabled() -> None:
    """CP-050"""
    there = world()
    there.gate("Build", enabled=False)
    for _ in range(2):
        there.end(there.begin(), "source")
    assert there.inbound("Build") == [2]
    assert there.statuses() == ["Superseded", "InProgress"]
    there.gate("Build", enabled=True)
    assert there.now_running() == ["2 build"]


def test_a_disabled_transition_holds_all_runs_that_are_queued() -> None:
    """CP-036, CP-050"""
    there = world(Mode.QUEUED)
    there.gate("Build", enabled=False)
    for _ in range(2):
        there.end(there.begin(), "source")
    assert there.inbound("Build") == [1, 2]
    there.gate("Build", enabled=True)
    assert (there.now_running(), there.inbound("Build")) == (["1 build"], [2])


def test_a_disabled_transition_holds_parallel_runs_too_and_lets_all_go() -> None:
    """CP-037, CP-050"""
    there = world(Mode.PARALLEL)
    there.gate("Build", enabled=False)
    for _ in range(2):
        there.end(there.begin(), "source")
    assert there.inbound("Build") == [1, 2]
    there.gate("Build", enabled=True)
    assert there.now_running() == ["1 build", "2 build"]


def test_runs_past_a_transition_go_on_when_it_is_disabled() -> None:
    """CP-050"""
    there = world()
    there.end(there.begin(), "source")
    there.gate("Build", enabled=False)
    there.end(1, "build")
    there.end(1, "deploy")
    assert there.statuses() == ["Succeeded"]


@pytest.mark.parametrize(
    ("days", "running"), [(29.9, ["1 build"]), (30.1, [])], ids=["within 30 days", "after"]
)
def test_a_run_held_for_more_than_thirty_days_stays(days: float, running: list[str]) -> None:
    """CP-050"""
    there = world()
    there.gate("Build", enabled=False)
    there.end(there.begin(), "source")
    there.now += days * DAY
    there.gate("Build", enabled=True)
    there.gate("Build", enabled=True)
    assert there.now_running() == running


@pytest.mark.parametrize(
    ("mode", "statuses", "running"),
    [
        (Mode.SUPERSEDED, ["Superseded", "InProgress"], ["2 build"]),
        (Mode.QUEUED, ["InProgress", "InProgress"], ["1 build"]),
    ],
)
def test_a_run_held_for_too_long_goes_on_with_the_next_run(
    mode: Mode, statuses: list[str], running: list[str]
) -> None:
    """CP-050"""
    there = world(mode)
    there.gate("Build", enabled=False)
    there.end(there.begin(), "source")
    there.now += 31 * DAY
    there.gate("Build", enabled=True)
    there.end(there.begin(), "source")
    assert (there.statuses(), there.now_running()) == (statuses, running)


def test_the_transition_of_a_stage_that_is_not_there_is_refused() -> None:
    """CP-051"""
    assert world().refused(SetGate("Nowhere", Gate(False))) == "StageNotFound"


def test_one_start_runs_all_source_actions() -> None:
    """CP-052"""
    there = World(pipeline(stage("Source", "app", "config"), stage("Build")))
    there.begin()
    assert there.now_running() == ["1 app", "1 config"]


def test_a_run_that_passes_the_last_stage_succeeds() -> None:
    """CP-030, CP-031"""
    there = world()
    there.begin()
    for name in ("source", "build", "deploy"):
        there.end(1, name)
    assert there.statuses() == ["Succeeded"]
    assert {current.status for current in there.run(1).stages.values()} == {StageStatus.SUCCEEDED}
    assert there.holders() == {}
    assert {place.succeeded for place in there.state.stages.values()} == {there.run(1).id}
