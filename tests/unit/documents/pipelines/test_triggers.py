"""Git triggers: whose they are, and what their filters hold."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.documents.pipelines import Globs, PullRequestFilter, PushFilter, Trigger

from .declarations import action, artifacts, build, declaration, problems, read, source, stage, told

MAIN = {"includes": ["main"]}
PUSH = [{"branches": MAIN}]


def trigger(name: str = "Git", **git: Any) -> dict[str, Any]:
    return {
        "providerType": "CodeStarSourceConnection",
        "gitConfiguration": {"sourceActionName": name, **git},
    }


def triggered(*triggers: dict[str, Any]) -> dict[str, Any]:
    git = [
        action(name, "Source CodeStarSourceConnection", outputArtifacts=artifacts(name))
        for name in ("Git", "More")
    ]
    return declaration(
        stage("Source", source(), *git), stage("Build", build()), triggers=list(triggers)
    )


def refused(**git: Any) -> list[str]:
    found = problems(triggered(trigger(**git)))
    assert {one.code for one in found} <= {"InvalidStructureException"}
    assert all(one.path[:3] == ("triggers", 0, "gitConfiguration") for one in found)
    return [one.message for one in found]


def test_triggers_are_read() -> None:
    """CP-108, CP-109"""
    push = [
        {"tags": {"excludes": ["v0*"]}},
        {"branches": MAIN, "filePaths": {"includes": ["src/**"], "excludes": ["docs/**"]}},
    ]
    pull = [{"events": ["OPEN", "CLOSED"], "branches": MAIN}]
    pipeline, found = read(triggered(trigger(push=push, pullRequest=pull)))
    assert found == []
    assert pipeline.triggers == (
        Trigger(
            "Git",
            (
                PushFilter(tags=Globs(excludes=("v0*",))),
                PushFilter(branches=Globs(("main",)), file_paths=Globs(("src/**",), ("docs/**",))),
            ),
            (PullRequestFilter(("OPEN", "CLOSED"), Globs(("main",))),),
        ),
    )


def test_a_source_action_has_one_trigger() -> None:
    """CP-108"""
    assert told(triggered(trigger(push=PUSH), trigger("More", push=PUSH))) == []
    assert told(triggered(trigger(push=PUSH), trigger(push=PUSH))) == [
        ("InvalidStructure", "Source action Git has more than one trigger")
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Make", "is not in the first stage of the pipeline"),
        ("Ghost", "is not in the first stage of the pipeline"),
        ("Fetch", "is not of provider CodeStarSourceConnection"),
    ],
)
def test_a_trigger_is_of_a_connection(name: str, said: str) -> None:
    """CP-108"""
    assert told(triggered(trigger(name, push=PUSH))) == [
        ("InvalidStructure", f"The trigger's source action {name} {said}")
    ]


@pytest.mark.parametrize(
    ("git", "said"),
    [
        ({}, "The trigger of source action Git must have push or pullRequest"),
        (
            {"push": [{"filePaths": MAIN}]},
            "A push filter of source action Git must have tags or branches",
        ),
        ({"push": [{}]}, "A push filter of source action Git must have tags or branches"),
        (
            {"push": [{"tags": MAIN, "branches": MAIN}]},
            "A push filter of source action Git cannot have tags beside branches and file paths",
        ),
        (
            {"push": [{"tags": MAIN, "filePaths": MAIN}]},
            "A push filter of source action Git cannot have tags beside branches and file paths",
        ),
        (
            {"pullRequest": [{"filePaths": MAIN}]},
            "A pull request filter of source action Git must have branches",
        ),
        ({"pullRequest": [{"branches": MAIN, "filePaths": MAIN}]}, ""),
        ({"push": [{"branches": {"excludes": ["x"]}}]}, ""),
    ],
)
def test_parts_of_filters_go_together(git: dict[str, Any], said: str) -> None:
    """CP-109"""
    assert refused(**git) == ([said] if said else [])


@pytest.mark.parametrize(
    "git",
    [
        {"push": PUSH * 4},
        {"push": []},
        {"pullRequest": PUSH * 4},
        {"push": [{"branches": {"includes": ["b"] * 9}}]},
        {"push": [{"branches": {"includes": []}}]},
        {"push": [{"branches": {"includes": ["b" * 256]}}]},
        {"pullRequest": [{"branches": MAIN, "events": ["MERGED"]}]},
    ],
)
def test_filters_are_bounded(git: dict[str, Any]) -> None:
    """CP-108"""
    assert told(triggered(trigger(**git)))[0][0] == "Validation"


def test_there_are_fifty_triggers_at_most() -> None:
    """CP-108"""
    assert told(triggered(*[trigger(push=PUSH)] * 51))[0][0] == "Validation"
