"""Pipelines that deploy stacks, and what tests do with them: the workers' tasks are called when a
test says so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from penstock.flow.stacks import finish_task
from penstock.state.pipelines import ActionStatus
from penstock.state.stacks import NotMade
from penstock.store import Store
from penstock.store.action_executions import find_actions
from penstock.store.stack_tasks import find_task
from penstock.worker.actions import start_action
from penstock.worker.stacks import perform_resource

from .foundry import Foundry
from .plant import ACCOUNT, SOURCE, Document, Plant, action, stage, zipped

ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"
BAD = "NO_BUCKET_IS_CALLED_SO"
CFN = "cloudformation"


def stored(name: Any, value: Any = "1", **members: Any) -> Document:
    """A resource in Parameter Store."""
    properties = {"Name": name, "Type": "String", "Value": value}
    return {"Type": "AWS::SSM::Parameter", "Properties": properties, **members}


def template(resources: Mapping[str, Any], **sections: Any) -> Document:
    return {"Resources": dict(resources), **sections}


def deploying(
    mode: str = "CREATE_UPDATE",
    *,
    inputs: tuple[str, ...] = ("App",),
    outputs: tuple[str, ...] = (),
    name: str = "Deploy",
    **configuration: Any,
) -> Document:
    """An action that deploys `template.json`; its variables are in a namespace of its name."""
    asked: dict[str, Any] = {
        "ActionMode": mode,
        "StackName": "web",
        "RoleArn": ROLE,
        "TemplatePath": "App::template.json",
        "ChangeSetName": "next",
        **configuration,
    }
    made = action(name, "CloudFormation", inputs=inputs, outputs=outputs, **asked)
    return {**made, "namespace": name}


def in_template(value: Any) -> Any:
    """A part of the API's declaration as a template has it: members begin with capitals."""
    if isinstance(value, list):
        return [in_template(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name[0].upper() + name[1:]: one if name == "configuration" else in_template(one)
        for name, one in value.items()
    }


ONE = template(
    {"A": stored("/a")}, Outputs={"Name": {"Value": {"Ref": "A"}}, "Word": {"Value": "hello"}}
)
CHOSEN = template(
    {"A": stored("/a", {"Fn::Sub": "${Stage} ${Size} ${Place}"})},
    Parameters={
        "Stage": {"Type": "String", "Default": "dev"},
        "Size": {"Type": "Number", "Default": 1},
        "Place": {"Type": "String", "Default": "here"},
    },
)


def overriding(**values: Any) -> str:
    return json.dumps(values)


def get_param(artifact: str, file: str, key: str) -> Document:
    return {"Fn::GetParam": [artifact, file, key]}


class Smithy(Plant):
    """A plant with stacks, of which `target` is spoken of. `foundry` asks services."""

    target = "web"

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.now = datetime.now(UTC)  # as it is for actions
        self.foundry = Foundry(store)
        self.foundry.now = self.now
        self._made = 0

    async def stock(self, body: Document, **files: Any) -> None:
        """What the source has from now on: a template, and files of JSON or bytes."""
        if not self._made:
            await self.bucket("source", versioned=True)
            await self.bucket("artifacts")
        content = {
            name.replace("_json", ".json"): one if isinstance(one, bytes) else as_json(one)
            for name, one in {"template_json": body, **files}.items()
        }
        self._made += 1
        await self.put("source", "app.zip", zipped(content))

    async def pipeline(self, *actions: Document, **members: Any) -> None:
        """Of a new name, with a stage for each action behind the source."""
        self._made += 1
        stages = [stage(one["name"], one) for one in actions]
        name = f"app-{self._made}"
        await self.create(stage("Source", SOURCE), *stages, name=name, **members)

    async def deployed(self, *actions: Document) -> Any:
        """The row of the last action, when nothing is left to do in a new pipeline of these."""
        await self.pipeline(*actions)
        await self.begin()
        await self.work()
        return (await self.actions())[actions[-1]["name"]]

    async def succeeded(self, *actions: Document) -> Any:
        row = await self.deployed(*actions)
        assert row.status == ActionStatus.SUCCEEDED, row.error
        return row

    async def failed(self, *actions: Document) -> str:
        """What the last action says."""
        row = await self.deployed(*actions)
        assert row.status == ActionStatus.FAILED, row.summary
        return f"{row.error['code']}: {row.error['message']}"

    async def fetched(self) -> None:
        """Does the job of the source, and no other."""
        (fetch,) = await self.jobs()
        await start_action(self.store, fetch.action, self.tick)
        await self.forget(fetch.id)

    async def forget(self, job: int) -> None:
        await self.store.database.execute("DELETE FROM procrastinate_jobs WHERE id = %s", (job,))

    async def act(self) -> int:
        """Does what the pipelines have to do, and leaves the stacks."""
        return await super().work()

    async def act_together(self, times: int = 1) -> None:
        """Does the jobs of actions that there are now at the same time, each so many times."""
        jobs = await self.jobs()
        await asyncio.gather(
            *(start_action(self.store, job.action, self.tick) for job in jobs * times)
        )
        for job in jobs:
            await self.forget(job.id)

    async def row(self, action: UUID) -> Any:
        return (await find_actions(self.store.database, [action]))[action]

    async def work(self, times: int = 1) -> int:
        """As a plant's, and with all that stacks have to do."""
        done = 0
        while step := await super().work(times) + await self.foundry.work(times):
            done += step
        return done

    # Stacks

    async def ask(self, operation: str, **asked: Any) -> Document:
        """CloudFormation, about the stack."""
        self.foundry.now = datetime.now(UTC)
        if isinstance(asked.get("TemplateBody"), dict):
            asked["TemplateBody"] = json.dumps(asked["TemplateBody"])
        return await self.foundry.ask(CFN, operation, **{"StackName": self.target, **asked})

    async def perform(self, failing: Collection[str] = (), until: str = "") -> None:
        """Does what the stack has to do, until it has a status. Such as `CREATE A` fails, once for
        each time that it is named."""
        fails = list(failing)
        undone = "SELECT id FROM stack_tasks WHERE due IS NULL ORDER BY begun, id LIMIT 1"
        while rows := await self.store.database.fetch(undone):
            if until and await self.status() == until:
                return
            doing = await find_task(self.store.database, self.store.sealer, rows[0].id)
            assert doing
            task = doing.task
            if (what := f"{task.action} {task.logical_id}".upper()) in fails:
                fails.remove(what)
                await finish_task(self.store, task.id, NotMade("no"), self.tick())
            else:
                await perform_resource(self.foundry.clouds, task.id, self.tick)
        await self.store.database.execute(
            "DELETE FROM procrastinate_jobs WHERE task_name = 'perform_resource'"
        )

    async def stack(self) -> Document:
        """What DescribeStacks says of it, or nothing."""
        stacks = (await self.ask("DescribeStacks", StackName=None))["Stacks"]
        return next((one for one in stacks if one["StackName"] == self.target), {})

    async def status(self) -> str:
        return str((await self.stack()).get("StackStatus", ""))

    async def operations(self) -> list[str]:
        """What has begun in stacks of the name, in order."""
        rows = await self.store.database.fetch(
            "SELECT e.status FROM stack_events e JOIN stacks s ON s.id = e.stack"
            " WHERE e.reason = 'User Initiated' AND e.logical_id = s.name AND s.name = %s"
            " ORDER BY e.sequence",
            (self.target,),
        )
        return [row.status.removesuffix("_IN_PROGRESS") for row in rows]

    async def world(self) -> dict[str, Any]:
        """What Parameter Store has."""
        found = await self.foundry.world("/")
        return dict(sorted(found.items()))


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.fixture
def smithy(store: Store) -> Smithy:
    return Smithy(store)
