from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.decide.batch_plans import (
    UNTOLD,
    combines,
    effective_batch,
    executable_plan,
    final_status,
    member_build,
    moves_now,
    plan_of,
    progress_of,
)
from penstock.decide.batches import SHARD
from penstock.documents.batch import Batch, BatchEnv, BatchTask, Fanout, Matrix, MatrixAxis
from penstock.documents.buildspec import Entry, Text
from penstock.state.builds import Status
from penstock.state.recorded_batches import DOWNLOAD_SOURCE, BatchBuild

OK, BAD = Status.SUCCEEDED, Status.FAILED
COMMIT = "1" * 40
PROJECT: dict[str, Any] = {
    "name": "web",
    "source": {"type": "GITHUB", "location": "https://github.com/ada/hello.git"},
    "artifacts": {"type": "S3", "location": "bucket", "path": "out/"},
    "secondaryArtifacts": [{"type": "S3", "location": "bucket", "artifactIdentifier": "docs"}],
    "environment": {"type": "LINUX_CONTAINER", "image": "alpine", "computeType": "SMALL"},
    "serviceRole": "role",
    "cache": {"type": "S3", "location": "bucket"},
    "timeoutInMinutes": 60,
    "autoRetryLimit": 3,
    "buildBatchConfig": {"serviceRole": "batch", "restrictions": {"maximumBuildsAllowed": 4}},
}
BATCH = effective_batch(PROJECT, {})
TASK = BatchTask("a", "a.yml", BatchEnv(image="busybox", variables=(Entry("K", "v"),)))


def test_the_overrides_of_a_batch_have_names_of_their_own() -> None:
    """StartBuildBatch says buildTimeoutInMinutes…; its config is completed member by member."""
    request = {
        "buildTimeoutInMinutesOverride": 5,
        "buildBatchConfigOverride": {"timeoutInMins": 9},
    }
    batch = effective_batch(PROJECT, request)
    assert batch["timeoutInMinutes"] == 5
    assert batch["buildBatchConfig"] == {**PROJECT["buildBatchConfig"], "timeoutInMins": 9}
    assert BATCH["buildBatchConfig"]["timeoutInMins"] == 480
    assert "autoRetryLimit" not in batch


@pytest.mark.parametrize(
    ("batch", "problem"),
    [
        (None, "no batch section"),
        (Batch(), "has no builds"),
        (Batch(fanout=Fanout(5)), "5 builds; a batch may have 4"),
        (Batch(list=(BatchTask(DOWNLOAD_SOURCE),)), "Invalid identifier"),
        (Batch(list=(BatchTask("a/b"),)), "Invalid identifier"),
        (Batch(list=(BatchTask("a" * 129),)), "Invalid identifier"),
        (Batch(list=(BatchTask("a\0"),)), "Invalid identifier"),
        (Batch(list=(BatchTask("a", "\0.yml"),)), "NUL"),
    ],
)
def test_a_plan_that_cannot_be_says_why(batch: Batch | None, problem: str) -> None:
    """CB-105"""
    plan = plan_of(batch, BATCH)
    assert problem in plan["problem"][1]
    assert plan["tasks"] == [] and "\\u0000" not in json.dumps(plan)


@pytest.mark.parametrize(
    ("asked", "allowed", "is_refused"),
    [("LARGE", ["SMALL"], True), ("LARGE", ["LARGE"], False), (None, ["LARGE"], True)],
)
def test_only_compute_types_that_are_allowed_are_planned(
    asked: str | None, allowed: list[str], is_refused: bool
) -> None:
    """CB-105"""
    config = {"restrictions": {"computeTypesAllowed": allowed}}
    batch = Batch(list=(BatchTask("a", env=BatchEnv(compute_type=asked)),))
    assert ("problem" in plan_of(batch, {**BATCH, "buildBatchConfig": config})) is is_refused


@pytest.mark.parametrize(
    ("batch", "identifiers", "values"),
    [
        (Batch(graph=(TASK,)), ["a"], [{"K": "v"}]),
        (
            Batch(matrix=Matrix(variables=(MatrixAxis("K", ("1", "2")),))),
            ["K_1", "K_2"],
            [{"K": "1"}, {"K": "2"}],
        ),
        (Batch(fanout=Fanout(2)), ["shard_1", "shard_2"], [{SHARD: "1"}, {SHARD: "2"}]),
    ],
)
def test_every_kind_of_batch_becomes_builds_with_variables(
    batch: Batch, identifiers: list[str], values: list[dict[str, str]]
) -> None:
    """CB-101, CB-102, CB-103"""
    plan = plan_of(batch, BATCH)
    assert plan == json.loads(json.dumps(plan))
    assert [task["identifier"] for task in plan["tasks"]] == identifiers
    for identifier, expected in zip(identifiers, values, strict=True):
        build = member_build(BATCH, plan, identifier, "")
        variables = {
            one["name"]: one["value"] for one in build["environment"]["environmentVariables"]
        }
        assert expected.items() <= variables.items()


def test_a_build_has_what_its_task_says_and_else_what_the_batch_has() -> None:
    """CB-101, CB-106"""
    build = member_build(BATCH, plan_of(Batch(graph=(TASK,)), BATCH), "a", COMMIT)
    assert build["source"]["buildspec"] == "a.yml"
    assert (build["environment"]["image"], build["environment"]["computeType"]) == (
        "busybox",
        "SMALL",
    )
    assert build["artifacts"]["path"] == "out/a"
    assert [one["path"] for one in build["secondaryArtifacts"]] == ["a"]
    assert build["cache"] == PROJECT["cache"]
    source = member_build(BATCH, None, DOWNLOAD_SOURCE, "")
    assert source["artifacts"] == {"type": "NO_ARTIFACTS"}
    assert (source["secondaryArtifacts"], source["cache"]) == ([], {"type": "NO_CACHE"})


def test_artifacts_that_are_to_be_combined_are_zips_apart_from_each_other() -> None:
    """CB-106: but secondary ones go where they go without."""
    batch = {**BATCH, "buildBatchConfig": {"combineArtifacts": True}}
    batch["artifacts"] = {**BATCH["artifacts"], "packaging": "NONE", "path": "out"}
    build = member_build(batch, plan_of(Batch(graph=(TASK,)), batch), "a", COMMIT)
    members = ("packaging", "namespaceType", "path")
    assert [build["artifacts"][name] for name in members] == ["ZIP", "BUILD_ID", "out"]
    assert [one["path"] for one in build["secondaryArtifacts"]] == ["a"]
    nowhere = {**batch, "artifacts": {"type": "NO_ARTIFACTS"}}
    assert combines(batch)
    assert not combines(nowhere)


@pytest.mark.parametrize(
    ("kind", "version", "resolved", "expected"),
    [
        ("GITHUB", "", COMMIT, COMMIT),
        ("GITHUB", "main", COMMIT, f"main^{{{COMMIT}}}"),
        ("GITHUB", f"main^{{{COMMIT}}}", COMMIT, f"main^{{{COMMIT}}}"),
        ("GITHUB", COMMIT, COMMIT, COMMIT),
        ("GITHUB", "main", "", "main"),
        ("S3", "v1", "v1", "v1"),
    ],
)
def test_all_builds_have_the_commit_of_the_first(
    kind: str, version: str, resolved: str, expected: str
) -> None:
    """CB-151"""
    batch = {**BATCH, "source": {**BATCH["source"], "type": kind}, "sourceVersion": version}
    plan = plan_of(Batch(graph=(TASK,)), BATCH)
    assert member_build(batch, plan, "a", resolved).get("sourceVersion", "") == expected


@pytest.mark.parametrize(
    ("plan", "stopping", "decided", "expected"),
    [
        (None, None, BAD, BAD),
        (UNTOLD, None, OK, BAD),
        (None, "STOPPED", OK, Status.STOPPED),
        (None, "TIMED_OUT", Status.STOPPED, Status.TIMED_OUT),
    ],
)
def test_how_a_batch_ends(
    plan: dict[str, Any] | None, stopping: str | None, decided: Status, expected: Status
) -> None:
    assert final_status(plan, stopping, decided) is expected


STATUSES = st.sampled_from([Status.IN_PROGRESS, OK, BAD, Status.STOPPED])


@given(
    depends=st.lists(st.sets(st.integers(0, 5)), max_size=6),
    statuses=st.dictionaries(st.integers(0, 5), STATUSES),
    source=st.none() | STATUSES,
    stopped=st.booleans(),
    fast_fail=st.booleans(),
)
def test_nothing_starts_before_the_source_and_an_end_leaves_nothing_open(
    depends: list[set[int]],
    statuses: dict[int, Status],
    source: Status | None,
    stopped: bool,
    fast_fail: bool,
) -> None:
    tasks = tuple(
        BatchTask(f"t{index}", depend_on=tuple(Text(f"t{one}") for one in on if one < index))
        for index, on in enumerate(depends)
    )
    plan = plan_of(Batch(fast_fail=fast_fail, graph=tasks), {**BATCH, "buildBatchConfig": {}})
    builds = [
        BatchBuild(f"t{index}", None, 0.0, status)
        for index, status in statuses.items()
        if index < len(tasks) and source is OK
    ]
    if source is not None:
        builds.append(BatchBuild(DOWNLOAD_SOURCE, None, 0.0, source))
    moves = moves_now(executable_plan(plan, BATCH), progress_of(builds, stopped=stopped))
    running = {build.identifier for build in builds if build.status is Status.IN_PROGRESS}
    started = {task.identifier for task in moves.start}
    assert moves.drop == ()
    assert started.isdisjoint(build.identifier for build in builds)
    assert set(moves.stop) <= running
    if source is not OK:
        assert started <= {DOWNLOAD_SOURCE}
    assert (moves.end is not None) is not (bool(running or started))
    assert not (moves.start and moves.stop)
