"""How operations of stacks end that somebody stops, undoes, watches or waits for."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from penstock.errors import AwsError
from penstock.flow import stacks as flow
from penstock.flow.actions import START
from penstock.state.recorded_stacks import Waiter
from penstock.state.stacks import Wanted, WantedOutput
from penstock.store import Store, stack_events, stack_resources, stacks
from penstock.store.exports import find_exports
from penstock.store.facts import TIME_SCALE, tell
from penstock.store.resealing import reseal
from penstock.store.sealing import MasterKey, Sealer
from penstock.worker.cloud import StackCloud
from penstock.worker.stack_watches import watch_stack

from .foundry import (
    ACCOUNT,
    DO_NOTHING,
    NOON,
    REGION,
    ROOT,
    Foundry,
    att,
    bucket,
    group,
    parameter,
    plan,
    ref,
)
from .foundry import foundry as foundry
from .hosting import serving

pytestmark = pytest.mark.anyio

BAD = bucket("NO_BUCKET_IS_CALLED_SO", "A")
HOUR = timedelta(hours=1)
ALARM = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm"
NESTED = Wanted("AWS::CloudFormation::Stack")


def one(value: str = "1") -> dict[str, Wanted]:
    return {"A": parameter("/a", value)}


# Stopped and undone


async def test_an_update_is_cancelled(foundry: Foundry) -> None:
    await foundry.create(plan(one()))
    await foundry.work()
    await foundry.update(plan({**one("2"), "B": group("b", 1, "A")}))
    await flow.cancel_update(foundry.store, foundry.name, now=foundry.tick())
    await foundry.work()
    assert await foundry.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert await foundry.world() == {"/a": "1"}
    with pytest.raises(AwsError, match="CancelUpdateStack cannot be called"):
        await flow.cancel_update(foundry.store, foundry.name, now=foundry.tick())


async def test_a_create_that_is_under_way_is_deleted(foundry: Foundry) -> None:
    await foundry.create(plan({**one(), "B": group("b", 1, "A")}))
    assert await foundry.delete()
    assert await foundry.delete()
    await foundry.work()
    assert await foundry.status() == "DELETE_COMPLETE"
    assert await foundry.world() == {}


async def test_what_failed_and_stayed_is_rolled_back_on_request(foundry: Foundry) -> None:
    """TG-105"""
    first = plan(one())
    await foundry.create(first)
    await foundry.work()
    await foundry.update(plan({**one("2"), "X": BAD}, on_failure=DO_NOTHING))
    await foundry.work()
    assert await foundry.status() == "UPDATE_FAILED"
    assert await foundry.world() == {"/a": "2"}
    for _ in range(2):
        await flow.rollback(
            foundry.store, foundry.name, principal=ROOT, now=foundry.tick(), token="r"
        )
    await foundry.work()
    found = await foundry.look()
    assert found.status == "UPDATE_ROLLBACK_COMPLETE"
    assert await foundry.world() == {"/a": "1"}
    assert found.plan_id
    store = foundry.store
    assert await stacks.read_plan(store.database, store.sealer, found.plan_id) == first


async def test_the_next_update_goes_on_where_one_has_failed(foundry: Foundry) -> None:
    """TG-105"""
    await foundry.create(plan(one()))
    await foundry.work()
    await foundry.update(plan({**one("2"), "X": BAD}, on_failure=DO_NOTHING))
    await foundry.work()
    await foundry.update(plan({**one("2"), "X": bucket("good", "A")}))
    await foundry.work()
    assert await foundry.status() == "UPDATE_COMPLETE"
    assert await foundry.world() == {"/a": "2", "good": "bucket"}
    assert len(await foundry.store.database.fetch("SELECT * FROM stack_plans")) == 1


async def test_a_rollback_that_has_failed_is_continued(foundry: Foundry) -> None:
    """TG-105"""
    await foundry.create(plan({**one(), "G": group("g", 1)}))
    await foundry.work()
    await foundry.update(plan({**one("2"), "G": group("g", 3), "X": BAD}))
    await foundry.ask("logs", "DeleteLogGroup", logGroupName="g")
    await foundry.work()
    assert await foundry.status() == "UPDATE_ROLLBACK_FAILED"
    await flow.continue_rollback(
        foundry.store, foundry.name, skip=frozenset({"G"}), principal=ROOT, now=foundry.tick()
    )
    await foundry.work()
    assert await foundry.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert await foundry.world() == {"/a": "1"}


async def test_what_is_asked_of_no_stack_is_refused(foundry: Foundry) -> None:
    """TG-109"""
    with pytest.raises(AwsError, match=r"Stack \[app\] does not exist"):
        await foundry.update(plan(one()))
    assert await foundry.delete() is False


# Watched


def watched(minutes: int, *alarms: str) -> dict[str, Any]:
    kind = "AWS::CloudWatch::Alarm"
    triggers = [{"Arn": f"{ALARM}:{name}", "Type": kind} for name in alarms]
    return {"RollbackTriggers": triggers, "MonitoringTimeInMinutes": minutes}


async def look_at_alarms(foundry: Foundry, at: timedelta = timedelta(0)) -> list[Any]:
    """Does the jobs that look; those that there are then."""
    database = foundry.store.database
    sql = "SELECT * FROM procrastinate_jobs WHERE task_name = 'watch_stack'"
    foundry.tick(at)
    for job in await database.fetch(sql):
        await foundry.forget(job.id)
        ids = UUID(job.args["stack"]), UUID(job.args["operation"])
        await watch_stack(foundry.clouds, *ids, foundry.tick)
    return await database.fetch(sql)


async def test_a_stack_is_watched_for_as_long_as_was_asked_for(foundry: Foundry) -> None:
    """TG-119"""
    await foundry.create(plan(one(), rollback=watched(3)))
    await foundry.work()
    assert await foundry.status() == "CREATE_IN_PROGRESS"
    (job,) = await look_at_alarms(foundry)
    assert job.scheduled_at - foundry.now <= timedelta(seconds=10)
    assert await look_at_alarms(foundry, timedelta(minutes=4)) == []
    assert await foundry.status() == "CREATE_COMPLETE"


async def test_a_rehearsal_is_watched_for_less_time(foundry: Foundry) -> None:
    async with foundry.store.database.transaction() as connection:
        await tell(connection, TIME_SCALE, 60)
    await foundry.create(plan(one(), rollback=watched(3)))
    await foundry.work()
    await look_at_alarms(foundry, timedelta(seconds=3))
    assert await foundry.status() == "CREATE_COMPLETE"


async def test_an_alarm_rolls_a_stack_back(foundry: Foundry) -> None:
    """TG-119"""
    async with serving(foundry.store) as endpoint:
        async with foundry.store.database.transaction() as connection:
            await tell(connection, "endpoint", endpoint)
        alarm = {
            "AlarmName": "smoke", "Namespace": "n", "MetricName": "m", "Statistic": "Sum",
            "Period": 60, "EvaluationPeriods": 1, "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanThreshold",
        }  # fmt: skip
        cloud = StackCloud(foundry.clouds, ROOT, REGION, endpoint)
        await cloud.ask("cloudwatch", "PutMetricAlarm", **alarm)
        await foundry.create(plan(one(), rollback=watched(3, "smoke")))
        await foundry.work()
        assert len(await look_at_alarms(foundry)) == 1
        state = {"AlarmName": "smoke", "StateValue": "ALARM", "StateReason": "fire"}
        await cloud.ask("cloudwatch", "SetAlarmState", **state)
        assert await look_at_alarms(foundry) == []
        await foundry.work()
        assert await foundry.status() == "ROLLBACK_COMPLETE"
        (told,) = [each for each in await foundry.events() if each[1] == "ROLLBACK_IN_PROGRESS"]
        assert f"are in ALARM state: [{ALARM}:smoke]" in told[2]
        other = foundry.named("other")
        await other.create(plan({"B": parameter("/b", "1")}, rollback=watched(0, "missing")))
        await look_at_alarms(other)
        await other.work()
        assert await other.status() == "ROLLBACK_COMPLETE"
        await cloud.ask("cloudwatch", "DeleteAlarms", AlarmNames=["smoke"])


async def test_alarms_that_nobody_tells_of_are_looked_at_again(foundry: Foundry) -> None:
    """TG-119: without a server there is nobody to ask."""
    await foundry.create(plan(one(), rollback=watched(1, "smoke")))
    await foundry.work()
    assert len(await look_at_alarms(foundry, HOUR)) == 1
    assert await foundry.status() == "CREATE_IN_PROGRESS"


# Waited for


async def parent_of(foundry: Foundry) -> tuple[Foundry, UUID]:
    """A stack with a task that another stack's operation ends."""
    parent = foundry.named("parent")
    await parent.create(plan({"N": NESTED}, {"O": WantedOutput(att("N", "Outputs.X"))}))
    (job,) = await parent.jobs()
    await parent.forget(job.id)
    return parent, job.task


async def test_a_parent_hears_of_its_child(foundry: Foundry) -> None:
    """TG-121"""
    parent, task = await parent_of(foundry)
    made = plan(one(), {"X": WantedOutput(ref("A"))})
    await foundry.create(made, waiter=Waiter(task), parent=parent.name.arn)
    await flow.wait_task(foundry.store, task, foundry.now + HOUR, foundry.name.arn, foundry.tick())
    await foundry.work()
    found = await parent.look()
    assert found.status == "CREATE_COMPLETE"
    assert found.outputs["O"].value == "/a"
    child = await foundry.look()
    assert (child.parent, child.root) == (parent.name.arn, parent.name.arn)
    assert await parent.physical("N") == foundry.name.arn


async def test_a_parent_fails_with_its_child(foundry: Foundry) -> None:
    """TG-121"""
    parent, task = await parent_of(foundry)
    await foundry.create(plan({**one(), "X": BAD}), waiter=Waiter(task), parent=parent.name.arn)
    await flow.wait_task(foundry.store, task, foundry.now + HOUR, foundry.name.arn, foundry.tick())
    await foundry.work()
    assert await foundry.status() == "DELETE_COMPLETE"
    assert await parent.status() == "ROLLBACK_COMPLETE"
    told = (
        f"Embedded stack {foundry.name.arn} was not successfully created:"
        " The following resource(s) failed to create: [X]. "
    )
    assert ("N", "CREATE_FAILED", told) in await parent.events()


async def test_a_parent_hears_of_a_child_that_is_deleted_meanwhile(foundry: Foundry) -> None:
    parent, task = await parent_of(foundry)
    await foundry.create(plan(one()), waiter=Waiter(task), parent=parent.name.arn)
    await foundry.delete()
    await foundry.work()
    told = (
        f"Embedded stack {foundry.name.arn} was not successfully created:"
        " The stack is being deleted"
    )
    assert ("N", "CREATE_FAILED", told) in await parent.events()


async def test_an_action_of_a_pipeline_is_asked_again_when_its_stack_is_done(
    foundry: Foundry,
) -> None:
    """CP-150"""
    action = UUID("00000000-0000-4000-8000-00000000000a")
    await foundry.create(plan(one()), waiter=Waiter(action=action))
    sql = "SELECT args FROM procrastinate_jobs WHERE task_name = %s"
    assert await foundry.store.database.fetch(sql, (START,)) == []
    await foundry.work()
    rows = await foundry.store.database.fetch(sql, (START,))
    assert [row.args for row in rows] == [{"id": str(action)}]


# At rest


async def test_all_of_a_stack_is_sealed_anew_under_another_key(foundry: Foundry) -> None:
    old = foundry.store
    exported = {"O": WantedOutput(ref("A"), "", "e")}
    await foundry.create(plan(one(), exported)._replace(processed="{}"))
    await foundry.work()
    await foundry.update(plan({**one("2"), "B": group("b", 1, "A")}, exported))
    secret = os.urandom(32)
    new = Sealer([MasterKey.of(secret)])
    both = Sealer([MasterKey.of(secret)])
    both._keys.update(old.sealer._keys)
    assert await reseal(old.database, both) > 8
    store = Store(old.database, old.blobs, new, old.notices)
    again = Foundry(store)
    again.name, again.now = foundry.name, foundry.now
    await again.work()
    found = await again.look()
    assert found.status == "UPDATE_COMPLETE"
    assert found.outputs["O"].value == "/a"
    assert found.plan_id
    assert (await stacks.read_plan(store.database, new, found.plan_id)).template == "{}"
    events = await stack_events.list_events(store.database, new, found.name.id, limit=99)
    assert any(each.properties for each in events)
    assert len(await stack_resources.list_resources(store.database, new, found.name.id)) == 2
    exports = await find_exports(store.database, new, ACCOUNT, REGION, ["e"])
    assert exports["e"].stack.name == "app"
    assert found.created > NOON
