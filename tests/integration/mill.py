"""A pipeline whose builds are performed by a real worker, for tests of what pipelines build."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from penstock.decide.pipeline_commands import log_group
from penstock.state.pipelines import ActionStatus, Artifact, Run, RunStatus
from penstock.state.recorded_builds import BuildName
from penstock.store.pipeline_executions import find_execution

from .plant import ACCOUNT, REGION, SOURCE, Document, Plant, action, stage, zipped
from .yard import PATIENCE, Yard

GOES_ON = (RunStatus.IN_PROGRESS, RunStatus.STOPPING)
FIRST = {"readme.txt": b"hello\n"}


def build(name: str, project: str, **members: Any) -> Document:
    """A CodeBuild action of the input App."""
    found = action(
        name, "CodeBuild", category="Build", inputs=members.pop("inputs", ("App",)),
        outputs=members.pop("outputs", ()), ProjectName=project, **members,
    )  # fmt: skip
    return {**found, "namespace": name}


def commands(name: str, *listed: str, **members: Any) -> Document:
    """A Commands action of the input App."""
    found = action(name, "Commands", category="Compute", inputs=("App",))
    return {**found, "namespace": name, "commands": list(listed), **members}


def rule(name: str, provider: str, **configuration: str) -> Document:
    type_id = {"category": "Rule", "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "ruleTypeId": type_id, "configuration": configuration}


def condition(result: str, *rules: Document) -> Document:
    return {"conditions": [{"result": result, "rules": list(rules)}]}


class Mill(Plant):
    """A plant with a yard."""

    def __init__(self, yard: Yard) -> None:
        super().__init__(yard.store)
        self.yard = yard
        self.now = datetime.now(UTC)  # as the worker's is

    async def stock(self, files: Mapping[str, bytes] = FIRST) -> None:
        """A source with these files, and a bucket for artifacts."""
        await self.bucket("source", versioned=True)
        await self.bucket("artifacts")
        await self.put("source", "app.zip", zipped(files))

    async def project(self, name: str, buildspec: str, **members: Any) -> None:
        given: Document = {
            "source": {"type": "CODEPIPELINE", "buildspec": buildspec},
            "artifacts": {"type": "CODEPIPELINE", "name": name, "packaging": "NONE"},
        }
        await self.yard.project(name, "", **{**given, **members})

    @asynccontextmanager
    async def running(self, *stages: Document, **members: Any) -> AsyncIterator[UUID]:
        """A run of a pipeline that fetches App and then has these stages, while a worker works."""
        await self.create(stage("Source", SOURCE), *stages, **members)
        run = await self.begin()
        async with self.yard.worker():
            yield run

    async def played(self, *actions: Document, **members: Any) -> Run:
        """The run of a pipeline with these actions, once it has ended."""
        async with self.running(stage("Build", *actions), **members) as run:
            return await self.ended(run)

    async def ended(self, run: UUID) -> Run:
        return await self.until(run, lambda found: found.status not in GOES_ON)

    async def begun(self, run: UUID, name: str) -> BuildName:
        """The build of an action, once there is one."""
        await self.until_row(lambda rows: name in rows and rows[name].external_id)
        project, _, uuid = (await self.actions())[name].external_id.rpartition(":")
        return BuildName(ACCOUNT, REGION, project, UUID(uuid))

    async def until(self, run: UUID, enough: Any) -> Run:
        async with asyncio.timeout(PATIENCE), self.store.notices.of(self.name.topic) as news:
            while not enough(found := await self.run(run)):
                await news.wait()
                news.clear()
        return found

    async def until_row(self, enough: Any) -> None:
        async with asyncio.timeout(PATIENCE), self.store.notices.of(self.name.topic) as news:
            while not enough(await self.actions()):
                await news.wait()
                news.clear()

    async def run(self, run: UUID) -> Run:
        found = await find_execution(self.store.database, self.name, run)
        assert found
        return found.run  # type: ignore[no-any-return]

    async def failure(self, name: str) -> tuple[str, str]:
        row = (await self.actions())[name]
        assert row.status == ActionStatus.FAILED
        return row.error["code"], row.error["message"]

    async def unzipped(self, artifact: Artifact) -> dict[str, bytes]:
        data = await self.read(artifact.bucket, artifact.key)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist() if name[-1] != "/"}

    async def log(self, name: str) -> list[str]:
        """The log of the build of an action."""
        project, _, uuid = (await self.actions())[name].external_id.rpartition(":")
        group = f"/aws/codebuild/{project}"
        if "." in project:
            group = log_group(self.name.name)
        return await self.yard.log({"logs": {"groupName": group, "streamName": uuid}})


@pytest.fixture
async def mill(yard: Yard) -> Mill:
    return Mill(yard)
