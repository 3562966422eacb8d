"""Stages go back to what an earlier run did in them."""

from __future__ import annotations

import pytest

from penstock.documents.pipelines import Mode, OnFailure, Pipeline, Result
from penstock.state.pipelines import (
    Artifact,
    Cause,
    Revision,
    RunType,
    StageStatus,
    StartAction,
    Succeeded,
)

from .world import DAY, World, action, condition, pipeline, stage

UNABLE = "UnableToRollbackStage"


def declared(failure: OnFailure | None = None, mode: Mode = Mode.SUPERSEDED) -> Pipeline:
    source = stage("Source", action("source", namespace="Git"))
    ship = action("ship", configuration={"Commit": "#{Git.ID} #{codepipeline.PipelineExecutionId}"})
    return pipeline(source, stage("Deploy", ship, failure=failure), stage("Announce"), mode=mode)


def delivered(failure: OnFailure | None = None, mode: Mode = Mode.SUPERSEDED) -> World:
    """One run has succeeded; another is in Deploy."""
    there = World(declared(failure, mode))
    for commit in ("abc", "def"):
        number = there.begin()
        made = Succeeded({"App": Artifact("b", commit)}, {"ID": commit}, Revision(commit))
        there.end(number, "source", outcome=made)
        if number == 1:
            there.end(1, "ship")
            there.end(1, "announce")
    return there


def test_a_rollback_is_a_new_run_of_the_stage_with_what_the_target_had() -> None:
    """CP-048"""
    there = delivered()
    there.fail(2, "ship")
    assert there.roll_back("Deploy", 1) == ""
    new, target = there.run(3), there.run(1)
    assert (new.type, new.target, new.stage) == (RunType.ROLLBACK, target.id, 1)
    assert new.artifacts == target.artifacts == {"App": Artifact("b", "abc")}
    assert new.revisions == target.revisions == {"source": Revision("abc")}
    started = there.started(3, "ship")
    assert isinstance(started, StartAction)
    assert started.configuration == {"Commit": f"abc {new.id}"}
    assert there.holders() == {"Deploy": 3}


def test_a_rollback_ends_with_its_stage() -> None:
    """CP-048"""
    there = delivered()
    there.fail(2, "ship")
    there.roll_back("Deploy", 1)
    there.end(3, "ship")
    assert there.statuses() == ["Succeeded", "Failed", "Succeeded"]
    assert list(there.run(3).stages) == ["Deploy"]
    place = there.state.stages["Deploy"]
    assert (place.latest, place.succeeded) == (there.run(3).id, there.run(1).id)


def test_a_stage_goes_back_by_itself_to_its_latest_success() -> None:
    """CP-048, CP-066"""
    there = delivered(OnFailure(Result.ROLLBACK))
    there.fail(2, "ship")
    assert there.statuses() == ["Succeeded", "Failed", "InProgress"]
    assert there.run(3).target == there.run(1).id
    assert there.run(3).cause == Cause("AutomatedRollback", str(there.run(2).id))
    assert there.now_running() == ["3 ship"]


def test_a_rollback_goes_before_those_who_wait_and_through_a_closed_gate() -> None:
    """CP-048, CP-050"""
    there = delivered(OnFailure(Result.ROLLBACK))
    there.gate("Deploy", enabled=False)
    there.end(there.begin(), "source")
    there.fail(2, "ship")
    assert (there.holders(), there.inbound("Deploy")) == ({"Deploy": 4}, [3])


def test_a_rollback_that_fails_is_not_rolled_back() -> None:
    """CP-070"""
    there = delivered(OnFailure(Result.ROLLBACK))
    there.fail(2, "ship")
    there.fail(3, "ship")
    assert there.statuses() == ["Succeeded", "Failed", "Failed"]
    assert "rollback already" in there.run(3).summary


def test_a_stage_that_never_succeeded_has_nothing_to_go_back_to_and_says_so() -> None:
    """CP-070"""
    there = World(declared(OnFailure(Result.ROLLBACK)))
    there.end(there.begin(), "source", outcome=Succeeded(variables={"ID": "abc"}))
    there.fail(1, "ship")
    assert there.statuses() == ["Failed"]
    assert "no earlier pipeline execution" in there.run(1).summary


def test_the_next_run_enters_where_nothing_can_be_gone_back_to() -> None:
    """CP-032, CP-070"""
    there = World(declared(OnFailure(Result.ROLLBACK)))
    for _ in range(2):
        there.end(there.begin(), "source", outcome=Succeeded(variables={"ID": "abc"}))
    there.fail(1, "ship")
    assert there.holders() == {"Deploy": 2}


def test_a_stage_does_not_go_back_to_before_a_change_of_the_pipeline() -> None:
    """CP-049, CP-070"""
    there = delivered(OnFailure(Result.ROLLBACK))
    there.end(2, "ship")
    there.redefine(declared(OnFailure(Result.ROLLBACK)))
    there.end(there.begin(), "source", outcome=Succeeded(variables={"ID": "ghi"}))
    there.fail(3, "ship")
    assert there.statuses()[2:] == ["Failed"]
    assert "is of version 1" in there.run(3).summary


@pytest.mark.parametrize(
    ("name", "changes", "refusal"),
    [
        ("Deploy", {}, ""),
        ("Nowhere", {}, "StageNotFound"),
        ("Source", {}, UNABLE),
        ("Deploy", {"type": RunType.ROLLBACK}, UNABLE),
        ("Deploy", {"version": 7}, UNABLE),
        ("Deploy", {"stages": {}}, UNABLE),
        ("Deploy", {"started": -370 * DAY}, "PipelineExecutionOutdated"),
    ],
)
def test_what_can_be_gone_back_to(name: str, changes: dict[str, object], refusal: str) -> None:
    """CP-049"""
    there = delivered()
    there.fail(2, "ship")
    before = there.state
    assert there.roll_back(name, 1, **changes) == refusal
    assert (there.state is before) == bool(refusal)


@pytest.mark.parametrize("status", [StageStatus.FAILED, StageStatus.SKIPPED, StageStatus.STOPPED])
def test_a_run_that_did_not_succeed_in_the_stage_is_no_target(status: StageStatus) -> None:
    """CP-049, CP-067"""
    there = delivered()
    there.fail(2, "ship")
    current = there.stage_run(1, "Deploy")._replace(status=status)
    assert there.roll_back("Deploy", 1, stages={"Deploy": current}) == UNABLE


def test_a_stage_that_runs_is_not_rolled_back() -> None:
    """CP-049"""
    assert delivered().roll_back("Deploy", 1) == UNABLE


def test_there_are_no_rollbacks_in_parallel() -> None:
    """CP-037, CP-049, CP-070"""
    there = delivered(OnFailure(Result.ROLLBACK), Mode.PARALLEL)
    there.fail(2, "ship")
    assert there.statuses() == ["Succeeded", "Failed"]
    assert "PARALLEL" in there.run(2).summary
    assert there.roll_back("Deploy", 1) == UNABLE


def test_a_run_is_not_retryable_after_its_stage_was_rolled_back() -> None:
    """CP-040, CP-048"""
    there = delivered(OnFailure(Result.ROLLBACK))
    there.fail(2, "ship")
    there.end(3, "ship")
    assert there.retry(2, "Deploy") == "NotLatestPipelineExecution"


def test_a_rollback_that_failed_can_be_retried() -> None:
    """CP-046, CP-048"""
    there = delivered()
    there.fail(2, "ship")
    there.roll_back("Deploy", 1)
    there.fail(3, "ship")
    assert there.retry(3, "Deploy") == ""
    there.end(3, "ship")
    assert there.statuses()[2] == "Succeeded"


def test_conditions_of_the_stage_are_checked_for_a_rollback_too() -> None:
    """CP-048, CP-064"""
    guarded = stage("Deploy", "ship", entry=condition(Result.FAIL))
    there = World(pipeline(stage("Source"), guarded))
    there.end(there.begin(), "source")
    there.end(1, "rule")
    there.end(1, "ship")
    there.roll_back("Deploy", 1)
    assert there.now_running() == ["2 rule"]
