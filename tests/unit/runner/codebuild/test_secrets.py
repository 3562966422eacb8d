"""Which variables get which values, and what is said of those that get none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest

from penstock.documents.buildspec import Entry, Env, Secret, SecretReference
from penstock.documents.buildspec_env import parse_secret_reference
from penstock.documents.diagnostics import Position
from penstock.runner.codebuild.secrets import (
    Refusal,
    SecretSource,
    explain,
    resolve,
    select_json_key,
    written,
)
from penstock.state.builds import PhaseContext


class Shelf(NamedTuple):
    """A source that holds what it is given."""

    name: str
    held: dict[str, str | Refusal]

    def parameters(self, names: Sequence[str]) -> dict[str, str | Refusal]:
        return {name: self.held[name] for name in names if name in self.held}

    def secret(self, reference: SecretReference) -> str | Refusal:
        return self.held.get(written(reference), Refusal("ResourceNotFoundException: no"))


def env(parameters: dict[str, str], secrets: dict[str, str] | None = None) -> Env:
    return Env(
        parameter_store=tuple(
            Entry(name, value, Position(line, 5))
            for line, (name, value) in enumerate(parameters.items(), 4)
        ),
        secrets_manager=tuple(
            Secret(name, reference, Position(9, 5))
            for name, text in (secrets or {}).items()
            if (reference := parse_secret_reference(text))
        ),
    )


def test_every_variable_gets_the_value_its_reference_names() -> None:
    """CB-012, CB-013"""
    shelf = Shelf("shelf", {"/app/token": "hunter22", "app/db:password": "pa55word"})
    wanted = env({"TOKEN": "/app/token", "AGAIN": "/app/token"}, {"DB": "app/db:password"})
    values = {"TOKEN": "hunter22", "AGAIN": "hunter22", "DB": "pa55word"}
    assert resolve(wanted, [shelf]) == (values, ())


def test_the_first_source_with_a_value_gives_it() -> None:
    first = Shelf("first", {"/a": "1", "/b": Refusal("AccessDeniedException: no")})
    second = Shelf("second", {"/a": "2", "/b": "2"})
    assert resolve(env({"A": "/a", "B": "/b"}), [first, second])[0] == {"A": "1", "B": "2"}


def test_all_that_is_missing_is_reported_with_where_it_was_looked_for() -> None:
    """CB-012, CB-013"""
    sources = [Shelf("secrets.env", {}), Shelf("AWS", {"/b": Refusal("AccessDeniedException: b")})]
    values, missing = resolve(env({"A": "/a", "B": "/b"}, {"C": "db:key"}), sources)
    assert values == {}
    assert [entry.variable for entry in missing] == ["A", "B", "C"]
    assert [entry.context for entry in missing] == [
        PhaseContext("Decrypted Variables Error", "parameter does not exist: /a"),
        PhaseContext("Decrypted Variables Error", "AccessDeniedException: b"),
        PhaseContext("Secrets Manager Error", "ResourceNotFoundException: no"),
    ]
    assert str(missing[1]) == (
        "B (line 5) needs parameter /b:\n"
        "  secrets.env: parameter does not exist: /b\n"
        "  AWS: AccessDeniedException: b"
    )


def test_without_any_source_the_message_says_what_is_needed_and_how_to_give_it() -> None:
    values, missing = resolve(env({"TOKEN": "/app/token"}, {"DB": "app/db:password"}), [])
    text = explain(missing)
    assert values == {}
    assert "TOKEN (line 4) needs parameter /app/token:\n  no source of secrets was given" in text
    assert "DB (line 9) needs secret app/db:password:\n  no source of secrets was given" in text
    assert "--secrets FILE" in text
    assert "--endpoint URL" in text
    assert missing[0].context.message == "parameter does not exist: /app/token"
    assert missing[1].context.message.startswith("ResourceNotFoundException: ")


def test_an_environment_without_references_asks_nobody() -> None:
    assert resolve(Env(variables=(Entry("A", "1"),)), []) == ({}, ())


@pytest.mark.parametrize("value", ["a\0b", "\ud83d half"])
def test_a_value_no_environment_variable_can_hold_is_refused_without_quoting_it(value: str) -> None:
    source: SecretSource = Shelf("shelf", {"/a": value})
    values, missing = resolve(env({"A": "/a"}), [source])
    assert values == {}
    assert "the value holds" in missing[0].looked[0]
    assert value not in missing[0].looked[0]


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ('{"user": "me"}', "", '{"user": "me"}'),
        ('{"user": "me", "n": 1.50}', "user", "me"),
        ('{"n": 1.50, "m": 12345678901234567890}', "n", "1.50"),
        ('{"m": 12345678901234567890}', "m", "12345678901234567890"),
        ('{"on": true, "to": {"a": [1]}}', "on", "true"),
        ('{"to": {"a": ["x"]}}', "to", '{"a": ["x"]}'),
    ],
)
def test_a_json_key_selects_from_the_secret(text: str, key: str, value: str) -> None:
    """CB-013"""
    assert select_json_key(text, SecretReference("db", key)) == value


@pytest.mark.parametrize(
    "text", ['{"user": "s3cr3t"}', "s3cr3t", '["s3cr3t"]', "{s3cr3t", "[" * 9999]
)
def test_a_json_key_that_is_not_there_is_refused_without_quoting_the_secret(text: str) -> None:
    """CB-013"""
    answer = select_json_key(text, SecretReference("db", "password"))
    assert isinstance(answer, Refusal)
    assert "db" in answer.reason
    assert "s3cr3t" not in answer.reason


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        (SecretReference("db"), "db"),
        (SecretReference("db", "key"), "db:key"),
        (SecretReference("db", "", "AWSPREVIOUS"), "db::AWSPREVIOUS"),
        (SecretReference("db", "key", "", "v-1"), "db:key::v-1"),
    ],
)
def test_a_reference_is_written_as_buildspecs_write_it(
    reference: SecretReference, text: str
) -> None:
    """CB-013"""
    assert written(reference) == text
