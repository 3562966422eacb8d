"""The API's Build through its life."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.decide import build_documents
from penstock.decide.build_signals import metrics, phase_change, spoken, state_change
from penstock.state.builds import PhaseContext, PhaseRecord, PhaseType, Status
from penstock.state.recorded_builds import BuildName, Ending, Place

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NAME = BuildName("000000000000", "us-east-1", "web", UUID(int=7))
BUILD: dict[str, Any] = {
    "source": {"type": "NO_SOURCE"},
    "artifacts": {"type": "S3", "location": "b"},
    "environment": {"type": "LINUX_CONTAINER", "image": "i", "computeType": "c"},
    "timeoutInMinutes": 60,
}
WORKED = (PhaseType.PROVISIONING, PhaseType.DOWNLOAD_SOURCE, PhaseType.INSTALL)


def submitted() -> dict[str, Any]:
    return build_documents.submitted(BUILD, NAME, 3, initiator="ada", now=NOON)


def test_a_build_begins_in_the_queue() -> None:
    """CB-131, CB-132"""
    document = submitted()
    assert document["id"] == f"web:{UUID(int=7)}"
    assert document["arn"].endswith(f":build/{document['id']}")
    assert (document["buildStatus"], document["buildComplete"]) == ("IN_PROGRESS", False)
    assert document["currentPhase"] == "QUEUED"
    at = NOON.timestamp()
    assert document["phases"] == [
        {
            "phaseType": "SUBMITTED",
            "phaseStatus": "SUCCEEDED",
            "startTime": at,
            "endTime": at,
            "durationInSeconds": 0,
        },
        {"phaseType": "QUEUED", "startTime": at},
    ]
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:null:log-stream:null"
    assert document["logs"]["cloudWatchLogsArn"] == arn


phase = st.sampled_from([Status.SUCCEEDED, Status.FAILED])


@given(st.lists(phase, max_size=3), st.sampled_from(Status), st.booleans())
def test_a_build_that_ended_has_no_open_phase(
    statuses: list[Status], status: Status, is_open: bool
) -> None:
    """CB-035, CB-136: and COMPLETED is the last, with a start only."""
    begun = build_documents.begun(submitted(), NOON + timedelta(seconds=2))
    records = tuple(
        PhaseRecord(phase, 10.0, 11.0, how) for phase, how in zip(WORKED, statuses, strict=False)
    )
    if is_open and records:
        records = (*records[:-1], records[-1]._replace(ended=None))
    ended = build_documents.ended(begun, Ending(status, records), NOON + timedelta(minutes=1))
    *phases, last = ended["phases"]
    assert last == {"phaseType": "COMPLETED", "startTime": ended["endTime"]}
    assert all("endTime" in one and "phaseStatus" in one for one in phases)
    assert [one["phaseType"] for one in phases[:2]] == ["SUBMITTED", "QUEUED"]
    assert ended["currentPhase"] == "COMPLETED"
    assert ended["buildComplete"] is True
    assert {one.name for one in metrics(ended)} >= {"Builds", "Duration", "QueuedDuration"}
    for one in phases:
        assert phase_change(ended, one)["completed-phase"] == one["phaseType"]


def test_a_phase_with_a_worker_that_is_gone_says_so() -> None:
    begun = build_documents.begun(submitted(), NOON)
    context = PhaseContext("GONE", "why")
    records = build_documents.cut_short(begun, Status.FAULT, context, NOON)
    ended = build_documents.ended(begun, Ending(Status.FAULT, records), NOON)
    assert ended["phases"][2]["contexts"] == [{"statusCode": "GONE", "message": "why"}]


def test_a_build_ended_in_the_queue_never_left_it() -> None:
    ended = build_documents.ended(submitted(), Ending(Status.STOPPED), NOON)
    assert [one["phaseType"] for one in ended["phases"]] == ["SUBMITTED", "QUEUED", "COMPLETED"]
    assert ended["phases"][1]["phaseStatus"] == "STOPPED"


def test_an_artifact_is_where_it_was_put() -> None:
    """CB-161, CB-162"""
    place = Place("", "arn:aws:s3:::b/other", "s", "m")
    ended = build_documents.ended(submitted(), Ending(Status.SUCCEEDED, artifacts=(place,)), NOON)
    assert ended["artifacts"]["location"] == "arn:aws:s3:::b/other"
    assert (ended["artifacts"]["sha256sum"], ended["artifacts"]["md5sum"]) == ("s", "m")


@pytest.mark.parametrize(
    ("config", "stream"),
    [
        ({}, ("/aws/codebuild/web", str(UUID(int=7)))),
        ({"cloudWatchLogs": {"status": "DISABLED"}}, None),
        (
            {"cloudWatchLogs": {"status": "ENABLED", "groupName": "g", "streamName": "s"}},
            ("g", f"s/{UUID(int=7)}"),
        ),
    ],
)
def test_a_log_has_a_group_and_a_stream(
    config: dict[str, Any], stream: tuple[str, str] | None
) -> None:
    """CB-120"""
    assert build_documents.log_stream(config, NAME) == stream
    there = build_documents.logs_there(config, NAME, "http://e")
    assert there.get("groupName") == (stream[0] if stream else None)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2017, 9, 1, 16, 12, 29, tzinfo=UTC), "Sep 1, 2017 4:12:29 PM"),
        (datetime(2017, 9, 11, 0, 2, 9, tzinfo=UTC), "Sep 11, 2017 12:02:09 AM"),
    ],
)
def test_events_speak_of_time_in_their_own_way(at: datetime, text: str) -> None:
    """CB-181"""
    assert spoken(at.timestamp()) == text


def test_an_event_tells_of_the_build() -> None:
    """CB-180"""
    detail = state_change(submitted())
    assert detail["build-status"] == "IN_PROGRESS"
    assert detail["build-id"] == NAME.arn
    assert detail["version"] == "1"
    information = detail["additional-information"]
    assert information["build-complete"] is False
    assert information["phases"][0]["phase-context"] == ["[: ]"]
