"""Stacks of real resources, and what tests do with them: the workers' tasks are called when a test
says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from penstock.flow import stacks as flow
from penstock.services import make_service
from penstock.state.calls import Call, Principal
from penstock.state.recorded_stacks import OnFailure, Plan
from penstock.state.stacks import Definition, StackName, Wanted, WantedOutput
from penstock.store import Store, stack_events, stack_resources, stacks
from penstock.store.stacks import Stack
from penstock.worker.cloud import Clouds
from penstock.worker.stacks import perform_resource

ACCOUNT, REGION = "000000000000", "us-east-1"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROOT = Principal(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)
PARAMETER, GROUP, BUCKET = "AWS::SSM::Parameter", "AWS::Logs::LogGroup", "AWS::S3::Bucket"
Document = dict[str, Any]


def ref(logical_id: str) -> Document:
    return {"Ref": logical_id}


def att(logical_id: str, attribute: str) -> Document:
    return {"Fn::GetAtt": [logical_id, attribute]}


def parameter(name: str, value: Any, *depends_on: str, **members: Any) -> Wanted:
    properties = {"Name": name, "Type": "String", "Value": value}
    return Wanted(PARAMETER, properties, depends_on, frozenset({"Name"}), **members)


def group(name: str, days: int, *depends_on: str, **members: Any) -> Wanted:
    properties = {"LogGroupName": name, "RetentionInDays": days}
    return Wanted(GROUP, properties, depends_on, frozenset({"LogGroupName"}), **members)


def bucket(name: str, *depends_on: str, **members: Any) -> Wanted:
    return Wanted(BUCKET, {"BucketName": name}, depends_on, frozenset({"BucketName"}), **members)


def plan(
    resources: Mapping[str, Wanted],
    outputs: Mapping[str, WantedOutput] | None = None,
    *,
    imports: tuple[str, ...] = (),
    **members: Any,
) -> Plan:
    return Plan(Definition(resources, outputs or {}, imports), "{}", **members)


class Foundry:
    """`now` is the clock."""

    def __init__(self, store: Store, name: str = "app") -> None:
        self.store = store
        self.clouds = Clouds(store)
        self.now = NOON
        self.name = StackName(ACCOUNT, REGION, name, uuid4())

    def tick(self, time: timedelta = timedelta(seconds=1)) -> datetime:
        self.now += time
        return self.now

    def named(self, name: str) -> Foundry:
        """Another stack beside this."""
        return Foundry(self.store, name)

    async def create(self, plan: Plan, **asked: Any) -> None:
        asked = {"principal": ROOT, "now": self.tick(), **asked}
        self.name = await flow.create(self.store, self.name, plan, **asked)

    async def update(self, plan: Plan, **asked: Any) -> None:
        asked = {"principal": ROOT, "now": self.tick(), **asked}
        await flow.update(self.store, self.name, plan, **asked)

    async def delete(self, *retain: str, **asked: Any) -> bool:
        asked = {"principal": ROOT, "now": self.tick(), "retain": frozenset(retain), **asked}
        return await flow.delete(self.store, self.name, **asked)

    async def jobs(self) -> list[Any]:
        return await self.store.database.fetch(
            "SELECT id, (args ->> 'id')::uuid AS task FROM procrastinate_jobs"
            " WHERE task_name = 'perform_resource' AND status = 'todo' ORDER BY id"
        )

    async def work(self, times: int = 1) -> int:
        """Does all jobs there are, and those that come of them, each so many times; how many."""
        done = 0
        while jobs := await self.jobs():
            for job in jobs:
                for _ in range(times):
                    await perform_resource(self.clouds, job.task, self.tick)
                await self.forget(job.id)
                done += 1
        return done

    async def forget(self, job: int) -> None:
        await self.store.database.execute("DELETE FROM procrastinate_jobs WHERE id = %s", (job,))

    async def look(self) -> Stack:
        found = await stacks.get_stack(self.store.database, self.store.sealer, self.name.id)
        assert found
        return found

    async def status(self) -> str:
        return str((await self.look()).status)

    async def events(self) -> list[tuple[str, str, str]]:
        """Of each event the logical id, the status and the reason, the oldest first."""
        found = await stack_events.list_events(
            self.store.database, self.store.sealer, self.name.id, limit=1000
        )
        return [(one.logical_id, one.status, one.reason) for one in reversed(found)]

    async def resources(self) -> dict[str, str]:
        found = await stack_resources.list_resources(
            self.store.database, self.store.sealer, self.name.id
        )
        return {one.state.logical_id: str(one.state.status) for one in found}

    async def physical(self, logical_id: str) -> str:
        found = await stack_resources.find_resource(
            self.store.database, self.store.sealer, self.name.id, logical_id
        )
        assert found
        return found.state.physical_id

    async def ask(self, service: str, operation: str, **request: Any) -> Document:
        call = Call(service, operation, ROOT, REGION, "1", self.now, "")
        handler = make_service(service, self.store).handler(operation)
        return await handler(call, request) or {}

    async def world(self, prefix: str = "") -> dict[str, Any]:
        """What there is of parameters, log groups and buckets, by name."""
        found: dict[str, Any] = {}
        for one in await self._pages("ssm", "DescribeParameters", "Parameters", "NextToken"):
            value = await self.ask("ssm", "GetParameter", Name=one["Name"])
            found[one["Name"]] = value["Parameter"]["Value"]
        for one in await self._pages("logs", "DescribeLogGroups", "logGroups", "nextToken"):
            found[one["logGroupName"]] = one.get("retentionInDays")
        for one in (await self.ask("s3", "ListBuckets"))["Buckets"]:
            found[one["Name"]] = "bucket"
        return {name: value for name, value in found.items() if name.startswith(prefix)}

    async def _pages(self, service: str, operation: str, member: str, token: str) -> list[Any]:
        found, more = list[Any](), dict[str, Any]()
        while True:
            answer = await self.ask(service, operation, **more)
            found += answer[member]
            if not answer.get(token):
                return found
            more = {token: answer[token]}


DO_NOTHING, DELETE = OnFailure.DO_NOTHING, OnFailure.DELETE


@pytest.fixture
def foundry(store: Store) -> Foundry:
    return Foundry(store)
