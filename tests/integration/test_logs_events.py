"""Events of logs: put, read page by page, filtered, tailed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from itertools import chain, pairwise
from typing import Any

import pytest

from .log_caller import DAY, GROUP, NOON, STREAM, Caller, events, messages

pytestmark = pytest.mark.anyio


async def test_events_that_are_put_are_read(stream: Caller) -> None:
    """TG-040: the sequence token is ignored."""
    answer = await stream(
        "put_log_events", **STREAM, logEvents=events(0, 1), sequenceToken="whatever", later=1
    )
    assert set(answer) == {"nextSequenceToken"}
    assert (await stream("get_log_events", **STREAM))["events"] == [
        {"timestamp": NOON, "message": "at 0", "ingestionTime": NOON + 1000},
        {"timestamp": NOON + 1, "message": "at 1", "ingestionTime": NOON + 1000},
    ]


async def test_events_out_of_bounds_are_dropped_and_told(stream: Caller) -> None:
    """TG-040: rejectedLogEventsInfo; the others are taken."""
    await stream("put_retention_policy", **GROUP, retentionInDays=1)
    batch = events(-15 * DAY, -DAY - 10, -20, -10, 7_200_001)
    answer = await stream("put_log_events", **STREAM, logEvents=batch)
    assert answer["rejectedLogEventsInfo"] == {
        "tooOldLogEventEndIndex": 1,
        "expiredLogEventEndIndex": 2,
        "tooNewLogEventStartIndex": 4,
    }
    assert messages(await stream("get_log_events", **STREAM)) == ["at -20", "at -10"]
    answer = await stream("put_log_events", **STREAM, logEvents=events(-20 * DAY))
    assert answer["rejectedLogEventsInfo"]["tooOldLogEventEndIndex"] == 1


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (events(1, 0), "chronological order"),
        (events(-DAY - 1, 0), "24 hours"),
        ([{"timestamp": NOON, "message": "x" * 1_048_551}], "Upload too large: 1048577 bytes"),
    ],
)
async def test_batches_that_are_refused(
    stream: Caller, batch: list[dict[str, Any]], message: str
) -> None:
    """TG-040: as a whole."""
    assert message in await stream.refused("put_log_events", **STREAM, logEvents=batch)
    assert messages(await stream("get_log_events", **STREAM)) == []


async def test_events_need_their_group_and_stream(stream: Caller) -> None:
    """TG-040: ResourceNotFoundException, also when no event is taken."""
    for batch in (events(0), events(-20 * DAY)):
        other = {**GROUP, "logStreamName": "none", "logEvents": batch}
        assert "stream does not exist" in await stream.refused("put_log_events", **other)
        other = {"logGroupName": "none", "logStreamName": "one", "logEvents": batch}
        assert "group does not exist" in await stream.refused("put_log_events", **other)


async def test_appends_make_what_is_missing_and_lose_nothing_at_once(logs: Caller) -> None:
    await asyncio.gather(
        *(logs.append(f"s{n % 2}", (NOON + n, f"line {n}"), (NOON + n, "")) for n in range(40))
    )
    found = messages(await logs("filter_log_events", **GROUP))
    assert sorted(found) == sorted([f"line {n}" for n in range(40)] + [""] * 40)


async def test_a_line_longer_than_an_event_may_be_becomes_several(logs: Caller) -> None:
    """TG-040: each fits a page of GetLogEvents."""
    await logs.append("one", (NOON, "ü" * 600_000))
    first = await logs("get_log_events", **STREAM, startFromHead=True)
    more = await logs("get_log_events", **STREAM, nextToken=first["nextForwardToken"])
    assert "".join(messages(first) + messages(more)) == "ü" * 600_000


async def test_the_newest_events_come_without_being_asked_for(stream: Caller) -> None:
    """TG-041: startFromHead is false; endTime is exclusive."""
    await stream("put_log_events", **STREAM, logEvents=events(*range(10)))
    newest = await stream("get_log_events", **STREAM, limit=3)
    assert messages(newest) == ["at 7", "at 8", "at 9"]
    before = await stream(
        "get_log_events", **STREAM, limit=3, nextToken=newest["nextBackwardToken"]
    )
    assert messages(before) == ["at 4", "at 5", "at 6"]
    again = await stream("get_log_events", **STREAM, nextToken=before["nextForwardToken"])
    assert messages(again) == ["at 7", "at 8", "at 9"]
    part = await stream("get_log_events", **STREAM, startTime=NOON + 2, endTime=NOON + 4)
    assert messages(part) == ["at 2", "at 3"]


async def test_at_the_end_the_same_token_comes_back_until_there_is_more(stream: Caller) -> None:
    """TG-041, CB-125: both tokens are always there."""
    empty = await stream("get_log_events", **STREAM)
    await stream("put_log_events", **STREAM, logEvents=events(1))
    page = await stream("get_log_events", **STREAM, nextToken=empty["nextForwardToken"])
    assert messages(page) == ["at 1"]
    token = page["nextForwardToken"]
    for _ in range(2):
        page = await stream("get_log_events", **STREAM, nextToken=token)
        assert (messages(page), page["nextForwardToken"]) == ([], token)
    await stream("put_log_events", **STREAM, logEvents=events(1))  # of the same millisecond
    page = await stream("get_log_events", **STREAM, nextToken=token)
    assert messages(page) == ["at 1"]
    first = await stream("get_log_events", **STREAM, nextToken=page["nextBackwardToken"])
    token = first["nextBackwardToken"]
    page = await stream("get_log_events", **STREAM, nextToken=token)
    assert (messages(page), page["nextBackwardToken"]) == ([], token)


@pytest.mark.parametrize("token", ["x", "f/x", "b/", "f/W10="])
async def test_tokens_that_were_made_up_are_refused(stream: Caller, token: str) -> None:
    """TG-041, TG-042: InvalidParameterException."""
    for operation in ("get_log_events", "filter_log_events"):
        request = (STREAM if operation.startswith("get") else GROUP) | {"nextToken": token}
        error = await stream.refused(operation, **request)
        assert error == "InvalidParameterException: The specified nextToken is invalid."


async def test_a_page_has_a_mebibyte_at_most(stream: Caller) -> None:
    """TG-041: counted as PutLogEvents does."""
    for number in range(3):
        batch = [{"timestamp": NOON + number, "message": "x" * 400_000}]
        await stream("put_log_events", **STREAM, logEvents=batch)
    assert len(messages(await stream("get_log_events", **STREAM))) == 2


async def test_events_are_filtered_by_time_stream_and_pattern(stream: Caller) -> None:
    """TG-042: endTime is inclusive; sorted by time; nextToken is absent at the end."""
    await stream("put_log_events", **STREAM, logEvents=events(0, 2, 4))
    await stream.append("two", (NOON + 1, "at 1"), (NOON + 3, "at 3"))

    async def found(**request: Any) -> list[str]:
        answer = await stream("filter_log_events", **GROUP, **request)
        assert "nextToken" not in answer
        return messages(answer)

    assert await found() == ["at 0", "at 1", "at 2", "at 3", "at 4"]
    assert await found(startTime=NOON + 1, endTime=NOON + 3) == ["at 1", "at 2", "at 3"]
    assert await found(logStreamNames=["two"]) == ["at 1", "at 3"]
    assert await found(logStreamNamePrefix="o") == ["at 0", "at 2", "at 4"]
    assert await found(logStreamNamePrefix="x") == []
    assert await found(filterPattern="?2 ?3") == ["at 2", "at 3"]
    recent = {"startFromHead": False, "startTime": NOON + 2}
    assert await found(**recent) == ["at 4", "at 3", "at 2"]
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/codebuild/web"
    (event,) = (await stream("filter_log_events", logGroupIdentifier=arn, filterPattern="3"))[
        "events"
    ]
    assert len(event.pop("eventId")) == 56
    assert event == {
        "logStreamName": "two",
        "timestamp": NOON + 3,
        "message": "at 3",
        "ingestionTime": NOON,
    }


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"logStreamNames": ["one"], "logStreamNamePrefix": "o"}, "Cannot specify both"),
        ({"logStreamNames": ["none"]}, "log stream does not exist"),
        ({"logGroupIdentifier": "x"}, "Exactly one of"),
        ({"filterPattern": "a:b"}, "Invalid character(s) in term ':'"),
        ({"startFromHead": False}, "January 1, 2024"),
    ],
)
async def test_filters_that_are_refused(
    stream: Caller, request_: dict[str, Any], message: str
) -> None:
    """TG-042: names xor prefix, name xor identifier, and the pattern."""
    assert message in await stream.refused("filter_log_events", **GROUP, **request_)


async def pages(
    logs: Caller, operation: str, token: str, limit: Callable[[], int], **request: Any
) -> list[Any]:
    """All events by following one of the tokens, each page with a limit of its own."""
    found = []
    while True:
        answer = await logs(operation, **request, limit=limit())
        following = answer.get(token)
        part = answer["events"]
        found.append(part)
        if following in (None, request.get("nextToken")):
            return found
        request["nextToken"] = following


def flat(pages: list[Any]) -> list[Any]:
    return list(chain.from_iterable(pages))


@pytest.mark.parametrize("seed", range(4))
async def test_pages_hold_every_event_once_in_order(logs: Caller, seed: int) -> None:
    """TG-041, TG-042: however batches overlap, forwards, backwards, before and after closing."""
    choose = random.Random(seed)
    span = choose.choice([3, 300, 200_000])
    number = 0
    for _ in range(60):
        times = sorted(choose.randrange(span) for _ in range(choose.randrange(1, 12)))
        batch = [(NOON + time, str(number + i)) for i, time in enumerate(times)]
        number += len(batch)
        await logs.append(choose.choice(["one", "two", "three"]), *batch)

    def limit() -> int:
        return choose.randrange(1, 40)

    everything = (await logs("filter_log_events", **GROUP))["events"]
    assert len({event["eventId"] for event in everything}) == number
    assert all(a["timestamp"] <= b["timestamp"] for a, b in pairwise(everything))
    ones = [e["message"] for e in everything if e["logStreamName"] == "one"]

    async def check() -> None:
        found = await pages(logs, "filter_log_events", "nextToken", limit, **GROUP)
        assert flat(found) == everything
        back = {"startFromHead": False, "startTime": NOON}
        found = await pages(logs, "filter_log_events", "nextToken", limit, **GROUP, **back)
        assert flat(found)[::-1] == everything
        two = {"logStreamNames": ["one", "two"], "filterPattern": "?1 ?2"}
        found = await pages(logs, "filter_log_events", "nextToken", limit, **GROUP, **two)
        assert flat(found) == [
            event
            for event in everything
            if event["logStreamName"] != "three" and set(event["message"]) & {"1", "2"}
        ]
        head = {**STREAM, "startFromHead": True}
        found = await pages(logs, "get_log_events", "nextForwardToken", limit, **head)
        assert [e["message"] for e in flat(found)] == ones
        found = await pages(logs, "get_log_events", "nextBackwardToken", limit, **STREAM)
        assert [e["message"] for page in found[::-1] for e in page] == ones

    await check()
    await logs.close("one")
    await logs.close("three")
    await check()


async def test_pages_go_on_where_more_chunks_overlap_than_are_read_at_once(logs: Caller) -> None:
    """TG-042: nothing is lost, and it comes to an end."""
    for number in range(510):
        await logs.append("one", (NOON, f"a{number}"), (NOON + 59_000, f"b{number}"))
    expected = [f"{letter}{number}" for letter in "ab" for number in range(510)]
    found = await pages(logs, "filter_log_events", "nextToken", lambda: 300, **GROUP)
    assert [event["message"] for event in flat(found)] == expected


async def test_a_page_looks_through_no_more_than_it_may(logs: Caller) -> None:
    """TG-042: pages may be empty while there is more."""
    line = "x" * 250_000
    for number in range(40):
        await logs.append("one", (NOON + number, line))
    await logs.append("one", (NOON + 40, "needle"))
    answer = await logs("filter_log_events", **GROUP, filterPattern="needle")
    assert answer["events"] == []
    answer = await logs(
        "filter_log_events", **GROUP, filterPattern="needle", nextToken=answer["nextToken"]
    )
    assert messages(answer) == ["needle"]


async def test_tailing_as_the_cli_does_misses_and_repeats_nothing(stream: Caller) -> None:
    """TG-043: it starts again at the newest time it has seen, knows events by their ids, and rests
    only after an answer without a token: so that must come, or it would never rest."""
    request: dict[str, Any] = {**GROUP, "interleaved": True, "startTime": NOON - 600_000}
    seen: dict[str, str] = {}
    printed, rests, written = [], 0, 0
    while rests < 12:
        answer = await stream("filter_log_events", **request, limit=7)
        for event in answer["events"]:
            if event["eventId"] not in seen:
                printed.append(event["message"])
            seen[event["eventId"]] = event["message"]
            request["startTime"] = max(request["startTime"], event["timestamp"])
        if "nextToken" in answer:
            request["nextToken"] = answer["nextToken"]
            continue
        request.pop("nextToken", None)
        rests += 1
        for _ in range(5 if rests < 10 else 0):
            name = "one" if written % 3 else "two"
            await stream.append(name, *((NOON + written // 4, f"{written}.{i}") for i in range(3)))
            written += 1
        if rests == 6:
            await stream.close("one")
    assert sorted(printed) == sorted(f"{n}.{i}" for n in range(written) for i in range(3))
