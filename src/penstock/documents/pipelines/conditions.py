"""Conditions of stages and their rules, and what comes of failures (CP-064 to CP-070)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.documents.model_shapes import Path
from penstock.documents.pipelines import Mode, Result, Rule, Stage, TypeId
from penstock.documents.pipelines.problems import Problems, shown
from penstock.documents.pipelines.structure import repeated
from penstock.documents.pipelines.subject import ConditionPlace, Subject
from penstock.documents.rule_types import RULE_TYPES, RuleTypeSpec

RESULTS: Mapping[str, frozenset[Result]] = {
    "beforeEntry": frozenset((Result.FAIL, Result.SKIP)),
    "onSuccess": frozenset((Result.FAIL, Result.ROLLBACK)),
    "onFailure": frozenset((Result.ROLLBACK,)),
}
"""What may come of a condition that is not met (CP-066)."""

COMMANDS = TypeId("Rule", "AWS", "Commands")


def check_conditions(subject: Subject, problems: Problems) -> None:
    for i, stage in enumerate(subject.pipeline.stages):
        given = subject.document["stages"][i].get("onFailure")
        if given is not None:
            _check_on_failure(subject, ("stages", i, "onFailure"), stage, given, problems)
    for place in subject.conditions:
        _check_condition(subject, place, problems)


def _check_on_failure(
    subject: Subject, path: Path, stage: Stage, given: Mapping[str, Any], problems: Problems
) -> None:
    """CP-066, CP-068"""
    name, result = shown(stage.name), given.get("result")
    if result is None and not given.get("conditions"):
        problems.stage(path, f"onFailure of stage {name} must have a result or a condition")
    if result not in (None, Result.ROLLBACK, Result.RETRY):
        problems.stage(
            (*path, "result"),
            f"onFailure of stage {name} cannot have the result {result}: use ROLLBACK or RETRY",
        )
    if "retryConfiguration" in given and result != Result.RETRY:
        problems.stage(
            (*path, "retryConfiguration"),
            f"onFailure of stage {name} has a retryConfiguration, but its result is not RETRY",
        )
    if result == Result.RETRY and given.get("conditions"):
        problems.stage(
            (*path, "result"),
            f"onFailure of stage {name} cannot have the result RETRY and conditions as well",
        )
    if result == Result.ROLLBACK:
        _check_rollback(subject, path, path[1] == 0, name, problems)


def _check_rollback(
    subject: Subject, path: Path, first: bool, name: str, problems: Problems
) -> None:
    """CP-049, CP-070"""
    if subject.pipeline.mode is Mode.PARALLEL:
        problems.stage(
            (*path, "result"),
            f"Stage {name} cannot have the result ROLLBACK: there is no rollback in PARALLEL mode",
        )
    if first:
        problems.stage(
            (*path, "result"),
            f"Stage {name} cannot have the result ROLLBACK: a source stage is not rolled back",
        )


def _check_condition(subject: Subject, place: ConditionPlace, problems: Problems) -> None:
    name, result = shown(place.stage.name), place.condition.result
    if result not in RESULTS[place.kind]:
        words = " or ".join(sorted(RESULTS[place.kind]))
        problems.stage(
            (*place.path, "result"),
            f"A condition in {place.kind} of stage {name} cannot have the result {result}:"
            f" use {words}",
        )
    elif result is Result.ROLLBACK:
        _check_rollback(subject, place.path, place.number == 0, name, problems)
    rules = place.condition.rules
    if not rules:
        problems.stage(
            (*place.path, "rules"), f"A condition in {place.kind} of stage {name} has no rules"
        )
    for i, repeat in repeated(rule.name for rule in rules):
        problems.stage(
            (*place.path, "rules", i, "name"),
            f"Rule names must be unique within a condition: {shown(repeat)} is used more than once"
            f" in {place.kind} of stage {name}",
        )
    for i, rule in enumerate(rules):
        _check_rule(subject, rule, result, (*place.path, "rules", i), problems)


def _check_rule(
    subject: Subject, rule: Rule, result: Result, path: Path, problems: Problems
) -> None:
    spec = RULE_TYPES.get(rule.type)
    if spec is None:
        _tell_unknown(rule, subject.region, path, problems)
        return
    if result is Result.SKIP and not spec.skips:
        problems.stage(
            (*path, "ruleTypeId"),
            f"Rule {shown(rule.name)} cannot skip a stage: only LambdaInvoke and VariableCheck"
            " rules can",
        )
    _check_configuration(rule, spec, path, problems)
    _check_inputs(rule, spec, path, problems)
    if rule.type == COMMANDS and not rule.commands:
        problems.stage(
            (*path, "commands"), f"Rule {shown(rule.name)} must have a non-empty commands field"
        )
    if rule.type != COMMANDS and rule.commands:
        problems.stage(
            (*path, "commands"),
            f"Rule {shown(rule.name)} must not have commands: only Commands rules have them",
        )


def _tell_unknown(rule: Rule, region: str, path: Path, problems: Problems) -> None:
    if not all(rule.type):
        return  # told as a missing member
    type = rule.type
    problems.stage(
        (*path, "ruleTypeId"),
        f"RuleType (Category: '{shown(type.category)}', Provider: '{shown(type.provider)}',"
        f" Owner: '{shown(type.owner)}', Version: '{shown(type.version)}') in rule"
        f" '{shown(rule.name)}' is not available in region '{region.upper().replace('-', '_')}'",
    )


def _check_configuration(rule: Rule, spec: RuleTypeSpec, path: Path, problems: Problems) -> None:
    told = f"Rule configuration for rule '{shown(rule.name)}'"
    for one in spec.properties:
        if one.required and one.name not in rule.configuration:
            problems.stage(
                (*path, "configuration"), f"{told} is missing required configuration '{one.name}'"
            )
    for key in rule.configuration:
        if spec.property(key) is None and not spec.open:
            problems.stage(
                (*path, "configuration", key),
                f"{told} contains unknown configuration '{shown(key)}'",
            )


def _check_inputs(rule: Rule, spec: RuleTypeSpec, path: Path, problems: Problems) -> None:
    if len(rule.inputs) > spec.inputs.most:
        problems.stage(
            (*path, "inputArtifacts"),
            f"Rule {shown(rule.name)} declares {len(rule.inputs)} input artifacts which is more"
            f" than the maximum count ({spec.inputs.most})",
        )
