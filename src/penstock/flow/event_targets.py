"""Targets of rules that are rows of the same database (TG-098, TG-099).

Each is reached in the transaction of its delivery, whose row is given, and raises AwsError.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from penstock.errors import AwsError
from penstock.flow import pipelines
from penstock.state.pipelines import Cause, Override
from penstock.state.recorded_pipelines import PipelineName
from penstock.store import event_buses, log_streams
from penstock.store.database import Connection
from penstock.store.event_deliveries import hold_log_group
from penstock.store.events import Event, Passage, has_copy, record_event
from penstock.store.facts import starts_by_itself
from penstock.store.logs import LONGEST, StreamName, add_measured, milliseconds
from penstock.store.pipeline_executions import line_of

BY_RULE = "CloudWatchEvent"
MOST_RUNS = 100  # that are looked at, each started by the one before
MOST_HOPS = 10
"""Buses an event passes through; more are a circle."""


async def start_pipeline(connection: Connection, row: Any, now: datetime) -> None:
    """CP-101; the input may have `sourceRevisions` and `variables` (TG-098).

    Nothing happens where pipelines start only when asked.
    """
    if not await starts_by_itself(connection):
        return
    _, _, _, region, account, name = row.target["Arn"].split(":", 5)
    await _check_circle(connection, row)
    given = _object(row.input)
    await pipelines.begin(
        connection,
        PipelineName(account, region, name),
        Cause(BY_RULE, row.rule_arn),
        now=now,
        variables={
            one["name"]: one["value"] for one in _items(given, "variables", ("name", "value"))
        },
        overrides=tuple(
            Override(one["actionName"], one["revisionType"], one["revisionValue"])
            for one in _items(
                given, "sourceRevisions", ("actionName", "revisionType", "revisionValue")
            )
        ),
        token=str(row.id),
    )


async def _check_circle(connection: Connection, row: Any) -> None:
    """Raises ValidationException where the event is of what its rule has started: each execution
    tells of itself many times, and so there would be ever more of them."""
    if row.source != "aws.codepipeline":
        return
    heard = UUID(row.detail["execution-id"])
    for run in await line_of(connection, heard, MOST_RUNS):
        if (run.cause, run.detail) == (BY_RULE, row.rule_arn):
            raise AwsError(
                "ValidationException",
                f"The event comes from the pipeline execution {run.id}, which this rule has"
                " started: a circle. Have the rule's pattern leave out what it starts.",
            )


async def append_log(connection: Connection, row: Any, now: datetime) -> None:
    """The event as one line, or a transformed input's `message` at its `timestamp`."""
    _, _, _, region, account, _, group = row.target["Arn"].removesuffix(":*").split(":", 6)
    at, message = _line(row)
    group_id = await hold_log_group(connection, account, region, group)
    if group_id is None:
        raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
    stream = str(uuid5(NAMESPACE_URL, row.rule_arn))
    await log_streams.create(connection, account, region, group, group_id, stream, now)
    pieces = [(at, message[start : start + LONGEST]) for start in range(0, len(message), LONGEST)]
    name = StreamName(account, region, group, stream)
    await add_measured(connection, name, group_id, pieces, now=now)


def _line(row: Any) -> tuple[int, str]:
    if "InputTransformer" not in row.target:
        return milliseconds(row.event_at), row.input
    match _object(row.input):
        case {"timestamp": int(at), "message": str(message)} if message:
            return at, message
        case {"timestamp": str(at), "message": str(message)} if message:
            return _milliseconds(at), message
    raise AwsError(
        "ValidationException",
        'The input for a log group has to be {"timestamp": …, "message": "…"}.',
    )


def _milliseconds(text: str) -> int:
    try:
        return int(text) if text.isdigit() else milliseconds(datetime.fromisoformat(text))
    except ValueError:
        raise AwsError("ValidationException", f"The timestamp {text!r} is none.") from None


async def forward(connection: Connection, row: Any, now: datetime) -> None:
    """To another bus, as the same event, which is there once however many ways lead there: buses
    that feed each other by several rules would have ever more of it."""
    _, _, _, region, account, bus = row.target["Arn"].split(":", 5)
    bus = bus.removeprefix("event-bus/")
    if row.hops >= MOST_HOPS:
        raise AwsError(
            "ValidationException", f"The event has come through {row.hops} buses: a circle?"
        )
    if not await event_buses.hold(connection, account, region, bus):
        raise AwsError("ResourceNotFoundException", f"Event bus {bus} does not exist.")
    place = (account, region, bus)
    if place == (row.account, row.event_region, row.event_bus):
        return
    if await has_copy(connection, row.event_id, place):
        return
    event = Event(
        account, region, row.source, row.detail_type, row.resources, row.event_at, row.detail, bus
    )
    passage = Passage(row.event_id, row.origin or row.event_region, row.hops + 1)
    await record_event(connection, event, passage)


def _object(text: str) -> Mapping[str, Any]:
    """What an input says; one that is no JSON object says nothing."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}


def _items(
    given: Mapping[str, Any], name: str, members: tuple[str, ...]
) -> list[Mapping[str, str]]:
    """A list of objects that have these members, all texts. Raises AwsError for anything else."""
    items = given.get(name, [])
    if not isinstance(items, list) or not all(
        isinstance(item, dict) and all(isinstance(item.get(one), str) for one in members)
        for item in items
    ):
        raise AwsError(
            "ValidationException", f"{name} has to be a list of objects with {', '.join(members)}"
        )
    return items
