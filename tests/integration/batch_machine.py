"""What stands where the workers are in tests of batches: their builds end as a test says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from penstock.documents.buildspec_reader import read_buildspec
from penstock.flow.batch_members import ADVANCE
from penstock.flow.build_batches import advance, reads_batch, record_plan
from penstock.flow.builds import Begun, begin, finish
from penstock.services.codebuild import CodeBuild
from penstock.services.codebuild.batch_rules import check_member
from penstock.state.builds import Status
from penstock.state.calls import Call, Principal
from penstock.state.recorded_builds import Claim, Ending
from penstock.store import Store

ACCOUNT, REGION = "000000000000", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/build"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
COMMIT = "1" * 40
OK, BAD = Status.SUCCEEDED, Status.FAILED
PROJECT: dict[str, Any] = {
    "name": "web",
    "source": {"type": "GITHUB", "location": "https://github.com/ada/hello.git"},
    "sourceVersion": "main",
    "artifacts": {"type": "S3", "location": "bucket", "path": "out"},
    "environment": {
        "type": "LINUX_CONTAINER",
        "image": "aws/codebuild/standard:7.0",
        "computeType": "BUILD_GENERAL1_SMALL",
        "environmentVariables": [{"name": "STAGE", "value": "test"}],
    },
    "serviceRole": ROLE,
    "autoRetryLimit": 2,
    "buildBatchConfig": {"serviceRole": ROLE},
}


def batchspec(*tasks: Mapping[str, Any], fast_fail: bool = False) -> bytes:
    """A buildspec (as JSON, which YAML is) with a graph of tasks."""
    batch = {"fast-fail": fast_fail, "build-graph": tasks}
    return json.dumps({"version": 0.2, "batch": batch, "phases": {}}).encode()


def task(identifier: str, *depend_on: str, **more: Any) -> dict[str, Any]:
    keys = {key.replace("_", "-"): value for key, value in more.items()}
    return {"identifier": identifier, "depend-on": list(depend_on), **keys}


def session_of(role: str, name: str) -> Principal:
    return Principal(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}", "AROA")


class Machine:
    """Stands where the workers are: begins and ends builds, and does the jobs that are due."""

    def __init__(self, store: Store, codebuild: CodeBuild, call: Call) -> None:
        self.store, self.codebuild, self.call = store, codebuild, call
        self.now = NOON

    async def batch(self, batch_id: str) -> dict[str, Any]:
        answer = await self.codebuild.batch_get_build_batches(self.call, {"ids": [batch_id]})
        found: dict[str, Any] = answer["buildBatches"][0]
        return found

    async def start(self, **request: Any) -> str:
        answer = await self.codebuild.start_build_batch(
            self.call, {"projectName": "web", **request}
        )
        batch_id: str = answer["buildBatch"]["id"]
        return batch_id

    async def builds(self, batch_id: str) -> dict[str, UUID]:
        """The builds of a batch that have not ended, by identifier."""
        groups = (await self.batch(batch_id))["buildGroups"]
        return {
            group["identifier"]: UUID(group["currentBuildSummary"]["arn"][-36:])
            for group in groups
            if group.get("currentBuildSummary", {}).get("buildStatus") == Status.IN_PROGRESS
        }

    async def begin(self, build: UUID) -> Begun:
        begun = await begin(self.store, Claim(build, uuid4()), uuid4(), session_of, self.now)
        assert begun is not None
        return begun

    async def end(self, build: UUID, status: Status, **changes: Any) -> Begun:
        begun = await self.begin(build)
        await finish(self.store, begun.claim, Ending(status, changes=changes), self.now)
        return begun

    async def read_source(self, batch_id: str, text: bytes) -> None:
        """What the worker of the first build does."""
        build = (await self.builds(batch_id))["DOWNLOAD_SOURCE"]
        begun = await self.begin(build)
        assert reads_batch(begun)
        spec, problems = read_buildspec(text, "buildspec.yml")
        assert spec is not None, problems
        await record_plan(self.store, begun.claim, spec.batch)
        ending = Ending(OK, changes={"resolvedSourceVersion": COMMIT})
        await finish(self.store, begun.claim, ending, self.now)
        await self.do_jobs()

    async def do_jobs(self) -> int:
        """Does what the queue has for now."""
        done = 0
        while batches := await self._due():
            for batch in batches:
                await advance(self.store, batch, check_member, self.now)
            done += len(batches)
        return done

    async def _due(self) -> list[UUID]:
        async with self.store.database.transaction() as connection:
            found = await connection.execute(
                "DELETE FROM procrastinate_jobs WHERE task_name = %s"
                " AND (scheduled_at IS NULL OR scheduled_at <= %s) RETURNING args",
                (ADVANCE, self.now),
            )
            return [UUID(row.args["batch"]) for row in await found.fetchall()]


async def running(machine: Machine, batch_id: str) -> set[str]:
    return set(await machine.builds(batch_id))


async def run(
    machine: Machine, batch_id: str, failing: Iterable[str] = ()
) -> list[tuple[str, dict[str, Any]]]:
    """Ends the builds of a batch, one after another; the builds in the order they ended."""
    ended = []
    while builds := await machine.builds(batch_id):
        identifier, build = sorted(builds.items())[0]
        begun = await machine.end(build, BAD if identifier in failing else OK)
        ended.append((identifier, dict(begun.document)))
        await machine.do_jobs()
    return ended


def phases(batch: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    return [(phase["phaseType"], phase.get("phaseStatus")) for phase in batch["phases"]]


def statuses(batch: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        group["identifier"]: group.get("currentBuildSummary", {}).get("buildStatus")
        for group in batch["buildGroups"]
    }


@pytest.fixture
async def machine(store: Store, call_of: Callable[..., Call]) -> Machine:
    """What stands where the workers are, with a project `web`."""
    codebuild = CodeBuild(store)
    call = call_of("codebuild", "StartBuildBatch")
    await codebuild.create_project(call, PROJECT)
    return Machine(store, codebuild, call)
