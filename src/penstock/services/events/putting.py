"""Events that callers put on buses (TG-090)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.errors import AwsError, not_implemented
from penstock.services.events.details import Malformed, read_object
from penstock.services.events.names import invalid, read_bus
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store.database import Connection
from penstock.store.events import Event, record_event

LARGEST = 1 << 18  # bytes of all entries together
_TIME = 14  # bytes that a time counts

Entry = Mapping[str, Any]


class Putting(Service):
    async def put_events(self, call: Call, request: Request) -> Answer:
        """Each entry is recorded or refused by itself. On a bus that is not there nobody hears."""
        if request.get("EndpointId"):
            raise not_implemented("events.PutEvents.EndpointId")
        entries = request["Entries"]
        if sum(map(_size, entries)) > LARGEST:
            raise invalid("Total size of the entries in the request is over the limit.")
        read = [_read(call, entry) for entry in entries]
        async with self.store.database.transaction() as connection:
            answers = [await _put(connection, one) for one in read]
        failed = sum(isinstance(one, AwsError) for one in read)
        return {"FailedEntryCount": failed, "Entries": answers}


async def _put(connection: Connection, event: Event | AwsError) -> Answer:
    if isinstance(event, AwsError):
        return {"ErrorCode": event.code, "ErrorMessage": event.message}
    return {"EventId": str(await record_event(connection, event))}


def _size(entry: Entry) -> int:
    """As AWS counts an entry."""
    texts = [entry.get("Source"), entry.get("DetailType"), entry.get("Detail")]
    texts += entry.get("Resources", ())
    return sum(len(text.encode()) for text in texts if text) + _TIME * ("Time" in entry)


def _read(call: Call, entry: Entry) -> Event | AwsError:
    """The event of an entry, or what the answer says instead."""
    for member in ("Source", "DetailType", "Detail"):
        if not entry.get(member):
            return _argument(member, f"{member} is a required argument.")
    if entry["Source"].startswith("aws."):
        return AwsError("NotAuthorizedForSourceException", "Not authorized for the source.")
    if len(entry["DetailType"]) > 128 or len(entry["Source"]) > 256:
        return _argument(
            "DetailType" if len(entry["Source"]) <= 256 else "Source", "It is too long."
        )
    try:
        detail = read_object(entry["Detail"])
    except Malformed:
        return AwsError("MalformedDetail", "Detail is malformed.")
    return Event(
        call.account,
        call.region,
        entry["Source"],
        entry["DetailType"],
        entry.get("Resources", ()),
        entry.get("Time", call.now),
        detail,
        read_bus(call, entry.get("EventBusName")),
    )


def _argument(member: str, reason: str) -> AwsError:
    return AwsError("InvalidArgument", f"Parameter {member} is not valid. Reason: {reason}")
