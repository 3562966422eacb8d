"""The keys that artifacts have in S3."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.decide.artifact_places import artifact_key, build_artifacts, split_location

OVERRIDE = {"overrideArtifactName": True}


@pytest.mark.parametrize(
    ("artifacts", "buildspec", "key"),
    [
        ({}, {}, "web"),
        ({"name": "a.zip"}, {}, "a.zip"),
        ({"name": "/"}, {}, ""),
        ({"name": "/", "path": "p"}, {}, "p"),
        ({"path": "p/q", "name": "a"}, {}, "p/q/a"),
        ({"path": "p", "name": "a", "namespaceType": "BUILD_ID"}, {}, "p/1-2/a"),
        ({"name": "a"}, {"name": "b"}, "a"),
        ({"name": "a", **OVERRIDE}, {"name": "b/c"}, "b/c"),
        ({"name": "a", **OVERRIDE}, {}, "a"),
        ({"name": "a", "namespaceType": "BUILD_ID"}, {"prefix": "s"}, "s/1-2/a"),
    ],
)
def test_a_key_has_path_build_and_name(
    artifacts: dict[str, Any], buildspec: dict[str, str], key: str
) -> None:
    """CB-085, CB-086, CB-160"""
    assert artifact_key(artifacts, "web", "1-2", **buildspec) == key


def test_no_artifacts_have_an_empty_location() -> None:
    """CB-162"""
    assert build_artifacts({"type": "NO_ARTIFACTS"}, "web", "1-2") == {"location": ""}
    found = build_artifacts({"type": "S3", "location": "b", "name": "a"}, "web", "1-2")
    assert found["location"] == "arn:aws:s3:::b/a"


@pytest.mark.parametrize(
    ("location", "parts"),
    [("b/k.zip", ("b", "k.zip")), ("arn:aws:s3:::b/p/k", ("b", "p/k")), ("b", ("b", ""))],
)
def test_a_location_is_a_bucket_and_a_key(location: str, parts: tuple[str, str]) -> None:
    assert split_location(location) == parts
