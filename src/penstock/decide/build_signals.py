"""What the world is told of a build: events (CB-180, CB-181) and metrics (CB-182). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from penstock.state.builds import PhaseType, Status

STATE_CHANGE = "CodeBuild Build State Change"
PHASE_CHANGE = "CodeBuild Build Phase Change"

Member = Mapping[str, Any]


class Metric(NamedTuple):
    """`name` by ProjectName, and without a dimension."""

    name: str
    value: float
    unit: str


def state_change(document: Member) -> dict[str, Any]:
    """The detail of an event for a build that began or ended."""
    return {
        "build-status": document["buildStatus"],
        **_of_build(document),
        "current-phase": document["currentPhase"],
        "current-phase-context": "[]",
        "additional-information": _information(document),
        "version": "1",
    }


def phase_change(document: Member, phase: Member) -> dict[str, Any]:
    """The detail of an event for a phase of the build that was left."""
    return {
        **_of_build(document),
        "completed-phase": phase["phaseType"],
        "completed-phase-status": phase["phaseStatus"],
        "completed-phase-context": _context(phase),
        "completed-phase-duration-seconds": phase["durationInSeconds"],
        "completed-phase-start": spoken(phase["startTime"]),
        "completed-phase-end": spoken(phase["endTime"]),
        "additional-information": _information(document),
        "version": "1",
    }


def metrics(document: Member) -> Iterator[Metric]:
    """Of a build that ended. Those that stopped are neither succeeded nor failed."""
    yield Metric("Builds", 1, "Count")
    if document["buildStatus"] == Status.SUCCEEDED:
        yield Metric("SucceededBuilds", 1, "Count")
    elif document["buildStatus"] != Status.STOPPED:
        yield Metric("FailedBuilds", 1, "Count")
    yield Metric("Duration", document["endTime"] - document["startTime"], "Seconds")
    for phase in document["phases"]:
        if phase["phaseType"] != PhaseType.COMPLETED:
            words = phase["phaseType"].split("_")
            name = "".join(word.capitalize() for word in words)
            yield Metric(f"{name}Duration", phase["endTime"] - phase["startTime"], "Seconds")


def spoken(at: float) -> str:
    """A time as CodeBuild's events have it: `Sep 1, 2017 4:12:29 PM`, in UTC."""
    time = datetime.fromtimestamp(at, UTC)
    return f"{time:%b} {time.day}, {time.year} {time.hour % 12 or 12}:{time:%M:%S %p}"


def _of_build(document: Member) -> dict[str, Any]:
    return {"project-name": document["projectName"], "build-id": document["arn"]}


def _information(document: Member) -> dict[str, Any]:
    """Names are in kebab case, and variables are left as they are."""
    environment, source, logs = document["environment"], document["source"], document["logs"]
    artifacts = document["artifacts"]
    return {
        "artifact": {
            name: artifacts[member]
            for name, member in (
                ("md5sum", "md5sum"), ("sha256sum", "sha256sum"), ("location", "location"),
            )
            if artifacts.get(member)
        },
        "environment": {
            "image": environment["image"],
            "privileged-mode": environment.get("privilegedMode", False),
            "compute-type": environment["computeType"],
            "type": environment["type"],
            "environment-variables": environment.get("environmentVariables", []),
        },
        "timeout-in-minutes": document["timeoutInMinutes"],
        "build-complete": document["buildComplete"],
        "build-number": document["buildNumber"],
        "initiator": document["initiator"],
        "build-start-time": spoken(document["startTime"]),
        "source": {
            name: source[name] for name in ("buildspec", "location", "type") if source.get(name)
        },
        "source-version": document.get("sourceVersion", ""),
        "logs": {
            name: logs[member]
            for name, member in (
                ("group-name", "groupName"),
                ("stream-name", "streamName"),
                ("deep-link", "deepLink"),
            )
            if logs.get(member)
        },
        "phases": [_phase(phase) for phase in document["phases"]],
    }  # fmt: skip


def _phase(phase: Member) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "phase-type": phase["phaseType"],
        "start-time": spoken(phase["startTime"]),
    }
    if "endTime" in phase:
        shown |= {
            "phase-status": phase["phaseStatus"],
            "phase-context": [_context(phase)],
            "duration-in-seconds": phase["durationInSeconds"],
            "end-time": spoken(phase["endTime"]),
        }
    return shown


def _context(phase: Member) -> str:
    """As AWS writes it: `[: ]` after success."""
    found = phase.get("contexts") or [{"statusCode": "", "message": ""}]
    return "[" + ", ".join(f"{one['statusCode']}: {one['message']}" for one in found) + "]"
