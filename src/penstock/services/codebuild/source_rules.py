"""What CodeBuild accepts as sources and artifacts, of a project and of a build's overrides."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.services.codebuild.errors import require

MAX_SECONDARY = 12
_IDENTIFIER = re.compile(r"[A-Za-z0-9_]{1,127}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_S3_SOURCE = re.compile(r"(arn:aws[a-z-]*:s3:::)?[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+")
_WITHOUT_LOCATION = ("CODEPIPELINE", "NO_SOURCE")
_WITHOUT_GIT = {"S3": "S3", "CODEPIPELINE": "CodePipeline"}
_REPORTED_TO = ("GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "BITBUCKET")

Member = Mapping[str, Any]


def check_source(source: Member) -> None:
    """CB-150, CB-155. Raises InvalidInputException."""
    kind, location = source["type"], source.get("location")
    require(
        kind != "NO_SOURCE" or not location,
        "Invalid input: source location must be empty for source type NO_SOURCE",
    )
    require(kind in _WITHOUT_LOCATION or location, "Project source location is required")
    require(
        kind != "S3" or _S3_SOURCE.fullmatch(location or ""),
        "Invalid project source: location must be a valid S3 source.",
    )
    require(
        "gitSubmodulesConfig" not in source or kind not in _WITHOUT_GIT,
        f"Git submodules config is not supported for {_WITHOUT_GIT.get(kind)} source",
    )
    for member, spelled in _REPORTS.items():
        require(
            member not in source or kind in _REPORTED_TO,
            f"Source type {kind} does not support {spelled}",
        )
    _check_identifier(source.get("sourceIdentifier"))


_REPORTS = {"reportBuildStatus": "ReportBuildStatus", "buildStatusConfig": "BuildStatusConfig"}


def check_buildspec(source: Member) -> None:
    """A project without a source has nowhere else to find its buildspec."""
    require(
        source["type"] != "NO_SOURCE" or source.get("buildspec"),
        "Invalid input: buildspec is required for source type NO_SOURCE",
    )


def check_secondary_sources(sources: Sequence[Member], versions: Sequence[Member]) -> None:
    """CB-154. Raises InvalidInputException."""
    require(
        len(sources) <= MAX_SECONDARY,
        f"Invalid input: the maximum number of secondary sources is {MAX_SECONDARY}",
    )
    identifiers = [source.get("sourceIdentifier") for source in sources]
    require(all(identifiers), "Invalid input: sourceIdentifier is required for secondary sources")
    require(
        len(set(identifiers)) == len(identifiers),
        "Invalid input: sourceIdentifier cannot be duplicated",
    )
    for source in sources:
        check_source(source)
    require(
        all(version["sourceIdentifier"] in identifiers for version in versions),
        "Invalid input: secondary source identifier does not exist",
    )


def check_artifacts(artifacts: Member, source_type: str) -> None:
    """CB-160, CB-163. Raises InvalidInputException."""
    kind = artifacts["type"]
    require(
        (kind == "CODEPIPELINE") == (source_type == "CODEPIPELINE"),
        "Invalid input: when using CodePipeline both sourceType, and artifactType"
        " must be set to: CODEPIPELINE",
    )
    if kind == "S3":
        _check_bucket(artifacts)
    if kind == "NO_ARTIFACTS":
        for member, spelled in (("location", "location"), ("name", "output name")):
            require(
                not artifacts.get(member),
                f"Invalid artifacts: artifact type NO_ARTIFACTS should have null {spelled}",
            )
    require(
        kind == "S3" or not artifacts.get("encryptionDisabled"),
        f"Invalid artifacts: artifact type {kind} should have null encryptionDisabled",
    )
    _check_identifier(artifacts.get("artifactIdentifier"))


def check_secondary_artifacts(artifacts: Sequence[Member]) -> None:
    """CB-154, CB-163. Raises InvalidInputException."""
    require(
        len(artifacts) <= MAX_SECONDARY,
        "Invalid input: the maximum number of artifact definitions in secondaryArtifacts"
        f" is {MAX_SECONDARY}",
    )
    identifiers = [one.get("artifactIdentifier") for one in artifacts]
    require(
        all(identifiers), "Invalid input: artifactIdentifier is required for secondary artifacts"
    )
    require(
        len(set(identifiers)) == len(identifiers),
        "Invalid input: artifactIdentifier cannot be duplicated",
    )
    for one in artifacts:
        require(
            one["type"] == "S3",
            f"Invalid input: artifactType {one['type']} is not allowed for secondaryArtifacts",
        )
        _check_bucket(one)
        _check_identifier(one["artifactIdentifier"])


def _check_bucket(artifacts: Member) -> None:
    location = artifacts.get("location")
    require(location, "Invalid artifacts: location is required")
    require(
        _BUCKET.fullmatch(location or ""),
        "Invalid artifacts: location must be a valid S3 bucket name",
    )


def _check_identifier(identifier: str | None) -> None:
    require(
        not identifier or _IDENTIFIER.fullmatch(identifier),
        "Invalid input: identifier must contain only alphanumeric characters and underscores"
        " and be less than 128 characters in length",
    )
