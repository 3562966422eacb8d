"""The API's Build at each step of its life, as it is kept: times in seconds since 1970.

Pure. `phases` of a document begin with SUBMITTED and QUEUED, which no worker has a part in; the
others are made of the records a worker tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from penstock.decide.artifact_places import build_artifacts
from penstock.state.builds import PhaseContext, PhaseRecord, PhaseType, Status
from penstock.state.recorded_builds import BuildName, Ending, Place

Document = dict[str, Any]
Member = Mapping[str, Any]

_CARRIED = (
    "sourceVersion", "secondarySources", "secondarySourceVersions", "cache", "environment",
    "serviceRole", "timeoutInMinutes", "queuedTimeoutInMinutes", "encryptionKey", "vpcConfig",
    "autoRetryConfig",
)  # fmt: skip
QUEUE_PHASES = 2
"""SUBMITTED and QUEUED"""


def seconds(at: datetime) -> float:
    return round(at.timestamp(), 3)


def submitted(
    build: Member, name: BuildName, number: int, *, initiator: str, now: datetime
) -> Document:
    """CB-131, CB-132; `build` is the effective build."""
    at = seconds(now)
    document: Document = {
        "id": name.id,
        "arn": name.arn,
        "buildNumber": number,
        "startTime": at,
        "currentPhase": PhaseType.QUEUED,
        "buildStatus": Status.IN_PROGRESS,
        "projectName": name.project,
        "phases": [
            phase_document(PhaseRecord(PhaseType.SUBMITTED, at, at, Status.SUCCEEDED)),
            phase_document(PhaseRecord(PhaseType.QUEUED, at)),
        ],
        "source": build["source"],
        "artifacts": build_artifacts(build["artifacts"], name.project, str(name.uuid)),
        "logs": logs_not_there(build.get("logsConfig", {}), name),
        "buildComplete": False,
        "initiator": initiator,
        **{member: build[member] for member in _CARRIED if member in build},
    }
    if secondary := build.get("secondaryArtifacts"):
        document["secondaryArtifacts"] = [
            build_artifacts(one, name.project, str(name.uuid)) for one in secondary
        ]
    return document


def begun(document: Member, now: datetime) -> Document:
    """Its time in the queue is over."""
    at = seconds(now)
    return {
        **document,
        "phases": [
            *_queue_phases(document, Status.SUCCEEDED, at),
            phase_document(PhaseRecord(PhaseType.PROVISIONING, at)),
        ],
        "currentPhase": PhaseType.PROVISIONING,
    }


def progress(document: Member, records: Sequence[PhaseRecord]) -> Document:
    """The members of a build that has begun which its phases change."""
    return {
        "phases": [*document["phases"][:QUEUE_PHASES], *map(phase_document, records)],
        "currentPhase": records[-1].phase,
    }


def ended(document: Member, ending: Ending, now: datetime) -> Document:
    """The whole build as it stays. Phases still open are closed with the build's status."""
    at = seconds(now)
    records = closed(ending.records, ending.status, at)
    document = {**document, **ending.changes}
    if document["phases"][1].get("endTime") is None:
        document["phases"] = _queue_phases(document, ending.status, at)
    document |= progress(document, records)
    document |= {"buildStatus": ending.status, "buildComplete": True, "endTime": at}
    if ending.exported:
        document["exportedEnvironmentVariables"] = [
            {"name": name, "value": value} for name, value in ending.exported.items()
        ]
    if ending.report_arns:
        document["reportArns"] = list(ending.report_arns)
    return _with_places(document, ending.artifacts)


def closed(records: Sequence[PhaseRecord], status: Status, at: float) -> tuple[PhaseRecord, ...]:
    """Ended, whatever is open, and COMPLETED at the end (CB-035, CB-136)."""
    found = [
        record if record.ended is not None else record._replace(ended=at, status=status)
        for record in records
    ]
    if not found or found[-1].phase is not PhaseType.COMPLETED:
        found.append(PhaseRecord(PhaseType.COMPLETED, at, at, Status.SUCCEEDED))
    return tuple(found)


def cut_short(
    document: Member, status: Status, context: PhaseContext, now: datetime
) -> tuple[PhaseRecord, ...]:
    """The records of a build whose worker cannot tell any: what it was at ended so."""
    at = seconds(now)
    return tuple(
        record if record.ended is not None else PhaseRecord(*record[:2], at, status, context)
        for record in map(phase_record, document["phases"][QUEUE_PHASES:])
    )


def phase_document(record: PhaseRecord) -> Document:
    """CB-035, CB-041: SUBMITTED and QUEUED have no contexts, COMPLETED has only a start."""
    shown: Document = {"phaseType": record.phase, "startTime": round(record.started, 3)}
    if record.ended is None or record.phase is PhaseType.COMPLETED:
        return shown
    shown |= {
        "phaseStatus": record.status,
        "endTime": round(record.ended, 3),
        "durationInSeconds": max(0, round(record.ended - record.started)),
    }
    if record.phase not in (PhaseType.SUBMITTED, PhaseType.QUEUED) or record.context.code:
        shown["contexts"] = [{"statusCode": record.context.code, "message": record.context.message}]
    return shown


def phase_record(shown: Member) -> PhaseRecord:
    context = (shown.get("contexts") or [{}])[0]
    return PhaseRecord(
        PhaseType(shown["phaseType"]),
        shown["startTime"],
        shown.get("endTime"),
        Status(shown.get("phaseStatus", Status.IN_PROGRESS)),
        PhaseContext(context.get("statusCode", ""), context.get("message", "")),
    )


def logs_not_there(config: Member, name: BuildName) -> Document:
    """CB-121: until there is a stream, clients find `null` in its ARN."""
    shown = _log_settings(config)
    if _writes_to_cloudwatch(config):
        arn = f"arn:aws:logs:{name.region}:{name.account}:log-group:null:log-stream:null"
        shown["cloudWatchLogsArn"] = arn
    return shown


def logs_there(config: Member, name: BuildName, endpoint: str) -> Document:
    """CB-120. There is no `deepLink`: it would have to lead to a page of this server's."""
    shown = _log_settings(config)
    if stream := log_stream(config, name):
        group, leaf = stream
        place = f"log-group:{group}:log-stream:{leaf}"
        shown |= {
            "groupName": group,
            "streamName": leaf,
            "cloudWatchLogsArn": f"arn:aws:logs:{name.region}:{name.account}:{place}",
        }
    if location := s3_log(config, name):
        shown["s3LogsArn"] = f"arn:aws:s3:::{location}"
        shown["s3DeepLink"] = f"{endpoint}/{location}"
    return shown


def log_stream(config: Member, name: BuildName) -> tuple[str, str] | None:
    """The group and stream of a build's log; None where it is not wanted there (CB-120)."""
    if not _writes_to_cloudwatch(config):
        return None
    cloudwatch = config.get("cloudWatchLogs", {})
    prefix = cloudwatch.get("streamName", "")
    group = cloudwatch.get("groupName") or f"/aws/codebuild/{name.project}"
    return group, f"{prefix}/{name.uuid}" if prefix else str(name.uuid)


def s3_log(config: Member, name: BuildName) -> str:
    """`bucket/key` of a build's log in S3; empty where it is not wanted there."""
    s3 = config.get("s3Logs", {})
    if s3.get("status") != "ENABLED":
        return ""
    location: str = s3["location"].removeprefix("arn:aws:s3:::").rstrip("/")
    return f"{location}/{name.uuid}.gz"


def _writes_to_cloudwatch(config: Member) -> bool:
    return bool(config.get("cloudWatchLogs", {}).get("status", "ENABLED") == "ENABLED")


def _log_settings(config: Member) -> Document:
    return {
        "cloudWatchLogs": config.get("cloudWatchLogs", {"status": "ENABLED"}),
        "s3Logs": config.get("s3Logs", {"status": "DISABLED", "encryptionDisabled": False}),
    }


def _queue_phases(document: Member, status: Status, at: float) -> list[Document]:
    submitted_, queued = document["phases"][:QUEUE_PHASES]
    record = PhaseRecord(PhaseType.QUEUED, queued["startTime"], at, status)
    return [submitted_, phase_document(record)]


def _with_places(document: Document, places: Iterable[Place]) -> Document:
    found = {place.identifier: place for place in places}
    if place := found.get(""):
        document["artifacts"] = placed(document["artifacts"], place)
    if secondary := document.get("secondaryArtifacts"):
        document["secondaryArtifacts"] = [
            placed(one, found[one["artifactIdentifier"]])
            if one["artifactIdentifier"] in found
            else one
            for one in secondary
        ]
    return document


def placed(artifacts: Member, place: Place) -> Document:
    """BuildArtifacts of what has been stored."""
    shown = {**artifacts, "location": place.location}
    if place.sha256sum:
        shown |= {"sha256sum": place.sha256sum, "md5sum": place.md5sum}
    return shown
