from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.decide.batch_plans import member_build
from penstock.decide.pipeline_builds import (
    Ordered,
    arn_of,
    batch_outcome_of,
    ordered_build,
    outcome_of,
    primary_of,
    read_variables,
)
from penstock.state.pipelines import Artifact, Failed, Succeeded
from penstock.state.recorded_batches import DOWNLOAD_SOURCE

APP, LIB = Artifact("kept", "p/App/X", "v1", "abc"), Artifact("kept", "p/Lib/Y")
OUT, DOCS = Artifact("kept", "p/Out/1"), Artifact("kept", "p/Docs/2")
PROJECT: dict[str, Any] = {
    "name": "web",
    "source": {"type": "GITHUB", "location": "https://github.com/a/b", "buildspec": "ci.yml"},
    "sourceVersion": "main",
    "secondarySources": [{"type": "S3", "location": "b/k", "sourceIdentifier": "other"}],
    "secondarySourceVersions": [{"sourceIdentifier": "other", "sourceVersion": "1"}],
    "artifacts": {"type": "S3", "location": "own", "packaging": "NONE"},
    "environment": {
        "type": "LINUX_CONTAINER",
        "image": "alpine",
        "computeType": "SMALL",
        "environmentVariables": [
            {"name": "A", "value": "project's", "type": "PLAINTEXT"},
            {"name": "B", "value": "kept", "type": "PLAINTEXT"},
        ],
    },
    "serviceRole": "role",
    "autoRetryLimit": 3,
}


def test_the_actions_artifacts_take_the_place_of_the_projects_source() -> None:
    """CP-125, CB-113"""
    build = ordered_build(PROJECT, Ordered("Lib", {"App": APP, "Lib": LIB}, {}))
    assert build["source"] == {"type": "CODEPIPELINE", "buildspec": "ci.yml"}
    assert build["sourceVersion"] == "arn:aws:s3:::kept/p/Lib/Y"
    assert build["secondarySources"] == [{"type": "CODEPIPELINE", "sourceIdentifier": "App"}]
    assert build["secondarySourceVersions"] == [
        {"sourceIdentifier": "App", "sourceVersion": "arn:aws:s3:::kept/p/App/X"}
    ]
    assert build["pipelineRevisions"] == {"arn:aws:s3:::kept/p/App/X": "abc"}
    assert "autoRetryLimit" not in build  # CB-139


def test_a_rule_without_inputs_has_no_source() -> None:
    """CP-074"""
    build = ordered_build(PROJECT, Ordered("", {}, {}))
    assert build["source"] == {"type": "NO_SOURCE", "buildspec": "ci.yml"}
    assert "sourceVersion" not in build


PLACED = {
    "type": "CODEPIPELINE", "location": "kept", "packaging": "ZIP", "encryptionKey": "",
}  # fmt: skip


def test_one_output_is_the_primary_artifact_and_of_several_each_is_one_of_its_name() -> None:
    """CP-125"""
    one = ordered_build(PROJECT, Ordered("App", {"App": APP}, {"Out": OUT}))
    assert one["artifacts"] == {**PLACED, "path": "p/Out", "name": "1"}
    assert one["secondaryArtifacts"] == []
    two = ordered_build(PROJECT, Ordered("App", {"App": APP}, {"Out": OUT, "Docs": DOCS}))
    assert two["artifacts"] == {"type": "NO_ARTIFACTS"}
    assert two["secondaryArtifacts"] == [
        {**PLACED, "path": "p/Out", "name": "1", "artifactIdentifier": "Out"},
        {**PLACED, "path": "p/Docs", "name": "2", "artifactIdentifier": "Docs"},
    ]
    none = ordered_build(PROJECT, Ordered("App", {"App": APP}, {}))
    assert (none["artifacts"], none["secondaryArtifacts"]) == ({"type": "NO_ARTIFACTS"}, [])


def test_artifacts_are_encrypted_with_the_pipelines_key() -> None:
    """CP-081"""
    build = ordered_build(PROJECT, Ordered("App", {"App": APP}, {"Out": OUT}, key="arn:k"))
    assert (build["encryptionKey"], build["artifacts"]["encryptionKey"]) == ("arn:k", "arn:k")


def test_the_actions_environment_beats_the_projects() -> None:
    """CP-125"""
    variables = read_variables('[{"name": "A", "value": "the action\'s"}]')
    build = ordered_build(PROJECT, Ordered("App", {"App": APP}, {}, variables))
    found = {one["name"]: one["value"] for one in build["environment"]["environmentVariables"]}
    assert found == {"A": "the action's", "B": "kept"}


def test_variables_have_three_types() -> None:
    """CP-125"""
    types = ["PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER"]
    given = [{"name": f"V{n}", "value": "x", "type": type} for n, type in enumerate(types)]
    assert read_variables(json.dumps(given)) == given
    assert read_variables('[{"name":"V","value":""}]')[0]["type"] == "PLAINTEXT"
    assert read_variables("") == []


def test_a_message_of_several_lines_may_be_a_value() -> None:
    assert (
        read_variables('[{"name":"M","value":"Fix\n\nthe door"}]')[0]["value"] == "Fix\n\nthe door"
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "A", "value": "1"}',
        '[{"name": "A", "value": "1"',
        '[{"name": "A", "value": 1}]',
        '[{"name": "", "value": "1"}]',
        '[{"value": "1"}]',
        '[{"name": "A", "value": "1", "type": "SECRET"}]',
        '[{"name": "A", "value": "1", "type": ["PLAINTEXT"]}]',
        '[{"name": "A", "value": "\\u0000"}]',
        '[{"name": "A", "value": "\\ud800"}]',
        '["A=1"]',
        "[" * 100_000,
    ],
)
def test_variables_that_are_none_are_said_to_be(text: str) -> None:
    """CP-125"""
    with pytest.raises(ValueError, match="EnvironmentVariables is to be a JSON array"):
        read_variables(text)


@given(st.text())
def test_any_text_is_variables_or_a_valueerror(text: str) -> None:
    try:
        assert isinstance(read_variables(text), list)
    except ValueError:
        pass


def test_the_primary_source_has_to_be_named_where_there_are_several() -> None:
    """CP-125"""
    assert primary_of(("App",), "") == "App"
    assert primary_of(("App", "Lib"), "Lib") == "Lib"
    assert primary_of((), "") == ""
    with pytest.raises(ValueError, match="PrimarySource has to name"):
        primary_of(("App", "Lib"), "")
    with pytest.raises(ValueError, match="PrimarySource Gone is none"):
        primary_of(("App", "Lib"), "Gone")


def ended(status: str = "SUCCEEDED", **members: Any) -> dict[str, Any]:
    return {"buildStatus": status, "phases": [], "artifacts": {"location": ""}, **members}


def kept(place: Artifact) -> dict[str, str]:
    return {"location": arn_of(place), "sha256sum": "1"}


def test_a_build_that_succeeded_gives_what_it_made_and_exported() -> None:
    """CP-125"""
    exported = [{"name": "VERSION", "value": "1.2"}]
    document = ended(
        secondaryArtifacts=[kept(OUT), {"location": ""}], exportedEnvironmentVariables=exported
    )
    assert outcome_of(document, {"Out": OUT, "Docs": DOCS}) == Succeeded(
        {"Out": OUT}, {"VERSION": "1.2"}
    )


def test_a_build_that_failed_says_where_and_why() -> None:
    """CP-125"""
    context = {"statusCode": "COMMAND_EXECUTION_ERROR", "message": "exit status 1"}
    phases = [
        {"phaseType": "INSTALL", "phaseStatus": "SUCCEEDED", "contexts": [{"message": ""}]},
        {"phaseType": "BUILD", "phaseStatus": "FAILED", "contexts": [context]},
        {"phaseType": "COMPLETED"},
    ]
    assert outcome_of(ended("FAILED", phases=phases), {}) == Failed(
        "JobFailed",
        "Build terminated with state: FAILED. Phase: BUILD, Code: COMMAND_EXECUTION_ERROR,"
        " Message: exit status 1",
    )
    stopped = outcome_of(ended("STOPPED"), {"Out": OUT})
    assert stopped == Failed("JobFailed", "Build terminated with state: STOPPED")


def plan(*identifiers: str) -> dict[str, Any]:
    return {"tasks": [{"identifier": one, "overrides": {}} for one in identifiers]}


def batch(outputs: dict[str, Artifact], *, combined: bool = False) -> dict[str, Any]:
    ordered = Ordered("App", {"App": APP}, outputs, batch=not combined)
    config = {"combineArtifacts": combined}
    return {**ordered_build(PROJECT, ordered), "buildBatchConfig": config}


def test_outputs_of_a_batch_are_called_after_its_builds() -> None:
    """CB-106"""
    outputs = {"one": OUT, "one_docs": DOCS, "one_two": LIB}
    effective, tasks = batch(outputs), plan("one", "one_two", "three")
    first = member_build(effective, tasks, "one", "")
    assert first["artifacts"] == {**PLACED, "path": "p/Out", "name": "1"}
    assert [one["artifactIdentifier"] for one in first["secondaryArtifacts"]] == ["docs"]
    second = member_build(effective, tasks, "one_two", "")
    assert (second["artifacts"]["name"], second["secondaryArtifacts"]) == ("Y", [])
    third = member_build(effective, tasks, "three", "")
    assert (third["artifacts"], third["secondaryArtifacts"]) == ({"type": "NO_ARTIFACTS"}, [])
    assert first["sourceVersion"] == arn_of(APP)
    assert first["pipelineRevisions"] == {arn_of(APP): "abc"}
    source = member_build(effective, tasks, DOWNLOAD_SOURCE, "")
    assert (source["artifacts"], source["secondaryArtifacts"]) == ({"type": "NO_ARTIFACTS"}, [])


def test_combined_artifacts_are_parts_of_the_one_output() -> None:
    """CB-106"""
    part = member_build(batch({"Out": OUT}, combined=True), plan("one"), "one", "")["artifacts"]
    assert (part["location"], part["namespaceType"], part["packaging"]) == (
        "kept", "BUILD_ID", "ZIP",
    )  # fmt: skip


def test_a_batch_gives_what_its_builds_made() -> None:
    """CB-106, CP-125"""
    document = {"buildBatchStatus": "SUCCEEDED", "artifacts": {"location": ""}}
    builds: list[dict[str, Any]] = [
        {"artifacts": kept(OUT)},
        {"secondaryArtifacts": [kept(DOCS)]},
        {},
    ]
    outputs = {"one": OUT, "two_docs": DOCS, "three": LIB}
    assert batch_outcome_of(document, builds, outputs) == Succeeded({"one": OUT, "two_docs": DOCS})
    combined = {**document, "artifacts": kept(OUT)}
    assert batch_outcome_of(combined, [], {"Out": OUT}) == Succeeded({"Out": OUT})
    assert batch_outcome_of({**document, "buildBatchStatus": "FAILED"}, builds, outputs) == Failed(
        "JobFailed", "Batch build terminated with state: FAILED"
    )
