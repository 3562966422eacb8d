"""Documents beside AWS's models of them."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from typing import Any

import botocore
import pytest

from penstock.documents.model_shapes import Finding, check_shape, shapes_of

PLACE = "failed to satisfy constraint: Member must"


def check(shape: str, value: Any, root: str = "") -> tuple[Any, list[Finding]]:
    return check_shape("codepipeline", shape, value, root)


def test_what_fits_is_left_as_it_is() -> None:
    tag = {"key": "k", "value": ""}
    assert check("Tag", tag) == (tag, [])


@pytest.mark.parametrize(
    ("shape", "value", "cleaned", "path", "told"),
    [
        (
            "Tag",
            {"key": "k"},
            {"key": "k"},
            ("value",),
            f"Value null at 'x.value' {PLACE} not be null",
        ),
        ("Tag", [], {}, (), f"Value at 'x' {PLACE} be an object"),
        ("TagList", {}, [], (), f"Value at 'x' {PLACE} be a list"),
        ("TagKeyList", [None], [""], (0,), f"Value null at 'x.1.member' {PLACE} not be null"),
        ("TagKeyList", [[1]], [""], (0,), f"Value at 'x.1.member' {PLACE} be a string"),
        ("MaxPipelines", "many", 1, (), f"Value 'many' at 'x' {PLACE} be a whole number"),
        ("MaxPipelines", True, 1, (), f"Value 'true' at 'x' {PLACE} be a whole number"),
        (
            "MaxPipelines",
            1001,
            1001,
            (),
            f"Value '1001' at 'x' {PLACE} have value less than or equal to 1000",
        ),
        ("Boolean", "yes", False, (), f"Value 'yes' at 'x' {PLACE} be true or false"),
        (
            "TagKey",
            "",
            "",
            (),
            f"Value '' at 'x' {PLACE} have length greater than or equal to 1",
        ),
        (
            "CommandList",
            [],
            [],
            (),
            f"Value at 'x' {PLACE} have length greater than or equal to 1",
        ),
        (
            "ExecutionMode",
            "FAST",
            "FAST",
            (),
            f"Value 'FAST' at 'x' {PLACE} satisfy enum value set: [QUEUED, SUPERSEDED, PARALLEL]",
        ),
        (
            "ArtifactName",
            "a.b",
            "a.b",
            (),
            f"Value 'a.b' at 'x' {PLACE} satisfy regular expression pattern: [a-zA-Z0-9_\\-]+",
        ),
    ],
)
def test_what_does_not_fit_is_told_in_awss_words(
    shape: str, value: Any, cleaned: Any, path: tuple[Any, ...], told: str
) -> None:
    assert check(shape, value, "x") == (cleaned, [Finding(path, told)])


def test_nothing_stands_before_the_members_of_a_whole_request() -> None:
    _, (found,) = check("GetPipelineInput", {"name": "a b"})
    assert found.message.startswith("Value 'a b' at 'name' failed")


def test_unknown_members_and_nulls_are_dropped() -> None:
    given: dict[str, Any] = {"name": "web", "version": None, "metadata": {}}
    assert check("GetPipelineInput", given) == ({"name": "web"}, [])


def test_a_word_that_is_none_is_dropped_where_it_may_be() -> None:
    cleaned, found = check("FailureConditions", {"result": "EXPLODE"})
    assert (cleaned, len(found)) == ({}, 1)
    cleaned, found = check("BlockerDeclaration", {"name": "b", "type": "Wall"})
    assert (cleaned, len(found)) == ({"name": "b", "type": "Wall"}, 1)


def test_values_of_maps_may_be_secrets_and_are_not_repeated() -> None:
    """CP-013, CP-014"""
    _, (found,) = check("ActionConfigurationMap", {"OAuthToken": "t" * 50_001}, "configuration")
    assert found.path == ("OAuthToken",)
    assert "ttt" not in found.message


def test_numbers_that_cannot_be_written_are_told() -> None:
    for shape in ("MaxPipelines", "TagKey"):
        assert len(check(shape, 1 << 70_000)[1]) == 1


def test_long_values_are_cut() -> None:
    _, (found,) = check("TagKey", "k" * 100_000)
    assert len(found.message) < 2_000


def test_the_shapes_are_those_of_botocores_newest_model() -> None:
    """But for a value's length, of which AWS takes more than it says (CP-013)."""
    folder = os.path.join(os.path.dirname(botocore.__file__), "data", "codepipeline")
    newest = os.path.join(folder, max(os.listdir(folder)), "service-2.json.gz")
    with gzip.open(newest, "rb") as file:
        model = json.load(file)["shapes"]
    model["ActionConfigurationValue"]["max"] = 50_000
    assert shapes_of("codepipeline") == model


def test_a_service_without_a_model_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="no model of moonbase"):
        shapes_of("moonbase")


def test_botocore_is_not_imported_for_it() -> None:
    code = (
        "import sys; from penstock.documents.pipelines.reader import read_pipeline;"
        "read_pipeline({}, {}); sys.exit('botocore' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
