"""Batches of builds as actions of a pipeline, with real builds (CP-125, CB-106)."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.state.pipelines import RunStatus

from .mill import Mill, build
from .yard import Yard

pytestmark = pytest.mark.anyio

BATCH = """
version: 0.2
batch:
  build-list:
    - {identifier: one, buildspec: one.yml}
    - {identifier: two, buildspec: two.yml}
phases: {build: {commands: ["true"]}}
"""
ONE = b"""
version: 0.2
phases:
  build:
    commands:
      - cp $CODEBUILD_SRC_DIR_Lib/readme.txt one.txt; echo extra > docs.txt
artifacts:
  files: [one.txt]
"""
DOCS = b"""
  secondary-artifacts:
    docs: {files: [docs.txt]}
"""
TWO = b"""
version: 0.2
phases: {build: {commands: ["echo $CODEBUILD_RESOLVED_SOURCE_VERSION > two.txt"]}}
artifacts: {files: [two.txt]}
"""
CONFIG = {"serviceRole": "arn:aws:iam::000000000000:role/batch"}


async def made(yard: Yard, files: dict[str, bytes]) -> Mill:
    mill = Mill(yard)
    await mill.stock({"readme.txt": b"lib\n", **files})
    await mill.project("many", BATCH, buildBatchConfig=CONFIG)
    await mill.project(
        "web",
        "version: 0.2\nphases: {build: {commands: [':']}}\nartifacts: {files: [readme.txt]}\n",
    )
    return mill


def batch(*outputs: str, **configuration: str) -> Any:
    """Its primary source is the pipeline's, and Lib what a build before it made."""
    return (
        build("Lib", "web", outputs=("Lib",)),
        build(
            "Many", "many", inputs=("App", "Lib"), outputs=outputs, PrimarySource="App",
            BatchEnabled="true", **configuration,
        )
        | {"runOrder": 2},
    )  # fmt: skip


async def test_each_build_of_a_batch_has_outputs_called_after_it(yard: Yard) -> None:
    """CP-125, CB-106: its builds have the inputs of the action."""
    mill = await made(yard, {"one.yml": ONE + DOCS, "two.yml": TWO})
    run = await mill.played(*batch("one", "one_docs", "two", "three"))
    assert run.status == RunStatus.SUCCEEDED, (await mill.actions())["Many"].error
    assert await mill.unzipped(run.artifacts["one"]) == {"one.txt": b"lib\n"}
    assert await mill.unzipped(run.artifacts["one_docs"]) == {"docs.txt": b"extra\n"}
    revision = run.revisions["Fetch"].id.encode()
    assert await mill.unzipped(run.artifacts["two"]) == {"two.txt": revision + b"\n"}
    assert "three" not in run.artifacts
    external = (await mill.actions())["Many"].external_id
    asked = await yard.ask("codebuild", "BatchGetBuildBatches", ids=[external])
    assert asked["buildBatches"][0]["initiator"] == "codepipeline/app"


async def test_the_artifacts_of_a_batch_may_be_combined_into_one(yard: Yard) -> None:
    """CP-125, CB-106"""
    mill = await made(yard, {"one.yml": ONE, "two.yml": TWO})
    run = await mill.played(*batch("All", CombineArtifacts="true"))
    assert run.status == RunStatus.SUCCEEDED, (await mill.actions())["Many"].error
    assert set(await mill.unzipped(run.artifacts["All"])) == {"one.txt", "two.txt"}


async def test_a_batch_that_fails_fails_the_action(yard: Yard) -> None:
    """CP-125"""
    failing = TWO.replace(b"echo", b"false; echo")
    mill = await made(yard, {"one.yml": ONE, "two.yml": failing.replace(b" >", b"; exit 1 >")})
    run = await mill.played(*batch("one"))
    assert run.status == RunStatus.FAILED
    assert await mill.failure("Many") == (
        "JobFailed", "Batch build terminated with state: FAILED",
    )  # fmt: skip


async def test_a_batch_that_is_never_one_fails_the_action(yard: Yard) -> None:
    """CP-125: its first build tells of a buildspec without builds."""
    mill = await made(yard, {})
    await mill.project("none", "version: 0.2\nphases: {}\n", buildBatchConfig=CONFIG)
    run = await mill.played(build("Many", "none", BatchEnabled="true"))
    assert run.status == RunStatus.FAILED
    assert (await mill.failure("Many"))[0] == "JobFailed"


async def test_combining_makes_one_output(yard: Yard) -> None:
    """CP-125"""
    mill = await made(yard, {"one.yml": ONE, "two.yml": TWO})
    await mill.played(*batch("one", "two", CombineArtifacts="true"))
    code, message = await mill.failure("Many")
    assert (code, message[:39]) == ("ConfigurationError", "CombineArtifacts makes one output artif")


async def test_a_batch_none_of_whose_builds_can_be_started_ends_the_action(yard: Yard) -> None:
    """CP-125: nobody is there yet to be told when it ends with its start."""
    mill = await made(yard, {})
    environment = {"type": "LINUX_CONTAINER", "image": "alpine", "computeType": "HUGE"}
    await mill.project("bad", BATCH, buildBatchConfig=CONFIG, environment=environment)
    run = await mill.played(build("Many", "bad", BatchEnabled="true"))
    assert run.status == RunStatus.FAILED
    assert (await mill.failure("Many"))[1].startswith("Batch build terminated with state: FAILED")
