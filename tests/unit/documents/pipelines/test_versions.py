"""Pipelines of type V1 and V2."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.documents.pipelines import Mode

from .declarations import action, after_source, artifacts, build, read, source, stage, told

CONDITION = {
    "conditions": [
        {
            "rules": [
                {
                    "name": "Check",
                    "ruleTypeId": {"category": "Rule", "provider": "VariableCheck", "version": "1"},
                    "configuration": {"Variable": "1", "Value": "1", "Operator": "EQ"},
                }
            ]
        }
    ]
}
CODE = {"inputArtifacts": artifacts("code")}


def of(type: str, **members: Any) -> dict[str, Any]:
    return after_source(stage("Build", action("Act", type, **members)))


def connected() -> dict[str, Any]:
    git = action("Git", "Source CodeStarSourceConnection", outputArtifacts=artifacts("git"))
    push = {"sourceActionName": "Git", "push": [{"branches": {"includes": ["main"]}}]}
    trigger = {"providerType": "CodeStarSourceConnection", "gitConfiguration": push}
    document = after_source(stage("Build", build()), triggers=[trigger])
    document["stages"][0]["actions"].append(git)
    return document


# CP-010
FEATURES: dict[str, tuple[dict[str, Any], str]] = {
    "variables": (
        after_source(stage("Build", build()), variables=[{"name": "A"}]),
        "Pipeline variable",
    ),
    "triggers": (connected(), "Pipeline trigger"),
    "queued": (
        after_source(stage("Build", build()), executionMode="QUEUED"),
        "Execution mode QUEUED",
    ),
    "parallel": (
        after_source(stage("Build", build()), executionMode="PARALLEL"),
        "Execution mode PARALLEL",
    ),
    "entry": (
        after_source(stage("Build", build(), beforeEntry=CONDITION)),
        "Stage condition beforeEntry",
    ),
    "retry": (
        after_source(stage("Build", build(), onFailure={"result": "RETRY"})),
        "Stage condition onFailure",
    ),
    "commands": (of("Compute Commands", commands=["true"], **CODE), "Action type Commands"),
    "ecr": (of("Build ECRBuildAndPublish", **CODE), "Action type ECRBuildAndPublish"),
    "ec2": (of("Deploy EC2", **CODE), "Action type EC2"),
    "eks": (of("Deploy EKS", **CODE), "Action type EKS"),
    "lambda": (of("Deploy Lambda", **CODE), "Action type Lambda"),
    "invoke": (of("Invoke CodePipeline"), "Action type CodePipeline"),
}


@pytest.mark.parametrize("name", FEATURES)
def test_what_only_v2_has_makes_a_pipeline_v2(name: str) -> None:
    document, _ = FEATURES[name]
    pipeline, found = read(document)
    assert (pipeline.type, found) == ("V2", [])
    assert read({**document, "pipelineType": "V2"})[1] == []


@pytest.mark.parametrize("name", FEATURES)
def test_what_only_v2_has_is_refused_in_v1(name: str) -> None:
    document, feature = FEATURES[name]
    ((code, message),) = told({**document, "pipelineType": "V1"})
    action = feature.startswith("Action type")
    assert code == ("InvalidActionDeclaration" if action else "InvalidStructure")
    assert message == f"{feature} can only be used with V2 pipelines"


def test_without_any_of_it_a_pipeline_is_v1() -> None:
    """CP-010"""
    document = after_source(stage("Build", build()), executionMode="SUPERSEDED")
    pipeline, found = read(document)
    assert (pipeline.type, pipeline.mode, found) == ("V1", Mode.SUPERSEDED, [])
    assert read({**document, "pipelineType": "V2"})[0].type == "V2"


def test_invoking_a_function_is_of_either() -> None:
    assert read(of("Invoke Lambda"))[0].type == "V1"
    assert read(after_source(stage("S", source())))[0].type == "V1"
