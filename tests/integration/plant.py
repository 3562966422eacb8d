"""Pipelines, and what tests do with them: the workers' tasks are called when a test says so."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from penstock.flow import pipelines as flow
from penstock.state.pipelines import Cause, Event, Failed, Run, State, Succeeded
from penstock.state.recorded_pipelines import PipelineName
from penstock.store import Store, pipelines
from penstock.store.action_executions import Result
from penstock.store.buckets import create_bucket, find_bucket, set_versioning
from penstock.store.objects import find_object, put_object, stream_object
from penstock.worker.actions import start_action

ACCOUNT, REGION = "000000000000", "us-east-1"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MANUAL = Cause("StartPipelineExecution", f"arn:aws:iam::{ACCOUNT}:root")
Document = dict[str, Any]


def action(
    name: str,
    provider: str,
    *,
    category: str = "Deploy",
    owner: str = "AWS",
    inputs: tuple[str, ...] = (),
    outputs: tuple[str, ...] = (),
    order: int = 1,
    **configuration: str,
) -> Document:
    """The API's ActionDeclaration."""
    return {
        "name": name,
        "actionTypeId": {
            "category": category, "owner": owner, "provider": provider, "version": "1"
        },
        "runOrder": order,
        "configuration": configuration,
        "inputArtifacts": [{"name": one} for one in inputs],
        "outputArtifacts": [{"name": one} for one in outputs],
    }  # fmt: skip


SOURCE = action(
    "Fetch", "S3", category="Source", outputs=("App",), S3Bucket="source", S3ObjectKey="app.zip"
) | {"namespace": "Src"}
APPROVE = action("Ask", "Manual", category="Approval")
DEPLOY = action(
    "Copy", "S3", inputs=("App",), BucketName="site", Extract="true", ObjectKey="#{Src.VersionId}"
)


def declaration(name: str, *stages: Document, **members: Any) -> Document:
    """The API's PipelineDeclaration; a stage is `stage(…)`."""
    return {
        "name": name,
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/pipeline",
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "stages": list(stages),
        "version": 1,
        "executionMode": "SUPERSEDED",
        "pipelineType": "V2",
        **members,
    }


def stage(name: str, *actions: Document, **members: Any) -> Document:
    return {"name": name, "actions": list(actions), **members}


SITE = (stage("Source", SOURCE), stage("Approve", APPROVE), stage("Deploy", DEPLOY))


def zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


class Plant:
    """`now` is the clock."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOON
        self.name = PipelineName(ACCOUNT, REGION, "app")

    def tick(self, time: timedelta = timedelta(seconds=1)) -> datetime:
        self.now += time
        return self.now

    async def bucket(self, name: str, *, versioned: bool = False) -> None:
        await create_bucket(self.store.database, name, ACCOUNT, REGION, {}, self.now)
        if versioned:
            bucket = await find_bucket(self.store.database, name)
            await set_versioning(self.store.database, bucket, "Enabled")

    async def put(self, bucket: str, key: str, data: bytes, **metadata: str) -> str:
        put = await put_object(self.store, bucket, key, data, now=self.now, metadata=metadata)
        return put.version_id or ""

    async def read(self, bucket: str, key: str) -> bytes:
        found = await find_object(self.store, bucket, key)
        return b"".join([piece async for piece in stream_object(self.store, found)])

    async def create(
        self, *stages: Document, secrets: Mapping[str, str] = {}, **members: Any
    ) -> None:
        document = declaration(members.pop("name", self.name.name), *stages, **members)
        self.name = self.name._replace(name=document["name"])
        async with self.store.database.transaction() as connection:
            await pipelines.insert_pipeline(
                connection, self.store.sealer, self.name, document, secrets=secrets, now=self.now
            )

    async def site(self, **members: Any) -> bytes:
        """A pipeline from S3 over an approval to S3; the bytes of its source."""
        await self.bucket("source", versioned=True)
        for name in ("artifacts", "site"):
            await self.bucket(name)
        data = zipped({"index.html": b"<p>hello", "css/a.css": b"p {}"})
        await self.put("source", "app.zip", data)
        await self.create(*SITE, **members)
        return data

    async def begin(self, **asked: Any) -> UUID:
        async with self.store.database.transaction() as connection:
            return await flow.begin(connection, self.name, MANUAL, now=self.tick(), **asked)

    async def happen(self, event: Event) -> State:
        async with self.store.database.transaction() as connection:
            return await flow.happen(connection, self.name, event, self.tick())

    async def finish(
        self,
        action: UUID,
        outcome: Succeeded | Failed = Succeeded(),  # noqa: B008
        result: Result = Result(),  # noqa: B008
    ) -> bool:
        return await flow.finish_action(self.store, action, outcome, self.tick(), result=result)

    async def jobs(self) -> list[Any]:
        return await self.store.database.fetch(
            "SELECT id, task_name, (args ->> 'id')::uuid AS action FROM procrastinate_jobs"
            " WHERE queue_name = 'actions' AND status = 'todo' ORDER BY id"
        )

    async def work(self, times: int = 1) -> int:
        """Does all jobs there are, and those that come of them, each so many times; how many."""
        done = 0
        while jobs := await self.jobs():
            for job in jobs:
                for _ in range(times):
                    await start_action(self.store, job.action, self.tick)
                await self.store.database.execute(
                    "DELETE FROM procrastinate_jobs WHERE id = %s", (job.id,)
                )
                done += 1
        return done

    async def state(self) -> State:
        found = await flow.look(self.store.database, self.name)
        assert found
        return found

    async def run(self, run: UUID) -> Run:
        return (await self.state()).runs[run]

    async def actions(self) -> dict[str, Any]:
        """The latest row of each action, by its name."""
        rows = await self.store.database.fetch("SELECT * FROM action_executions ORDER BY sequence")
        return {row.action: row for row in rows}

    async def events(self) -> list[tuple[str, ...]]:
        """Of each event its state, stage and action."""
        rows = await self.store.database.fetch(
            "SELECT detail FROM events WHERE source = 'aws.codepipeline' ORDER BY sequence"
        )
        return [
            tuple(row.detail[name] for name in ("state", "stage", "action") if name in row.detail)
            for row in rows
        ]
