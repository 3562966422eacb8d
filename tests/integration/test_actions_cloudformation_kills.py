"""Pipelines that deploy stacks, and processes that are killed at every commit: what comes of it is
what comes of it without, and nothing is done twice (CP-130)."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from penstock.state.pipelines import ActionStatus
from penstock.store import Store
from penstock.worker.actions import start_action
from penstock.worker.stacks import perform_resource

from .dooming import AFTER, BEFORE, Doomed, Killed
from .dooming import doomed as doomed
from .smithy import BAD, Smithy, deploying, stored, template

pytestmark = pytest.mark.anyio


def body(value: str) -> Any:
    """Of a stack with a parameter named after it, and what that is called."""
    name = {"Fn::Sub": "/${AWS::StackName}"}
    return template({"A": stored(name, value)}, Outputs={"Name": {"Value": {"Ref": "A"}}})


FAILING = body("2")
FAILING["Resources"]["B"] = {
    "Type": "AWS::S3::Bucket", "Properties": {"BucketName": BAD}, "DependsOn": "A"
}  # fmt: skip


async def nothing(smithy: Smithy) -> None:
    """No stack."""


async def created(smithy: Smithy) -> None:
    await smithy.ask("CreateStack", TemplateBody=body("1"))
    await smithy.perform()


async def rolled_back(smithy: Smithy) -> None:
    await smithy.ask("CreateStack", TemplateBody=FAILING)
    await smithy.perform()


async def reviewed(smithy: Smithy) -> None:
    """With a change set of another's."""
    asked = {"ChangeSetName": "next", "ChangeSetType": "CREATE", "TemplateBody": body("2")}
    await smithy.ask("CreateChangeSet", **asked)


async def changing(smithy: Smithy) -> None:
    await created(smithy)
    await smithy.ask("CreateChangeSet", ChangeSetName="next", TemplateBody=body("2"))


class Story(NamedTuple):
    """How the stack is before, the action, what it begins, and what the stack is then."""

    make: Any
    mode: str
    operations: list[str]
    status: str
    file: str = "template.json"
    ends: ActionStatus = ActionStatus.SUCCEEDED


STORIES = {
    "create": Story(nothing, "CREATE_UPDATE", ["CREATE"], "CREATE_COMPLETE"),
    "update": Story(created, "CREATE_UPDATE", ["CREATE", "UPDATE"], "UPDATE_COMPLETE"),
    "replace": Story(
        rolled_back, "REPLACE_ON_FAILURE", ["CREATE", "DELETE", "CREATE"], "CREATE_COMPLETE"
    ),
    "create over a review": Story(
        reviewed, "CREATE_UPDATE", ["REVIEW", "DELETE", "CREATE"], "CREATE_COMPLETE"
    ),
    "delete": Story(created, "DELETE_ONLY", ["CREATE", "DELETE"], ""),
    "review": Story(reviewed, "CHANGE_SET_REPLACE", ["REVIEW"], "REVIEW_IN_PROGRESS"),
    "execute": Story(changing, "CHANGE_SET_EXECUTE", ["CREATE", "UPDATE"], "UPDATE_COMPLETE"),
    "fail": Story(
        nothing, "CREATE_UPDATE", ["CREATE"], "ROLLBACK_COMPLETE", "failing.json",
        ActionStatus.FAILED,
    ),
}  # fmt: skip


@pytest.fixture
async def smithy(store: Store) -> Smithy:
    smithy = Smithy(store)
    await smithy.stock(body("2"), failing_json=FAILING)
    return smithy


async def played(smithy: Smithy, story: Story, acting: Store, at: int, when: str) -> Any:
    """The row of the action once nothing is left to do, whose workers are killed at a commit."""
    database = acting.database
    assert isinstance(database, Doomed)
    smithy.target = f"web-{when}-{at}"
    await story.make(smithy)
    action = deploying(
        story.mode,
        outputs=("Out",),
        StackName=smithy.target,
        TemplatePath=f"App::{story.file}",
        OutputFileName="outputs.json",
    )
    await smithy.pipeline(action)
    await smithy.begin()
    await smithy.fetched()
    doomed = Smithy(acting)
    database.doom(at, when)
    while True:
        try:
            if not await step(smithy, doomed):
                break
        except Killed:
            pass
    return (await smithy.actions())["Deploy"]


async def step(smithy: Smithy, doomed: Smithy) -> bool:
    """Does the jobs there are; one that was not done to its end is still there."""
    jobs = await smithy.jobs()
    for job in jobs:
        await start_action(doomed.store, job.action, doomed.tick)
        await smithy.forget(job.id)
    tasks = await smithy.foundry.jobs()
    for job in tasks:
        await perform_resource(doomed.foundry.clouds, job.task, doomed.tick)
        await smithy.forget(job.id)
    return bool(jobs or tasks)


@pytest.mark.parametrize("name", STORIES)
async def test_whoever_is_killed_does_nothing_twice(
    smithy: Smithy, doomed: Store, name: str
) -> None:
    """CP-130, CP-151, CP-152"""
    story = STORIES[name]
    await check(smithy, story, await played(smithy, story, doomed, 0, BEFORE))
    assert isinstance(doomed.database, Doomed)
    commits = doomed.database.passed
    assert commits >= 3
    for when in (BEFORE, AFTER):
        for at in range(1, commits + 1):
            await check(smithy, story, await played(smithy, story, doomed, at, when))


async def check(smithy: Smithy, story: Story, row: Any) -> None:
    assert row.status == story.ends, row.error
    assert await smithy.operations() == story.operations
    assert await smithy.status() == story.status
    run = await smithy.run(row.execution)
    made = story.ends is ActionStatus.SUCCEEDED and story.mode != "DELETE_ONLY"
    assert ("Out" in run.artifacts) is made
    complete = story.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    name = f"/{smithy.target}"
    assert run.variables.get("Deploy", {}) == ({"Name": name} if complete else {})
    assert (await smithy.world()).get(name) == ("2" if complete else None)
    if story.mode == "CHANGE_SET_REPLACE":
        (found,) = (await smithy.ask("ListChangeSets"))["Summaries"]
        assert row.external_id == found["ChangeSetId"]


async def test_many_workers_start_an_action_at_the_same_time(smithy: Smithy) -> None:
    """CP-130: as they do when a worker is only thought to be lost."""
    for name, story in STORIES.items():
        smithy.target = name.replace(" ", "-")
        await story.make(smithy)
        asked: dict[str, Any] = {"StackName": smithy.target, "TemplatePath": f"App::{story.file}"}
        await smithy.pipeline(deploying(story.mode, **asked))
        await smithy.begin()
        await smithy.fetched()
        (job,) = await smithy.jobs()
        await smithy.act_together(4)
        await smithy.work(times=2)
        row = await smithy.row(job.action)
        assert row.status == story.ends, (name, row.error)
        assert await smithy.operations() == story.operations, name
