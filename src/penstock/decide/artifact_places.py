"""Where in S3 an artifact goes (CB-086, CB-160, CB-162)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Member = Mapping[str, Any]


def artifact_key(
    artifacts: Member, project: str, uuid: str, *, name: str | None = None, prefix: str = ""
) -> str:
    """The key of a ZIP, or of the folder of plain files (without a slash at its end).

    `name` is the buildspec's, which counts with `overrideArtifactName` only; `prefix` is its
    `s3-prefix`. The segment of namespaceType BUILD_ID is the build's UUID (AWS: unspecified).
    """
    chosen = name if artifacts.get("overrideArtifactName") and name else None
    chosen = chosen or artifacts.get("name") or project
    parts = [prefix, artifacts.get("path", "")]
    if artifacts.get("namespaceType") == "BUILD_ID":
        parts.append(uuid)
    return "/".join(filter(None, (part.strip("/") for part in (*parts, chosen))))


def is_zip(artifacts: Member) -> bool:
    return artifacts.get("packaging") == "ZIP"


def location_arn(bucket: str, key: str) -> str:
    return f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")


def build_artifacts(artifacts: Member, project: str, uuid: str) -> dict[str, Any]:
    """The API's BuildArtifacts, as far as it is known before the build."""
    shown: dict[str, Any] = {"location": ""}
    if artifacts["type"] == "S3":
        key = artifact_key(artifacts, project, uuid)
        shown["location"] = location_arn(artifacts["location"], key)
        shown["encryptionDisabled"] = artifacts.get("encryptionDisabled", False)
    if artifacts["type"] != "NO_ARTIFACTS":
        shown["overrideArtifactName"] = artifacts.get("overrideArtifactName", False)
    for member in ("artifactIdentifier", "bucketOwnerAccess"):
        if artifacts.get(member):
            shown[member] = artifacts[member]
    return shown


def split_location(location: str) -> tuple[str, str]:
    """The bucket and the key (or prefix) in `bucket/key` or an ARN of S3's."""
    bucket, _, key = location.removeprefix("arn:aws:s3:::").partition("/")
    return bucket, key
