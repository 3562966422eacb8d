"""Rules with schedules, swept by any number of workers (TG-097)."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from penstock.flow.event_routing import sweep

from .post import ACCOUNT, REGION, Post, post

__all__ = ["post"]
pytestmark = pytest.mark.anyio

ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/tick"


async def fired(post: Post) -> list[datetime]:
    rows = await post.store.database.fetch(
        "SELECT at FROM events WHERE source = 'aws.events' ORDER BY sequence"
    )
    return [row.at for row in rows]


async def due(post: Post) -> datetime | None:
    row: Any = await post.store.database.fetch_one("SELECT due FROM event_rules")
    at: datetime | None = row.due
    return at


@pytest.fixture
async def ticking(post: Post) -> Post:
    group = await post.group("g")
    await post.rule("tick", None, group, ScheduleExpression="rate(5 minutes)")
    return post


async def test_a_rule_fires_when_it_is_due(ticking: Post) -> None:
    """TG-097"""
    start = ticking.now
    assert await sweep(ticking.store, ticking.now) == 0
    ticking.later(minutes=5)
    assert await sweep(ticking.store, ticking.now) == 1
    assert await sweep(ticking.store, ticking.now) == 0
    assert await ticking.work() == ["DELIVERED"]
    (line,) = await ticking.lines("g")
    told = json.loads(line)
    assert told.pop("id")
    assert told == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": "2026-03-01T12:05:00Z",
        "region": REGION,
        "resources": [ARN],
        "detail": {},
    }
    assert await due(ticking) == start + timedelta(minutes=10)


async def test_several_sweepers_fire_it_once(ticking: Post) -> None:
    """TG-097"""
    for _ in range(3):
        ticking.later(minutes=5)
        counts = await asyncio.gather(*(sweep(ticking.store, ticking.now) for _ in range(4)))
        assert sum(counts) == 1
    assert len(await fired(ticking)) == 3


async def test_what_was_missed_fires_once_and_keeps_its_beat(ticking: Post) -> None:
    """TG-097"""
    start = ticking.now
    ticking.later(minutes=23)
    assert await sweep(ticking.store, ticking.now) == 1
    assert await fired(ticking) == [start + timedelta(minutes=5)]
    assert await due(ticking) == start + timedelta(minutes=25)


async def test_who_is_killed_before_the_commit_has_not_fired(
    ticking: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    ticking.later(minutes=5)
    with monkeypatch.context() as patched:
        patched.setattr("penstock.flow.event_routing.event_rules.set_due", killed)
        with pytest.raises(KeyboardInterrupt):
            await sweep(ticking.store, ticking.now)
    assert await fired(ticking) == []
    assert await sweep(ticking.store, ticking.now) == 1


async def test_a_disabled_rule_is_never_due(ticking: Post) -> None:
    await ticking.ask("DisableRule", Name="tick")
    assert await due(ticking) is None
    ticking.later(minutes=7)
    await ticking.ask("EnableRule", Name="tick")
    assert await due(ticking) == ticking.now + timedelta(minutes=5)


async def test_a_rule_that_is_never_due_again_rests(post: Post) -> None:
    """TG-097"""
    await post.rule("once", None, ScheduleExpression="cron(0 13 1 3 ? 2026)")
    post.later(hours=1)
    assert await sweep(post.store, post.now) == 1
    assert await due(post) is None


async def test_a_rule_may_have_a_pattern_too(post: Post) -> None:
    """TG-097"""
    await post.rule(
        "both", {"source": ["shop"]}, await post.group("g"), ScheduleExpression="rate(1 minute)"
    )
    await post.put(n=1)
    post.later(minutes=1)
    await sweep(post.store, post.now)
    assert await post.work() == ["DELIVERED"] * 2
    assert sorted(json.loads(line)["source"] for line in await post.lines("g")) == [
        "aws.events",
        "shop",
    ]
