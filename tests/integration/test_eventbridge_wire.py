"""EventBridge as boto3 finds it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from penstock.decide.event_envelopes import envelope

from .post import ACCOUNT, REGION, Post, in_thread, post

__all__ = ["post"]
pytestmark = pytest.mark.anyio

GOOD = {"Source": "shop", "DetailType": "order", "Detail": '{"n": 1}'}


@pytest.fixture
async def events(post: Post) -> AsyncIterator[Any]:
    async with post.served() as client:
        yield client("events")


async def test_a_mixed_batch_is_answered_entry_by_entry(post: Post, events: Any) -> None:
    """TG-090"""
    entries = [
        GOOD,
        {**GOOD, "Detail": "not json"},
        {**GOOD, "Detail": "[1]"},
        {**GOOD, "Detail": '{"a": NaN}'},
        {**GOOD, "Detail": '{"a": 1e999}'},
        {**GOOD, "Detail": '{"a": "\\u0000"}'},
        {"Source": "shop", "DetailType": "order"},
        {"DetailType": "order", "Detail": "{}"},
        {**GOOD, "Source": "aws.s3"},
        {**GOOD, "Time": datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), "Resources": ["arn:x"]},
    ]
    answer = await in_thread(lambda: events.put_events(Entries=entries))
    assert answer["FailedEntryCount"] == 8
    codes = [entry.get("ErrorCode") for entry in answer["Entries"]]
    assert codes == [None, *["MalformedDetail"] * 5, *["InvalidArgument"] * 2,
                     "NotAuthorizedForSourceException", None]  # fmt: skip
    assert answer["Entries"][6]["ErrorMessage"] == (
        "Parameter Detail is not valid. Reason: Detail is a required argument."
    )
    rows = await post.store.database.fetch("SELECT * FROM events ORDER BY sequence")
    assert [str(row.id) for row in rows] == [
        entry["EventId"] for entry in answer["Entries"] if "EventId" in entry
    ]
    assert envelope(rows[1]) == {
        "version": "0",
        "id": answer["Entries"][9]["EventId"],
        "detail-type": "order",
        "source": "shop",
        "account": ACCOUNT,
        "time": "2020-01-02T03:04:05Z",
        "region": REGION,
        "resources": ["arn:x"],
        "detail": {"n": 1},
    }


async def test_ten_entries_and_a_quarter_of_a_megabyte_are_the_most(events: Any) -> None:
    """TG-090"""

    def story() -> None:
        with pytest.raises(ClientError) as caught:
            events.put_events(Entries=[GOOD] * 11)
        assert "Member must have length less than or equal to 10" in str(caught.value)
        large = {**GOOD, "Detail": json.dumps({"x": "y" * (1 << 17)})}
        with pytest.raises(ClientError) as caught:
            events.put_events(Entries=[large] * 2)
        assert caught.value.response["Error"] == {
            "Code": "ValidationException",
            "Message": "Total size of the entries in the request is over the limit.",
        }
        assert events.put_events(Entries=[large])["FailedEntryCount"] == 0

    await in_thread(story)


async def test_errors_are_the_models_own(events: Any) -> None:
    """TG-091"""

    def story() -> None:
        with pytest.raises(events.exceptions.InvalidEventPatternException):
            events.put_rule(Name="r", EventPattern='{"a": []}')
        with pytest.raises(events.exceptions.ResourceNotFoundException):
            events.describe_rule(Name="r")
        with pytest.raises(events.exceptions.ResourceAlreadyExistsException):
            events.create_event_bus(Name="default")
        events.put_rule(Name="r", EventPattern='{"a": [1]}')
        with pytest.raises(events.exceptions.LimitExceededException):
            queues = [f"arn:aws:sqs:{REGION}:{ACCOUNT}:q{n}" for n in range(6)]
            events.put_targets(Rule="r", Targets=[{"Id": arn[-2:], "Arn": arn} for arn in queues])

    await in_thread(story)


async def test_deep_events_neither_hurt_nor_help(events: Any) -> None:
    """TG-090"""

    def story() -> None:
        depths = (400, 600, 5_000, 100_000)
        entries = [{**GOOD, "Detail": '{"a":' + "[" * n + "]" * n + "}"} for n in depths]
        codes = []
        for entry in entries:
            (told,) = events.put_events(Entries=[entry])["Entries"]
            codes.append(told.get("ErrorCode"))
        assert codes == [None, *["MalformedDetail"] * 3]

    await in_thread(story)
