"""What CodeBuild accepts as a project; pure.

Without effect, and kept for who asks: `vpcConfig`, `encryptionKey` and `bucketOwnerAccess` (a build
has the network and the disks of its machine), `reportBuildStatus` and `buildStatusConfig` (nothing
is told to GitHub), `source.auth` (git asks the imported credentials, then the machine's own).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from penstock.errors import not_implemented
from penstock.services.codebuild.environment_rules import check_environment, is_lambda
from penstock.services.codebuild.errors import invalid, require
from penstock.services.codebuild.source_rules import (
    check_artifacts,
    check_buildspec,
    check_secondary_artifacts,
    check_secondary_sources,
    check_source,
)

NAME_LENGTH = 150
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]+")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/.+")
_KEY = re.compile(r"arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:(?:key|alias)/.+")
_CACHE = re.compile(r"(arn:aws[a-z-]*:s3:::)?[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?")
_BADGELESS = {
    "S3": "S3 source",
    "NO_SOURCE": "projects with no source",
    "CODEPIPELINE": "CodePipeline source",
}

Member = Mapping[str, Any]


def check_project(project: Member, account: str, region: str) -> None:
    """A whole project as it will be. Raises InvalidInputException, NotImplemented."""
    check_name(project["name"])
    require(len(project.get("description", "")) <= 255, "Max description length is 255")
    source = project["source"]
    check_source(source)
    check_buildspec(source)
    check_secondary_sources(
        project.get("secondarySources", ()), project.get("secondarySourceVersions", ())
    )
    check_artifacts(project["artifacts"], source["type"])
    check_secondary_artifacts(project.get("secondaryArtifacts", ()))
    check_environment(project["environment"])
    check_role(project["serviceRole"], account)
    check_limits(project)
    check_cache(project.get("cache", {"type": "NO_CACHE"}), source["type"])
    check_logs(project.get("logsConfig", {}))
    _check_rest(project, region)


def check_name(name: str) -> None:
    """CB-184. Raises InvalidInputException."""
    require(
        len(name) <= NAME_LENGTH,
        f"Project name length cannot be greater than {NAME_LENGTH} characters",
    )
    require(
        _NAME.fullmatch(name), "Only alphanumeric characters, dash, and underscore are supported"
    )


def check_role(role: str, account: str) -> None:
    found = _ROLE.fullmatch(role)
    if found is None:
        raise invalid("Invalid service role")
    require(
        found[1] == account,
        "Invalid service role: Service role account ID does not match caller's account",
    )


def check_limits(project: Member) -> None:
    """CB-133, CB-134, CB-135, CB-139; also of a build's overrides."""
    for member, least, most in (
        ("timeoutInMinutes", 5, 2160),
        ("queuedTimeoutInMinutes", 5, 480),
    ):
        require(
            least <= project.get(member, least) <= most,
            f"Invalid input: {member} must be between {least} and {most}",
        )
    require(
        project.get("concurrentBuildLimit", 1) > 0,
        "Project level concurrent builds limit should be greater than 0",
    )
    require(
        project.get("autoRetryLimit", 0) >= 0, "Invalid input: autoRetryLimit must not be negative"
    )
    require(
        5 <= project.get("buildBatchConfig", {}).get("timeoutInMins", 5) <= 2160,
        "TimeoutInMins must be between 5 and 2160",
    )


def check_cache(cache: Member, source_type: str) -> None:
    """CB-090, CB-095. Raises InvalidInputException."""
    modes = cache.get("modes", ())
    require(
        cache["type"] != "S3" or _CACHE.fullmatch(cache.get("location", "")),
        "Invalid cache: location must be a valid S3 bucket, followed by slash and the prefix",
    )
    require(
        cache["type"] != "LOCAL" or modes,
        "At least one mode must be provided for cache type: LOCAL",
    )
    require(
        "LOCAL_SOURCE_CACHE" not in modes or source_type != "NO_SOURCE",
        "Cache mode LOCAL_SOURCE_CACHE is not available for source type NO_SOURCE",
    )


def check_logs(logs: Member) -> None:
    s3 = logs.get("s3Logs", {})
    require(
        s3.get("status") != "ENABLED" or s3.get("location"),
        "Invalid logsConfig: s3Logs location must be provided if status is 'ENABLED'",
    )


def check_tags(tags: list[dict[str, str]]) -> None:
    keys = [tag.get("key") for tag in tags]
    require(len(tags) <= 50, "Invalid tags: the maximum number of tags is 50")
    require(all(keys), "Invalid tags: a tag needs a key")
    require(len(set(keys)) == len(keys), "Invalid tags: tag keys cannot be duplicated")


def _check_rest(project: Member, region: str) -> None:
    check_tags(project.get("tags", []))
    _check_key(project.get("encryptionKey", ""), region)
    _check_vpc(project.get("vpcConfig", {}))
    kind = project["source"]["type"]
    require(
        not _has_badge(project) or kind not in _BADGELESS,
        f"Build badges are not supported for {_BADGELESS.get(kind)}",
    )
    if project.get("fileSystemLocations"):
        raise not_implemented("CodeBuild.Project.fileSystemLocations")
    if is_lambda(project["environment"]):
        _check_lambda(project)


def _has_badge(project: Member) -> bool:
    return bool(project.get("badge", {}).get("badgeEnabled"))


def _check_key(key: str, region: str) -> None:
    if not key or key.startswith("alias/"):
        return
    found = _KEY.fullmatch(key)
    if found is None:
        raise invalid("Invalid encryption key")
    require(found[1] == region, "Invalid encryption key: region does not match current region")


def _check_vpc(vpc: Member) -> None:
    subnets, groups = vpc.get("subnets", ()), vpc.get("securityGroupIds", ())
    given = [bool(vpc.get("vpcId")), bool(subnets), bool(groups)]
    require(
        all(given) or not any(given),
        "Invalid vpc config: vpcId, subnets and securityGroupIds must be given together",
    )
    require(len(subnets) <= 16, "Invalid vpc config: the maximum number of subnets is 16")
    require(len(groups) <= 5, "Invalid vpc config: the maximum number of security groups is 5")


def _check_lambda(project: Member) -> None:
    """CB-059. Raises InvalidInputException."""
    given = {
        "cache": project.get("cache", {}).get("type", "NO_CACHE") != "NO_CACHE",
        "vpcConfig": project.get("vpcConfig"),
        "badgeEnabled": _has_badge(project),
    }
    for member, asked in given.items():
        require(not asked, f"Cannot specify {member} for lambda compute")
