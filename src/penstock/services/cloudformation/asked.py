"""What a request asks of a stack, besides its template."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from penstock.errors import not_implemented
from penstock.services.cloudformation.errors import invalid
from penstock.state.recorded_stacks import OnFailure, Plan
from penstock.state.stacks import NOTHING, Definition

MOST_PARAMETERS = 200
_RESERVED = "aws:"
_NOTHING = Plan(Definition({}), "")
_MISSING = ("ForceRollback", "RetainExceptOnCreate")
_STANDARD = "STANDARD"  # which `cdk deploy` says, as others do by saying nothing


class Asked(NamedTuple):
    """Parameters that are None keep the value they have. `types` are those that may be used, as
    ResourceTypes says; all, where it says nothing."""

    parameters: Mapping[str, str | None] = NOTHING
    capabilities: tuple[str, ...] = ()
    tags: Mapping[str, str] = NOTHING
    notification_arns: tuple[str, ...] = ()
    role_arn: str = ""
    on_failure: OnFailure = OnFailure.ROLLBACK
    timeout: int = 0
    rollback: Mapping[str, Any] = NOTHING
    types: tuple[str, ...] = ()


def asked_of(request: Mapping[str, Any], previous: Plan | None = None) -> Asked:
    """Of what an update does not say, its stack keeps what it has: tags, topics, role, rollback
    triggers. Raises ValidationError."""
    kept = previous or _NOTHING
    tags = kept.tags if request.get("Tags") is None else tags_of(request["Tags"])
    topics = request.get("NotificationARNs")
    rollback = request.get("RollbackConfiguration")
    return Asked(
        parameters_asked(request.get("Parameters", [])),
        tuple(request.get("Capabilities", ())),
        tags,
        kept.notification_arns if topics is None else tuple(topics),
        request.get("RoleARN") or kept.role_arn,
        _on_failure(request),
        request.get("TimeoutInMinutes", kept.timeout),
        kept.rollback if rollback is None else rollback,
        tuple(request.get("ResourceTypes", ())),
    )


def refuse_missing(operation: str, request: Mapping[str, Any]) -> None:
    """Raises AwsError (501) for what would change how an operation goes."""
    for member in _MISSING:
        if request.get(member):
            raise not_implemented(f"{operation}.{member}")
    deployment = request.get("DeploymentConfig") or {}
    if deployment.get("Mode", _STANDARD) != _STANDARD or deployment.get("DisableRollback"):
        raise not_implemented(f"{operation}.DeploymentConfig {json.dumps(deployment)}")


def parameters_asked(given: Sequence[Mapping[str, Any]]) -> dict[str, str | None]:
    """Raises ValidationError."""
    if len(given) > MOST_PARAMETERS:
        raise invalid(f"Number of parameters exceeds the limit of {MOST_PARAMETERS}")
    asked: dict[str, str | None] = {}
    for one in given:
        key, value = one.get("ParameterKey", ""), one.get("ParameterValue")
        keeps = bool(one.get("UsePreviousValue"))
        if not key:
            raise invalid("ParameterKey is required")
        if key in asked:
            raise invalid(f"Parameter {key} is given more than once")
        if keeps and value:
            raise invalid(
                f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true"
                " and non empty value for a parameter"
            )
        if not keeps and value is None:
            raise invalid(f"ParameterValue for ParameterName {key} is required")
        asked[key] = None if keeps else value
    return asked


def tags_of(given: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Raises ValidationError."""
    tags: dict[str, str] = {}
    for one in given:
        key = one["Key"]
        if key.lower().startswith(_RESERVED):
            raise invalid("aws: prefixed tag key names are not allowed for external use.")
        if key in tags:
            raise invalid(f"Duplicate tag key {key}: keys have to be unique")
        tags[key] = one["Value"]
    return tags


def _on_failure(request: Mapping[str, Any]) -> OnFailure:
    """TG-119"""
    asked = request.get("OnFailure") or request.get("OnStackFailure")
    stays = request.get("DisableRollback")
    if asked and stays is not None:
        raise invalid("Only one of the parameters DisableRollback and OnFailure can be specified.")
    if asked:
        return OnFailure(asked)
    return OnFailure.DO_NOTHING if stays else OnFailure.ROLLBACK
