"""CloudWatch Logs: groups, streams and events."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.services.logs import Logs
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.log_retention import apply_retention
from penstock.store.logs import append, close_stream

pytestmark = pytest.mark.anyio

NOON = 1_772_366_400_000
DAY = 86_400_000
GROUP: dict[str, Any] = {"logGroupName": "/aws/codebuild/web"}
STREAM: dict[str, Any] = {**GROUP, "logStreamName": "one"}


class Caller:
    """Calls the service at noon, or some time after."""

    def __init__(self, store: Store, call_of: Callable[..., Call]) -> None:
        self.store = store
        self.service = Logs(store)
        self.call = call_of("logs", "")

    async def __call__(self, operation: str, later: float = 0, **request: Any) -> Any:
        call = self.call._replace(now=self.call.now + timedelta(seconds=later))
        return await getattr(self.service, operation)(call, request)

    async def append(self, stream: str, *events: tuple[int, str], later: float = 0) -> None:
        now = self.call.now + timedelta(seconds=later)
        place = (self.call.account, self.call.region, GROUP["logGroupName"], stream)
        await append(self.store, *place, events, now=now)

    async def close(self, stream: str) -> None:
        place = (self.call.account, self.call.region, GROUP["logGroupName"], stream)
        await close_stream(self.store, *place)

    async def refused(self, operation: str, **request: Any) -> str:
        with pytest.raises(AwsError) as caught:
            await self(operation, **request)
        return f"{caught.value.code}: {caught.value.message}"


@pytest.fixture
def logs(store: Store, call_of: Callable[..., Call]) -> Caller:
    return Caller(store, call_of)


@pytest.fixture
async def stream(logs: Caller) -> Caller:
    await logs("create_log_group", **GROUP)
    await logs("create_log_stream", **STREAM)
    return logs


def events(*offsets: int) -> list[dict[str, Any]]:
    return [{"timestamp": NOON + offset, "message": f"at {offset}"} for offset in offsets]


def messages(answer: dict[str, Any]) -> list[str]:
    return [event["message"] for event in answer["events"]]


# Groups


async def test_a_group_is_made_described_and_deleted(logs: Caller) -> None:
    """TG-046: its ARNs are with and without `:*`."""
    await logs("create_log_group", **GROUP, tags={"team": "web"})
    (group,) = (await logs("describe_log_groups"))["logGroups"]
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/codebuild/web"
    assert group == {
        "logGroupName": "/aws/codebuild/web",
        "creationTime": NOON,
        "metricFilterCount": 0,
        "arn": f"{arn}:*",
        "logGroupArn": arn,
        "storedBytes": 0,
        "logGroupClass": "STANDARD",
        "deletionProtectionEnabled": False,
    }
    assert "ResourceAlreadyExistsException" in await logs.refused("create_log_group", **GROUP)
    await logs("delete_log_group", **GROUP)
    assert (await logs("describe_log_groups"))["logGroups"] == []
    assert "ResourceNotFoundException" in await logs.refused("delete_log_group", **GROUP)


@pytest.mark.parametrize("name", ["a b", "a:b", "größe", "a*", "x" * 513, "aws/mine"])
async def test_names_no_group_may_have(logs: Caller, name: str) -> None:
    """TG-046: letters, digits and . - _ / #."""
    error = await logs.refused("create_log_group", logGroupName=name)
    assert error.startswith("InvalidParameterException")


async def test_groups_are_listed_by_prefix_part_and_page(logs: Caller) -> None:
    """TG-046: in the order of bytes."""
    for name in ("b/two", "a/one", "a/three", "B"):
        await logs("create_log_group", logGroupName=name)

    async def names(**request: Any) -> list[str]:
        answer = await logs("describe_log_groups", **request)
        found = [group["logGroupName"] for group in answer["logGroups"]]
        if "nextToken" in answer:
            found += ["|", *await names(**request | {"nextToken": answer["nextToken"]})]
        return found

    assert await names(limit=3) == ["B", "a/one", "a/three", "|", "b/two"]
    assert await names(logGroupNamePrefix="a/", limit=1) == ["a/one", "|", "a/three"]
    assert await names(logGroupNamePattern="/t") == ["a/three", "b/two"]
    assert await names(logGroupIdentifiers=["B"]) == ["B"]
    both = {"logGroupNamePrefix": "a", "logGroupNamePattern": "b"}
    assert "mutually exclusive" in await logs.refused("describe_log_groups", **both)
    assert "nextToken" in await logs.refused("describe_log_groups", nextToken="made up")


async def test_a_protected_group_is_not_deleted(logs: Caller) -> None:
    await logs("create_log_group", **GROUP, deletionProtectionEnabled=True)
    assert "ValidationException" in await logs.refused("delete_log_group", **GROUP)
    await logs(
        "put_log_group_deletion_protection",
        logGroupIdentifier=GROUP["logGroupName"],
        deletionProtectionEnabled=False,
    )
    await logs("delete_log_group", **GROUP)


async def test_tags_by_name_and_by_arn(logs: Caller) -> None:
    await logs("create_log_group", **GROUP, tags={"a": "1"})
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/codebuild/web:*"
    await logs("tag_resource", resourceArn=arn, tags={"b": "2", "a": "3"})
    await logs("tag_log_group", **GROUP, tags={"c": ""})
    await logs("untag_resource", resourceArn=arn, tagKeys=["b"])
    expected = {"tags": {"a": "3", "c": ""}}
    assert await logs("list_tags_for_resource", resourceArn=arn) == expected
    assert await logs("list_tags_log_group", **GROUP) == expected
    many = {str(number): "" for number in range(49)}
    assert "TooManyTags" in await logs.refused("tag_resource", resourceArn=arn, tags=many)
    await logs("untag_log_group", **GROUP, tags=["a", "c"])
    assert await logs("list_tags_log_group", **GROUP) == {"tags": {}}
    missing = arn.replace("web", "none")
    assert "NotFound" in await logs.refused("list_tags_for_resource", resourceArn=missing)


# Retention


async def test_retention_is_one_of_awss(stream: Caller) -> None:
    """TG-047: and none is for ever."""
    error = await stream.refused("put_retention_policy", **GROUP, retentionInDays=2)
    assert "[1, 3, 5, 7, 14," in error
    await stream("put_retention_policy", **GROUP, retentionInDays=3653)
    assert (await stream("describe_log_groups"))["logGroups"][0]["retentionInDays"] == 3653
    await stream("delete_retention_policy", **GROUP)
    assert "retentionInDays" not in (await stream("describe_log_groups"))["logGroups"][0]


async def test_what_has_expired_goes_and_its_blobs_with_it(
    logs: Caller, store: Store, tmp_path: Path
) -> None:
    """TG-047: of closed streams and of those that are written to."""
    for name in ("one", "two"):
        await logs.append(name, (NOON - 3 * DAY, "old"), (NOON - DAY, "new"))
    await logs.close("one")
    await logs.append("gone", (NOON - 3 * DAY, "old"))
    await logs.close("gone")
    await logs("put_retention_policy", **GROUP, retentionInDays=1)
    now = logs.call.now
    assert await apply_retention(store, now - timedelta(days=5)) == 0
    assert await apply_retention(store, now) == 3
    assert messages(await logs("filter_log_events", **GROUP)) == ["new", "new"]
    assert await apply_retention(store, now + timedelta(seconds=1)) == 2
    assert (await logs("describe_log_groups"))["logGroups"][0]["storedBytes"] == 0
    assert blobs(tmp_path) == 0


def blobs(folder: Path) -> int:
    return sum(path.is_file() for path in (folder / "blobs").rglob("*"))


# Streams


async def test_streams_are_described_by_name_or_time(stream: Caller) -> None:
    """TG-046: a prefix goes with the order of names only."""
    await stream.append("two", (NOON + 5, "x"), (NOON + 2, "y"), later=9)
    await stream.append("three", (NOON + 1, "x"))

    async def names(**request: Any) -> list[str]:
        answer = await stream("describe_log_streams", **GROUP, **request)
        found = [found["logStreamName"] for found in answer["logStreams"]]
        if "nextToken" in answer:
            found += await names(**request | {"nextToken": answer["nextToken"]})
        return found

    by_time = {"orderBy": "LastEventTime", "limit": 1}
    assert await names(limit=2) == ["one", "three", "two"]
    assert await names(limit=1, descending=True) == ["two", "three", "one"]
    assert await names(logStreamNamePrefix="t", descending=True) == ["two", "three"]
    assert await names(**by_time) == ["one", "three", "two"]
    assert await names(**by_time, descending=True) == ["two", "three", "one"]
    (found,) = (await stream("describe_log_streams", **GROUP, logStreamNamePrefix="tw"))[
        "logStreams"
    ]
    times = {key: found[key] - NOON for key in found if key.endswith(("Time", "Timestamp"))}
    assert times == {
        "creationTime": 9000,
        "firstEventTimestamp": 2,
        "lastEventTimestamp": 5,
        "lastIngestionTime": 9000,
    }
    both = {**by_time, "logStreamNamePrefix": "t"}
    assert "Cannot order by LastEventTime" in await stream.refused(
        "describe_log_streams", **GROUP, **both
    )
    assert "enum" in await stream.refused("describe_log_streams", **GROUP, orderBy="Size")


async def test_streams_are_made_once_and_deleted_with_their_events(
    stream: Caller, tmp_path: Path
) -> None:
    """TG-046: no `:` or `*` in a name."""
    assert "already exists" in await stream.refused("create_log_stream", **STREAM)
    bad = {**GROUP, "logStreamName": "a:b"}
    assert "InvalidParameter" in await stream.refused("create_log_stream", **bad)
    await stream("put_log_events", **STREAM, logEvents=events(0))
    await stream.close("one")
    await stream("delete_log_stream", **STREAM)
    assert "log stream does not exist" in await stream.refused("get_log_events", **STREAM)
    assert blobs(tmp_path) == 0
    missing = {"logGroupName": "none", "logStreamName": "one"}
    assert "log group does not exist" in await stream.refused("create_log_stream", **missing)


# Events


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
