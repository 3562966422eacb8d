"""A store, a folder for builds and a worker, for tests that have builds performed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from penstock.flow.build_starts import StartOrder, start
from penstock.services import make_service
from penstock.services.codebuild.project_defaults import completed
from penstock.state.calls import Call, Principal
from penstock.state.recorded_builds import BuildName
from penstock.store import Store
from penstock.store.buckets import create_bucket
from penstock.store.builds import find_documents
from penstock.store.objects import find_object, put_object, stream_object
from penstock.store.opening import Location, open_store
from penstock.store.projects import insert_project
from penstock.store.sealing import add_key
from penstock.worker.process import work
from penstock.worker.settings import RunnerSettings

ACCOUNT, REGION = "000000000000", "us-east-1"
ROOT = Principal(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, "test")
PATIENCE = 20.0
Document = dict[str, Any]


class Yard:
    """A store, a folder for builds, and what a test does with them."""

    def __init__(self, location: Location, store: Store, folder: Path) -> None:
        self.location = location
        self.store = store
        self.folder = folder
        self.runner = RunnerSettings("host", str(folder / "builds"))

    @asynccontextmanager
    async def worker(self, builds_at_once: int = 2) -> AsyncIterator[asyncio.Event]:
        stopping = asyncio.Event()
        task = asyncio.create_task(
            work(
                self.location,
                self.runner,
                builds_at_once=builds_at_once,
                name="test",
                stopping=stopping,
            )
        )
        try:
            yield stopping
        finally:
            stopping.set()
            async with asyncio.timeout(PATIENCE):
                await task

    async def project(self, name: str, buildspec: str, **members: Any) -> None:
        asked: Document = {
            "name": name,
            "arn": f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{name}",
            "source": {"type": "NO_SOURCE", "buildspec": buildspec},
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": {
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            "serviceRole": f"arn:aws:iam::{ACCOUNT}:role/build",
            **members,
        }
        document = completed(asked, ACCOUNT, REGION)
        now = datetime.now(UTC)
        await insert_project(self.store.database, ACCOUNT, REGION, document, now=now)

    async def start(self, project: str, **request: Any) -> BuildName:
        now = datetime.now(UTC)
        order = StartOrder(ACCOUNT, REGION, project, request, "ada", now)
        document = await start(self.store, order)
        return BuildName(ACCOUNT, REGION, project, UUID(document["id"].partition(":")[2]))

    async def document(self, build: BuildName) -> Document:
        (found,) = await find_documents(self.store.database, ACCOUNT, REGION, [build.uuid])
        return found

    async def ended(self, build: BuildName) -> Document:
        async with asyncio.timeout(PATIENCE), self.store.notices.of(build.topic) as news:
            while not (document := await self.document(build))["buildComplete"]:
                await news.wait()
                news.clear()
        return document

    async def batch(self, project: str, **request: Any) -> Document:
        """Starts a batch; what it is once it has ended."""
        request = {"projectName": project, **request}
        asked = await self.ask("codebuild", "StartBuildBatch", **request)
        return await self.batch_ended(asked["buildBatch"])

    async def batch_ended(self, batch: Document) -> Document:
        topic = f"batch:{batch['id'][-36:]}"
        async with asyncio.timeout(PATIENCE), self.store.notices.of(topic) as news:
            while True:
                got = await self.ask("codebuild", "BatchGetBuildBatches", ids=[batch["id"]])
                found: Document = got["buildBatches"][0]
                if found["complete"]:
                    return found
                await news.wait()
                news.clear()

    async def reached(self, build: BuildName, phase: str) -> None:
        async with asyncio.timeout(PATIENCE), self.store.notices.of(build.topic) as news:
            while (await self.document(build))["currentPhase"] != phase:
                await news.wait()
                news.clear()

    async def built(self, buildspec: str, **members: Any) -> Document:
        await self.project("web", buildspec, **members)
        return await self.ended(await self.start("web"))

    def call(self, service: str, operation: str) -> Call:
        return Call(service, operation, ROOT, REGION, "1", datetime.now(UTC), "")

    async def ask(self, service: str, operation: str, **request: Any) -> Document:
        handler = make_service(service, self.store).handler(operation)
        return await handler(self.call(service, operation), request) or {}

    async def bucket(self, name: str, **contents: bytes) -> None:
        now = datetime.now(UTC)
        await create_bucket(self.store.database, name, ACCOUNT, REGION, {}, now)
        for key, body in contents.items():
            await put_object(self.store, name, key, body, now=now)

    async def read(self, bucket: str, key: str) -> bytes:
        found = await find_object(self.store, bucket, key)
        return b"".join([piece async for piece in stream_object(self.store, found)])

    async def log(self, document: Document) -> list[str]:
        where = document["logs"]
        lines: list[str] = []
        token: dict[str, str] = {}
        while True:
            answer = await self.ask(
                "logs",
                "GetLogEvents",
                logGroupName=where["groupName"],
                logStreamName=where["streamName"],
                startFromHead=True,
                **token,
            )
            lines += [event["message"] for event in answer["events"]]
            if token.get("nextToken") == answer["nextForwardToken"]:
                return lines
            token = {"nextToken": answer["nextForwardToken"]}


def spec(*commands: str, rest: str = "") -> str:
    listed = "".join(f"\n      - {command}" for command in commands)
    return f"version: 0.2\nphases:\n  build:\n    commands:{listed}\n{rest}"


def phases(document: Document) -> dict[str, str]:
    return {phase["phaseType"]: phase.get("phaseStatus", "") for phase in document["phases"]}


def variables(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


@pytest.fixture
async def yard(database_url: str, tmp_path: Path) -> AsyncIterator[Yard]:
    """A store, a folder for builds, and a worker when a test asks for one."""
    key_file = tmp_path / "keys"
    add_key(str(key_file))
    location = Location(database_url, str(tmp_path / "blobs"), str(key_file))
    async with open_store(location, connections=5) as store:
        yield Yard(location, store, tmp_path)
