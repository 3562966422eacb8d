"""A build from its project and what its start asks for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.decide.overrides import effective_build, merged_variables

PROJECT: dict[str, Any] = {
    "name": "web",
    "arn": "arn",
    "source": {"type": "GITHUB", "location": "https://github.com/ada/a", "buildspec": "b.yml"},
    "sourceVersion": "main",
    "secondarySources": [{"type": "S3", "location": "b/k/", "sourceIdentifier": "one"}],
    "secondarySourceVersions": [{"sourceIdentifier": "one", "sourceVersion": "v"}],
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {"type": "LINUX_CONTAINER", "image": "i", "computeType": "c"},
    "logsConfig": {"cloudWatchLogs": {"status": "ENABLED"}, "s3Logs": {"status": "DISABLED"}},
    "timeoutInMinutes": 60,
}


@pytest.mark.parametrize(
    ("request_", "place", "expected"),
    [
        ({}, ("sourceVersion",), "main"),
        ({"sourceVersion": "side"}, ("sourceVersion",), "side"),
        ({"buildspecOverride": "c.yml"}, ("source", "buildspec"), "c.yml"),
        ({"buildspecOverride": ""}, ("source", "buildspec"), "b.yml"),
        ({"imageOverride": "j"}, ("environment", "image"), "j"),
        ({"imageOverride": "j"}, ("environment", "computeType"), "c"),
        ({"timeoutInMinutesOverride": 5}, ("timeoutInMinutes",), 5),
        ({"artifactsOverride": {"type": "S3", "location": "b"}}, ("artifacts", "name"), "web"),
        (
            {"logsConfigOverride": {"s3Logs": {"status": "ENABLED", "location": "b"}}},
            ("logsConfig", "cloudWatchLogs", "status"),
            "ENABLED",
        ),
        ({"secondarySourcesOverride": []}, ("secondarySourceVersions",), []),
    ],
)
def test_an_override_changes_one_member(
    request_: dict[str, Any], place: tuple[str, ...], expected: Any
) -> None:
    """CB-002, CB-151: what is not overridden is the project's."""
    found: Any = effective_build(PROJECT, request_)
    for member in place:
        found = found[member]
    assert found == expected


def test_a_source_of_another_type_has_not_the_old_location() -> None:
    build = effective_build(PROJECT, {"sourceTypeOverride": "NO_SOURCE"})
    assert "location" not in build["source"]


names = st.sampled_from("abcd")
variables = st.dictionaries(names, st.text(max_size=3)).map(
    lambda found: [{"name": name, "value": value} for name, value in found.items()]
)


@given(variables, variables)
def test_variables_are_added_or_replaced_by_name(
    project: list[dict[str, str]], overrides: list[dict[str, str]]
) -> None:
    """CB-011"""
    merged = {one["name"]: one["value"] for one in merged_variables(project, overrides)}
    values = [{one["name"]: one["value"] for one in each} for each in (project, overrides)]
    assert merged == values[0] | values[1]


@given(st.fixed_dictionaries({}, optional={"sourceVersion": st.text(max_size=3)}), variables)
def test_the_project_stays_as_it_is(request_: dict[str, Any], more: list[dict[str, str]]) -> None:
    """CB-002"""
    before = repr(PROJECT)
    effective_build(PROJECT, {**request_, "environmentVariablesOverride": more})
    assert repr(PROJECT) == before
