"""Appends to one stream that come at the same time."""

from __future__ import annotations

import asyncio

import pytest

from penstock.store import Store

from .log_caller import DAY, GROUP, NOON, STREAM, Caller, messages

pytestmark = pytest.mark.anyio
CALLS = 40


async def put(stream: Caller, *numbers: int, at: int = NOON) -> dict[str, object]:
    """Puts one event for each number."""
    events = [{"timestamp": at, "message": f"line {number}"} for number in numbers]
    answer: dict[str, object] = await stream("put_log_events", **STREAM, logEvents=events)
    return answer


async def test_each_of_many_appends_is_committed_once_and_in_order_of_arrival(
    stream: Caller,
) -> None:
    """TG-040"""
    await asyncio.gather(*(put(stream, 2 * number, 2 * number + 1) for number in range(CALLS)))
    found = await stream("get_log_events", **STREAM, startFromHead=True)
    assert messages(found) == [f"line {number}" for number in range(2 * CALLS)]


async def test_appends_that_wait_for_one_another_share_a_commit(
    stream: Caller, store: Store
) -> None:
    await asyncio.gather(*(put(stream, number) for number in range(CALLS)))
    (row,) = await store.database.fetch("SELECT count(DISTINCT xmin::text) AS n FROM log_chunks")
    assert row.n == 3  # the first alone, then as many as go together


async def test_an_append_that_cannot_go_with_the_others_goes_alone(stream: Caller) -> None:
    """TG-040: what is past its group's retention is rejected, what came beside it is not."""
    await stream("put_retention_policy", **GROUP, retentionInDays=1)
    answers = await asyncio.gather(
        put(stream, 0), put(stream, 1), put(stream, 2, at=NOON - 3 * DAY), put(stream, 3)
    )
    assert ["rejectedLogEventsInfo" in answer for answer in answers] == [False, False, True, False]
    found = await stream("get_log_events", **STREAM, startFromHead=True)
    assert set(messages(found)) == {"line 0", "line 1", "line 3"}


async def test_all_are_told_where_the_stream_is_missing(logs: Caller) -> None:
    await logs("create_log_group", **GROUP)
    answers = await asyncio.gather(
        *(put(logs, number) for number in range(3)), return_exceptions=True
    )
    assert [getattr(answer, "code", None) for answer in answers] == [
        "ResourceNotFoundException"
    ] * 3


async def test_who_gives_up_waiting_takes_nothing_from_the_others(stream: Caller) -> None:
    calls = [asyncio.create_task(put(stream, number)) for number in range(5)]
    await asyncio.sleep(0)  # the first is under way, the others wait for it
    calls[2].cancel()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(answer, dict) for answer in answers] == [True, True, False, True, True]
    found = await stream("get_log_events", **STREAM, startFromHead=True)
    assert set(messages(found)) >= {"line 0", "line 1", "line 3", "line 4"}
