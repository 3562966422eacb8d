"""The API's BuildBatch at each step of its life, as it is kept: times in seconds since 1970.

Pure (CB-104). `plan` is as `decide.batch_plans` makes it, None until the buildspec was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from penstock.decide.artifact_places import build_artifacts
from penstock.decide.batch_plans import current, has_read_source, resolved_version
from penstock.decide.build_documents import placed, seconds
from penstock.state.batches import BatchPhaseType
from penstock.state.builds import PhaseContext, Status
from penstock.state.recorded_batches import DOWNLOAD_SOURCE, BatchBuild, BatchName
from penstock.state.recorded_builds import Place

Document = dict[str, Any]
Member = Mapping[str, Any]

_CARRIED = {
    "sourceVersion": "sourceVersion",
    "secondarySources": "secondarySources",
    "secondarySourceVersions": "secondarySourceVersions",
    "cache": "cache",
    "environment": "environment",
    "serviceRole": "serviceRole",
    "timeoutInMinutes": "buildTimeoutInMinutes",
    "queuedTimeoutInMinutes": "queuedTimeoutInMinutes",
    "encryptionKey": "encryptionKey",
    "vpcConfig": "vpcConfig",
    "logsConfig": "logConfig",
    "buildBatchConfig": "buildBatchConfig",
}
_SOURCE: Member = {"identifier": DOWNLOAD_SOURCE, "dependsOn": [], "ignoreFailure": False}
_OUTCOME = ("artifacts", "secondaryArtifacts", "reportArns", "resolvedSourceVersion")


def submitted(
    effective: Member, name: BatchName, number: int, *, initiator: str, now: datetime
) -> Document:
    """CB-104; `effective` is the effective batch."""
    at = seconds(now)
    document: Document = {
        "id": name.id,
        "arn": name.arn,
        "buildBatchNumber": number,
        "startTime": at,
        "currentPhase": BatchPhaseType.DOWNLOAD_BATCHSPEC,
        "buildBatchStatus": Status.IN_PROGRESS,
        "projectName": name.project,
        "phases": _first_phases(at),
        "source": effective["source"],
        "artifacts": build_artifacts(effective["artifacts"], name.project, str(name.uuid)),
        "complete": False,
        "initiator": initiator,
        "buildGroups": [],
        "debugSessionEnabled": False,
        **{shown: effective[own] for own, shown in _CARRIED.items() if own in effective},
    }
    if secondary := effective.get("secondaryArtifacts"):
        document["secondaryArtifacts"] = [
            build_artifacts(one, name.project, str(name.uuid)) for one in secondary
        ]
    return document


def progressed(
    document: Member,
    name: BatchName,
    plan: Member | None,
    builds: Sequence[BatchBuild],
    artifacts_type: str,
    now: datetime,
) -> Document:
    """With its builds as they are now; IN_PROGRESS is entered once the source has been read."""
    changed: Document = {**document, "buildGroups": groups(name, plan, builds, artifacts_type)}
    if version := resolved_version(builds):
        changed["resolvedSourceVersion"] = version
    if arns := [arn for one in current(builds) for arn in one.outcome.get("reportArns", ())]:
        changed["reportArns"] = arns
    known = plan is not None and "problem" not in plan and has_read_source(builds)
    if known and document["currentPhase"] == BatchPhaseType.DOWNLOAD_BATCHSPEC:
        changed |= _entered(changed, BatchPhaseType.IN_PROGRESS, seconds(now))
    return changed


def is_combining(document: Member) -> bool:
    return bool(document["currentPhase"] == BatchPhaseType.COMBINE_ARTIFACTS)


def combining(document: Member, now: datetime) -> Document:
    """All builds have ended well, and their artifacts are yet to be combined (CB-106)."""
    if is_combining(document):
        return dict(document)
    return {**document, **_entered(document, BatchPhaseType.COMBINE_ARTIFACTS, seconds(now))}


def combined(document: Member, place: Place) -> Document:
    return {**document, "artifacts": placed(document["artifacts"], place)}


def ended(document: Member, status: Status, why: PhaseContext, now: datetime) -> Document:
    """The whole batch as it stays, unless it is retried. `why` is empty after success."""
    at = seconds(now)
    phases = [*document["phases"][:-1], _left(document["phases"][-1], status, at, why)]
    if status is Status.SUCCEEDED and not is_combining(document):
        phases.append(_left(_phase(BatchPhaseType.COMBINE_ARTIFACTS, at), status, at))
    last = {
        Status.SUCCEEDED: BatchPhaseType.SUCCEEDED,
        Status.STOPPED: BatchPhaseType.STOPPED,
    }.get(status, BatchPhaseType.FAILED)
    return {
        **document,
        "phases": [*phases, _phase(last, at)],
        "currentPhase": last,
        "buildBatchStatus": status,
        "complete": True,
        "endTime": at,
    }


def retried(document: Member, now: datetime) -> Document:
    """CB-137: the same batch, its new phases after the old ones."""
    kept = {member: value for member, value in document.items() if member != "endTime"}
    return {
        **kept,
        "phases": [*document["phases"], *_first_phases(seconds(now))],
        "currentPhase": BatchPhaseType.DOWNLOAD_BATCHSPEC,
        "buildBatchStatus": Status.IN_PROGRESS,
        "complete": False,
    }


def why_ended(plan: Member | None, builds: Iterable[BatchBuild], status: Status) -> PhaseContext:
    """Why a batch did not succeed: its builds that did not, or what is wrong with the plan."""
    if status is Status.SUCCEEDED or status is Status.STOPPED:
        return PhaseContext()
    if status is Status.TIMED_OUT:
        return PhaseContext("BUILD_TIMED_OUT", "Build batch has timed out.")
    if plan and "problem" in plan:
        return PhaseContext(*plan["problem"])
    tasks = plan["tasks"] if plan else ()
    ignored = {one["identifier"] for one in tasks if one["ignoreFailure"]}
    failed = [
        f"{build.identifier}: {build.problem or build.status}"
        for build in current(builds)
        if build.status is not Status.SUCCEEDED and build.identifier not in ignored
    ]
    return PhaseContext("BATCH_FAILED", "; ".join(failed))


def outcome_of(build: Member) -> Document:
    """What a batch keeps of the API's Build of one of its builds that has ended."""
    return {member: build[member] for member in _OUTCOME if build.get(member)}


def groups(
    name: BatchName, plan: Member | None, builds: Iterable[BatchBuild], artifacts_type: str
) -> list[Document]:
    """buildGroups: the first is DOWNLOAD_SOURCE. One that never started has no current build."""
    tasks = plan["tasks"] if plan else ()
    found = {
        one["identifier"]: {
            "identifier": one["identifier"],
            "dependsOn": one["dependsOn"],
            "ignoreFailure": one["ignoreFailure"],
            "priorBuildSummaryList": [],
        }
        for one in (_SOURCE, *tasks)
    }
    for build in builds:
        group = found.get(build.identifier)
        if group is None:
            continue  # of a buildspec that has changed since
        kind = "NO_ARTIFACTS" if build.identifier == DOWNLOAD_SOURCE else artifacts_type
        summary = _summary(build, kind)
        if build.build is not None:
            summary["arn"] = name.build(build.build).arn
        if build.superseded:
            group["priorBuildSummaryList"].append(summary)
        else:
            group["currentBuildSummary"] = summary
    return list(found.values())


def _summary(build: BatchBuild, artifacts_type: str) -> Document:
    primary = {"type": artifacts_type, "identifier": build.identifier}
    if location := build.outcome.get("artifacts", {}).get("location"):
        primary["location"] = location
    shown: Document = {
        "requestedOn": build.requested,
        "buildStatus": build.status,
        "primaryArtifact": primary,
    }
    if secondary := build.outcome.get("secondaryArtifacts"):
        shown["secondaryArtifacts"] = [
            {
                "type": artifacts_type,
                "identifier": one["artifactIdentifier"],
                "location": one["location"],
            }
            for one in secondary
        ]
    return shown


def _first_phases(at: float) -> list[Document]:
    return [
        _left(_phase(BatchPhaseType.SUBMITTED, at), Status.SUCCEEDED, at),
        _phase(BatchPhaseType.DOWNLOAD_BATCHSPEC, at),
    ]


def _entered(document: Member, phase: BatchPhaseType, at: float) -> Document:
    *others, open_ = document["phases"]
    phases = [*others, _left(open_, Status.SUCCEEDED, at), _phase(phase, at)]
    return {"phases": phases, "currentPhase": phase}


def _phase(phase: BatchPhaseType, at: float) -> Document:
    return {"phaseType": phase, "startTime": at}


def _left(phase: Member, status: Status, at: float, why: PhaseContext | None = None) -> Document:
    left: Document = {
        **phase,
        "phaseStatus": status,
        "endTime": at,
        "durationInSeconds": int(at - phase["startTime"]),
    }
    if why is not None and any(why):
        left["contexts"] = [{"statusCode": why.code, "message": why.message}]
    return left
