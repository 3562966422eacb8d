from __future__ import annotations

from pathlib import Path

import pytest

from penstock.cli.rehearsal.parameters import ParametersError, read_parameters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"ParameterKey": "A", "ParameterValue": "1"}]', {"A": "1"}),
        ('{"Parameters": {"A": "1", "B": true}, "Tags": {"T": "x"}}', {"A": "1", "B": "true"}),
        ('{"A": 1, "B": ["x", "y"]}', {"A": "1", "B": "x,y"}),
        ('["A=1", "B=x=y"]', {"A": "1", "B": "x=y"}),
        ("A: one\nB: 2\n", {"A": "one", "B": "2"}),
    ],
)
def test_files_of_every_tool_are_read(tmp_path: Path, text: str, expected: dict[str, str]) -> None:
    file = tmp_path / "parameters"
    file.write_text(text)
    assert read_parameters([str(file)], []) == expected


def test_pairs_count_more_than_files(tmp_path: Path) -> None:
    file = tmp_path / "parameters.json"
    file.write_text('{"A": "file", "B": "file"}')
    assert read_parameters([str(file)], ["A=pair"]) == {"A": "pair", "B": "file"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]", "it takes"),
        ('{"A": {"B": 1}}', "a parameter's value is a text"),
        ('{"A": ', "parameters.json:1"),
        ('["A"]', "takes NAME=VALUE, not 'A'"),
        ('{"Parameters": "A"}', "it takes"),
    ],
)
def test_what_is_no_file_of_parameters_is_told(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "parameters.json"
    file.write_text(text)
    with pytest.raises(ParametersError, match=words):
        read_parameters([str(file)], [])


def test_a_pair_needs_an_equals_sign_and_a_file_has_to_be_there() -> None:
    with pytest.raises(ParametersError, match="--param takes NAME=VALUE"):
        read_parameters([], ["A"])
    with pytest.raises(ParametersError, match="nowhere cannot be read"):
        read_parameters(["nowhere"], [])
