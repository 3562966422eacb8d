"""Workers that perform the tasks of stacks."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.flow.overdue_stacks import sweep_stacks
from penstock.flow.stacks import finish_task, topic, wait_task
from penstock.state.stacks import Kind, Made, Wanted
from penstock.store import Store
from penstock.store.facts import tell
from penstock.worker.cloud import Clouds, StackCloud, Unanswered
from penstock.worker.stacks import perform_resource

from .foundry import REGION, ROOT, Foundry, bucket, group, parameter, plan, ref
from .foundry import foundry as foundry
from .hosting import serving
from .yard import PATIENCE, Yard

pytestmark = pytest.mark.anyio

TWO = {"A": parameter("/a", "1"), "B": parameter("/b", ref("A"), "A")}
HOUR = timedelta(hours=1)


async def until(foundry: Foundry, status: str) -> None:
    """Waits until the stack has a status."""
    async with (
        asyncio.timeout(PATIENCE),
        foundry.store.notices.of(topic(foundry.name.id)) as news,
    ):
        while await foundry.status() != status:
            await news.wait()
            news.clear()


def working(yard: Yard) -> Foundry:
    """A stack whose clock is the worker's."""
    foundry = Foundry(yard.store)
    foundry.now = datetime.now(UTC)
    return foundry


async def test_a_worker_makes_what_a_stack_is_to_have(yard: Yard) -> None:
    foundry = working(yard)
    async with yard.worker():
        await foundry.create(plan(TWO))
        await until(foundry, "CREATE_COMPLETE")
        await foundry.delete()
        await until(foundry, "DELETE_COMPLETE")
    assert await foundry.world() == {}


async def test_a_worker_does_what_a_killed_one_had_begun(yard: Yard) -> None:
    foundry = working(yard)
    await foundry.create(plan(TWO))
    await yard.store.database.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    async with yard.worker():
        await until(foundry, "CREATE_COMPLETE")


async def test_sixty_resources_take_less_than_three_seconds(yard: Yard) -> None:
    resources: dict[str, Wanted] = {}
    for number in range(20):
        resources[f"P{number}"] = parameter(f"/p/{number}", "1")
        resources[f"G{number}"] = group(f"g/{number}", 1, f"P{number}")
        resources[f"B{number}"] = bucket(f"bucket-{number}", f"G{number}")
    foundry = working(yard)
    async with yard.worker():
        began = asyncio.get_running_loop().time()
        await foundry.create(plan(resources))
        await until(foundry, "CREATE_COMPLETE")
        took = asyncio.get_running_loop().time() - began
    assert took < 3


# One task


async def test_a_task_is_done_to_its_end_once(foundry: Foundry) -> None:
    await foundry.create(plan(TWO))
    await foundry.work(times=3)
    assert await foundry.status() == "CREATE_COMPLETE"
    told = [one for one in await foundry.events() if one[1] == "CREATE_COMPLETE"]
    assert [one[0] for one in told] == ["A", "B", "app"]


async def test_a_task_that_has_waited_for_too_long_fails(foundry: Foundry) -> None:
    await foundry.create(plan({"A": parameter("/a", "1")}))
    (job,) = await foundry.jobs()
    store, until = foundry.store, foundry.now + HOUR
    assert await wait_task(store, job.task, until, "made", foundry.tick(), kind=Kind.SANDBOX)
    assert (await foundry.events())[-1][2] == "[sandbox] Resource creation Initiated"
    await perform_resource(foundry.clouds, job.task, foundry.tick)  # nothing: it waits
    assert await sweep_stacks(store, foundry.now, HOUR) == 0
    assert await sweep_stacks(store, until + HOUR, HOUR) == 1
    assert await finish_task(store, job.task, Made("made"), foundry.tick()) is False
    assert await foundry.status() == "ROLLBACK_IN_PROGRESS"
    told = "A has timed out: nobody has said how it ended"
    assert ("A", "CREATE_FAILED", told) in await foundry.events()
    await foundry.work()
    assert await foundry.status() == "ROLLBACK_COMPLETE"


async def test_who_waits_is_told_by_whoever_it_waits_for(foundry: Foundry) -> None:
    await foundry.create(plan({"A": parameter("/a", "1")}))
    (job,) = await foundry.jobs()
    await wait_task(foundry.store, job.task, foundry.now + HOUR, "made", foundry.tick())
    assert await finish_task(foundry.store, job.task, Made("made"), foundry.tick())
    assert await foundry.physical("A") == "made"
    assert await foundry.status() == "CREATE_COMPLETE"


async def test_a_deleted_stack_is_kept_for_ninety_days(foundry: Foundry) -> None:
    """TG-109"""
    await foundry.create(plan({}))
    await foundry.delete()
    store, deleted = foundry.store, foundry.now
    assert await sweep_stacks(store, deleted + timedelta(days=89), HOUR) == 0
    assert await sweep_stacks(store, deleted + timedelta(days=91), HOUR) == 1
    assert await store.database.fetch("SELECT * FROM stack_events") == []


async def test_a_create_that_takes_too_long_is_ended(foundry: Foundry) -> None:
    await foundry.create(plan(TWO, timeout=5))
    assert await sweep_stacks(foundry.store, foundry.now + timedelta(minutes=6), HOUR) == 1
    assert await sweep_stacks(foundry.store, foundry.now + timedelta(minutes=6), HOUR) == 0
    await foundry.work()
    assert await foundry.status() == "ROLLBACK_COMPLETE"


async def test_a_type_that_nobody_makes_fails_by_name(foundry: Foundry) -> None:
    await foundry.create(plan({"A": Wanted("AWS::Nothing::AtAll")}))
    await foundry.work()
    assert await foundry.status() == "ROLLBACK_COMPLETE"
    (failed,) = [one for one in await foundry.events() if one[1] == "CREATE_FAILED"]
    assert "AWS::Nothing::AtAll" in failed[2]


# Dynamic references


async def test_what_references_stand_for_is_put_in_when_a_resource_is_made(
    foundry: Foundry,
) -> None:
    """TG-126"""
    await foundry.ask("ssm", "PutParameter", Name="/size", Type="String", Value="8")
    secret = {"Name": "db", "SecretString": '{"user": "ada", "port": 1}'}
    await foundry.ask("secretsmanager", "CreateSecret", ClientRequestToken="t" * 32, **secret)
    text = (
        "{{resolve:ssm:/size:1}}/{{resolve:secretsmanager:db:SecretString:user}}"
        "/{{resolve:secretsmanager:db:SecretString:port}}"
    )
    resources = {"A": parameter("/a", text)}
    await foundry.create(plan(resources))
    await foundry.work()
    assert (await foundry.world("/a")) == {"/a": "8/ada/1"}
    rows = await foundry.store.database.fetch("SELECT * FROM stack_events")
    assert rows
    await foundry.ask("ssm", "PutParameter", Name="/size", Type="String", Value="9", Overwrite=True)
    await foundry.update(plan({**resources, "B": parameter("/b", "1")}))
    await foundry.work()
    assert (await foundry.world("/a")) == {"/a": "8/ada/1"}  # no change of the stack
    await foundry.ask("secretsmanager", "DeleteSecret", SecretId="db")
    await foundry.delete()
    await foundry.work()
    assert await foundry.status() == "DELETE_COMPLETE"


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("{{resolve:ssm:/none}}", "HandlerErrorCode: NotFound"),
        ("{{resolve:secretsmanager:none}}", "can't find"),
        ("{{resolve:secretsmanager:db:SecretString:none}}", "JSONKey"),
        ("{{resolve:ssm:/secure}}", "Non-secure ssm prefix"),
    ],
)
async def test_a_reference_to_nothing_fails_the_resource(
    foundry: Foundry, reference: str, reason: str
) -> None:
    """TG-126"""
    await foundry.ask("ssm", "PutParameter", Name="/secure", Type="SecureString", Value="s")
    await foundry.ask(
        "secretsmanager", "CreateSecret", ClientRequestToken="t" * 32, Name="db", SecretString="{}"
    )
    await foundry.create(plan({"A": parameter("/a", reference)}))
    await foundry.work()
    (failed,) = [one for one in await foundry.events() if one[:2] == ("A", "CREATE_FAILED")]
    assert reason in failed[2]
    assert await foundry.status() == "ROLLBACK_COMPLETE"


# The services


def cloud(store: Store, endpoint: str = "") -> StackCloud:
    return StackCloud(Clouds(store), ROOT, REGION, endpoint)


async def test_a_service_of_our_own_is_asked_in_this_process(store: Store) -> None:
    asking = cloud(store)
    await asking.ask("s3", "CreateBucket", Bucket="site")
    await asking.ask("s3", "PutObject", Bucket="site", Key="k", Body=b"hello")
    found = (await asking.ask("s3", "GetObject", Bucket="site", Key="k"))["Body"]
    assert found == b"hello"


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("CreateLogGroup", {"logGroupName": 7}, "ValidationException"),
        ("CreateLogGroup", {}, "ValidationException"),
        ("DeleteLogGroup", {"logGroupName": "none"}, "ResourceNotFoundException"),
        ("StartQuery", {}, "NotImplemented"),
    ],
)
async def test_what_is_refused_is_told(
    store: Store, operation: str, request_: dict[str, Any], code: str
) -> None:
    with pytest.raises(AwsError) as raised:
        await cloud(store).ask("logs", operation, **request_)
    assert raised.value.code == code


async def test_other_services_are_asked_through_the_server(store: Store) -> None:
    clouds = Clouds(store)
    async with serving(store) as endpoint:
        asking = StackCloud(clouds, ROOT, REGION, endpoint)
        made = await asking.ask("sns", "CreateTopic", Name="news")
        assert made == {"TopicArn": f"arn:aws:sns:{REGION}:{ROOT.account}:news"}
        with pytest.raises(AwsError, match="NotFound"):
            await asking.ask("sns", "GetTopicAttributes", TopicArn=made["TopicArn"] + "x")
    rows = await store.database.fetch("SELECT description, expires FROM access_keys")
    assert [row.description for row in rows] == ["resources of stacks"]  # one for all that is asked
    assert rows[0].expires is not None


async def test_without_a_server_other_services_are_away(store: Store) -> None:
    with pytest.raises(Unanswered, match="no server has told its endpoint yet"):
        await cloud(store).ask("sns", "CreateTopic", Name="news")


async def test_a_topic_is_made_in_the_sandbox_and_told_as_such(foundry: Foundry) -> None:
    async with serving(foundry.store) as endpoint:
        async with foundry.store.database.transaction() as connection:
            await tell(connection, "endpoint", endpoint)
        await foundry.create(plan({"T": Wanted("AWS::SNS::Topic", {"TopicName": "of-a-stack"})}))
        await foundry.work()
        assert await foundry.status() == "CREATE_COMPLETE"
        await foundry.delete()
        await foundry.work()
    told = ("T", "CREATE_IN_PROGRESS", "[sandbox] Resource creation Initiated")
    assert told in await foundry.events()
    assert await foundry.status() == "DELETE_COMPLETE"
