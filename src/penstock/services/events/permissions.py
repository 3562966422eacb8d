"""Who else may put events on a bus: statements that are kept and shown, and not asked here."""

from __future__ import annotations

import json
from typing import Any

from penstock.errors import AwsError
from penstock.services.events.names import bus_arn, bus_missing, invalid, not_found, read_bus
from penstock.services.service import Request, Service
from penstock.state.calls import Call
from penstock.store import event_buses

LONGEST = 10_240  # characters of a policy

Statement = dict[str, Any]


class Permissions(Service):
    async def put_permission(self, call: Call, request: Request) -> None:
        bus = read_bus(call, request.get("EventBusName"))
        given = _policy(request["Policy"]) if request.get("Policy") else None
        async with self.store.database.transaction() as connection:
            place = (call.account, call.region, bus)
            row = await event_buses.lock(connection, *place, call.now)
            if row is None:
                raise bus_missing(bus)
            statements = (
                _added(row.policy, _statement(call, bus, request)) if given is None else given
            )
            if len(json.dumps(statements)) > LONGEST:
                raise AwsError("PolicyLengthExceededException", "The event bus policy is too long.")
            await event_buses.set_policy(connection, *place, statements, call.now)

    async def remove_permission(self, call: Call, request: Request) -> None:
        bus, sid = read_bus(call, request.get("EventBusName")), request.get("StatementId")
        async with self.store.database.transaction() as connection:
            place = (call.account, call.region, bus)
            row = await event_buses.lock(connection, *place, call.now)
            if row is None:
                raise bus_missing(bus)
            left = [one for one in row.policy if one.get("Sid") != sid]
            if request.get("RemoveAllPermissions"):
                left = []
            elif left == row.policy:
                raise not_found("Statement with the provided id does not exist.")
            await event_buses.set_policy(connection, *place, left, call.now)


def _policy(text: str) -> list[Statement]:
    try:
        document = json.loads(text)
        statements = document["Statement"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise invalid("Parameter Policy is not valid. Reason: it is no policy document.") from None
    found = statements if isinstance(statements, list) else [statements]
    if not all(isinstance(one, dict) and "Effect" in one for one in found):
        raise invalid("Parameter Policy is not valid. Reason: it is no policy document.")
    return found


def _statement(call: Call, bus: str, request: Request) -> Statement:
    for member in ("StatementId", "Principal", "Action"):
        if not request.get(member):
            raise invalid(f"Parameter {member} must be specified.")
    principal, condition = request["Principal"], request.get("Condition")
    statement: Statement = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": "*" if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
        "Action": request["Action"],
        "Resource": bus_arn(call, bus),
    }
    if condition:
        statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return statement


def _added(statements: list[Statement], new: Statement) -> list[Statement]:
    """With a statement in place of that of the same Sid, or behind the others."""
    return [*(one for one in statements if one.get("Sid") != new["Sid"]), new]
