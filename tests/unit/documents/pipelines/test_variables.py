"""Variables, namespaces, and references to them."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.documents.pipelines import VariableDeclaration
from penstock.documents.pipelines.references import Reference, references

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


def using(text: str, name: str = "Use", **members: Any) -> dict[str, Any]:
    return build(name, configuration={"EnvironmentVariables": text}, **members)


def where(text: str, stage: str = "Build", name: str = "Use") -> str:
    return (
        f"StageName=[{stage}], ActionName=[{name}],"
        f" ActionConfigurationKey=[EnvironmentVariables], VariableReferenceText=[{text}]"
    )


UNKNOWN = (
    "Valid format for a pipeline execution variable reference is a namespace and a key separated by"
    " a period (.). The following pipeline execution variables are referencing a namespace that"
    " does not exist.\n"
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#{a.b}", [("a", "b")]),
        ("x #{a.b}#{c.d.e} y", [("a", "b"), ("c", "d.e")]),
        ("#{ab} #{.b} #{a.} ${a.b} #{a.b", []),
        ("", []),
    ],
)
def test_references_are_read_from_texts(text: str, found: list[tuple[str, str]]) -> None:
    """CP-090"""
    assert list(references(text)) == [Reference(*one) for one in found]


def test_a_producer_that_has_surely_ended_can_be_referred_to() -> None:
    """CP-090, CP-091"""
    document = declaration(
        stage("Source", source(namespace="Src")),
        stage("Build", build(namespace="B"), using("#{Src.VersionId} #{B.TAG}", runOrder=2)),
        stage("Test", using("#{B.TAG} #{codepipeline.PipelineExecutionId}")),
    )
    assert told(document) == []


@pytest.mark.parametrize("order", [1, 2])
def test_a_producer_that_may_not_have_ended_is_refused(order: int) -> None:
    """CP-091"""
    document = after_source(
        stage("Build", build(namespace="B", runOrder=order), using("#{B.TAG}", runOrder=1))
    )
    ((code, message),) = told(document)
    assert code == "InvalidActionDeclaration"
    assert "does not run before" in message
    assert message.endswith(where("B.TAG"))


def test_a_namespace_that_nobody_has_is_refused() -> None:
    """CP-091, CP-093: names are case-sensitive."""
    document = declaration(
        stage("Source", source(namespace="Src")), stage("Build", using("#{src.VersionId}"))
    )
    assert told(document) == [("InvalidActionDeclaration", UNKNOWN + where("src.VersionId"))]
    assert problems(document)[0].path == (
        *("stages", 1, "actions", 0, "configuration", "EnvironmentVariables"),
    )


def test_an_environment_variable_may_refer_too() -> None:
    run = action(
        "Run",
        "Compute Commands",
        inputArtifacts=artifacts("code"),
        commands=["true"],
        environmentVariables=[{"name": "E", "value": "#{ghost.X}"}],
    )
    found = problems(after_source(stage("Build", run)))
    assert [one.path[-3:] for one in found] == [("environmentVariables", 0, "value")]


@pytest.mark.parametrize("other", ["namespace", "artifact", "both"])
def test_namespaces_are_unique_and_no_artifacts_name(other: str) -> None:
    """CP-092"""
    names = {"namespace": ("A", "A"), "artifact": ("code", "B"), "both": ("code", "code")}[other]
    document = after_source(
        stage("Build", build("One", namespace=names[0]), build("Two", namespace=names[1]))
    )
    found = told(document)
    assert len(found) == (2 if other == "both" else 1)
    for code, message in found:
        assert code == "InvalidActionDeclaration"
        assert message.startswith("Namespaces must be unique across the pipeline definition")


@pytest.mark.parametrize("name", ["codepipeline", "variables"])
def test_reserved_namespaces_are_nobodys(name: str) -> None:
    """CP-094"""
    assert told(after_source(stage("Build", build(namespace=name)))) == [
        ("InvalidActionDeclaration", f"Namespace {name} in action Make is reserved")
    ]


@pytest.mark.parametrize(("name", "fits"), [("A-z_9@", True), ("a.b", False), ("", False)])
def test_a_namespaces_name_has_no_dot(name: str, fits: bool) -> None:
    """CP-002"""
    codes = {code for code, _ in told(after_source(stage("Build", build(namespace=name))))}
    assert codes == (set() if fits else {"Validation"})


def test_only_the_execution_id_is_the_pipelines_own() -> None:
    """CP-094"""
    document = after_source(stage("Build", using("#{codepipeline.ROLE}")))
    assert told(document) == [
        (
            "InvalidStructure",
            f"The referenced variables haven't been declared.\n{where('codepipeline.ROLE')}",
        )
    ]


def test_declared_variables_are_referred_to() -> None:
    """CP-095"""
    variables = [{"name": "TAG", "defaultValue": "v1", "description": "of the image"}]
    pipeline, found = read(
        after_source(stage("Build", using("#{variables.TAG}")), variables=variables)
    )
    assert found == []
    assert pipeline.variables == (VariableDeclaration("TAG", "v1", "of the image"),)


UNDECLARED = "The referenced variables haven't been declared.\n"
IN_SOURCE = "Variables at the pipeline level cannot be used in source actions.\n"


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ([], ("InvalidActionDeclaration", UNKNOWN)),
        (["OTHER"], ("InvalidStructure", UNDECLARED)),
        (["tag"], ("InvalidStructure", UNDECLARED)),
    ],
)
def test_undeclared_variables_are_refused(declared: list[str], expected: tuple[str, str]) -> None:
    """CP-095"""
    variables = {"variables": [{"name": name} for name in declared]} if declared else {}
    document = after_source(stage("Build", using("#{variables.TAG}")), **variables)
    assert told(document) == [(expected[0], expected[1] + where("variables.TAG"))]


def test_source_actions_have_no_pipeline_variables() -> None:
    """CP-095"""
    one = source(configuration={"S3ObjectKey": "#{variables.KEY}"})
    document = declaration(
        stage("Source", one), stage("Build", build()), variables=[{"name": "KEY"}]
    )
    ((code, message),) = told(document)
    assert (code, message.startswith(IN_SOURCE)) == ("InvalidStructure", True)


def test_names_of_variables_are_unique() -> None:
    """CP-095"""
    document = declaration(variables=[{"name": "A"}, {"name": "A"}])
    assert told(document) == [
        (
            "InvalidStructure",
            "Variable names must be unique. The following variable name is already in use: A",
        )
    ]


@pytest.mark.parametrize(
    "variables",
    [
        [{"name": f"V{n}"} for n in range(51)],
        [{"name": "a b"}],
        [{"name": ""}],
        [{"name": "n" * 129}],
        [{"name": "n", "defaultValue": ""}],
        [{"name": "n", "defaultValue": "v" * 1001}],
        [{"name": "n", "description": "d" * 201}],
    ],
)
def test_variables_are_bounded(variables: list[dict[str, str]]) -> None:
    """CP-095"""
    assert {code for code, _ in told(declaration(variables=variables))} == {"Validation"}


def test_rules_refer_to_what_has_ended_by_then() -> None:
    """CP-091"""
    check = {
        "name": "Check",
        "ruleTypeId": {
            "category": "Rule",
            "owner": "AWS",
            "provider": "VariableCheck",
            "version": "1",
        },
        "configuration": {"Variable": "#{B.TAG}", "Value": "v", "Operator": "EQ"},
    }
    condition = {"conditions": [{"result": "FAIL", "rules": [check]}]}
    make = build(namespace="B")
    assert told(after_source(stage("Build", make, onSuccess=condition))) == []
    ((code, message),) = told(after_source(stage("Build", make, beforeEntry=condition)))
    assert code == "InvalidActionDeclaration"
    assert "ActionName=[Check], ActionConfigurationKey=[Variable]" in message
