from __future__ import annotations

import json
from typing import Any

from penstock.decide.pipeline_commands import TIMEOUT, commands_project
from penstock.documents.buildspec_reader import read_buildspec
from penstock.documents.pipelines import Action, Output, Pipeline, Rule, TypeId, Variable

PIPELINE = Pipeline("web", "arn:aws:iam::1:role/pipeline", (), {})
COMMANDS = TypeId("Compute", "AWS", "Commands")


def project(**members: Any) -> dict[str, Any]:
    action = Action("Run", COMMANDS, commands=("ls", "echo: 'a'"), **members)
    return commands_project(PIPELINE, action)


def buildspec(made: dict[str, Any]) -> Any:
    return json.loads(made["source"]["buildspec"])


def test_commands_are_a_buildspec_that_codebuild_reads() -> None:
    """CP-126"""
    made = project(output_variables=("V",), outputs=(Output("O", ("a*", "b/**")),))
    assert buildspec(made) == {
        "version": 0.2,
        "phases": {"build": {"commands": ["ls", "echo: 'a'"]}},
        "env": {"exported-variables": ["V"]},
        "artifacts": {"files": ["a*", "b/**"]},
    }
    spec, problems = read_buildspec(made["source"]["buildspec"].encode(), "buildspec")
    assert spec is not None
    assert problems == ()


def test_an_output_without_patterns_has_all_files() -> None:
    """CP-126"""
    assert buildspec(project(outputs=(Output("O"),)))["artifacts"] == {"files": ["**/*"]}


def test_the_log_is_the_pipelines_and_the_time_fifty_five_minutes() -> None:
    """CP-126"""
    made = project()
    group = made["logsConfig"]["cloudWatchLogs"]["groupName"]
    assert (group, made["timeoutInMinutes"], TIMEOUT) == ("/aws/codepipeline/web", 55, 55)


def test_the_environment_and_the_role_are_the_actions() -> None:
    """CP-126"""
    made = project(environment=(Variable("A", "1"), Variable("S", "s:k", "SECRETS_MANAGER")))
    assert made["environment"]["environmentVariables"] == [
        {"name": "A", "value": "1", "type": "PLAINTEXT"},
        {"name": "S", "value": "s:k", "type": "SECRETS_MANAGER"},
    ]
    assert made["serviceRole"] == "arn:aws:iam::1:role/pipeline"
    assert project(role_arn="own")["serviceRole"] == "own"


def test_a_rule_has_commands_and_nothing_more() -> None:
    """CP-074"""
    rule = Rule("Check", TypeId("Rule", "AWS", "Commands"), commands=("true",))
    assert buildspec(commands_project(PIPELINE, rule)) == {
        "version": 0.2,
        "phases": {"build": {"commands": ["true"]}},
    }
