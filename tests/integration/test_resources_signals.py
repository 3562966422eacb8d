"""Wait conditions and custom resources: what stacks wait for from outside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from penstock.errors import AwsError
from penstock.flow import stacks as flow
from penstock.flow.stack_signals import signal_task
from penstock.resources import handler_of
from penstock.resources.contract import Job, Outcome, Waiting
from penstock.server import make_app
from penstock.settings import Settings
from penstock.state.recorded_stacks import OnFailure, Plan
from penstock.state.stacks import (
    Definition,
    Made,
    ResourceState,
    ResourceStatus,
    TaskAction,
    Wanted,
)
from penstock.store.signals import PATH, Kind, Signal, late_reason, make_handle
from penstock.store.stack_resources import list_resources

from .asgi import answer, scope_of
from .resource_bench import ACCOUNT, NOON, REGION, ROOT, STACK, Bench
from .resource_bench import bench as bench

pytestmark = pytest.mark.anyio
HANDLE, WAIT = "AWS::CloudFormation::WaitConditionHandle", "AWS::CloudFormation::WaitCondition"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:maker"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:makers"


class Story:
    """A stack, and tasks of it that the test performs."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.store = bench.store
        self.app = make_app(bench.store, Settings())

    async def begin(self, **resources: Wanted) -> None:
        stays = OnFailure.DO_NOTHING
        plan = Plan(Definition(resources), template="{}", on_failure=stays)
        await flow.create(self.store, STACK, plan, principal=ROOT, now=NOON)

    async def task(self, logical_id: str) -> UUID:
        sql = "SELECT id FROM stack_tasks WHERE logical_id = %s"
        ((id,),) = await self.store.database.fetch(sql, (logical_id,))
        return UUID(str(id))

    async def perform(
        self,
        action: TaskAction,
        logical_id: str,
        type: str,
        properties: dict[str, Any],
        *,
        again: bool = False,
        physical_id: str = "",
        previous: Mapping[str, Any] = {},
        policy: Mapping[str, Any] = {},
    ) -> Outcome:
        job = self.bench.job(
            action, logical_id, type, properties, physical_id, dict(previous), again=again
        )
        id = await self.task(logical_id)
        job = job._replace(task=job.task._replace(id=id, creation_policy=policy))
        outcome = await getattr(handler_of(type), action)(job)
        await self.record(job, outcome)
        return outcome  # type: ignore[no-any-return]

    async def record(self, job: Job, outcome: Outcome) -> None:
        if isinstance(outcome, Waiting):
            until, there = outcome.until, outcome.physical_id
            await flow.wait_task(self.store, job.task.id, until, there, NOON)
        else:
            await flow.finish_task(self.store, job.task.id, outcome, NOON)

    async def create(self, logical_id: str, type: str, **more: Any) -> Outcome:
        return await self.perform(TaskAction.CREATE, logical_id, type, **more)

    async def put(self, url: str, body: bytes | Mapping[str, Any]) -> int:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        path = url.removeprefix("http://127.0.0.1:4545")
        status, _ = await answer(self.app, {**scope_of(path), "method": "PUT"}, data)
        return status

    async def resource(self, logical_id: str) -> ResourceState:
        found = await list_resources(self.store.database, self.store.sealer, STACK.id)
        (state,) = (one.state for one in found if one.state.logical_id == logical_id)
        return state

    def event(self) -> Any:
        """The last request that a provider got."""
        service, _, request = self.bench.cloud.asked[-1]
        return json.loads(request["Payload"] if service == "lambda" else request["Message"])


@pytest.fixture
def story(bench: Bench) -> Story:
    return Story(bench)


def signal(unique_id: str, status: str = "SUCCESS", **more: str) -> dict[str, str]:
    return {"Status": status, "UniqueId": unique_id, "Reason": "so", "Data": "d", **more}


async def waiting(story: Story, **properties: Any) -> tuple[str, Outcome]:
    """The address, and what came of the condition."""
    url = (await story.bench.create("Handle", HANDLE, {})).physical_id
    asked = {"Handle": url, "Timeout": "300", **properties}
    await story.begin(Wait=Wanted(WAIT, asked))
    return url, await story.create("Wait", WAIT, properties=asked)


async def test_a_condition_is_made_when_as_many_signals_have_come(story: Story) -> None:
    url, outcome = await waiting(story, Count=2)
    assert url.startswith(f"http://127.0.0.1:4545{PATH}")
    assert isinstance(outcome, Waiting)
    assert outcome.until == NOON + timedelta(seconds=300)
    assert outcome.physical_id == f"{STACK.arn}/Wait"
    assert await story.put(url, signal("one")) == 200
    assert await story.put(url, signal("one", Data="again")) == 200  # replaces the first
    assert (await story.resource("Wait")).status == ResourceStatus.CREATE_IN_PROGRESS
    assert await story.put(url, signal("two")) == 200
    made = await story.resource("Wait")
    assert made.status == ResourceStatus.CREATE_COMPLETE
    assert json.loads(made.attributes["Data"]) == {"one": "again", "two": "d"}
    assert await story.put(url, signal("three")) == 200  # of no more use


async def test_signals_that_came_before_count(story: Story) -> None:
    url = (await story.bench.create("Handle", HANDLE, {})).physical_id
    assert await story.put(url, signal("one")) == 200
    asked = {"Handle": url, "Timeout": 10}
    await story.begin(Wait=Wanted(WAIT, asked))
    made = await story.create("Wait", WAIT, properties=asked)
    assert made == Made(f"{STACK.arn}/Wait", {"Data": '{"one":"d"}'})


async def test_a_failure_ends_the_wait(story: Story) -> None:
    url, _ = await waiting(story, Count=5)
    await story.put(url, signal("one", "FAILURE", Reason="no disk"))
    failed = await story.resource("Wait")
    assert failed.status == ResourceStatus.CREATE_FAILED
    told = "WaitCondition received failed message: 'no disk' for uniqueId: one"
    assert failed.reason.endswith(told)


async def test_what_is_late_says_what_it_lacks(story: Story) -> None:
    url, _ = await waiting(story, Count=3)
    await story.put(url, signal("one"))
    database = story.store.database
    assert await late_reason(database, await story.task("Wait")) == (
        "WaitCondition timed out. Received 1 conditions when expecting 3"
    )
    assert await late_reason(database, UUID(int=1)) == ""


async def test_a_condition_that_is_done_again_waits_for_the_same(story: Story) -> None:
    url, _ = await waiting(story)
    await story.create("Wait", WAIT, properties={"Handle": url, "Timeout": 300}, again=True)
    await story.put(url, signal("one"))
    assert (await story.resource("Wait")).status == ResourceStatus.CREATE_COMPLETE


async def test_handles_are_one_for_a_task_and_go(story: Story) -> None:
    made = await story.bench.create("Handle", HANDLE, {})
    again = await story.bench.create("Handle", HANDLE, {}, again=True)
    assert made == again
    await story.bench.delete("Handle")
    assert await story.put(made.physical_id, signal("one")) == 404


async def test_what_is_no_signal_is_refused(story: Story) -> None:
    url, _ = await waiting(story)
    for body in (b"", b"[]", b'{"Status": "MAYBE", "UniqueId": "a"}', b'{"Status": "SUCCESS"}'):
        assert await story.put(url, body) == 400
    assert await story.put(url, b"x" * (70 << 10)) == 413
    assert await story.put(url + "%00", signal("one")) == 404
    assert (await story.resource("Wait")).status == ResourceStatus.CREATE_IN_PROGRESS


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"Handle": "https://elsewhere.example/1"}, "not that of a WaitConditionHandle"),
        ({"Count": "many"}, "Value of property Count must be a whole number"),
        ({"Timeout": 50_000}, "Value of property Timeout must be from 0 to 43200"),
        ({"Signals": 1}, "Encountered unsupported property Signals"),
    ],
)
async def test_conditions_that_cannot_be(
    story: Story, properties: dict[str, Any], told: str
) -> None:
    with pytest.raises(AwsError, match=told):
        await waiting(story, **properties)


async def test_a_condition_cannot_be_changed(bench: Bench) -> None:
    job = bench.job(TaskAction.UPDATE, "Wait", WAIT, {}, "id")
    with pytest.raises(AwsError, match=f"Update to resource type {WAIT} is not supported"):
        await handler_of(WAIT).update(job)


async def test_a_condition_with_a_creation_policy_is_signalled_by_name(story: Story) -> None:
    policy = {"ResourceSignal": {"Count": "2", "Timeout": "PT1H30M"}}
    await story.begin(Wait=Wanted(WAIT, {}, creation_policy=policy))
    outcome = await story.create("Wait", WAIT, properties={}, policy=policy)
    assert isinstance(outcome, Waiting)
    assert outcome.until == NOON + timedelta(minutes=90)
    task = await story.task("Wait")
    assert await signal_task(story.store, task, Signal("one", "SUCCESS"), NOON)
    assert await signal_task(story.store, task, Signal("two", "SUCCESS"), NOON)
    assert (await story.resource("Wait")).status == ResourceStatus.CREATE_COMPLETE
    assert not await signal_task(story.store, UUID(int=1), Signal("one", "SUCCESS"), NOON)


# Custom resources

ASKED = {"ServiceToken": FUNCTION, "Size": 3, "Open": True, "Deep": {"List": [1, None]}}


async def asked(story: Story, **properties: Any) -> Any:
    """What the provider was asked."""
    wanted = {**ASKED, **properties}
    await story.begin(Made=Wanted("Custom::Thing", wanted))
    await story.create("Made", "Custom::Thing", properties=wanted)
    return story.event()


async def test_a_function_that_the_sandbox_cannot_run_fails_the_resource_at_once(
    story: Story,
) -> None:
    """Nobody would write to the address: the stack would wait for an hour."""
    failed = {"FunctionError": "Handled", "Payload": b"no such image\n"}
    story.bench.cloud.answers["Invoke"] = failed
    await asked(story)
    made = await story.resource("Made")
    said = f"The function {FUNCTION} has failed: no such image"
    assert (made.status, made.reason) == (ResourceStatus.CREATE_FAILED, said)


async def test_a_provider_is_asked_and_its_answer_makes_the_resource(story: Story) -> None:
    event = await asked(story)
    service, operation, request = story.bench.cloud.asked[-1]
    assert (service, operation) == ("lambda", "Invoke")
    assert (request["FunctionName"], request["InvocationType"]) == (FUNCTION, "Event")
    url = event.pop("ResponseURL")
    assert event == {
        "RequestType": "Create",
        "ServiceToken": FUNCTION,
        "StackId": STACK.arn,
        "RequestId": str(await story.task("Made")),
        "ResourceType": "Custom::Thing",
        "LogicalResourceId": "Made",
        "ResourceProperties": {
            "ServiceToken": FUNCTION,
            "Size": "3",
            "Open": "true",
            "Deep": {"List": ["1", None]},
        },
    }
    body = {
        "Status": "SUCCESS",
        "PhysicalResourceId": "thing-1",
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": "Made",
        "Data": {"Url": "http://thing", "a.b": 1},
    }
    assert await story.put(url, {**body, "RequestId": "another"}) == 400
    assert await story.put(url, body) == 200
    made = await story.resource("Made")
    assert (made.status, made.physical_id) == (ResourceStatus.CREATE_COMPLETE, "thing-1")
    assert made.attributes == {"Url": "http://thing", "a.b": 1}
    assert await story.put(url, body) == 404  # it has been answered


async def test_a_provider_that_fails_says_why(story: Story) -> None:
    event = await asked(story)
    failed = {"Status": "FAILED", "Reason": "no room", "PhysicalResourceId": "half"}
    assert await story.put(event["ResponseURL"], failed) == 200
    state = await story.resource("Made")
    assert (state.status, state.physical_id) == (ResourceStatus.CREATE_FAILED, "half")
    assert state.reason.startswith(
        "Received response status [FAILED] from custom resource. Message returned: no room"
    )


async def test_an_answer_without_an_id_fails(story: Story) -> None:
    event = await asked(story)
    assert await story.put(event["ResponseURL"], {"Status": "SUCCESS"}) == 200
    assert "Invalid PhysicalResourceId" in (await story.resource("Made")).reason


async def test_an_answer_that_is_too_long_fails(story: Story) -> None:
    event = await asked(story)
    long = {"Status": "SUCCESS", "PhysicalResourceId": "a", "Data": {"x": "y" * 5000}}
    assert await story.put(event["ResponseURL"], long) == 200
    assert (await story.resource("Made")).reason.endswith("Response object is too long.")


async def test_a_provider_is_asked_once_though_the_task_is_done_twice(story: Story) -> None:
    await asked(story)
    await story.create("Made", "Custom::Thing", properties=ASKED, again=True)
    assert len(story.bench.cloud.asked) == 1


async def test_a_provider_that_is_late_is_named_by_its_request(story: Story) -> None:
    await asked(story)
    task = await story.task("Made")
    assert f"requestId [{task}]" in await late_reason(story.store.database, task)


async def test_addresses_that_nobody_waits_at_any_more_go(story: Story) -> None:
    event = await asked(story)
    async with story.store.database.transaction() as connection:
        later = NOON + timedelta(days=3)
        await make_handle(connection, UUID(int=1), Kind.CUSTOM, later)
    assert await story.put(event["ResponseURL"], {"Status": "FAILED"}) == 404


async def test_a_topic_is_told_and_has_its_own_time(story: Story) -> None:
    properties = {"ServiceToken": TOPIC, "ServiceTimeout": "60"}
    type = "AWS::CloudFormation::CustomResource"
    await story.begin(Made=Wanted(type, properties))
    outcome = await story.create("Made", type, properties=properties)
    assert isinstance(outcome, Waiting)
    assert outcome.until == NOON + timedelta(seconds=60)
    assert story.bench.cloud.asked[-1][:2] == ("sns", "Publish")
    assert story.event()["ResourceType"] == type


async def test_updates_and_deletes_say_what_there_is(story: Story) -> None:
    await story.begin(Made=Wanted("Custom::Thing", ASKED))
    await story.perform(
        TaskAction.UPDATE,
        "Made",
        "Custom::Thing",
        {**ASKED, "Size": 4},
        physical_id="thing-1",
        previous=ASKED,
    )
    event = story.event()
    assert (event["RequestType"], event["PhysicalResourceId"]) == ("Update", "thing-1")
    assert event["OldResourceProperties"]["Size"] == "3"
    assert event["ResourceProperties"]["Size"] == "4"
    await story.put(event["ResponseURL"], {"Status": "SUCCESS", "PhysicalResourceId": "thing-2"})
    assert (await story.resource("Made")).physical_id == "thing-2"


async def test_a_delete_is_asked_for(story: Story) -> None:
    await story.begin(Made=Wanted("Custom::Thing", ASKED))
    await story.perform(
        TaskAction.DELETE, "Made", "Custom::Thing", properties=ASKED, physical_id="thing-1"
    )
    event = story.event()
    assert (event["RequestType"], event["PhysicalResourceId"]) == ("Delete", "thing-1")
    assert "OldResourceProperties" not in event


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"ServiceToken": "arn:aws:sqs:us-east-1:1:q"}, "Invalid Service Token"),
        ({"ServiceToken": FUNCTION, "ServiceTimeout": 0}, "ServiceTimeout must be from 1"),
        ({}, "Invalid Service Token"),
    ],
)
async def test_custom_resources_that_cannot_be(
    bench: Bench, properties: dict[str, Any], told: str
) -> None:
    assert told in await bench.refused("Made", "Custom::Thing", properties)
