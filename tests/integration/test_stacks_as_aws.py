"""What a user of AWS would notice of stacks of real resources, whose workers' tasks are called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.state.recorded_stacks import ParameterValue
from penstock.state.stacks import Wanted
from penstock.store.facts import tell

from .foundry import Foundry, bucket, group, parameter, plan
from .foundry import foundry as foundry

pytestmark = pytest.mark.anyio

CONDITION = "AWS::CloudFormation::WaitCondition"


async def failed(foundry: Foundry, logical_id: str) -> list[str]:
    return [
        reason
        for name, status, reason in await foundry.events()
        if name == logical_id and status.endswith("_FAILED")
    ]


async def test_a_name_that_somebody_else_has_stays_theirs(foundry: Foundry, tmp_path: Any) -> None:
    """A repository is renamed by an update; one that has the new name is not the stack's."""

    def named(name: str) -> Wanted:
        return Wanted("AWS::CodeCommit::Repository", {"RepositoryName": name})

    async with foundry.store.database.transaction() as connection:
        await tell(connection, "repositories", str(tmp_path / "hosted"))
    await foundry.ask("codecommit", "CreateRepository", repositoryName="theirs")
    await foundry.create(plan({"R": named("ours")}))
    await foundry.work()
    await foundry.update(plan({"R": named("theirs")}))
    await foundry.work()
    assert await foundry.status() == "UPDATE_ROLLBACK_COMPLETE"
    await foundry.delete()
    await foundry.work()
    assert await foundry.status() == "DELETE_COMPLETE"
    left = (await foundry.ask("codecommit", "ListRepositories"))["repositories"]
    assert [one["repositoryName"] for one in left] == ["theirs"]


@pytest.mark.parametrize(
    ("type", "before", "after"),
    [
        (CONDITION, {"Count": 0, "Timeout": "1"}, {"Count": 0, "Timeout": "2"}),
        ("AWS::S3::Bucket", {"BucketName": "app-b"}, {"BucketName": "app-b", "Tags": "no"}),
    ],
)
async def test_an_update_that_is_refused_at_once_is_rolled_back(
    foundry: Foundry, type: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """TG-105: there is nothing to be restored."""
    policy = {"ResourceSignal": {"Count": 0}} if type == CONDITION else {}
    await foundry.create(plan({"R": Wanted(type, before, creation_policy=policy)}))
    await foundry.work()
    assert await foundry.status() == "CREATE_COMPLETE"
    await foundry.update(plan({"R": Wanted(type, after, creation_policy=policy)}))
    await foundry.work()
    assert await foundry.status() == "UPDATE_ROLLBACK_COMPLETE"


async def test_tags_of_a_stack_become_its_resources(foundry: Foundry) -> None:
    resources = {"P": parameter("/p", "1"), "G": group("g", 1), "B": bucket("app-b")}

    async def tags() -> list[dict[str, str]]:
        about = {"ResourceType": "Parameter", "ResourceId": "/p"}
        listed = (await foundry.ask("ssm", "ListTagsForResource", **about))["TagList"]
        named = await foundry.ask("logs", "ListTagsLogGroup", logGroupName="g")
        return [{one["Key"]: one["Value"] for one in listed}, dict(named["tags"])]

    await foundry.create(plan(resources, tags={"a": "1"}))
    await foundry.work()
    assert await tags() == [{"a": "1"}] * 2
    await foundry.update(plan(resources, tags={"b": "2"}))
    await foundry.work()
    assert await foundry.status() == "UPDATE_COMPLETE"
    assert await tags() == [{"b": "2"}] * 2
    worse = {**resources, "X": bucket("NO NAME", *resources)}
    await foundry.update(plan(worse, tags={"b": "3", "c": "4"}))
    await foundry.work()
    assert await foundry.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert await tags() == [{"b": "2"}] * 2
    await foundry.update(plan(resources))
    await foundry.work()
    assert await tags() == [{}] * 2


async def test_what_a_cleanup_could_not_delete_is_told(foundry: Foundry) -> None:
    """TG-118"""
    await foundry.create(plan({"B": bucket("app-b1")}))
    await foundry.work()
    await foundry.ask("s3", "PutObject", Bucket="app-b1", Key="k", Body=b"")
    await foundry.update(plan({"B": bucket("app-b2")}))
    await foundry.work()
    assert await foundry.status() == "UPDATE_COMPLETE"
    told = "Update successful. One or more resources could not be deleted."
    assert (await foundry.look()).reason == told


async def test_reasons_do_not_tell_secrets(foundry: Foundry) -> None:
    """TG-112, TG-126: services say what they refuse."""
    await foundry.ask(
        "secretsmanager",
        "CreateSecret",
        Name="db",
        SecretString=json.dumps({"name": "hush2 "}),
        ClientRequestToken="t" * 32,
    )
    secret = ParameterValue("hush1 ", no_echo=True)
    for name in ("hush1 ", "{{resolve:secretsmanager:db:SecretString:name}}"):
        stack = foundry.named(f"app{len(name)}")
        await stack.create(plan({"G": group(f"bad {name}", 1)}, parameters={"S": secret}))
        await stack.work()
        assert await stack.status() == "ROLLBACK_COMPLETE"
        (reason,) = await failed(stack, "G")
        assert "'bad ****'" in reason


async def test_what_is_replaced_does_not_tell_an_earlier_secret(foundry: Foundry) -> None:
    """TG-112: its events come when nobody knows any more what was a secret then."""
    for name, text in (("/a", "first"), ("/b", "second")):
        secret = ParameterValue(text, no_echo=True)
        wanted = plan({"P": parameter(name, text)}, parameters={"S": secret})
        await (foundry.update(wanted) if name == "/b" else foundry.create(wanted))
        await foundry.work()
    assert await foundry.status() == "UPDATE_COMPLETE"
    rows = await foundry.store.database.fetch("SELECT id, properties FROM stack_events")
    shown = [
        foundry.store.sealer.unseal(bytes(row.properties), f"stack event:{row.id}")
        for row in rows
        if row.properties
    ]
    assert shown
    assert not any(b"first" in one or b"second" in one for one in shown)
