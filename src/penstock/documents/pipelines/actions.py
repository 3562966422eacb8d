"""What each action must have by its type (CP-011 to CP-015, CP-126, CP-145)."""

from __future__ import annotations

import re

from penstock.documents.action_types import ActionTypeSpec
from penstock.documents.pipelines import TypeId
from penstock.documents.pipelines.problems import Problems, shown
from penstock.documents.pipelines.subject import ActionPlace, Subject

COMMANDS = TypeId("Compute", "AWS", "Commands")
MANUAL = TypeId("Approval", "AWS", "Manual")
_TOPIC = re.compile(r"arn:[^:]+:([^:]*):([^:]*):[^:]+:.+", re.DOTALL)
_QUERYABLE = re.compile(r"[A-Za-z0-9_-]{1,20}")
REFERENCE_MARK = "#{"


def check_actions(subject: Subject, problems: Problems) -> None:
    for place in subject.actions:
        if place.spec is None:
            _tell_unknown(place, subject.region, problems)
            continue
        _check_counts(place, place.spec, problems)
        _check_configuration(place, place.spec, problems)
        _check_commands(place, problems)
        _check_environment(place, place.spec, problems)
        if place.action.timeout is not None and place.action.type != MANUAL:
            problems.action(
                (*place.path, "timeoutInMinutes"),
                f"Action {shown(place.action.name)} must not have timeoutInMinutes: only manual"
                " approval actions have it",
            )
        if place.action.type == MANUAL:
            _check_topic(place, subject.region, problems)


def _tell_unknown(place: ActionPlace, region: str, problems: Problems) -> None:
    """CP-012"""
    type = place.action.type
    if not all(type):
        return  # told as a missing member
    problems.action(
        (*place.path, "actionTypeId"),
        f"ActionType (Category: '{shown(type.category)}', Provider: '{shown(type.provider)}',"
        f" Owner: '{shown(type.owner)}', Version: '{shown(type.version)}') in action"
        f" '{shown(place.action.name)}' is not available in region"
        f" '{region.upper().replace('-', '_')}'",
    )


def _check_counts(place: ActionPlace, spec: ActionTypeSpec, problems: Problems) -> None:
    """CP-011"""
    action = place.action
    for kind, have, counts in (
        ("input", len(action.inputs), spec.inputs),
        ("output", len(action.outputs), spec.outputs),
    ):
        told = f"Action {shown(action.name)} declares {have} {kind} artifacts which is"
        path = (*place.path, f"{kind}Artifacts")
        if have < counts.least:
            problems.action(path, f"{told} less than the minimum count ({counts.least})")
        if have > counts.most:
            problems.action(path, f"{told} more than the maximum count ({counts.most})")


def _check_configuration(place: ActionPlace, spec: ActionTypeSpec, problems: Problems) -> None:
    action, path = place.action, (*place.path, "configuration")
    told = f"Action configuration for action '{shown(action.name)}'"
    for one in spec.properties:
        if one.required and one.name not in action.configuration:
            problems.action(path, f"{told} is missing required configuration '{one.name}'")
    for key, value in action.configuration.items():
        known = spec.property(key)
        if known is None and not spec.open:
            problems.action((*path, key), f"{told} contains unknown configuration '{shown(key)}'")
        if known and known.queryable and not _QUERYABLE.fullmatch(value):
            problems.action(
                (*path, key),
                f"{told} has a value for the queryable configuration '{key}' that is not 1 to 20"
                " letters, digits, underscores and hyphens",
            )


def _check_commands(place: ActionPlace, problems: Problems) -> None:
    """CP-126"""
    action = place.action
    name = shown(action.name)
    if action.type == COMMANDS:
        if not action.commands:
            problems.action(
                (*place.path, "commands"), f"Action {name} must have a non-empty commands field"
            )
        for i, command in enumerate(action.commands):
            if "\n" in command:
                problems.action(
                    (*place.path, "commands", i),
                    f"Action {name} has a command of several lines: each has to be a single line",
                )
        return
    for member, given in (
        ("commands", action.commands),
        ("outputVariables", action.output_variables),
    ):
        if given:
            problems.action(
                (*place.path, member),
                f"Action {name} must not have {member}: only Commands actions have them",
            )
    for i, output in enumerate(action.outputs):
        if output.files:
            problems.action(
                (*place.path, "outputArtifacts", i, "files"),
                f"Action {name} must not name the files of an output artifact: only Commands"
                " actions do",
            )


def _check_environment(place: ActionPlace, spec: ActionTypeSpec, problems: Problems) -> None:
    if place.action.environment and not spec.v2:
        problems.action(
            (*place.path, "environmentVariables"),
            f"Action {shown(place.action.name)} must not have environmentVariables:"
            f" {spec.type.provider} actions have none",
        )


def _check_topic(place: ActionPlace, region: str, problems: Problems) -> None:
    """CP-063"""
    arn = place.action.configuration.get("NotificationArn", "")
    if not arn or REFERENCE_MARK in arn:
        return
    name, path = shown(place.action.name), (*place.path, "configuration", "NotificationArn")
    topic = _TOPIC.fullmatch(arn)
    told = f"The ARN {shown(arn)} has been specified for sending notifications for the approval"
    if topic is None:
        problems.action(
            path,
            f"The ARN {shown(arn)} you specified for sending notifications for the approval action"
            f" {name} contains a format error.",
        )
    elif topic[1] != "sns":
        problems.action(
            path,
            f"{told} action {name}, but the AWS service for this ARN cannot be used to send"
            " approval requests.",
        )
    elif region and topic[2] != region:
        problems.action(
            path,
            f"{told} action {name}, but the ARN is not in the same region as the pipeline.",
        )
