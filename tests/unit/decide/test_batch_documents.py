from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from penstock.decide.batch_documents import (
    ended,
    groups,
    outcome_of,
    progressed,
    retried,
    submitted,
    why_ended,
)
from penstock.state.builds import PhaseContext, Status
from penstock.state.recorded_batches import DOWNLOAD_SOURCE, BatchBuild, BatchName

NAME = BatchName("000000000000", "us-east-1", "web", UUID(int=7))
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OK, BAD, IN_PROGRESS = Status.SUCCEEDED, Status.FAILED, Status.IN_PROGRESS
EFFECTIVE: dict[str, Any] = {
    "source": {"type": "GITHUB", "location": "https://github.com/ada/hello.git"},
    "sourceVersion": "main",
    "artifacts": {"type": "S3", "location": "bucket", "name": "web"},
    "environment": {"type": "LINUX_CONTAINER", "image": "alpine", "computeType": "X"},
    "serviceRole": "role",
    "timeoutInMinutes": 60,
    "logsConfig": {"cloudWatchLogs": {"status": "DISABLED"}},
    "buildBatchConfig": {"timeoutInMins": 480},
}
TASK = {"identifier": "a", "dependsOn": [], "ignoreFailure": False, "overrides": {}}
PLAN = {"fastFail": False, "tasks": [TASK, {**TASK, "identifier": "b", "dependsOn": ["a"]}]}
SOURCE = BatchBuild(DOWNLOAD_SOURCE, UUID(int=1), 5.0, OK)


def batch() -> dict[str, Any]:
    return submitted(EFFECTIVE, NAME, 3, initiator="ada", now=NOON)


def names(document: dict[str, Any]) -> list[str]:
    return [phase["phaseType"] for phase in document["phases"]]


def test_a_batch_has_the_members_of_its_project_by_the_apis_names() -> None:
    """CB-104"""
    document = batch()
    assert document["id"] == f"web:{UUID(int=7)}"
    assert document["arn"].endswith(f":000000000000:build-batch/web:{UUID(int=7)}")
    assert document["buildTimeoutInMinutes"] == 60
    assert document["logConfig"] == EFFECTIVE["logsConfig"]
    assert document["artifacts"]["location"] == "arn:aws:s3:::bucket/web"
    assert names(document) == ["SUBMITTED", "DOWNLOAD_BATCHSPEC"]


@pytest.mark.parametrize(
    ("plan", "source", "phase"),
    [
        (None, SOURCE._replace(status=IN_PROGRESS), "DOWNLOAD_BATCHSPEC"),
        (PLAN, SOURCE._replace(status=IN_PROGRESS), "DOWNLOAD_BATCHSPEC"),
        (PLAN, SOURCE._replace(superseded=True), "DOWNLOAD_BATCHSPEC"),
        (PLAN, SOURCE._replace(status=BAD), "DOWNLOAD_BATCHSPEC"),
        ({**PLAN, "problem": ["CODE", "why"]}, SOURCE, "DOWNLOAD_BATCHSPEC"),
        (PLAN, SOURCE, "IN_PROGRESS"),
    ],
)
def test_a_batch_is_in_progress_once_its_plan_is_there(
    plan: dict[str, Any] | None, source: BatchBuild, phase: str
) -> None:
    after = progressed(batch(), NAME, plan, [source], "S3", NOON)
    assert after["currentPhase"] == names(after)[-1] == phase
    assert names(progressed(after, NAME, plan, [source], "S3", NOON)) == names(after)


@pytest.mark.parametrize(
    ("status", "last"),
    [
        (OK, ["COMBINE_ARTIFACTS", "SUCCEEDED"]),
        (BAD, ["FAILED"]),
        (Status.FAULT, ["FAILED"]),
        (Status.TIMED_OUT, ["FAILED"]),
        (Status.STOPPED, ["STOPPED"]),
    ],
)
def test_the_last_phase_is_named_after_the_end(status: Status, last: list[str]) -> None:
    """CB-104"""
    why = PhaseContext() if status is OK else PhaseContext("CODE", "why")
    after = ended(batch(), status, why, NOON + timedelta(seconds=90))
    assert names(after) == ["SUBMITTED", "DOWNLOAD_BATCHSPEC", *last]
    assert (after["currentPhase"], after["buildBatchStatus"]) == (last[-1], status)
    left = after["phases"][1]
    assert (left["phaseStatus"], left["durationInSeconds"]) == (status, 90)
    assert ("contexts" in left) is (status is not OK)
    assert "endTime" not in after["phases"][-1] and after["complete"]


def test_a_retry_appends_phases_and_takes_the_end_back() -> None:
    """CB-137"""
    over = ended(batch(), BAD, PhaseContext(), NOON)
    after = retried(over, NOON)
    assert names(after) == [*names(over), "SUBMITTED", "DOWNLOAD_BATCHSPEC"]
    assert not after["complete"] and "endTime" not in after


def test_a_group_has_its_build_and_those_before_it() -> None:
    """CB-104: buildGroups, the first of which is DOWNLOAD_SOURCE."""
    outcome = {
        "artifacts": {"location": "arn:aws:s3:::bucket/a"},
        "secondaryArtifacts": [{"artifactIdentifier": "docs", "location": "arn:aws:s3:::bucket/d"}],
    }
    first = BatchBuild("a", UUID(int=2), 6.0, BAD, superseded=True)
    second = BatchBuild("a", UUID(int=3), 7.0, OK, outcome=outcome)
    source, a, b = groups(NAME, PLAN, [SOURCE, first, second], "S3")
    assert source["currentBuildSummary"]["primaryArtifact"]["type"] == "NO_ARTIFACTS"
    assert [one["arn"] for one in a["priorBuildSummaryList"]] == [NAME.build(UUID(int=2)).arn]
    assert a["currentBuildSummary"] == {
        "arn": NAME.build(UUID(int=3)).arn,
        "requestedOn": 7.0,
        "buildStatus": OK,
        "primaryArtifact": {"type": "S3", "identifier": "a", "location": "arn:aws:s3:::bucket/a"},
        "secondaryArtifacts": [
            {"type": "S3", "identifier": "docs", "location": "arn:aws:s3:::bucket/d"}
        ],
    }
    assert b["dependsOn"] == ["a"] and "currentBuildSummary" not in b


def test_a_build_of_a_task_that_is_gone_is_in_no_group() -> None:
    """After a retry the buildspec may have other tasks."""
    old = BatchBuild("old", UUID(int=2), 6.0, BAD, superseded=True)
    assert [one["identifier"] for one in groups(NAME, PLAN, [old], "S3")] == [
        DOWNLOAD_SOURCE,
        "a",
        "b",
    ]


def test_why_a_batch_failed_names_the_builds_that_count() -> None:
    plan = {**PLAN, "tasks": [{**TASK, "ignoreFailure": True}, {**TASK, "identifier": "b"}]}
    builds = [
        BatchBuild("a", UUID(int=2), 6.0, BAD),
        BatchBuild("b", UUID(int=3), 6.0, BAD, superseded=True),
        BatchBuild("b", None, 6.0, BAD, problem="Code: why"),
    ]
    assert why_ended(plan, builds, BAD).message == "b: Code: why"
    assert why_ended(plan, builds, Status.STOPPED) == PhaseContext()
    refused = {**PLAN, "problem": ["CODE", "why"]}
    assert why_ended(refused, [SOURCE], BAD) == PhaseContext("CODE", "why")


def test_a_batch_keeps_of_a_build_what_it_shows_later() -> None:
    build = {"artifacts": {"location": "x"}, "reportArns": ["r"], "logs": {}, "phases": []}
    assert outcome_of(build) == {"artifacts": {"location": "x"}, "reportArns": ["r"]}
