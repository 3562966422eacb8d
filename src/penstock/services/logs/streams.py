"""Log streams (TG-046)."""

from __future__ import annotations

from typing import Any

from penstock.errors import AwsError
from penstock.services.logs.names import (
    check_group,
    check_stream,
    find_group,
    find_stream,
    group_arn,
    group_name,
    invalid,
    milliseconds,
    one_of,
)
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import log_streams

PAGE = 50
_BAD_TOKEN = invalid("The specified nextToken is invalid.")


class Streams(Service):
    async def create_log_stream(self, call: Call, request: Request) -> None:
        group = await find_group(self.store, call, check_group(request["logGroupName"]))
        name = check_stream(request["logStreamName"])
        async with self.store.database.transaction() as connection:
            made = await log_streams.create(
                connection, call.account, call.region, group.name, group.id, name, call.now
            )
        if not made:
            raise AwsError(
                "ResourceAlreadyExistsException", "The specified log stream already exists"
            )

    async def delete_log_stream(self, call: Call, request: Request) -> None:
        group = check_group(request["logGroupName"])
        stream = await find_stream(self.store, call, group, check_stream(request["logStreamName"]))
        await log_streams.delete(self.store, stream.id)

    async def describe_log_streams(self, call: Call, request: Request) -> Answer:
        group = await find_group(self.store, call, group_name(call, request))
        prefix = request.get("logStreamNamePrefix", "")
        order = one_of(
            request.get("orderBy", "LogStreamName"), "orderBy", ("LogStreamName", "LastEventTime")
        )
        if prefix and order == "LastEventTime":
            raise invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
        down, limit = request.get("descending", False), request.get("limit", PAGE)
        kind = f"streams:{group.id}:{order}:{down}:{prefix}"
        after = read_token(kind, request.get("nextToken"), _BAD_TOKEN)
        database = self.store.database
        if order == "LastEventTime":
            place = (after[0], after[1]) if after else None
            rows = await log_streams.by_last_event(database, group.id, place, down, limit + 1)
            page, token = cut(rows, limit, lambda row: make_token(kind, row.last_event, row.name))
        else:
            name = after[0] if after else None
            rows = await log_streams.by_name(database, group.id, prefix, name, down, limit + 1)
            page, token = cut(rows, limit, lambda row: make_token(kind, row.name))
        answer: Answer = {"logStreams": [_shape(call, group.name, row) for row in page]}
        return answer | ({"nextToken": token} if token else {})


def _shape(call: Call, group: str, row: Any) -> Answer:
    stream = {
        "logStreamName": row.name,
        "creationTime": milliseconds(row.created),
        "arn": f"{group_arn(call, group)}:log-stream:{row.name}",
        "storedBytes": 0,  # as AWS says of every stream since 2019
    }
    if row.first_event is not None:
        stream["firstEventTimestamp"] = row.first_event
        stream["lastEventTimestamp"] = row.last_event
    if row.last_ingestion is not None:
        stream["lastIngestionTime"] = row.last_ingestion
    return stream
