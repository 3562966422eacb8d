"""Logs that are followed while they are written, and closed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.services.logs import Logs
from penstock.state.calls import Call
from penstock.store import Store, log_groups, log_streams
from penstock.store.log_compaction import compact
from penstock.store.log_following import follow
from penstock.store.log_reading import PAGE_EVENTS, Walk, between, read_page
from penstock.store.logs import append, close_stream

pytestmark = pytest.mark.anyio

PLACE = ("000000000000", "us-east-1", "/aws/codebuild/web")
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NOON = 1_772_366_400_000


async def write(store: Store, *texts: str, stream: str = "one", at: int = NOON) -> None:
    await append(store, *PLACE, stream, [(at, text) for text in texts], now=AT)


async def collect(store: Store, into: list[str], **options: Any) -> None:
    async for events in follow(store, *PLACE, "one", clock=lambda: AT, **options):
        into += [event.message for event in events]


async def row(found: Awaitable[Any]) -> Any:
    return await found


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_who_follows_sees_each_event_once_until_the_stream_is_closed(store: Store) -> None:
    """TG-043: from before there is a stream, through closing, whatever the events' times."""
    seen: list[str] = []
    following = asyncio.create_task(collect(store, seen))
    lines = [f"line {number}" for number in range(120)]
    for number in range(0, 40, 4):
        await write(store, *lines[number : number + 4], at=NOON - number)
    await until(lambda: len(seen) == 40)
    for number in range(40, 120, 4):
        await write(store, *lines[number : number + 4], at=NOON - number)
    await close_stream(store, *PLACE, "one")
    async with asyncio.timeout(5):
        await following
    assert seen == lines
    late: list[str] = []
    await collect(store, late)
    assert late == lines


async def test_who_comes_later_can_see_only_what_comes_later(store: Store) -> None:
    await write(store, "before")
    seen: list[str] = []
    following = asyncio.create_task(collect(store, seen, from_start=False))
    topic = log_streams.topic((await row(log_streams.find(store.database, *PLACE, "one"))).id)
    await until(lambda: topic in store.notices._waiting)
    await write(store, "after")
    await close_stream(store, *PLACE, "one")
    await following
    assert seen == ["after"]


async def test_following_ends_with_a_stream_that_is_deleted(store: Store) -> None:
    await write(store, "line")
    seen: list[str] = []
    following = asyncio.create_task(collect(store, seen))
    await until(lambda: seen == ["line"])
    await log_groups.delete(store, (await row(log_groups.find(store.database, *PLACE))).id)
    async with asyncio.timeout(5):
        await following


async def test_a_reader_who_waits_hears_of_a_commit_at_once(store: Store) -> None:
    """TG-043: well under 300 ms, told by a notice."""
    await write(store, "first")
    delays = []
    following = follow(store, *PLACE, "one", clock=lambda: AT)
    await anext(following)
    for _ in range(20):
        hearing = asyncio.ensure_future(anext(following))
        await asyncio.sleep(0)  # it waits
        await write(store, "line")
        committed = time.monotonic()
        await hearing
        delays.append(time.monotonic() - committed)
    await following.aclose()
    assert sorted(delays)[10] < 0.1


# Closing


async def everything(store: Store) -> list[Any]:
    group = await row(log_groups.find(store.database, *PLACE))
    low, high = between(None, None)
    page = await read_page(store, Walk(group.id, None, low, high, True), PAGE_EVENTS)
    return page.events


async def chunks(store: Store) -> list[Any]:
    return await store.database.fetch("SELECT * FROM log_chunks ORDER BY number")


async def test_a_closed_stream_is_one_blob_of_few_chunks(store: Store) -> None:
    for number in range(50):
        await write(store, f"line {number}", "x" * 8_000, at=NOON + number * 10_000)
    before = await everything(store)
    await close_stream(store, *PLACE, "one")
    kept = await chunks(store)
    assert len({chunk.blob for chunk in kept}) == 1
    assert len(kept) < 10
    assert all(chunk.last_at - chunk.first_at <= 60_000 for chunk in kept)
    assert await everything(store) == before


async def test_closing_again_at_once_and_after_more_events_is_harmless(store: Store) -> None:
    await write(store, "a", "b")
    await asyncio.gather(*(close_stream(store, *PLACE, "one") for _ in range(4)))
    kept = await chunks(store)
    assert len(kept) == 1
    await close_stream(store, *PLACE, "one")
    assert await chunks(store) == kept
    await write(store, "late")
    await close_stream(store, *PLACE, "one")
    assert [event.message for event in await everything(store)] == ["a", "b", "late"]
    assert all(chunk.data is None for chunk in await chunks(store))
    await close_stream(store, *PLACE, "none")


async def test_events_that_come_while_a_stream_is_closed_are_kept(store: Store) -> None:
    for number in range(300):
        await write(store, str(number))
    writing = (write(store, str(number)) for number in range(300, 330))
    await asyncio.gather(close_stream(store, *PLACE, "one"), *writing)
    found = {event.message for event in await everything(store)}
    assert found == {str(number) for number in range(330)}


async def test_a_close_that_breaks_off_leaves_the_stream_as_it_was(
    store: Store, tmp_path: Path
) -> None:
    """Between the blob and the rows, as a process that is killed would."""
    for number in range(5):
        await write(store, str(number))
    before, kept = await everything(store), await chunks(store)
    async with store.database.transaction() as connection:
        await connection.execute("SELECT 1 FROM log_streams FOR UPDATE")
        compaction = asyncio.create_task(compact(store, before[0].stream_id))
        await until(lambda: any(path.is_file() for path in (tmp_path / "blobs").rglob("*")))
        compaction.cancel()
        with pytest.raises(asyncio.CancelledError):
            await compaction
    assert await chunks(store) == kept
    await close_stream(store, *PLACE, "one")
    assert await everything(store) == before
    assert {chunk.data for chunk in await chunks(store)} == {None}


# Live Tail


class Tailing:
    """A live tail that is read in the background."""

    def __init__(self, answers: AsyncIterator[dict[str, Any]]) -> None:
        self.updates: list[list[str]] = []
        self.others: list[dict[str, Any]] = []
        self._answers = answers

    async def read(self) -> None:
        async for answer in self._answers:
            if "sessionUpdate" in answer:
                results = answer["sessionUpdate"]["sessionResults"]
                self.updates.append([event["message"] for event in results])
            else:
                self.others.append(answer)

    @property
    def seen(self) -> list[str]:
        return [message for update in self.updates for message in update]


ARN = f"arn:aws:logs:us-east-1:000000000000:log-group:{PLACE[2]}"


async def test_a_live_tail_tells_what_is_logged_from_its_start_on(
    store: Store, call_of: Callable[..., Call]
) -> None:
    await write(store, "before")
    before = len(asyncio.all_tasks())
    service = Logs(store)
    service.session_seconds = 2.0
    answer = await service.start_live_tail(
        call_of("logs", "StartLiveTail"),
        {"logGroupIdentifiers": [ARN], "logEventFilterPattern": "line"},
    )
    tailing = Tailing(answer["responseStream"])
    reading = asyncio.create_task(tailing.read())
    await until(lambda: bool(tailing.updates))
    await write(store, "line 1", "other")
    await until(lambda: tailing.seen == ["line 1"])
    await write(store, *(f"line {number}" for number in range(2, 600)), stream="new")
    await until(lambda: len(tailing.seen) == 599)
    assert max(map(len, tailing.updates)) == 500
    with pytest.raises(AwsError, match="SessionTimeoutException"):
        await reading
    assert len(asyncio.all_tasks()) <= before
    (start,) = tailing.others
    assert start["sessionStart"]["logGroupIdentifiers"] == [ARN]
    assert [] in tailing.updates  # when there is nothing to tell, it says so each second


async def test_nothing_is_left_of_a_live_tail_whose_caller_has_gone(
    store: Store, call_of: Callable[..., Call]
) -> None:
    await write(store, "line")
    before = asyncio.all_tasks()
    request = {"logGroupIdentifiers": [ARN]}
    answer = await Logs(store).start_live_tail(call_of("logs", "StartLiveTail"), request)
    tailing = Tailing(answer["responseStream"])
    reading = asyncio.create_task(tailing.read())
    await until(lambda: bool(tailing.updates))
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await until(lambda: asyncio.all_tasks() <= before)
    assert not store.notices._waiting


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"logGroupIdentifiers": ["none"]}, "ResourceNotFoundException"),
        ({"logGroupIdentifiers": [ARN], "logEventFilterPattern": "{"}, "InvalidParameter"),
        (
            {"logGroupIdentifiers": [ARN], "logStreamNames": ["a"], "logStreamNamePrefixes": ["a"]},
            "InvalidParameter",
        ),
    ],
)
async def test_live_tails_that_are_refused(
    store: Store, call_of: Callable[..., Call], request_: dict[str, Any], error: str
) -> None:
    await write(store, "line")
    with pytest.raises(AwsError, match=error):
        await Logs(store).start_live_tail(call_of("logs", "StartLiveTail"), request_)
