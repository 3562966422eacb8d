"""A store with EventBridge, and whoever does its jobs, at a time the test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import boto3
import pytest
import uvicorn

from penstock.errors import AwsError
from penstock.flow.event_delivery import DELIVER, Outside, deliver
from penstock.flow.event_routing import ROUTE, route
from penstock.sandbox import Sandbox
from penstock.services import make_service
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.event_deliveries import Status
from penstock.store.facts import tell
from penstock.wire.app import WireApp
from penstock.wire.identity import Identity
from penstock.worker.deliveries import build_order
from penstock.worker.event_calls import Calls

from .conftest import NOON

ACCOUNT, REGION = "000000000000", "us-east-1"
SERVICES = ("codebuild", "events", "logs", "s3")
Answer = dict[str, Any]


class Post:
    """`now` is what the clock says; it stands still."""

    def __init__(self, store: Store, call_of: Callable[..., Call]) -> None:
        self.store = store
        self.now = NOON
        self.calls = Calls(store)
        self.outside = Outside(build_order, self.calls.send, self.calls.bury)
        self._call_of = call_of
        self._services = {name: make_service(name, store) for name in (*SERVICES, "codepipeline")}

    async def ask(self, operation: str, service: str = "events", **request: Any) -> Answer:
        call = self._call_of(service, operation, now=self.now)
        return await self._services[service].handler(operation)(call, request) or {}

    async def refused(self, operation: str, service: str = "events", **request: Any) -> AwsError:
        with pytest.raises(AwsError) as caught:
            await self.ask(operation, service, **request)
        return caught.value

    async def rule(self, name: str, pattern: Any, *targets: Any, **more: Any) -> None:
        """A rule; targets are the API's, and their ids are given here."""
        text = {"EventPattern": json.dumps(pattern)} if pattern else {}
        await self.ask("PutRule", Name=name, **text, **more)
        named = [{"Id": f"t{number}", **target} for number, target in enumerate(targets)]
        bus = {"EventBusName": more["EventBusName"]} if "EventBusName" in more else {}
        if named:
            await self.ask("PutTargets", Rule=name, Targets=named, **bus)

    async def put(self, source: str = "shop", bus: str = "default", **detail: Any) -> str:
        entry = {"Source": source, "DetailType": "order", "Detail": json.dumps(detail)}
        answer = await self.ask("PutEvents", Entries=[{**entry, "EventBusName": bus}])
        return str(answer["Entries"][0]["EventId"])

    async def work(self) -> list[Status | None]:
        """Does all jobs of events that are due, and those that they give rise to; the statuses of
        the deliveries that were attempted."""
        statuses: list[Status | None] = []
        while jobs := await self._take():
            for job in jobs:
                if job.task_name == ROUTE:
                    await route(self.store, job.args["event"], self.now)
                else:
                    delivery = UUID(job.args["delivery"])
                    statuses.append(await deliver(self.store, delivery, self.outside, self.now))
        return statuses

    async def _take(self) -> list[Any]:
        async with self.store.database.transaction() as connection:
            found = await connection.execute(
                "DELETE FROM procrastinate_jobs WHERE task_name = ANY (%s) AND status = 'todo'"
                " AND (scheduled_at IS NULL OR scheduled_at <= %s) RETURNING *",
                ([ROUTE, DELIVER], self.now),
            )
            return await found.fetchall()

    def later(self, **how_long: float) -> None:
        self.now += timedelta(**how_long)

    async def deliveries(self) -> list[Any]:
        return await self.store.database.fetch(
            "SELECT * FROM event_deliveries ORDER BY created, target_id"
        )

    async def group(self, name: str) -> Answer:
        """Makes a log group; the target that it is."""
        await self.ask("CreateLogGroup", "logs", logGroupName=name)
        return {"Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"}

    async def lines(self, group: str) -> list[str]:
        answer = await self.ask("FilterLogEvents", "logs", logGroupName=group)
        return [event["message"] for event in answer["events"]]

    async def figures(self) -> dict[str, float]:
        """The metrics of rules, added up."""
        rows = await self.store.database.fetch(
            "SELECT name, sum(value) AS value FROM metric_points WHERE namespace = 'AWS/Events'"
            " GROUP BY name"
        )
        return {row.name: row.value for row in rows}

    @asynccontextmanager
    async def served(
        self, elsewhere: Mapping[str, str] = {}
    ) -> AsyncIterator[Callable[[str], Any]]:
        """A server, told of as this installation's; makes boto3 clients of it. What is not in
        SERVICES is answered `elsewhere`, or by the sandbox."""
        identity = Identity(self.store, account=ACCOUNT, region=REGION)
        services = {name: self._services[name] for name in SERVICES}
        app = WireApp(services, identity, Sandbox(elsewhere))
        server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None))
        task = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.001)
        endpoint = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        async with self.store.database.transaction() as connection:
            await tell(connection, "endpoint", endpoint)
        try:
            yield lambda service: boto3.client(
                service,
                endpoint_url=endpoint,
                region_name=REGION,
                aws_access_key_id="x",
                aws_secret_access_key="x",
            )
        finally:
            server.should_exit = True
            await task


@pytest.fixture
def post(store: Store, call_of: Callable[..., Call]) -> Post:
    return Post(store, call_of)


async def in_thread(story: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(story)
