"""A stack that an action of CloudFormation does not have to itself (CP-130, CP-150…155)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from penstock.flow.overdue_actions import sweep_actions
from penstock.state.pipelines import ActionStatus, RunStatus, Stop, Stopping

from .plant import APPROVE, SOURCE, stage
from .smithy import (
    ONE,
    Smithy,
    deploying,
    in_template,
    stored,
    template,
)
from .smithy import smithy as smithy

pytestmark = pytest.mark.anyio


async def begun(smithy: Smithy, *actions: Any) -> Any:
    """The row of an action whose stack is under way."""
    await smithy.pipeline(*(actions or (deploying(),)))
    await smithy.begin()
    await smithy.act()
    row = (await smithy.actions())["Deploy"]
    assert (row.status, row.waiting) == (ActionStatus.IN_PROGRESS, True)
    return row


async def test_a_pipeline_that_abandons_its_action_leaves_the_stack(smithy: Smithy) -> None:
    """CP-130"""
    await smithy.stock(ONE)
    row = await begun(smithy)
    await smithy.happen(Stop(row.execution, Stopping.ABANDON))
    await smithy.work()
    assert (await smithy.actions())["Deploy"].status == ActionStatus.ABANDONED
    assert (await smithy.run(row.execution)).status == RunStatus.STOPPED
    assert await smithy.status() == "CREATE_COMPLETE"


async def test_an_action_has_three_days(smithy: Smithy) -> None:
    """CP-055, CP-130"""
    await smithy.stock(ONE)
    await begun(smithy)
    later = smithy.tick(timedelta(days=3, seconds=1))
    assert await sweep_actions(smithy.store, later, timedelta(hours=1)) == 1
    row = (await smithy.actions())["Deploy"]
    assert row.error["message"] == "The action Deploy has timed out: it had 3 days"
    await smithy.work()
    assert (await smithy.actions())["Deploy"].status == ActionStatus.FAILED
    assert await smithy.status() == "CREATE_COMPLETE"


async def test_an_action_hears_that_its_stack_is_deleted_meanwhile(smithy: Smithy) -> None:
    """CP-130"""
    await smithy.stock(ONE)
    await begun(smithy)
    await smithy.ask("DeleteStack")
    row = (await smithy.actions())["Deploy"]
    assert row.error["message"] == "The stack is being deleted"
    await smithy.work()
    assert await smithy.stack() == {}


async def test_another_pipeline_cannot_update_meanwhile(smithy: Smithy) -> None:
    """CP-130, CP-151"""
    await smithy.stock(ONE)
    first = await begun(smithy)
    await smithy.pipeline(deploying())
    await smithy.begin()
    await smithy.act()
    second = (await smithy.actions())["Deploy"]
    assert "is in CREATE_IN_PROGRESS state and can not be updated" in second.error["message"]
    await smithy.work()
    assert (await smithy.row(first.id)).status == ActionStatus.SUCCEEDED


async def test_what_another_does_afterwards_is_not_taken_for_ones_own(smithy: Smithy) -> None:
    """CP-130, CP-151: before the first is asked again the stack is somebody else's already."""
    await smithy.stock(ONE)
    first = await begun(smithy)
    await smithy.perform()
    await smithy.ask("UpdateStack", TemplateBody=template({"A": stored("/a", "theirs")}))
    await smithy.perform()
    await smithy.work()
    assert (await smithy.row(first.id)).status == ActionStatus.SUCCEEDED
    assert await smithy.world() == {"/a": "theirs"}
    assert await smithy.operations() == ["CREATE", "UPDATE"]


async def test_a_stack_made_anew_is_not_deleted_by_whoever_deleted_the_old(smithy: Smithy) -> None:
    """CP-130, CP-151"""
    await smithy.stock(ONE)
    await smithy.succeeded(deploying())
    row = await begun(smithy, deploying("DELETE_ONLY"))
    await smithy.perform()
    await smithy.ask("CreateStack", TemplateBody=ONE)
    await smithy.work()
    assert (await smithy.row(row.id)).status == ActionStatus.SUCCEEDED
    assert await smithy.status() == "CREATE_COMPLETE"


async def test_a_delete_that_has_failed_does_not_begin_again_with_its_token(
    smithy: Smithy,
) -> None:
    """CP-130: an action may ask twice."""
    await smithy.ask("CreateStack", TemplateBody=ONE)
    await smithy.perform()
    for _ in range(2):
        await smithy.ask("DeleteStack", ClientRequestToken="one")
        await smithy.perform(["DELETE A"])
        assert await smithy.status() == "DELETE_FAILED"
    assert await smithy.operations() == ["CREATE", "DELETE"]


async def test_two_pipelines_delete_the_same_stack(smithy: Smithy) -> None:
    """CP-130, CP-151: neither keeps the other from hearing of the end."""
    await smithy.stock(ONE)
    await smithy.succeeded(deploying())
    first = await begun(smithy, deploying("DELETE_ONLY"))
    await smithy.pipeline(deploying("DELETE_ONLY"))
    await smithy.begin()
    await smithy.fetched()
    await smithy.act_together()
    second = (await smithy.actions())["Deploy"]
    assert (second.id != first.id, second.waiting) == (True, False)
    (later,) = await smithy.jobs()
    assert later.action == second.id
    await smithy.foundry.work()
    assert {job.action for job in await smithy.jobs()} == {first.id, second.id}
    await smithy.work()
    for one in (first, second):
        assert (await smithy.row(one.id)).status == ActionStatus.SUCCEEDED
    assert await smithy.operations() == ["CREATE", "DELETE"]


async def test_two_pipelines_replace_the_same_change_set(smithy: Smithy) -> None:
    """CP-130, CP-152"""
    await smithy.stock(ONE)
    for _ in range(2):
        await smithy.pipeline(deploying("CHANGE_SET_REPLACE"))
        await smithy.begin()
    await smithy.act_together()  # the sources
    await smithy.act_together()
    await smithy.work()
    rows = await smithy.store.database.fetch(
        "SELECT status FROM action_executions WHERE action = 'Deploy'"
    )
    assert [row.status for row in rows] == [ActionStatus.SUCCEEDED] * 2
    assert len((await smithy.ask("ListChangeSets"))["Summaries"]) == 1


async def test_a_pipeline_deploys_the_stack_that_it_is_in_itself(smithy: Smithy) -> None:
    """CP-022, CP-130: the action ends as any, and its run as one whose pipeline has changed."""
    await smithy.stock(ONE)
    declared = own_pipeline()
    await smithy.ask("CreateStack", TemplateBody=declared)
    await smithy.perform()
    smithy.name = smithy.name._replace(name="itself")
    changed = own_pipeline("Last")
    await smithy.stock(changed)
    await smithy.work()
    row = (await smithy.actions())["Deploy"]
    assert (row.status, row.summary) == (ActionStatus.SUCCEEDED, "web is UPDATE_COMPLETE")
    assert (await smithy.run(row.execution)).status == RunStatus.CANCELLED
    assert [one.name for one in (await smithy.state()).definitions[2].stages] == [
        "Source", "Deploy", "Last"
    ]  # fmt: skip


def own_pipeline(*more: str) -> dict[str, Any]:
    stages = [
        stage("Source", SOURCE),
        stage("Deploy", deploying()),
        *(stage(name, APPROVE) for name in more),
    ]
    properties = {
        "Name": "itself",
        "RoleArn": "arn:aws:iam::000000000000:role/pipeline",
        "ArtifactStore": {"Type": "S3", "Location": "artifacts"},
        "Stages": in_template(stages),
    }
    return template({"Pipeline": {"Type": "AWS::CodePipeline::Pipeline", "Properties": properties}})
