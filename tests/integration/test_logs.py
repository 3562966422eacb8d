"""CloudWatch Logs: groups, streams and events."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from penstock.store import Store
from penstock.store.log_retention import apply_retention

from .log_caller import DAY, GROUP, NOON, STREAM, Caller, events, messages

pytestmark = pytest.mark.anyio


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
