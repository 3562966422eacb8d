"""Which artifacts an action may take: those of actions that have surely ended."""

from __future__ import annotations

import pytest

from .declarations import (
    action,
    after_source,
    artifacts,
    build,
    declaration,
    problems,
    source,
    stage,
    told,
)


def missing(name: str, consumer: str) -> tuple[str, str]:
    return (
        "InvalidActionDeclaration",
        f"Input Artifact Bundle {name} in action {consumer} is not declared as Output Artifact"
        " Bundle in any of the preceding actions",
    )


def test_an_input_comes_from_an_earlier_stage_or_a_lower_run_order() -> None:
    """CP-007"""
    made = build("Make", outputArtifacts=artifacts("made"), runOrder=1)
    document = after_source(
        stage("Build", made, build("Use", "made", runOrder=3)),
        stage("Test", build("Again", "made")),
    )
    assert told(document) == []


@pytest.mark.parametrize(("producer", "consumer"), [(1, 1), (2, 1), (3, 2)])
def test_what_may_not_have_ended_makes_no_input(producer: int, consumer: int) -> None:
    """CP-006, CP-007"""
    document = after_source(
        stage(
            "Build",
            build("Make", outputArtifacts=artifacts("made"), runOrder=producer),
            build("Use", "made", runOrder=consumer),
        )
    )
    assert told(document) == [missing("made", "Use")]
    assert problems(document)[0].path == ("stages", 1, "actions", 1, "inputArtifacts", 0, "name")


def test_an_output_of_a_later_stage_is_none_yet() -> None:
    """CP-007"""
    document = after_source(
        stage("Test", build("Use", "made")),
        stage("Build", build("Make", outputArtifacts=artifacts("made"))),
    )
    assert told(document) == [missing("made", "Use")]


def test_an_input_that_nobody_makes_is_refused() -> None:
    """CP-007"""
    assert told(after_source(stage("Build", build("Use", "code", "ghost")))) == [
        missing("ghost", "Use")
    ]


def test_names_of_outputs_are_unique() -> None:
    """CP-007"""
    document = declaration(
        stage("Source", source("One"), source("Two")),
        stage("Build", build(outputArtifacts=artifacts("code"))),
    )
    duplicate = (
        "InvalidActionDeclaration",
        "Output Artifact Bundle name must be unique within the pipeline: code is used more than"
        " once",
    )
    assert told(document) == [duplicate, duplicate]


def test_rules_take_artifacts_too() -> None:
    invoke = {
        "name": "Check",
        "ruleTypeId": {"category": "Rule", "provider": "LambdaInvoke", "version": "1"},
        "configuration": {"FunctionName": "check"},
        "inputArtifacts": artifacts("made"),
    }
    condition = {"conditions": [{"result": "FAIL", "rules": [invoke]}]}
    make = build(outputArtifacts=artifacts("made"))
    assert told(after_source(stage("Build", make, onSuccess=condition))) == []
    assert told(after_source(stage("Build", make, beforeEntry=condition))) == [
        missing("made", "Check")
    ]


@pytest.mark.parametrize(
    ("name", "fits"),
    [("a_B-9", True), ("a.b", False), ("a@b", False), ("", False), ("a" * 101, False)],
)
def test_an_artifacts_name_is_narrower_than_an_actions(name: str, fits: bool) -> None:
    """CP-002"""
    document = declaration(
        stage("Source", source("a.b@c", output=name)),
        stage("Build", action("x", "Approval Manual")),
    )
    assert [code for code, _ in told(document)] == (
        [] if fits else ["Validation"] * (2 if not name else 1)
    )
