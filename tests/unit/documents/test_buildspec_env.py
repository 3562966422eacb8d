from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.documents.buildspec import Env, SecretReference
from penstock.documents.buildspec_env import parse_secret_reference
from penstock.documents.buildspec_reader import read_buildspec

GOOD = "version: 0.2\nphases:\n  build:\n    commands:\n      - make\nenv:\n"
ARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-a1b2c3"


def env_of(text: str) -> tuple[Env, list[str]]:
    spec, problems = read_buildspec((GOOD + text).encode(), "buildspec.yml")
    assert spec is not None, [str(problem) for problem in problems]
    return spec.env, [problem.rule for problem in problems]


def test_a_whole_env_is_read() -> None:
    """CB-012, CB-013, CB-015, CB-017, CB-019"""
    env, problems = env_of(
        "  shell: bash\n"
        "  parameter-store:\n    P: /app/p\n"
        "  secrets-manager:\n    S: app/s:password\n"
        "  exported-variables:\n    - A\n    - B\n"
        "  git-credential-helper: yes\n"
    )
    assert problems == []
    assert env.shell == "bash"
    assert [entry[:2] for entry in env.parameter_store] == [("P", "/app/p")]
    assert [secret[:2] for secret in env.secrets_manager] == [
        ("S", SecretReference("app/s", "password"))
    ]
    assert [text.value for text in env.exported_variables] == ["A", "B"]
    assert env.git_credential_helper


@pytest.mark.parametrize("written", ["010", "1.0", "true", "$PATH:/x", "'a: b'", '""', "null-ish"])
def test_a_variable_keeps_its_text_literally(written: str) -> None:
    """CB-010"""
    env, problems = env_of(f"  variables:\n    X: {written}\n")
    assert [entry.value for entry in env.variables] == [written.strip("'\"")]
    assert problems == []


def test_a_variable_without_value_becomes_the_empty_text() -> None:
    env, problems = env_of("  variables:\n    X:\n")
    assert [entry[:2] for entry in env.variables] == [("X", "")]
    assert problems == ["null-value"]


@pytest.mark.parametrize(
    ("name", "kept"), [("a-b", True), ("1A", True), ("A=B", False), ('""', False)]
)
def test_a_name_no_environment_can_hold_is_left_out(name: str, kept: bool) -> None:
    env, problems = env_of(f"  variables:\n    {name}: x\n")
    assert bool(env.variables) is kept
    assert problems == ["variable-name"]


@pytest.mark.parametrize("shell", ["bash", "/bin/sh", "powershell.exe", "cmd.exe"])
def test_documented_shells_pass(shell: str) -> None:
    """CB-017"""
    assert env_of(f"  shell: {shell}\n")[0].shell == shell


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("db", SecretReference("db")),
        ("db:password", SecretReference("db", "password")),
        ("db:::", SecretReference("db")),
        ("db::AWSPREVIOUS", SecretReference("db", "", "AWSPREVIOUS")),
        ("db:password::v1", SecretReference("db", "password", "", "v1")),
        (ARN, SecretReference(ARN)),
        (f"{ARN}:password:AWSCURRENT", SecretReference(ARN, "password", "AWSCURRENT")),
        (f"{ARN}:::v1", SecretReference(ARN, "", "", "v1")),
    ],
)
def test_the_shapes_of_a_secret_reference(text: str, reference: SecretReference) -> None:
    """CB-013"""
    assert parse_secret_reference(text) == reference


@pytest.mark.parametrize(
    "text", ["", ":key", "db:key:stage:id", f"{ARN}:k:s:i", "a:b:c:d:e", "a:b:::", "arn:aws:x"]
)
def test_a_reference_to_no_one_secret_version_is_refused(text: str) -> None:
    """CB-013, CB-216"""
    assert parse_secret_reference(text) is None


@given(
    st.sampled_from(["db", ARN]),
    st.text("ab", max_size=3),
    st.sampled_from([("", ""), ("AWSCURRENT", ""), ("", "v1")]),
)
def test_a_written_reference_is_read_back(name: str, key: str, version: tuple[str, str]) -> None:
    """CB-013"""
    text = ":".join((name, key, *version))
    assert parse_secret_reference(text) == SecretReference(name, key, *version)
