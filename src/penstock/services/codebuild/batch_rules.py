"""What CodeBuild accepts as a batch of builds; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.decide.batches import MOST_BUILDS
from penstock.errors import not_implemented
from penstock.services.codebuild.build_rules import check_build, check_token, read_id
from penstock.services.codebuild.environment_rules import check_environment
from penstock.services.codebuild.errors import require
from penstock.services.codebuild.project_rules import check_role
from penstock.services.codebuild.words import check_words
from penstock.state.calls import Call
from penstock.state.recorded_batches import BatchName

Member = Mapping[str, Any]


def check_batch_request(request: Member) -> None:
    """What does not depend on the project. Raises InvalidInputException, NotImplemented."""
    check_words("StartBuildBatchInput", request)
    check_token(request)
    if request.get("debugSessionEnabled"):
        raise not_implemented("CodeBuild.StartBuildBatch.debugSessionEnabled")


def check_batch(batch: Member, request: Member, account: str) -> None:
    """An effective batch (CB-105). Raises InvalidInputException, NotImplemented."""
    check_batch_config(batch, account)
    check_build(batch, request, account)


def check_batch_config(batch: Member, account: str) -> None:
    """The buildBatchConfig of an effective batch (CB-105). Raises InvalidInputException."""
    config = batch["buildBatchConfig"]
    require(
        config.get("serviceRole"),
        "Invalid input: buildBatchConfig.serviceRole is required for a build batch",
    )
    check_role(config["serviceRole"], account)
    most = config.get("restrictions", {}).get("maximumBuildsAllowed", 1)
    require(
        1 <= most <= MOST_BUILDS,
        f"Invalid input: maximumBuildsAllowed must be between 1 and {MOST_BUILDS}",
    )


def check_member(build: Member) -> None:
    """The effective build of a task, which a buildspec has a part in.

    Raises InvalidInputException, NotImplemented.
    """
    check_words("ProjectEnvironment", build["environment"])
    check_environment(build["environment"])


def read_batch_name(call: Call, given: str) -> BatchName:
    """The name of a batch given by id or ARN. Raises InvalidInputException."""
    project, uuid = read_id(call, given.removeprefix(call.arn("build-batch/")))
    return BatchName(call.account, call.region, project, uuid)
