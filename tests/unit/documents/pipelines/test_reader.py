"""Declarations as values: names, defaults, and whatever is no declaration at all."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.documents.pipelines import Action, Output, TypeId, Variable
from penstock.documents.pipelines.reader import completed, pipeline_of, read_pipeline

from .declarations import (
    action,
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

NAME = r"[A-Za-z0-9.@\-_]+"


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("a.B@c-d_9", True),
        ("n" * 100, True),
        ("a b", False),
        ("a/b", False),
        ("ä", False),
        ("a\n", False),
    ],
)
@pytest.mark.parametrize("what", ["pipeline", "stage", "action", "rule"])
def test_names_have_their_characters(what: str, name: str, fits: bool) -> None:
    """CP-002"""
    check = {
        "name": name if what == "rule" else "Check",
        "ruleTypeId": {"category": "Rule", "provider": "VariableCheck"},
        "configuration": {"Variable": "1", "Value": "1", "Operator": "EQ"},
    }
    one = build(name if what == "action" else "Make")
    condition = {"conditions": [{"rules": [check]}]}
    document = after_source(stage(name if what == "stage" else "Build", one, onSuccess=condition))
    document["name"] = name if what == "pipeline" else "web"
    path = {
        "pipeline": "name",
        "stage": "stages.2.member.name",
        "action": "stages.2.member.actions.1.member.name",
        "rule": "stages.2.member.onSuccess.conditions.1.member.rules.1.member.name",
    }[what]
    refusal = (
        "Validation",
        f"Value '{name}' at 'pipeline.{path}' failed to satisfy constraint:"
        f" Member must satisfy regular expression pattern: {NAME}",
    )
    assert told(document) == ([] if fits else [refusal])


def test_names_have_100_characters_at_most() -> None:
    """CP-002"""
    assert [code for code, _ in told(declaration(name="n" * 101))] == ["Validation"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("provider", "a.b"),
        ("provider", "p" * 36),
        ("version", "v" * 10),
        ("category", "Dance"),
        ("owner", "Me"),
    ],
)
def test_types_of_actions_have_their_characters(member: str, value: str) -> None:
    """CP-002"""
    one = build()
    one["actionTypeId"][member] = value
    assert told(after_source(stage("Build", one)))[0][0] == "Validation"


def test_words_are_told_with_those_there_are() -> None:
    assert told(declaration(executionMode="FAST")) == [
        (
            "Validation",
            "Value 'FAST' at 'pipeline.executionMode' failed to satisfy constraint:"
            " Member must satisfy enum value set: [QUEUED, SUPERSEDED, PARALLEL]",
        )
    ]


def test_what_is_left_out_has_its_default() -> None:
    """CP-006"""
    (fetch,) = read(declaration())[0].stages[0].actions
    assert fetch == Action(
        "Fetch",
        TypeId("Source", "AWS", "S3"),
        1,
        {"S3Bucket": "value", "S3ObjectKey": "value"},
        outputs=(Output("code"),),
    )


@pytest.mark.parametrize(("order", "fits"), [(0, False), (1, True), (999, True), (1000, False)])
def test_a_run_order_is_1_to_999(order: int, fits: bool) -> None:
    """CP-006"""
    codes = [code for code, _ in told(after_source(stage("Build", build(runOrder=order))))]
    assert codes == ([] if fits else ["Validation"])


def test_a_commands_action_is_read_whole() -> None:
    run = action(
        "Run",
        "Compute Commands",
        inputArtifacts=artifacts("code"),
        outputArtifacts=[{"name": "out", "files": ["dist/**"]}],
        commands=["make", "make test"],
        outputVariables=["TAG"],
        environmentVariables=[
            {"name": "A", "value": "1"},
            {"name": "B", "value": "secret", "type": "SECRETS_MANAGER"},
        ],
        region="us-east-1",
        roleArn="arn:aws:iam::123456789012:role/x",
        namespace="N",
        runOrder=2,
    )
    pipeline, found = read(after_source(stage("Run", run)))
    assert found == []
    (one,) = pipeline.stages[1].actions
    assert (one.commands, one.output_variables) == (("make", "make test"), ("TAG",))
    assert one.outputs == (Output("out", ("dist/**",)),)
    assert one.environment == (Variable("A", "1"), Variable("B", "secret", "SECRETS_MANAGER"))
    assert (one.region, one.role_arn) == ("us-east-1", "arn:aws:iam::123456789012:role/x")
    assert (one.namespace, one.run_order) == ("N", 2)


def test_a_declaration_is_kept_with_its_defaults() -> None:
    """CP-006"""
    document = after_source(stage("Ask", {**action("Ask", "Approval Manual")}), version=7)
    del document["stages"][1]["actions"][0]["configuration"]
    whole = completed(document, read(document)[0])
    assert (whole["executionMode"], whole["pipelineType"]) == ("SUPERSEDED", "V1")
    assert "version" not in whole
    ask = whole["stages"][1]["actions"][0]
    assert (ask["runOrder"], ask["configuration"]) == (1, {})
    assert (ask["inputArtifacts"], ask["outputArtifacts"]) == ([], [])
    assert completed(whole, read(whole)[0]) == whole
    assert pipeline_of(whole) == read(document)[0]


def test_all_problems_are_told_and_not_the_first() -> None:
    document = declaration(
        stage("a b", source(), action("Ask", "Approval Manual", timeoutInMinutes=1)),
        stage("Build", build("Make", "ghost", configuration={"X": "#{ghost.Y}"})),
        name="",
    )
    found = problems(document)
    assert [(one.code.removesuffix("Exception"), one.path) for one in found] == [
        ("Validation", ("name",)),
        ("Validation", ("name",)),
        ("Validation", ("stages", 0, "name")),
        ("Validation", ("stages", 0, "actions", 1, "timeoutInMinutes")),
        ("InvalidStructure", ("stages", 0, "actions", 1, "actionTypeId", "category")),
        ("InvalidActionDeclaration", ("stages", 1, "actions", 0, "configuration", "X")),
        ("InvalidActionDeclaration", ("stages", 1, "actions", 0, "inputArtifacts", 0, "name")),
        ("InvalidActionDeclaration", ("stages", 1, "actions", 0, "configuration", "X")),
    ]


def test_numbers_that_yaml_has_made_of_texts_are_texts() -> None:
    one = build(configuration={"BatchEnabled": True, "PrimarySource": 1})
    one["actionTypeId"]["version"] = 1
    pipeline, found = read(after_source(stage("Build", {**one, "runOrder": "2"})))
    assert found == []
    (read_back,) = pipeline.stages[1].actions
    assert read_back.type.version == "1"
    assert read_back.configuration["BatchEnabled"] == "true"
    assert read_back.configuration["PrimarySource"] == "1"
    assert read_back.run_order == 2


SOUP = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("name", "stages", "actions", "actionTypeId", "category", "configuration"),
                    *("conditions", "rules", "result", "onFailure", "beforeEntry", "triggers"),
                    *(
                        "gitConfiguration",
                        "push",
                        "branches",
                        "includes",
                        "artifactStore",
                        "variables",
                    ),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(SOUP)
def test_what_is_no_declaration_at_all_is_told(document: Any) -> None:
    assert read_pipeline(document, {}, "us-east-1")[1] != []


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A good declaration of which one value, wherever it is, has become another."""
    document: Any = after_source(
        stage(
            "Build",
            build(namespace="B", outputArtifacts=artifacts("made")),
            onFailure={"result": "RETRY", "retryConfiguration": {"retryMode": "ALL_ACTIONS"}},
        ),
        variables=[{"name": "A", "defaultValue": "b"}],
    )
    place = document
    while True:
        key = draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
        inner = place[key]
        if not inner or not isinstance(inner, dict | list) or draw(st.booleans()):
            place[key] = draw(SOUP)
            return document
        place = inner


@given(damaged())
@settings(max_examples=300)
def test_no_single_fault_makes_the_reader_fail(document: Any) -> None:
    pipeline, found = read_pipeline(document, {}, "us-east-1")
    if not found:
        assert pipeline_of(completed(document, pipeline)) == pipeline


def test_large_declarations_are_read_in_a_moment() -> None:
    """500 actions, each with a long configuration full of references."""
    text = "#{Src.Key} " * 4_000
    stages = [
        stage(
            f"S{n}",
            *(build(f"A{m}", configuration={"EnvironmentVariables": text}) for m in range(50)),
        )
        for n in range(9)
    ]
    document = declaration(stage("Source", source(namespace="Src")), *stages)
    began = time.perf_counter()
    assert problems(document) == []
    assert time.perf_counter() - began < 10
