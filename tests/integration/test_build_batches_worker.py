"""Batches of builds that a worker performs."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Any

import pytest

from penstock.store.objects import find_object

from .batch_machine import BAD, OK, ROLE, phases, statuses
from .yard import Document, Yard

pytestmark = pytest.mark.anyio

SPEC = """
version: 0.2
batch:
  build-graph:
    - identifier: first
    - identifier: second
      depend-on: [first]
    - identifier: failing
      ignore-failure: true
phases:
  build:
    commands:
      - test "$CODEBUILD_BATCH_BUILD_IDENTIFIER" != failing
"""
MAKING = """
version: 0.2
batch:
  build-graph:
    - identifier: b
      depend-on: [a]
    - identifier: a
    - identifier: idle
      buildspec: |
        {version: 0.2, phases: {build: {commands: ["true"]}}}
phases:
  build:
    commands:
      - name=$CODEBUILD_BATCH_BUILD_IDENTIFIER
      - mkdir -p out/$name
      - echo of $name | tee out/both out/$name/x
      - chmod 755 out/both
artifacts:
  base-directory: out
  files: ["**/*"]
"""
CLASHING = """
version: 0.2
batch:
  build-graph: [{identifier: a}, {identifier: b}]
phases:
  build:
    commands:
      - if test $CODEBUILD_BATCH_BUILD_IDENTIFIER = a; then echo > x; else mkdir x; echo > x/y; fi
artifacts:
  files: ["x", "x/*"]
"""


async def project(yard: Yard, buildspec: str, **artifacts: Any) -> None:
    await yard.bucket("out")
    await yard.project(
        "web",
        buildspec,
        artifacts={"type": "S3", "location": "out", **artifacts},
        buildBatchConfig={"serviceRole": ROLE, "combineArtifacts": True},
    )


def why(batch: Document) -> str:
    message: str = batch["phases"][-2]["contexts"][0]["message"]
    return message


async def test_a_worker_performs_a_batch(yard: Yard) -> None:
    """CB-104, CB-116"""
    await yard.project("web", SPEC, buildBatchConfig={"serviceRole": ROLE})
    async with yard.worker():
        batch = await yard.batch("web")
    assert batch["buildBatchStatus"] == "SUCCEEDED"
    assert list(statuses(batch).values()) == [OK, OK, OK, BAD]


async def test_the_artifacts_of_a_batch_are_combined_into_one_zip(yard: Yard) -> None:
    """CB-106: of files of one name that of the later task stays, whichever build ended last."""
    await project(yard, MAKING, packaging="ZIP", name="all.zip", path="p", namespaceType="BUILD_ID")
    async with yard.worker():
        batch = await yard.batch("web")
    assert phases(batch)[-2:] == [("COMBINE_ARTIFACTS", OK), ("SUCCEEDED", None)]
    key = f"p/{batch['id'][-36:]}/all.zip"
    packed = await yard.read("out", key)
    with zipfile.ZipFile(io.BytesIO(packed)) as whole:
        found = {info.filename: whole.read(info) for info in whole.infolist()}
        assert whole.getinfo("both").external_attr >> 16 & 0o777 == 0o755
    assert found == {"both": b"of a\n", "a/x": b"of a\n", "b/x": b"of b\n"}
    artifacts = batch["artifacts"]
    assert artifacts["location"] == f"arn:aws:s3:::out/{key}"
    assert artifacts["sha256sum"] == hashlib.sha256(packed).hexdigest()
    stored = await find_object(yard.store, "out", key)
    assert stored.metadata["codebuild-buildarn"] == batch["arn"]
    parts = [group["currentBuildSummary"]["primaryArtifact"] for group in batch["buildGroups"]]
    assert [part["identifier"] for part in parts] == ["DOWNLOAD_SOURCE", "b", "a", "idle"]
    assert len({part.get("location") for part in parts}) == 4
    assert not list((yard.folder / "builds").iterdir())


async def test_the_artifacts_of_a_batch_are_combined_into_one_folder(yard: Yard) -> None:
    """CB-106: where the project does not pack its artifacts."""
    await project(yard, MAKING)
    async with yard.worker():
        batch = await yard.batch("web")
    assert batch["artifacts"]["location"] == "arn:aws:s3:::out/web"
    assert await yard.read("out", "web/both") == b"of a\n"
    assert await yard.read("out", "web/b/x") == b"of b\n"


async def test_artifacts_that_cannot_be_combined_fail_the_batch(yard: Yard) -> None:
    """CB-106; CB-137: when it is retried, its builds are not done again."""
    await project(yard, CLASHING, packaging="ZIP")
    async with yard.worker():
        batch = await yard.batch("web")
        assert phases(batch)[-2:] == [("COMBINE_ARTIFACTS", BAD), ("FAILED", None)]
        assert why(batch) == "x is a file in one build, and a folder in another"
        retry = {"id": batch["id"], "retryType": "RETRY_FAILED_BUILDS"}
        retried = await yard.ask("codebuild", "RetryBuildBatch", **retry)
        assert not retried["buildBatch"]["complete"]
        again = await yard.batch_ended(batch)
    assert why(again) == why(batch)
    assert len(again["phases"]) == 2 * len(batch["phases"])
    assert [group["priorBuildSummaryList"] for group in again["buildGroups"]] == [[], [], []]
