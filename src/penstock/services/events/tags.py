"""Tags of rules and buses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from penstock.errors import AwsError
from penstock.services.events.names import bus_missing, invalid, not_found, rule_missing
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import event_buses, event_rules
from penstock.store.database import Connection
from penstock.store.event_rules import read_rule_arn

MOST_TAGS = 50
Tagged = dict[str, str]
_ARN = re.compile(r"arn:aws[\w-]*:events:([a-z0-9-]+):([0-9]{12}):(rule|event-bus)/(.+)")


class Tags(Service):
    async def tag_resource(self, call: Call, request: Request) -> Answer:
        added = read_tags(request["Tags"])
        await self._change(call, request, lambda tags: check_tags(tags | added))
        return {}

    async def untag_resource(self, call: Call, request: Request) -> Answer:
        gone = set(request["TagKeys"])
        await self._change(
            call, request, lambda tags: {key: tags[key] for key in tags if key not in gone}
        )
        return {}

    async def list_tags_for_resource(self, call: Call, request: Request) -> Answer:
        tags = await self._change(call, request, lambda tags: tags)
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    async def _change(
        self, call: Call, request: Request, change: Callable[[Tagged], Tagged]
    ) -> Tagged:
        arn = request["ResourceARN"]
        found = _ARN.fullmatch(arn)
        if found is None:
            raise invalid(
                f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
            )
        if found.groups()[:2] != (call.region, call.account):
            raise not_found(f"{arn} does not exist.")
        async with self.store.database.transaction() as connection:
            if found[3] == "rule":
                return await _of_rule(connection, arn, change)
            return await _of_bus(connection, call, found[4], change)


async def _of_rule(connection: Connection, arn: str, change: Callable[[Tagged], Tagged]) -> Tagged:
    name = read_rule_arn(arn)
    if not await event_buses.hold(connection, *name[:3]):
        raise bus_missing(name.bus)
    row = await event_rules.lock(connection, name)
    if row is None:
        raise rule_missing(name)
    tags = change(row.tags)
    if tags != row.tags:
        await event_rules.set_tags(connection, row.id, tags)
    return tags


async def _of_bus(
    connection: Connection, call: Call, bus: str, change: Callable[[Tagged], Tagged]
) -> Tagged:
    place = (call.account, call.region, bus)
    row = await event_buses.lock(connection, *place, call.now)
    if row is None:
        raise bus_missing(bus)
    tags = change(row.tags)
    if tags != row.tags:
        await event_buses.set_tags(connection, *place, tags)
    return tags


def read_tags(tags: Sequence[Mapping[str, Any]]) -> Tagged:
    return {tag["Key"]: tag["Value"] for tag in tags}


def check_tags(tags: Tagged) -> Tagged:
    if len(tags) > MOST_TAGS:
        raise AwsError("ValidationException", f"A resource has at most {MOST_TAGS} tags.")
    return tags
