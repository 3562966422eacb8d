"""Requests of waiters, which are kept until a stack has come to an end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from penstock.services.cloudformation import CloudFormation
from penstock.services.cloudformation.stack_names import find
from penstock.services.cloudformation.waiters import is_waiter, settled
from penstock.state.calls import Call
from penstock.store import Store

from .stack_desk import StackDesk, template

pytestmark = pytest.mark.anyio
V1 = "aws-cli/1.46.3 md/Botocore#1.43.62 ua/2.1 lang/python#3.11.7 m/D,b,B,g cfg/retry-mode#legacy"
V2 = "aws-cli/2.9.19 Python/3.11.2 prompt/off command/cloudformation.wait.stack-create-complete"


@pytest.mark.parametrize(
    ("agent", "waits"),
    [
        (V1, True),
        (V1.replace("m/D,b,B,g", "m/B"), True),
        (V1.replace("m/D,b,B,g", "m/D,b,g"), False),
        (V2, True),
        ("aws-cli/2.9.19 command/cloudformation.deploy", True),
        ("aws-cli/2.9.19 command/cloudformation.describe-stacks", False),
        ("", False),
    ],
)
def test_tools_say_that_they_wait(agent: str, waits: bool) -> None:
    assert is_waiter({"user-agent": agent}) is waits


async def test_a_waiter_is_answered_when_the_stack_is_there_and_others_at_once(
    store: Store, call_of: Callable[..., Call]
) -> None:
    desk = StackDesk(store)
    await desk("create_stack", StackName="app", TemplateBody=template("A", "B"))
    service, call = CloudFormation(store), call_of("cloudformation", "DescribeStacks")
    asked = {"StackName": "app"}
    waiting = asyncio.create_task(
        service.describe_stacks(call._replace(headers={"user-agent": V2}), asked)
    )
    before = await service.describe_stacks(call, asked)
    assert before["Stacks"][0]["StackStatus"] == "CREATE_IN_PROGRESS"
    assert not waiting.done()
    await desk.work()
    async with asyncio.timeout(10):
        after = await waiting
    assert after["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


async def test_it_is_answered_after_a_while_all_the_same(
    store: Store, call_of: Callable[..., Call]
) -> None:
    desk = StackDesk(store)
    await desk("create_stack", StackName="app", TemplateBody=template("A"))
    stack = await find(store, call_of("cloudformation", "DescribeStacks"), "app")
    assert stack is not None
    assert (await settled(store, stack, patience=0.05)).status == "CREATE_IN_PROGRESS"
