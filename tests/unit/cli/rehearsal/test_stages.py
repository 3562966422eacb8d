from __future__ import annotations

from typing import Any

import pytest

from penstock.cli.rehearsal.stages import StagesError, choose


def stage(name: str, *needs: str, makes: str = "", namespace: str = "", says: str = "") -> Any:
    action: dict[str, Any] = {"name": name, "inputArtifacts": [{"name": one} for one in needs]}
    action["outputArtifacts"] = [{"name": makes}] if makes else []
    if namespace:
        action["namespace"] = namespace
    return {"name": name, "actions": [{**action, "configuration": {"Said": says}}]}


STAGES = [
    stage("Source", makes="App", namespace="Src"),
    stage("Build", "App", makes="Built", namespace="Made"),
    stage("Test", "App"),
    stage("Deploy", "Built", says="#{Made.VERSION} of #{Src.CommitId} #{codepipeline.Name}"),
]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, ["Source", "Build", "Test", "Deploy"]),
        ({"stop_after": "Build"}, ["Source", "Build"]),
        ({"skip": ["Test"]}, ["Source", "Build", "Deploy"]),
        ({"only": ["Test"]}, ["Source", "Test"]),
        ({"only": ["Build", "Deploy"]}, ["Source", "Build", "Deploy"]),
        ({"only": ["Source"]}, ["Source"]),
        ({"skip": ["Test", "Deploy"], "stop_after": "Deploy"}, ["Source", "Build"]),
    ],
)
def test_stages_are_chosen_in_their_order(asked: dict[str, Any], names: list[str]) -> None:
    assert [one["name"] for one in choose(STAGES, **asked)] == names


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"only": ["Deploy"]}, "Deploy needs Built, which Build makes"),
        ({"skip": ["Build"]}, "Deploy needs Built, which Build makes"),
        ({"skip": ["Source"]}, "Source has the sources"),
        ({"only": ["Deplyo"]}, "there is no stage Deplyo: there are Source, Build, Test, Deploy"),
        ({"stop_after": "Last"}, "there is no stage Last"),
    ],
)
def test_a_stage_is_not_left_out_whose_work_is_needed(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(StagesError, match=words):
        choose(STAGES, **asked)


def test_a_variable_is_needed_as_an_artifact_is() -> None:
    stages = [STAGES[0], STAGES[1], stage("Tell", says="#{Made.VERSION}")]
    with pytest.raises(StagesError, match="Tell needs Made, which Build makes"):
        choose(stages, skip=["Build"])
