"""What CodeBuild accepts as a build: of a project with overrides; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from penstock.errors import not_implemented
from penstock.services.codebuild.environment_rules import check_environment
from penstock.services.codebuild.errors import invalid, require
from penstock.services.codebuild.project_rules import (
    check_cache,
    check_limits,
    check_logs,
    check_role,
)
from penstock.services.codebuild.source_rules import (
    check_artifacts,
    check_buildspec,
    check_secondary_artifacts,
    check_secondary_sources,
    check_source,
)
from penstock.state.calls import Call

MAX_TOKEN = 64

Member = Mapping[str, Any]


def check_request(request: Member) -> None:
    """What does not depend on the project. Raises InvalidInputException, NotImplemented."""
    check_token(request)
    if request.get("debugSessionEnabled"):
        raise not_implemented("CodeBuild.StartBuild.debugSessionEnabled")


def check_token(request: Member) -> None:
    require(
        len(request.get("idempotencyToken", "")) <= MAX_TOKEN,
        f"Invalid input: idempotencyToken must be at most {MAX_TOKEN} characters",
    )


def check_build(build: Member, request: Member, account: str) -> None:
    """An effective build. Raises InvalidInputException, NotImplemented."""
    require(
        build["artifacts"]["type"] != "CODEPIPELINE" or "artifactsOverride" in request,
        "ArtifactsOverride must be set when using artifacts type CodePipelines",
    )
    source = build["source"]
    check_source(source)
    check_buildspec(source)
    check_secondary_sources(
        build.get("secondarySources", ()), build.get("secondarySourceVersions", ())
    )
    check_artifacts(build["artifacts"], source["type"])
    check_secondary_artifacts(build.get("secondaryArtifacts", ()))
    check_environment(build["environment"])
    check_role(build["serviceRole"], account)
    check_limits(build)
    check_cache(build.get("cache", {"type": "NO_CACHE"}), source["type"])
    check_logs(build.get("logsConfig", {}))
    require(
        not build.get("sourceVersion", "").startswith("-"),
        "Invalid input: sourceVersion must not begin with a dash",
    )


def read_id(call: Call, given: str) -> tuple[str, UUID]:
    """The project and UUID in a build's id or ARN. Raises InvalidInputException."""
    project, _, text = given.removeprefix(call.arn("build/")).rpartition(":")
    try:
        found = UUID(text)
    except ValueError:
        raise invalid(f"Invalid build ID: {given}") from None
    if not project or ":" in project or str(found) != text:
        raise invalid(f"Invalid build ID: {given}")
    return project, found
