"""Event buses."""

from __future__ import annotations

import json
from typing import Any

from penstock.errors import AwsError, not_implemented
from penstock.services.events.names import (
    bus_arn,
    bus_missing,
    check_bus_name,
    invalid,
    read_bus,
    too_many,
)
from penstock.services.events.tags import check_tags, read_tags
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import event_buses, event_rules
from penstock.store.events import DEFAULT_BUS

MOST_BUSES = 100
PAGE = 100
BAD_TOKEN = invalid("The specified NextToken is not valid.")
_ABSENT = ("EventSourceName", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")


class Buses(Service):
    async def create_event_bus(self, call: Call, request: Request) -> Answer:
        _refuse_absent(call, request)
        name = check_bus_name(request["Name"])
        if "/" in name:
            raise invalid("Event bus name must not contain '/'.")
        tags = check_tags(read_tags(request.get("Tags", [])))
        description = request.get("Description", "")
        async with self.store.database.transaction() as connection:
            made = name != DEFAULT_BUS and await event_buses.create(
                connection,
                call.account,
                call.region,
                name,
                description=description,
                tags=tags,
                now=call.now,
            )
            if not made:
                raise AwsError(
                    "ResourceAlreadyExistsException", f"Event bus {name} already exists."
                )
            if await event_buses.count(connection, call.account, call.region) > MOST_BUSES:
                raise too_many()
        answer: Answer = {"EventBusArn": bus_arn(call, name)}
        return answer | ({"Description": description} if description else {})

    async def update_event_bus(self, call: Call, request: Request) -> Answer:
        _refuse_absent(call, request)
        name, description = read_bus(call, request.get("Name"), "name"), request.get("Description")
        async with self.store.database.transaction() as connection:
            place = (call.account, call.region, name)
            row = await event_buses.lock(connection, *place, call.now)
            if row is None:
                raise bus_missing(name)
            if description is not None:
                await event_buses.set_description(connection, *place, description, call.now)
        told = row.description if description is None else description
        answer: Answer = {"Name": name, "Arn": bus_arn(call, name)}
        return answer | ({"Description": told} if told else {})

    async def describe_event_bus(self, call: Call, request: Request) -> Answer:
        name = read_bus(call, request.get("Name"), "name")
        row = await event_buses.find(self.store.database, call.account, call.region, name)
        if row is None and name != DEFAULT_BUS:
            raise bus_missing(name)
        return _shape(call, name, row)

    async def list_event_buses(self, call: Call, request: Request) -> Answer:
        """The default bus first, where it is among them; then by name."""
        prefix, limit = request.get("NamePrefix", ""), request.get("Limit", PAGE)
        kind = f"buses:{prefix}"
        after = read_token(kind, request.get("NextToken"), BAD_TOKEN)
        rows = await event_buses.list_buses(
            self.store.database,
            call.account,
            call.region,
            prefix=prefix,
            after=after[0] if after else "",
            limit=limit + 1,
        )
        if after is None and DEFAULT_BUS.startswith(prefix):
            rows.insert(0, await self._default(call))
        page, token = cut(rows, limit, lambda row: make_token(kind, _place(row)))
        shown = [_shape(call, row.name if row else DEFAULT_BUS, row) for row in page]
        answer: Answer = {"EventBuses": shown}
        return answer | ({"NextToken": token} if token else {})

    async def _default(self, call: Call) -> Any | None:
        place = (call.account, call.region, DEFAULT_BUS)
        return await event_buses.find(self.store.database, *place)

    async def delete_event_bus(self, call: Call, request: Request) -> Answer:
        name = read_bus(call, request["Name"], "name")
        if name == DEFAULT_BUS:
            raise invalid("Cannot delete event bus default.")
        async with self.store.database.transaction() as connection:
            place = (call.account, call.region, name)
            if await event_buses.lock(connection, *place, call.now):
                if await event_rules.count(connection, *place):
                    raise invalid(f"Event bus {name} can't be deleted since it has rules.")
                await event_buses.delete(connection, *place)
        return {}


def _place(row: Any | None) -> str:
    """Where a listing goes on behind a bus: the default one is before all others."""
    return "" if row is None or row.name == DEFAULT_BUS else str(row.name)


def _refuse_absent(call: Call, request: Request) -> None:
    for member in _ABSENT:
        if request.get(member):
            raise not_implemented(f"events.{call.operation}.{member}")


def _shape(call: Call, name: str, row: Any | None) -> Answer:
    shown: Answer = {"Name": name, "Arn": bus_arn(call, name)}
    if row is None:
        return shown
    shown |= {"CreationTime": row.created, "LastModifiedTime": row.modified}
    if row.description:
        shown["Description"] = row.description
    if row.policy:
        shown["Policy"] = json.dumps({"Version": "2012-10-17", "Statement": row.policy})
    return shown
