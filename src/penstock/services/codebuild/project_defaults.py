"""A project from what was asked for: what AWS fills in by itself; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Member = Mapping[str, Any]

TIMEOUT = 60  # minutes
QUEUED_TIMEOUT = 480
NO_LIMIT = -1
_CLEARED_BY_EMPTY = ("description", "sourceVersion", "vpcConfig", "buildBatchConfig")


def completed(asked: Member, account: str, region: str) -> dict[str, Any]:
    """A Project as AWS answers it after CreateProject, or after UpdateProject of one merged."""
    project = {
        "timeoutInMinutes": TIMEOUT,
        "queuedTimeoutInMinutes": QUEUED_TIMEOUT,
        "cache": {"type": "NO_CACHE"},
        "secondarySources": [],
        "secondarySourceVersions": [],
        "secondaryArtifacts": [],
        "tags": [],
        "projectVisibility": "PRIVATE",
        "badge": {"badgeEnabled": False},
        **asked,
    }
    project["source"] = {"insecureSsl": False, **project["source"]}
    project["artifacts"] = _artifacts(project["artifacts"], project["name"])
    project["environment"] = _environment(project["environment"])
    project["encryptionKey"] = _key(project.get("encryptionKey", ""), account, region)
    project["logsConfig"] = _logs(project.get("logsConfig", {}))
    if "badgeEnabled" in project:
        project["badge"] = {"badgeEnabled": project.pop("badgeEnabled")}
    return {
        name: value for name, value in project.items() if value or name not in _CLEARED_BY_EMPTY
    }


def merged(project: Member, asked: Member) -> dict[str, Any]:
    """Members given replace, omitted ones stay, a concurrentBuildLimit of -1 goes (UpdateProject).

    Structures are replaced whole.
    """
    after = {**project, **asked}
    if after.get("concurrentBuildLimit") == NO_LIMIT:
        del after["concurrentBuildLimit"]
    return after


def _artifacts(asked: Member, project: str) -> Member:
    if asked["type"] == "NO_ARTIFACTS":
        return asked
    filled = {"name": project, "packaging": "NONE", "encryptionDisabled": False}
    if asked["type"] == "S3":
        filled["namespaceType"] = "NONE"
    return {**filled, **asked}


def _environment(asked: Member) -> Member:
    variables = asked.get("environmentVariables", ())
    return {
        "privilegedMode": False,
        "imagePullCredentialsType": "CODEBUILD",
        **asked,
        "environmentVariables": [{"type": "PLAINTEXT", **variable} for variable in variables],
    }


def _key(asked: str, account: str, region: str) -> str:
    if asked and not asked.startswith("alias/"):
        return asked
    return f"arn:aws:kms:{region}:{account}:{asked or 'alias/aws/s3'}"


def _logs(asked: Member) -> Member:
    return {
        "cloudWatchLogs": {"status": "ENABLED"},
        **asked,
        "s3Logs": {"status": "DISABLED", "encryptionDisabled": False, **asked.get("s3Logs", {})},
    }
