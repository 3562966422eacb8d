"""CloudFormation as boto3 sees it, without a socket; what workers do is done when a test says."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config

from penstock.documents.model_shapes import check_shape, shapes_of
from penstock.errors import AwsError
from penstock.flow.stacks import finish_task
from penstock.services.cloudformation import CloudFormation
from penstock.services.cloudformation.stack_views import STACK
from penstock.state.stacks import Made, NotMade
from penstock.store import Store
from penstock.store.buckets import create_bucket
from penstock.store.objects import put_object
from penstock.store.stack_tasks import find_task
from penstock.wire.app import WireApp
from penstock.wire.identity import Identity
from penstock.worker.cloud import Clouds
from penstock.worker.stacks import perform_resource

from .desk import ACCOUNT, NOON, REGION, Desk, _nowhere

NAMED = "CAPABILITY_NAMED_IAM"
HANDLE = "AWS::CloudFormation::WaitConditionHandle"
ROLE = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}


class StackDesk(Desk):
    """Answers are held against AWS's own model. Time goes on by itself."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOON
        self.status = 0
        self.made = 0
        self.clouds = Clouds(store)
        self._app = WireApp(
            {"cloudformation": CloudFormation(store)},
            Identity(store, account=ACCOUNT, region=REGION),
            _nowhere,
            clock=lambda: self.now,
        )
        self._client = boto3.client(
            "cloudformation",
            region_name=REGION,
            endpoint_url="http://localhost:4545",
            aws_access_key_id="AKIDEXAMPLE000000000",
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        )
        self._client.meta.events.register("before-send", self._send)
        self._loop = asyncio.get_running_loop()

    async def __call__(self, operation: str, /, **request: Any) -> dict[str, Any]:
        self.now += timedelta(seconds=1)
        if isinstance(request.get("TemplateBody"), dict):
            request["TemplateBody"] = json.dumps(request["TemplateBody"])
        answer = await super().__call__(operation, **request)
        shape = "".join(word.capitalize() for word in operation.split("_")) + "Output"
        if shape in shapes_of("cloudformation") and operation != "get_template":
            _, findings = check_shape("cloudformation", shape, answer)
            assert not findings, findings
        return answer

    async def refused(self, operation: str, /, **request: Any) -> str:
        """Code and message."""
        try:
            answered = await self(operation, **request)
        except AwsError as error:
            assert self.status < 500 or error.code == "NotImplemented", error
            return f"{error.code}: {error.message}"
        raise AssertionError(f"{operation} answered {answered}")

    async def put(self, bucket: str, key: str, text: str | bytes) -> None:
        data = text.encode() if isinstance(text, str) else text
        await create_bucket(self.store.database, bucket, ACCOUNT, REGION, {}, self.now)
        await put_object(self.store, bucket, key, data, now=self.now)

    async def work(self, **failing: str) -> None:
        """Ends all tasks there are, and those that come of them: what they make is called
        `LOGICALID-NUMBER`, but what is `failing` fails for a reason. Stacks in stacks are real."""
        undone = "SELECT id, stack FROM stack_tasks WHERE due IS NULL"
        while rows := await self.store.database.fetch(undone):
            for row in rows:
                doing = await find_task(self.store.database, self.store.sealer, row.id)
                if doing is None:
                    continue
                task = doing.task
                if task.type == STACK:
                    await perform_resource(self.clouds, task.id, lambda: self.now)
                    continue
                self.now += timedelta(seconds=1)
                self.made += 1
                outcome: Made | NotMade = Made(
                    task.physical_id or f"{task.logical_id}-{self.made}",
                    {"Arn": "arn:of:it", "Version": "1"},
                )
                if task.logical_id in failing:
                    outcome = NotMade(failing[task.logical_id])
                await finish_task(self.store, task.id, outcome, self.now)

    async def made_of(self, name: str, body: dict[str, Any], **asked: Any) -> str:
        """The ARN of a stack whose create has ended."""
        answer = await self("create_stack", StackName=name, TemplateBody=body, **asked)
        await self.work()
        return str(answer["StackId"])

    async def stack(self, name: str) -> dict[str, Any]:
        [found] = (await self("describe_stacks", StackName=name))["Stacks"]
        return dict(found)


def template(*handles: str, **sections: Any) -> dict[str, Any]:
    """One with resources that take nothing to make."""
    resources = {name: {"Type": HANDLE} for name in handles or ("Handle",)}
    return {"Resources": resources | sections.pop("Resources", {}), **sections}


TOPIC = "AWS::SNS::Topic"
GREETING = template(
    Parameters={
        "Word": {"Type": "String", "Default": "hello"},
        "Secret": {"Type": "String", "NoEcho": True, "Default": "hush"},
    },
    Resources={
        "Topic": {"Type": TOPIC, "Properties": {"DisplayName": {"Ref": "Word"}}},
        "After": {"Type": HANDLE, "DependsOn": "Topic"},
    },
    Outputs={
        "Name": {
            "Value": {"Ref": "Topic"},
            "Description": "of the topic",
            "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-topic"}},
        },
        "Said": {"Value": {"Ref": "Word"}},
    },
    Description="Greets",
)


@pytest.fixture
async def desk(store: Store) -> StackDesk:
    return StackDesk(store)


def parameters(**values: str | None) -> list[dict[str, Any]]:
    return [
        {"ParameterKey": name, "UsePreviousValue": True}
        if value is None
        else {"ParameterKey": name, "ParameterValue": value}
        for name, value in values.items()
    ]
