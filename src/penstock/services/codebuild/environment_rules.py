"""What CodeBuild accepts as a build environment, and what of it Penstock has.

Without effect, and kept for who asks: `computeType` and `computeConfiguration` (a build has the
machine it runs on) and `hostKernel`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from penstock.errors import not_implemented
from penstock.services.codebuild.errors import require

RESERVED = "CODEBUILD_"
NOT_RESERVED = "CODEBUILD_CONFIG_AUTO_DISCOVER"  # CB-072, CB-210
_CURATED = "aws/codebuild/"
_LAMBDA = ("LINUX_LAMBDA_CONTAINER", "ARM_LAMBDA_CONTAINER")
_OF_A_FLEET = ("ATTRIBUTE_BASED_COMPUTE", "CUSTOM_INSTANCE_TYPE")
_NOT_HERE = ("certificate", "dockerServer", "fleet", "registryCredential")

Member = Mapping[str, Any]


def is_lambda(environment: Member) -> bool:
    return environment["type"] in _LAMBDA


def check_environment(environment: Member) -> None:
    """CB-058, CB-059, CB-164, CB-165. Raises InvalidInputException, NotImplemented."""
    _check_compute(environment)
    _check_image(environment)
    check_variables(environment.get("environmentVariables", ()))
    _check_here(environment)


def check_variables(variables: Sequence[Member]) -> None:
    """CB-210; also of a build's overrides. Raises InvalidInputException."""
    names = [variable["name"] for variable in variables]
    require(len(set(names)) == len(names), "EnvironmentVariable name cannot be duplicated")
    for name in names:
        require(
            not name.startswith(RESERVED) or name.startswith(NOT_RESERVED),
            f"No user environment variables can start with {RESERVED}",
        )
        require("=" not in name, f"Invalid environment variable name provided: {name}")


def _check_compute(environment: Member) -> None:
    kind, compute = environment["type"], environment["computeType"]
    if is_lambda(environment):
        require(
            compute.startswith("BUILD_LAMBDA_"),
            f"Compute type {compute} is not supported for {kind}",
        )
        require(
            not environment.get("privilegedMode"),
            "Cannot specify privilegedMode for lambda compute",
        )
    else:
        require(not compute.startswith("BUILD_LAMBDA_"), "Invalid compute type provided")
    require(
        compute not in _OF_A_FLEET or environment.get("computeConfiguration"),
        f"Invalid input: computeConfiguration is required for compute type {compute}",
    )


def _check_image(environment: Member) -> None:
    by_role = environment.get("imagePullCredentialsType") == "SERVICE_ROLE"
    curated = environment["image"].startswith(_CURATED)
    require(
        not (curated and by_role),
        "Invalid input: cannot use a CodeBuild curated image with imagePullCredentialsType"
        " SERVICE_ROLE",
    )
    require(
        not environment.get("registryCredential") or (by_role and not curated),
        "Invalid input: registryCredential needs imagePullCredentialsType SERVICE_ROLE",
    )


def _check_here(environment: Member) -> None:
    """Penstock builds on the Linux machines it runs on."""
    kind, compute = environment["type"], environment["computeType"]
    if "GPU" in kind or not kind.startswith(("LINUX", "ARM")):
        raise not_implemented(f"CodeBuild.ProjectEnvironment.type {kind}")
    if compute in _OF_A_FLEET:
        raise not_implemented(f"CodeBuild.ProjectEnvironment.computeType {compute}")
    for member in _NOT_HERE:
        if environment.get(member):
            raise not_implemented(f"CodeBuild.ProjectEnvironment.{member}")
