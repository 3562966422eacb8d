"""Conditions of stages: how many, what comes of them, what their rules need."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.documents.pipelines import (
    Condition,
    OnFailure,
    Result,
    RetryMode,
    Rule,
    TypeId,
)
from penstock.documents.rule_types import RULE_TYPES, RuleTypeSpec

from .declarations import (
    after_source,
    artifacts,
    build,
    declaration,
    problems,
    read,
    source,
    stage,
    told,
)

CONFIGURATION = {"Variable": "1", "Value": "1", "Operator": "EQ"}


def rule(name: str = "Check", provider: str = "VariableCheck", **members: Any) -> dict[str, Any]:
    spec = RULE_TYPES.get(TypeId("Rule", "AWS", provider))
    required = {one.name: "v" for one in spec.properties if one.required} if spec else {}
    type = {"category": "Rule", "owner": "AWS", "provider": provider, "version": "1"}
    commands = {"commands": ["true"]} if provider == "Commands" else {}
    return {"name": name, "ruleTypeId": type, "configuration": required, **commands, **members}


def condition(result: str | None, *rules: dict[str, Any]) -> dict[str, Any]:
    given = {"rules": list(rules or (rule(),))}
    return {"conditions": [{**given, "result": result} if result else given]}


def with_condition(kind: str, given: Any, **members: Any) -> dict[str, Any]:
    return after_source(stage("Build", build(), **{kind: given}), **members)


def refused(kind: str, given: Any, **members: Any) -> list[str]:
    found = problems(with_condition(kind, given, **members))
    assert {one.code for one in found} <= {"InvalidStageDeclarationException"}
    assert all(one.path[:3] == ("stages", 1, kind) for one in found)
    return [one.message for one in found]


@pytest.mark.parametrize(
    ("kind", "results"),
    [
        ("beforeEntry", {"FAIL", "SKIP"}),
        ("onSuccess", {"FAIL", "ROLLBACK"}),
        ("onFailure", {"ROLLBACK"}),
    ],
)
@pytest.mark.parametrize("result", ["FAIL", "SKIP", "ROLLBACK", "RETRY"])
def test_each_condition_has_its_results(kind: str, results: set[str], result: str) -> None:
    """CP-066"""
    expected = [
        f"A condition in {kind} of stage Build cannot have the result {result}:"
        f" use {' or '.join(sorted(results))}"
    ]
    assert refused(kind, condition(result)) == ([] if result in results else expected)


@pytest.mark.parametrize("result", [None, "FAIL", "SKIP", "ROLLBACK", "RETRY"])
def test_a_failed_stage_is_rolled_back_or_retried(result: str | None) -> None:
    """CP-066, CP-068"""
    given = {"result": result} if result else {}
    expected = {
        None: ["onFailure of stage Build must have a result or a condition"],
        "FAIL": ["onFailure of stage Build cannot have the result FAIL: use ROLLBACK or RETRY"],
        "SKIP": ["onFailure of stage Build cannot have the result SKIP: use ROLLBACK or RETRY"],
    }
    assert refused("onFailure", given) == expected.get(result, [])


def test_conditions_are_read() -> None:
    """CP-064"""
    (second,) = read(
        after_source(
            stage(
                "Build",
                build(),
                beforeEntry=condition("SKIP"),
                onSuccess=condition(None, rule("A", "CloudWatchAlarm", timeoutInMinutes=5)),
                onFailure={"result": "RETRY", "retryConfiguration": {"retryMode": "ALL_ACTIONS"}},
            )
        )
    )[0].stages[1:]
    type = TypeId("Rule", "AWS", "VariableCheck")
    check = Rule("Check", type, {"Variable": "v", "Value": "v", "Operator": "v"})
    assert second.before_entry == Condition(Result.SKIP, (check,))
    assert second.on_success is not None
    assert (second.on_success.result, second.on_success.rules[0].timeout) == (Result.FAIL, 5)
    assert second.on_failure == OnFailure(Result.RETRY, RetryMode.ALL_ACTIONS)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"conditions": []}, "Validation"),
        ({"conditions": [condition("FAIL")["conditions"][0]] * 2}, "Validation"),
        (condition("FAIL", *(rule(f"R{n}") for n in range(6))), "Validation"),
        (condition("FAIL", rule(timeoutInMinutes=4)), "Validation"),
        (condition("FAIL", rule(configuration={"Value": "x" * 10_001})), "Validation"),
        (condition("FAIL", rule(configuration={f"k{n}": "v" for n in range(201)})), "Validation"),
        ({"conditions": [{"result": "FAIL"}]}, "InvalidStageDeclaration"),
    ],
)
def test_a_condition_is_one_of_one_to_five_rules(given: Any, code: str) -> None:
    """CP-064"""
    assert told(with_condition("beforeEntry", given))[0][0] == code


def test_five_rules_are_a_condition() -> None:
    """CP-064"""
    assert refused("onSuccess", condition("FAIL", *(rule(f"R{n}") for n in range(5)))) == []


def test_names_of_rules_are_unique_in_a_condition() -> None:
    assert refused("onSuccess", condition("FAIL", rule(), rule())) == [
        "Rule names must be unique within a condition: Check is used more than once in onSuccess"
        " of stage Build"
    ]


@pytest.mark.parametrize("spec", RULE_TYPES.values(), ids=lambda spec: spec.type.provider)
def test_only_two_types_of_rules_skip_a_stage(spec: RuleTypeSpec) -> None:
    """CP-067"""
    provider = spec.type.provider
    expected = (
        []
        if provider in ("LambdaInvoke", "VariableCheck")
        else ["Rule Check cannot skip a stage: only LambdaInvoke and VariableCheck rules can"]
    )
    assert refused("beforeEntry", condition("SKIP", rule(provider=provider))) == expected


def test_an_automatic_retry_goes_without_conditions() -> None:
    """CP-068"""
    both = {"result": "RETRY", **condition("ROLLBACK")}
    assert refused("onFailure", both) == [
        "onFailure of stage Build cannot have the result RETRY and conditions as well"
    ]
    other = {"result": "ROLLBACK", "retryConfiguration": {"retryMode": "ALL_ACTIONS"}}
    assert refused("onFailure", other) == [
        "onFailure of stage Build has a retryConfiguration, but its result is not RETRY"
    ]


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("onSuccess", condition("ROLLBACK")),
        ("onFailure", condition("ROLLBACK")),
        ("onFailure", {"result": "ROLLBACK"}),
    ],
)
def test_rollback_is_not_for_parallel_pipelines_nor_for_sources(kind: str, given: Any) -> None:
    """CP-070"""
    assert refused(kind, given, executionMode="PARALLEL") == [
        "Stage Build cannot have the result ROLLBACK: there is no rollback in PARALLEL mode"
    ]
    first = declaration(stage("Source", source(), **{kind: given}), stage("Build", build()))
    assert told(first) == [
        (
            "InvalidStageDeclaration",
            "Stage Source cannot have the result ROLLBACK: a source stage is not rolled back",
        )
    ]


def test_a_source_stage_may_be_retried() -> None:
    """CP-068"""
    first = stage("Source", source(), onFailure={"result": "RETRY"})
    assert told(declaration(first, stage("Build", build()))) == []


@pytest.mark.parametrize("spec", RULE_TYPES.values(), ids=lambda spec: spec.type.provider)
def test_rules_need_what_their_type_requires(spec: RuleTypeSpec) -> None:
    """CP-064"""
    provider = spec.type.provider
    assert refused("onSuccess", condition("FAIL", rule(provider=provider))) == []
    bare = rule(provider=provider, configuration={"Own": "1"})
    found = refused("onSuccess", condition("FAIL", bare))
    missing = [
        f"Rule configuration for rule 'Check' is missing required configuration '{one.name}'"
        for one in spec.properties
        if one.required
    ]
    unknown = "Rule configuration for rule 'Check' contains unknown configuration 'Own'"
    assert found == (missing if spec.open else [*missing, unknown])


def test_only_rules_with_commands_have_commands() -> None:
    assert refused("onSuccess", condition("FAIL", rule(commands=["true"]))) == [
        "Rule Check must not have commands: only Commands rules have them"
    ]
    bare = rule(provider="Commands")
    del bare["commands"]
    assert refused("onSuccess", condition("FAIL", bare)) == [
        "Rule Check must have a non-empty commands field"
    ]


def test_rules_that_take_no_artifacts_are_given_none() -> None:
    given = condition("FAIL", rule(inputArtifacts=artifacts("code")))
    assert refused("onSuccess", given) == [
        "Rule Check declares 1 input artifacts which is more than the maximum count (0)"
    ]


def test_an_unknown_type_of_rule_is_refused() -> None:
    """CP-064"""
    assert refused("onSuccess", condition("FAIL", rule(provider="Moon"))) == [
        "RuleType (Category: 'Rule', Provider: 'Moon', Owner: 'AWS', Version: '1') in rule 'Check'"
        " is not available in region 'US_EAST_1'"
    ]
