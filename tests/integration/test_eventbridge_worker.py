"""Rules at work: a real worker takes their jobs, sweeps, and performs what they start."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .yard import ACCOUNT, PATIENCE, REGION, Yard, spec

pytestmark = pytest.mark.anyio

GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g"
PROJECT = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/web"


async def heard(yard: Yard, wanted: Callable[[], Awaitable[Any]]) -> Any:
    """What is wanted, once a log group has it; asked for at each news of any log."""
    async with asyncio.timeout(PATIENCE):
        async with yard.store.database.connect() as connection:
            await connection.execute("LISTEN penstock")
            while not (found := await wanted()):
                async for _ in connection.notifies(stop_after=1):
                    pass
    return found


async def lines(yard: Yard) -> list[Any]:
    answer = await yard.ask("logs", "FilterLogEvents", logGroupName="g")
    return [json.loads(event["message"]) for event in answer["events"]]


async def rule(yard: Yard, name: str, arn: str, **of_rule: str) -> None:
    await yard.ask("events", "PutRule", Name=name, **of_rule)
    await yard.ask("events", "PutTargets", Rule=name, Targets=[{"Id": "t", "Arn": arn}])


async def test_an_event_starts_a_build_and_its_end_is_logged(yard: Yard) -> None:
    """TG-098, TG-099, CB-180"""
    await yard.project("web", spec("echo hello"))
    await yard.ask("logs", "CreateLogGroup", logGroupName="g")
    await rule(yard, "start", PROJECT, EventPattern='{"source": ["shop"]}')
    ended = {
        "source": ["aws.codebuild"],
        "detail-type": ["CodeBuild Build State Change"],
        "detail": {"build-status": ["SUCCEEDED"], "project-name": ["web"]},
    }
    await rule(yard, "end", GROUP, EventPattern=json.dumps(ended))
    async with yard.worker():
        entry = {"Source": "shop", "DetailType": "order", "Detail": "{}"}
        await yard.ask("events", "PutEvents", Entries=[entry])
        (event,) = await heard(yard, lambda: lines(yard))
    assert event["detail"]["additional-information"]["initiator"] == "rule/start"
    (build,) = (await yard.ask("codebuild", "ListBuilds"))["ids"]
    assert event["detail"]["build-id"].endswith(build)
    assert event["resources"] == [event["detail"]["build-id"]]


async def test_a_schedule_is_kept_by_the_worker(yard: Yard) -> None:
    """TG-097"""
    await yard.ask("logs", "CreateLogGroup", logGroupName="g")
    await rule(yard, "tick", GROUP, ScheduleExpression="rate(1 minute)")
    missed = datetime.now(UTC) - timedelta(seconds=1)
    await yard.store.database.execute("UPDATE event_rules SET due = %s", (missed,))
    async with yard.worker():
        (event,) = await heard(yard, lambda: lines(yard))
    assert event["detail-type"] == "Scheduled Event"
