"""Which variables a build has, and which beats which."""

from __future__ import annotations

import pytest

from penstock.documents.buildspec import Buildspec, Entry, Env
from penstock.runner.codebuild.environment import environment, inherited
from penstock.runner.codebuild.order import Order
from penstock.runner.codebuild.source import Source


def order(**fields: object) -> Order:
    known: dict[str, object] = {
        "spec": Buildspec("0.2"),
        "project": "web",
        "uuid": "0-0",
        "folder": "/b/tmp",
        "machine": {},
        "overrides": {},
        "started": 1.5,
    }
    return Order(**(known | fields))  # type: ignore[arg-type]


def variables(source: Source | None = None, **fields: object) -> dict[str, str]:
    source = source or Source("/b/src")
    return environment(order(**fields), source, "/codebuild/output/src1/src", {"S": "secret"})


@pytest.mark.parametrize(
    ("machine", "spec", "overrides", "value"),
    [
        ({"A": "image"}, {}, {}, "image"),
        ({"A": "image"}, {"A": "spec"}, {}, "spec"),
        ({"A": "image"}, {"A": "spec"}, {"A": "start"}, "start"),
        ({}, {"A": "$PATH:/x"}, {}, "$PATH:/x"),
    ],
)
def test_each_level_beats_the_one_below_and_values_are_literal(
    machine: dict[str, str], spec: dict[str, str], overrides: dict[str, str], value: str
) -> None:
    """CB-010, CB-011"""
    env = Env(variables=tuple(Entry(name, text) for name, text in spec.items()))
    found = variables(machine=machine, spec=Buildspec("0.2", env=env), overrides=overrides)
    assert found["A"] == value


def test_a_secret_beats_a_plain_variable_and_an_override_a_secret() -> None:
    """CB-011, CB-012"""
    spec = Buildspec("0.2", env=Env(variables=(Entry("S", "plain"),)))
    assert variables(spec=spec)["S"] == "secret"
    assert variables(spec=spec, overrides={"S": "start"})["S"] == "start"


def test_codebuild_names_are_the_agents_but_for_auto_discovery() -> None:
    """CB-111, CB-072: reserved names (CB-210) cannot be set."""
    given = {
        "CODEBUILD_BUILD_ID": "x",
        "CODEBUILD_CONFIG_AUTO_DISCOVER": "false",
        "CODEBUILD_X": "",
    }
    found = variables(overrides=given)
    assert found["CODEBUILD_BUILD_ID"] == "web:0-0"
    assert found["CODEBUILD_CONFIG_AUTO_DISCOVER"] == "false"
    assert "CODEBUILD_X" not in found


def test_source_variables_say_what_is_known_of_the_source() -> None:
    """CB-112, CB-113, CB-114"""
    found = variables(Source("/b/src", "main", "0123abcd", "https://example.com/o/r"))
    assert found["CODEBUILD_SRC_DIR"] == "/codebuild/output/src1/src"
    assert found["CODEBUILD_SOURCE_VERSION"] == "main"
    assert found["CODEBUILD_RESOLVED_SOURCE_VERSION"] == "0123abcd"
    assert found["CODEBUILD_SOURCE_REPO_URL"] == "https://example.com/o/r"
    assert "CODEBUILD_RESOLVED_SOURCE_VERSION" not in variables()


def test_the_batch_identifier_is_there_in_batches_only() -> None:
    """CB-116"""
    assert variables(batch_identifier="one")["CODEBUILD_BATCH_BUILD_IDENTIFIER"] == "one"
    assert "CODEBUILD_BATCH_BUILD_IDENTIFIER" not in variables()


def test_a_build_here_inherits_what_programs_need_and_nothing_else() -> None:
    given = {
        "PATH": "/bin",
        "LC_ALL": "C",
        "https_proxy": "http://p",
        "NVM_DIR": "/nvm",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_PROFILE": "prod",
        "CI": "true",
        "DATABASE_URL": "x",
        "GIT_DIR": "/other",
        "BASH_ENV": "/evil",
    }
    assert set(inherited(given)) == {"PATH", "LC_ALL", "https_proxy", "NVM_DIR"}
