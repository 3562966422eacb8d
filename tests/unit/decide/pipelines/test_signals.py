"""What EventBridge is told of, in which order."""

from __future__ import annotations

from penstock.documents.pipelines import OnFailure, Result
from penstock.state.pipelines import Failed, Stopping, Told

from .world import World, condition, pipeline, stage


def short(failure: OnFailure | None = None) -> World:
    return World(pipeline(stage("Source"), stage("Deploy", failure=failure)))


def test_a_run_that_goes_well() -> None:
    """CP-171, CP-172, CP-173"""
    there = short()
    there.begin()
    there.end(1, "source")
    there.end(1, "deploy")
    assert there.told() == [
        "1 STARTED",
        "1 Source STARTED",
        "1 Source/source STARTED",
        "1 Source/source SUCCEEDED",
        "1 Source SUCCEEDED",
        "1 Deploy STARTED",
        "1 Deploy/deploy STARTED",
        "1 Deploy/deploy SUCCEEDED",
        "1 Deploy SUCCEEDED",
        "1 SUCCEEDED",
    ]


def test_a_failure_and_its_retry() -> None:
    """CP-045, CP-172, CP-173"""
    there = short()
    there.begin()
    there.fail(1, "source")
    there.retry(1, "Source")
    assert there.told()[3:] == [
        "1 Source/source FAILED",
        "1 Source FAILED",
        "1 FAILED",
        "1 RESUMED",
        "1 Source RESUMED",
        "1 Source/source STARTED",
    ]
    told = [effect for effect in there.effects if isinstance(effect, Told)]
    assert [effect.attempt for effect in told] == [1] * 6 + [2] * 3
    assert told[3].failure == Failed("JobFailed", "it failed")


def test_a_stage_that_retries_itself_does_not_end_the_run() -> None:
    """CP-068, CP-173"""
    there = short(OnFailure(Result.RETRY))
    there.begin()
    there.end(1, "source")
    since = len(there.effects)
    there.fail(1, "deploy")
    assert there.told(since) == [
        "1 Deploy/deploy FAILED",
        "1 Deploy FAILED",
        "1 Deploy RESUMED",
        "1 Deploy/deploy STARTED",
    ]


def test_a_stop_that_waits() -> None:
    """CP-041, CP-173"""
    there = short()
    there.begin()
    there.stop(1)
    there.end(1, "source")
    assert there.told()[3:] == [
        "1 STOPPING",
        "1 Source STOPPING",
        "1 Source/source SUCCEEDED",
        "1 Source STOPPED",
        "1 STOPPED",
    ]


def test_a_stop_that_abandons_after_one_that_waits() -> None:
    """CP-042, CP-173"""
    there = short()
    there.begin()
    there.stop(1)
    there.stop(1, Stopping.ABANDON)
    assert there.told()[3:] == [
        "1 STOPPING",
        "1 Source STOPPING",
        "1 Source/source ABANDONED",
        "1 Source STOPPED",
        "1 STOPPED",
    ]


def test_a_run_that_is_superseded() -> None:
    """CP-033, CP-173"""
    there = short()
    for _ in range(3):
        there.begin()
    assert there.told()[3:] == ["2 STARTED", "3 STARTED", "2 SUPERSEDED"]


def test_a_change_of_the_pipeline() -> None:
    """CP-022, CP-173"""
    there = short()
    there.begin()
    there.begin()
    there.redefine(pipeline())
    there.end(1, "source")
    assert there.told()[4:] == [
        "2 CANCELED",
        "1 Source/source SUCCEEDED",
        "1 Source CANCELED",
        "1 CANCELED",
    ]


def test_the_next_run_enters_after_the_one_before_has_gone_on() -> None:
    """CP-032, CP-173"""
    there = short()
    there.begin()
    there.begin()
    since = len(there.effects)
    there.end(1, "source")
    assert there.told(since) == [
        "1 Source/source SUCCEEDED",
        "1 Source SUCCEEDED",
        "1 Deploy STARTED",
        "2 Source STARTED",
        "1 Deploy/deploy STARTED",
        "2 Source/source STARTED",
    ]


def test_a_rollback() -> None:
    """CP-048, CP-173"""
    there = short(OnFailure(Result.ROLLBACK))
    for _ in range(2):
        there.end(there.begin(), "source")
        if there.status(1) == "InProgress":
            there.end(1, "deploy")
    since = len(there.effects)
    there.fail(2, "deploy")
    assert there.told(since) == [
        "2 Deploy/deploy FAILED",
        "2 Deploy FAILED",
        "2 FAILED",
        "3 STARTED",
        "3 Deploy STARTED",
        "3 Deploy/deploy STARTED",
    ]


def test_a_skipped_stage_is_told_to_have_started_and_no_more() -> None:
    """CP-067, CP-173: the events have no word for Skipped"""
    guarded = stage("Deploy", entry=condition(Result.SKIP))
    there = World(pipeline(stage("Source"), guarded))
    there.end(there.begin(), "source")
    there.fail(1, "rule")
    assert there.told()[5:] == ["1 Deploy STARTED", "1 SUCCEEDED"]
