"""The build that a project and a StartBuild request make together (CB-002, CB-011, CB-151)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Member = Mapping[str, Any]

_SOURCE = {
    "sourceTypeOverride": "type",
    "sourceLocationOverride": "location",
    "sourceAuthOverride": "auth",
    "gitCloneDepthOverride": "gitCloneDepth",
    "gitSubmodulesConfigOverride": "gitSubmodulesConfig",
    "buildspecOverride": "buildspec",
    "insecureSslOverride": "insecureSsl",
    "reportBuildStatusOverride": "reportBuildStatus",
    "buildStatusConfigOverride": "buildStatusConfig",
}
_ENVIRONMENT = {
    "environmentTypeOverride": "type",
    "imageOverride": "image",
    "computeTypeOverride": "computeType",
    "certificateOverride": "certificate",
    "privilegedModeOverride": "privilegedMode",
    "registryCredentialOverride": "registryCredential",
    "imagePullCredentialsTypeOverride": "imagePullCredentialsType",
    "fleetOverride": "fleet",
    "hostKernelOverride": "hostKernel",
}
_WHOLE = {
    "sourceVersion": "sourceVersion",
    "secondarySourcesOverride": "secondarySources",
    "secondarySourcesVersionOverride": "secondarySourceVersions",
    "artifactsOverride": "artifacts",
    "secondaryArtifactsOverride": "secondaryArtifacts",
    "cacheOverride": "cache",
    "serviceRoleOverride": "serviceRole",
    "timeoutInMinutesOverride": "timeoutInMinutes",
    "queuedTimeoutInMinutesOverride": "queuedTimeoutInMinutes",
    "encryptionKeyOverride": "encryptionKey",
    "autoRetryLimitOverride": "autoRetryLimit",
}
_OF_A_PROJECT = (
    "name", "source", "sourceVersion", "secondarySources", "secondarySourceVersions", "artifacts",
    "secondaryArtifacts", "cache", "environment", "serviceRole", "timeoutInMinutes",
    "queuedTimeoutInMinutes", "encryptionKey", "vpcConfig", "logsConfig", "autoRetryLimit",
    "concurrentBuildLimit", "pipelineRevisions",
)  # fmt: skip
_WITHOUT_LOCATION = ("NO_SOURCE", "CODEPIPELINE")


def effective_build(project: Member, request: Member) -> dict[str, Any]:
    """A project's members as this build has them; the project stays as it is.

    Members are replaced whole, but for variables, which are added or replaced by name, and the two
    parts of `logsConfig`. An empty `sourceVersion` or `buildspecOverride` is none.
    """
    build: dict[str, Any] = {
        member: project[member] for member in _OF_A_PROJECT if member in project
    }
    build |= _given(_WHOLE, request)
    build["source"] = _source(project["source"], request)
    build["environment"] = _environment(project["environment"], request)
    if "artifactsOverride" in request:
        build["artifacts"] = {"name": project["name"], **request["artifactsOverride"]}
    if "logsConfigOverride" in request:
        build["logsConfig"] = {**project.get("logsConfig", {}), **request["logsConfigOverride"]}
    if "secondarySourcesOverride" in request:
        build["secondarySourceVersions"] = _versions_of(build)
    if not build.get("sourceVersion"):
        build.pop("sourceVersion", None)
    return build


def _given(names: Mapping[str, str], request: Member) -> dict[str, Any]:
    return {member: request[name] for name, member in names.items() if name in request}


def _source(project: Member, request: Member) -> dict[str, Any]:
    source = {**project, **_given(_SOURCE, request)}
    if source["type"] in _WITHOUT_LOCATION and "sourceLocationOverride" not in request:
        source.pop("location", None)
    if "buildspecOverride" in request and not request["buildspecOverride"]:
        source["buildspec"] = project.get("buildspec", "")
    return source


def _environment(project: Member, request: Member) -> dict[str, Any]:
    environment = {**project, **_given(_ENVIRONMENT, request)}
    environment["environmentVariables"] = merged_variables(
        project.get("environmentVariables", ()), request.get("environmentVariablesOverride", ())
    )
    return environment


def merged_variables(project: Iterable[Member], overrides: Iterable[Member]) -> list[Member]:
    """By name, in the order of the project's, then the new ones (CB-011)."""
    found: dict[str, Member] = {variable["name"]: variable for variable in project}
    for variable in overrides:
        found[variable["name"]] = {"type": "PLAINTEXT", **variable}
    return list(found.values())


def _versions_of(build: Member) -> list[Member]:
    """The versions of sources that are (still) there: an override may have replaced them all."""
    identifiers = {source.get("sourceIdentifier") for source in build["secondarySources"]}
    versions = build.get("secondarySourceVersions", ())
    return [version for version in versions if version["sourceIdentifier"] in identifiers]
