"""Stacks in stacks, and what the CDK says of itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.flow import stacks as flow
from penstock.resources import handler_of
from penstock.resources.contract import Job, Outcome, Waiting
from penstock.state.recorded_stacks import Plan
from penstock.state.stacks import Definition, Kind, Made, StackStatus, TaskAction, Wanted
from penstock.store.buckets import create_bucket
from penstock.store.objects import put_object
from penstock.store.stack_resources import list_resources
from penstock.store.stacks import find_stack, id_of

from .resource_bench import ACCOUNT, NOON, REGION, ROOT, STACK, Bench
from .resource_bench import bench as bench

pytestmark = pytest.mark.anyio
TYPE = "AWS::CloudFormation::Stack"
URL = "https://templates.s3.amazonaws.com/child.json"
CHILD: dict[str, Any] = {
    "Parameters": {"Value": {"Type": "String"}},
    "Resources": {
        "Url": {"Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Value": {"Ref": "Value"}}}
    },
    "Outputs": {"Name": {"Value": {"Ref": "Url"}}},
}  # fmt: skip
ASKED = {"TemplateURL": URL, "Parameters": {"Value": "a"}}


class Family:
    """A parent stack with one child; the test does what workers do."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.store = bench.store

    async def begin(self) -> None:
        await create_bucket(self.store.database, "templates", ACCOUNT, REGION, {}, NOON)
        await self.publish(CHILD)
        plan = Plan(Definition({"Child": Wanted(TYPE, ASKED)}), template="{}")
        await flow.create(self.store, STACK, plan, principal=ROOT, now=NOON)

    async def publish(self, template: Any) -> None:
        text = json.dumps(template).encode()
        await put_object(self.store, "templates", "child.json", text, now=NOON)

    async def job(self, action: TaskAction, properties: Any, physical_id: str = "") -> Job:
        sql = "SELECT id FROM stack_tasks WHERE logical_id = 'Child'"
        ((id,),) = await self.store.database.fetch(sql)
        job = self.bench.job(action, "Child", TYPE, properties, physical_id)
        return job._replace(task=job.task._replace(id=id))

    async def perform(self, action: TaskAction, properties: Any, there: str = "") -> Outcome:
        outcome: Outcome
        job = await self.job(action, properties, there)
        outcome = await getattr(handler_of(TYPE), action)(job)
        if isinstance(outcome, Waiting):
            until, id = outcome.until, outcome.physical_id
            await flow.wait_task(self.store, job.task.id, until, id, NOON)
        return outcome

    async def end_child(self, outcome: Made) -> None:
        sql = "SELECT id FROM stack_tasks WHERE logical_id = 'Url'"
        ((id,),) = await self.store.database.fetch(sql)
        await flow.finish_task(self.store, id, outcome, NOON)

    async def child(self) -> Any:
        found = await list_resources(self.store.database, self.store.sealer, STACK.id)
        (state,) = (one.state for one in found)
        return state

    async def status(self, name: str) -> StackStatus:
        found = await find_stack(self.store.database, self.store.sealer, ACCOUNT, REGION, name)
        assert found
        return found.status


@pytest.fixture
async def family(bench: Bench) -> Family:
    made = Family(bench)
    await made.begin()
    return made


async def test_a_child_that_has_been_made_makes_its_parent(family: Family) -> None:
    """TG-121"""
    outcome = await family.perform(TaskAction.CREATE, ASKED)
    assert isinstance(outcome, Waiting)
    assert outcome.physical_id.startswith(
        f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/shop-Child-"
    )
    again = await family.perform(TaskAction.CREATE, ASKED)
    assert isinstance(again, Waiting)
    assert again.physical_id == outcome.physical_id
    await family.end_child(Made("url"))
    state = await family.child()
    assert state.physical_id == outcome.physical_id
    assert state.attributes["Outputs.Name"] == "url"
    assert await family.status("shop") == StackStatus.CREATE_COMPLETE


async def test_a_child_that_stays_as_it_is_and_one_that_changes(family: Family) -> None:
    await family.perform(TaskAction.CREATE, ASKED)
    await family.end_child(Made("url"))
    arn = (await family.child()).physical_id
    handler, job = handler_of(TYPE), family.bench.job(TaskAction.UPDATE, "Child", TYPE, ASKED, arn)
    same = await handler.update(job)
    assert same == Made(arn, (await family.child()).attributes)
    assert same.attributes["Outputs.Name"] == "url"
    changed = job._replace(properties={**ASKED, "Parameters": {"Value": "b"}})
    outcome = await handler.update(changed)
    assert isinstance(outcome, Waiting)
    assert await family.status(arn.split("/")[1]) == StackStatus.UPDATE_IN_PROGRESS


async def test_a_child_is_deleted_with_its_parent(family: Family) -> None:
    await family.perform(TaskAction.CREATE, ASKED)
    await family.end_child(Made("url"))
    arn = (await family.child()).physical_id
    await flow.delete(family.store, STACK, principal=ROOT, now=NOON)
    assert isinstance(await family.perform(TaskAction.DELETE, ASKED, arn), Waiting)
    await family.end_child(Made("url"))
    sql = "SELECT deleted FROM stacks WHERE id = ANY (%s)"
    rows = await family.store.database.fetch(sql, ([STACK.id, id_of(arn)],))
    assert [row.deleted for row in rows] == [NOON, NOON]
    job = family.bench.job(TaskAction.DELETE, "Child", TYPE, ASKED, arn)
    assert await handler_of(TYPE).delete(job) == Made(arn)  # and once more


async def test_children_that_cannot_be(family: Family) -> None:
    for asked, told in (
        ({**ASKED, "TemplateBody": "{}"}, "Encountered unsupported property TemplateBody"),
        ({"Parameters": {}}, "TemplateURL must be a string"),
        ({**ASKED, "TemplateURL": f"{URL}.not"}, "S3 error"),
    ):
        with pytest.raises(AwsError, match=told):
            await family.perform(TaskAction.CREATE, asked)


async def test_metadata_of_the_cdk_are_only_recorded(bench: Bench) -> None:
    type = "AWS::CDK::Metadata"
    made = await bench.create("CDKMetadata", type, {"Analytics": "v2:deflate64:H4sI"})
    assert (made.kind, made.attributes) == (Kind.RECORDED, {"Id": made.physical_id})
    again = await bench.create("CDKMetadata", type, {}, again=True)
    assert again == made
    assert (await bench.update("CDKMetadata", {"Analytics": "v2:"})).physical_id == made.physical_id
    await bench.delete("CDKMetadata")
