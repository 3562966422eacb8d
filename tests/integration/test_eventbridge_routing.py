"""From an event to its deliveries, and to targets that are rows of the same database."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from psycopg import OperationalError

from penstock.errors import AwsError
from penstock.flow.event_delivery import deliver
from penstock.flow.event_routing import route, sweep
from penstock.store.database import Connection
from penstock.store.events import Event, forget_events, record_event

from .batch_machine import PROJECT
from .post import ACCOUNT, REGION, Post, post

__all__ = ["post"]
pytestmark = pytest.mark.anyio

SHOP = {"source": ["shop"]}


async def events(post: Post) -> list[Any]:
    return await post.store.database.fetch("SELECT * FROM events ORDER BY sequence")


async def jobs(post: Post) -> int:
    row = await post.store.database.fetch_one(
        "SELECT count(*) AS jobs FROM procrastinate_jobs WHERE status = 'todo'"
    )
    return int(row.jobs) if row else 0


async def test_an_event_that_matches_comes_to_a_log_group(post: Post) -> None:
    """TG-099"""
    group = await post.group("/aws/events/shop")
    await post.rule("r", {**SHOP, "detail": {"n": [1]}}, group)
    await post.put(n=2)
    name = await post.put(n=1)
    assert await post.work() == ["DELIVERED"]
    (line,) = await post.lines("/aws/events/shop")
    assert json.loads(line) == {
        "version": "0",
        "id": name,
        "detail-type": "order",
        "source": "shop",
        "account": ACCOUNT,
        "time": "2026-03-01T12:00:00Z",
        "region": REGION,
        "resources": [],
        "detail": {"n": 1},
    }
    assert await post.figures() == {"TriggeredRules": 1, "Invocations": 1}


async def test_without_a_rule_an_event_is_only_recorded(post: Post) -> None:
    """TG-090"""
    await post.rule("off", SHOP, State="DISABLED")
    await post.ask("CreateEventBus", Name="orders")
    await post.rule("r", SHOP, EventBusName="orders")
    await post.put(n=1)
    assert [row.unrouted for row in await events(post)] == [False]
    assert await jobs(post) == 0
    await post.put(n=1, bus="orders")
    assert await jobs(post) == 1


async def test_a_transformed_input_has_the_time_and_the_message(post: Post) -> None:
    """TG-099, TG-096"""
    group = await post.group("/aws/events/shop")
    paths = {"at": "$.detail.at", "what": "$.detail.what"}
    template = '{"timestamp": <at>, "message": "<what>!"}'
    transformer = {"InputPathsMap": paths, "InputTemplate": template}
    await post.rule("r", SHOP, {**group, "InputTransformer": transformer})
    at = int(post.now.timestamp() * 1000) - 5
    await post.put(at=at, what="sold")
    await post.put(at=None, what="bad")
    assert sorted(map(str, await post.work())) == ["DELIVERED", "FAILED"]
    found = await post.ask("FilterLogEvents", "logs", logGroupName="/aws/events/shop")
    assert [(one["timestamp"], one["message"]) for one in found["events"]] == [(at, "sold!")]


async def test_an_input_that_is_no_json_fails_at_once(post: Post) -> None:
    """TG-096"""
    group = await post.group("g")
    transformer = {"InputPathsMap": {"d": "$.detail"}, "InputTemplate": '{"a": "<d>"}'}
    await post.rule("r", SHOP, {**group, "InputTransformer": transformer})
    await post.put(n=1)
    assert await post.work() == []
    (row,) = await post.deliveries()
    assert (row.status, row.error["code"]) == ("FAILED", "InvalidInput")
    assert await post.figures() == {"TriggeredRules": 1, "Invocations": 1, "FailedInvocations": 1}


async def test_routing_again_changes_nothing(post: Post) -> None:
    group = await post.group("g")
    await post.rule("r", SHOP, group)
    await post.put(n=1)
    (row,) = await events(post)
    matched = await asyncio.gather(*(route(post.store, row.sequence, post.now) for _ in range(3)))
    assert sorted(matched) == [0, 0, 1]
    assert len(await post.deliveries()) == 1
    await post.work()
    assert await post.work() == []
    assert len(await post.lines("g")) == 1


class Killed(Exception):
    """As a process is: what it has not committed never was."""


async def test_who_is_killed_before_a_commit_leaves_nothing(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the event and its job, of the deliveries and theirs, of what is delivered."""
    await post.rule("r", SHOP, await post.group("g"))
    told = Event(ACCOUNT, REGION, "shop", "order", (), post.now, {})

    async def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with pytest.raises(Killed):
        async with post.store.database.transaction() as connection:
            await record_event(connection, told)
            raise Killed
    assert (await events(post), await jobs(post)) == ([], 0)
    async with post.store.database.transaction() as connection:
        await record_event(connection, told)
    (row,) = await events(post)
    with monkeypatch.context() as patched:
        patched.setattr("penstock.flow.event_routing.set_routed", killed)
        with pytest.raises(Killed):
            await route(post.store, row.sequence, post.now)
    assert await post.deliveries() == []
    await route(post.store, row.sequence, post.now)
    (delivery,) = await post.deliveries()
    with monkeypatch.context() as patched:
        patched.setattr("penstock.flow.event_delivery.tell_invoked", killed)
        with pytest.raises(Killed):
            await deliver(post.store, delivery.id, post.outside, post.now)
    assert await post.lines("g") == []
    assert await deliver(post.store, delivery.id, post.outside, post.now) == "DELIVERED"
    assert await deliver(post.store, delivery.id, post.outside, post.now) is None
    assert len(await post.lines("g")) == 1


async def test_what_a_killed_worker_had_in_hand_is_done_by_another(post: Post) -> None:
    """TG-099: at least once"""
    await post.rule("r", SHOP, await post.group("g"))
    await post.put(n=1)
    await post.store.database.execute("UPDATE events SET ingested = %s", (post.now,))
    for _ in range(2):  # of the routing, then of the delivery
        await post.store.database.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        await sweep(post.store, post.now)
        assert await jobs(post) == 0
        post.later(minutes=3)
        await sweep(post.store, post.now)
        await sweep(post.store, post.now)
        assert await jobs(post) == 1
        (job,) = await post._take()
        if "event" in job.args:
            await route(post.store, job.args["event"], post.now)
        else:
            await deliver(post.store, job.args["delivery"], post.outside, post.now)
    assert len(await post.lines("g")) == 1


async def test_a_build_is_started_once(post: Post) -> None:
    """TG-098"""
    await post.ask("CreateProject", "codebuild", **PROJECT)
    asked = {
        "sourceVersion": "v1",
        "environmentVariablesOverride": [{"name": "A", "value": "1", "type": "PLAINTEXT"}],
    }
    arn = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/web"
    await post.rule("r", SHOP, {"Arn": arn, "Input": json.dumps(asked)}, {"Arn": arn})
    await post.put(n=1)
    assert await post.work() == ["DELIVERED"] * 2
    ids = (await post.ask("ListBuilds", "codebuild"))["ids"]
    builds = (await post.ask("BatchGetBuilds", "codebuild", ids=ids))["builds"]
    assert [build["initiator"] for build in builds] == ["rule/r"] * 2
    assert sorted(build["sourceVersion"] for build in builds) == ["main", "v1"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"sourceVersion": 5}, "InvalidInputException"),
        ({"environmentVariablesOverride": [{"value": "1"}]}, "InvalidInputException"),
        ({"environmentVariablesOverride": [{"name": "A", "value": "1", "type": "X"}]},
         "InvalidInputException"),
        ({"debugSessionEnabled": True}, "NotImplemented"),
    ],
)  # fmt: skip
async def test_a_build_that_cannot_be_is_not_tried_again(post: Post, given: Any, code: str) -> None:
    """TG-098"""
    await post.ask("CreateProject", "codebuild", **PROJECT)
    arn = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/web"
    await post.rule("r", SHOP, {"Arn": arn, "Input": json.dumps(given)})
    await post.put(n=1)
    assert await post.work() == ["FAILED"]
    (row,) = await post.deliveries()
    assert row.error["code"] == code
    assert (await post.ask("ListBuilds", "codebuild"))["ids"] == []


async def test_what_is_not_there_fails_for_good(post: Post) -> None:
    """TG-099"""
    place = f"{REGION}:{ACCOUNT}"
    await post.rule(
        "r", SHOP,
        {"Arn": f"arn:aws:codebuild:{place}:project/none"},
        {"Arn": f"arn:aws:codepipeline:{place}:none"},
        {"Arn": f"arn:aws:events:{place}:event-bus/none"},
        {"Arn": f"arn:aws:logs:{place}:log-group:none"},
    )  # fmt: skip
    await post.put(n=1)
    assert await post.work() == ["FAILED"] * 4
    codes = [row.error["code"] for row in await post.deliveries()]
    assert codes == ["ResourceNotFoundException", "PipelineNotFoundException",
                     "ResourceNotFoundException", "ResourceNotFoundException"]  # fmt: skip
    assert (await post.figures())["FailedInvocations"] == 4


async def test_an_event_goes_on_to_another_bus_as_it_is(post: Post) -> None:
    await post.ask("CreateEventBus", Name="orders")
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/orders"
    await post.rule("r", SHOP, {"Arn": bus})
    await post.rule("s", SHOP, await post.group("g"), EventBusName="orders")
    name = await post.put(n=1)
    assert await post.work() == ["DELIVERED"] * 2
    (line,) = await post.lines("g")
    assert json.loads(line)["id"] == name
    assert [(row.bus, row.hops) for row in await events(post)] == [("default", 0), ("orders", 1)]


async def test_a_circle_of_buses_comes_to_an_end(post: Post) -> None:
    for name in ("a", "b"):
        await post.ask("CreateEventBus", Name=name)
    buses = [
        f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{name}" for name in ("default", "a", "b")
    ]
    for name in ("default", "a", "b"):
        await post.rule("r", SHOP, *({"Arn": bus} for bus in buses), EventBusName=name)
    await post.put(n=1)
    assert set(await post.work()) == {"DELIVERED"}
    assert Counter(row.bus for row in await events(post)) == {"default": 2, "a": 1, "b": 1}


async def test_an_event_that_goes_through_too_many_buses_stops_there(post: Post) -> None:
    for number in range(12):
        await post.ask("CreateEventBus", Name=f"b{number}")
    names = ["default", *(f"b{number}" for number in range(12))]
    for name, following in pairwise(names):
        arn = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{following}"
        await post.rule("r", SHOP, {"Arn": arn}, EventBusName=name)
    await post.put(n=1)
    assert await post.work() == [*["DELIVERED"] * 10, "FAILED"]
    assert len(await events(post)) == 11


async def test_a_refusal_that_may_pass_is_tried_again_and_again(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TG-099"""

    async def busy(connection: Connection, row: Any, now: Any) -> None:
        await connection.execute("DELETE FROM event_rules")  # which comes to nothing
        raise AwsError("ConcurrentPipelineExecutionsLimitExceededException", "busy")

    arn = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:app"
    policy = {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 60}
    await post.rule("r", SHOP, {"Arn": arn, "RetryPolicy": policy})
    await post.put(n=1)
    with monkeypatch.context() as patched:
        patched.setattr("penstock.flow.event_delivery.start_pipeline", busy)
        waits = []
        while await post.work() == ["WAITING"]:
            (row,) = await post.deliveries()
            waits.append((row.due - post.now).total_seconds())
            assert await post.work() == []
            post.now = row.due
    assert waits == [1, 2, 4]
    (row,) = await post.deliveries()
    assert (row.status, row.attempts) == ("FAILED", 4)
    assert row.error["exhausted"] == "MaximumRetryAttempts"
    assert await post.figures() == {"TriggeredRules": 1, "Invocations": 1, "FailedInvocations": 1}
    assert (await post.ask("ListRules"))["Rules"]


async def test_a_fault_of_our_own_counts_as_one_that_may_pass(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("oh")

    async def away(*_: Any) -> None:
        raise OperationalError("away")

    await post.rule("r", SHOP, {"Arn": f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:app"})
    await post.put(n=1)
    monkeypatch.setattr("penstock.flow.event_delivery.start_pipeline", broken)
    assert await post.work() == ["WAITING"]
    (row,) = await post.deliveries()
    assert row.error["code"] == "InternalFailure"
    monkeypatch.setattr("penstock.flow.event_delivery.start_pipeline", away)
    with pytest.raises(OperationalError):
        await deliver(post.store, row.id, post.outside, post.now)
    assert (await post.deliveries())[0].attempts == 1


async def test_old_events_are_forgotten_with_their_deliveries(post: Post) -> None:
    await post.rule("r", SHOP, await post.group("g"))
    for _ in range(3):
        await post.put(n=1)
    await post.work()
    old = post.now - timedelta(days=31)
    await post.store.database.execute(
        "UPDATE events SET ingested = %s WHERE sequence < (SELECT max(sequence) FROM events)",
        (old,),
    )
    assert await forget_events(post.store.database, post.now - timedelta(days=30)) == 2
    assert (len(await events(post)), len(await post.deliveries())) == (1, 1)
