"""Rules: patterns and schedules (TG-091, TG-095, TG-097)."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from penstock.decide.event_matching import leaves, matches
from penstock.decide.schedules import next_time
from penstock.documents.event_patterns import EventPattern, PatternError
from penstock.documents.event_patterns.reader import parse
from penstock.documents.schedules import ScheduleError
from penstock.documents.schedules import parse as parse_schedule
from penstock.errors import AwsError
from penstock.services.events.buses import BAD_TOKEN
from penstock.services.events.details import Malformed, read_object
from penstock.services.events.names import (
    STATES,
    bus_missing,
    check_name,
    invalid,
    read_bus,
    rule_missing,
    rule_name,
    too_many,
)
from penstock.services.events.tags import check_tags, read_tags
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import event_buses, event_rules
from penstock.store.event_rules import DISABLED, Rule, RuleName
from penstock.store.events import DEFAULT_BUS

MOST_RULES = 300
PAGE = 100
_OF_AN_EVENT = ("id", "account", "source", "time", "region", "detail-type")


class Rules(Service):
    async def put_rule(self, call: Call, request: Request) -> Answer:
        name = rule_name(call, request["Name"], request.get("EventBusName"))
        rule = Rule(
            request.get("EventPattern", ""),
            request.get("ScheduleExpression", ""),
            request.get("State", STATES[0]),
            request.get("Description", ""),
            request.get("RoleArn", ""),
        )
        _check(name, rule)
        tags = check_tags(read_tags(request.get("Tags", [])))
        async with self.store.database.transaction() as connection:
            if not await event_buses.hold(connection, name.account, name.region, name.bus):
                raise bus_missing(name.bus)
            due = _due(rule.schedule, rule.state, call.now)
            await event_rules.put(connection, name, rule, due=due, tags=tags, now=call.now)
            if await event_rules.count(connection, *name[:3]) > MOST_RULES:
                raise too_many()
        return {"RuleArn": name.arn}

    async def describe_rule(self, call: Call, request: Request) -> Answer:
        name = rule_name(call, request["Name"], request.get("EventBusName"))
        await self._check_bus(name)
        row = await event_rules.find(self.store.database, name)
        if row is None:
            raise rule_missing(name)
        return _shape(name, row) | {"CreatedBy": name.account}

    async def list_rules(self, call: Call, request: Request) -> Answer:
        prefix = request.get("NamePrefix", "")
        if prefix:
            check_name(prefix, "namePrefix")
        rows, token = await self._list(call, request, prefix=prefix)
        shown = [_shape(event_rules.name_of(row), row) for row in rows]
        answer: Answer = {"Rules": shown}
        return answer | ({"NextToken": token} if token else {})

    async def list_rule_names_by_target(self, call: Call, request: Request) -> Answer:
        rows, token = await self._list(call, request, target=request["TargetArn"])
        answer: Answer = {"RuleNames": [row.name for row in rows]}
        return answer | ({"NextToken": token} if token else {})

    async def _list(self, call: Call, request: Request, **which: str) -> tuple[Any, str | None]:
        bus, limit = read_bus(call, request.get("EventBusName")), request.get("Limit", PAGE)
        await self._check_bus(RuleName(call.account, call.region, bus, ""))
        kind = f"rules:{bus}:{sorted(which.items())}"
        after = read_token(kind, request.get("NextToken"), BAD_TOKEN)
        rows = await event_rules.list_rules(
            self.store.database,
            call.account,
            call.region,
            bus,
            prefix=which.get("prefix", ""),
            target=which.get("target"),
            after=after[0] if after else "",
            limit=limit + 1,
        )
        return cut(rows, limit, lambda row: make_token(kind, row.name))

    async def _check_bus(self, name: RuleName) -> None:
        if name.bus != DEFAULT_BUS and not await event_buses.find(self.store.database, *name[:3]):
            raise bus_missing(name.bus)

    async def enable_rule(self, call: Call, request: Request) -> None:
        await self._set_state(call, request, STATES[0])

    async def disable_rule(self, call: Call, request: Request) -> None:
        await self._set_state(call, request, DISABLED)

    async def _set_state(self, call: Call, request: Request, state: str) -> None:
        """A rate begins anew with a rule that is enabled; one that is already goes on as it was."""
        name = rule_name(call, request["Name"], request.get("EventBusName"))
        await self._check_bus(name)
        async with self.store.database.transaction() as connection:
            row = await event_rules.lock(connection, name)
            if row is None:
                raise rule_missing(name)
            if (row.state == DISABLED) != (state == DISABLED):
                due = _due(row.schedule or "", state, call.now)
                await event_rules.set_state(connection, row.id, state, due, call.now)

    async def delete_rule(self, call: Call, request: Request) -> None:
        """TG-095. One that is not there has been deleted."""
        name = rule_name(call, request["Name"], request.get("EventBusName"))
        await self._check_bus(name)
        async with self.store.database.transaction() as connection:
            row = await event_rules.lock(connection, name)
            if row is None:
                return
            if await event_rules.count_targets(connection, row.id):
                raise invalid("Rule can't be deleted since it has targets.")
            await event_rules.delete(connection, row.id)

    async def test_event_pattern(self, call: Call, request: Request) -> Answer:
        pattern = read_pattern(request["EventPattern"])
        try:
            event = read_object(request["Event"])
        except Malformed:
            raise invalid("Parameter Event is not valid.") from None
        if any(member not in event for member in _OF_AN_EVENT):
            raise invalid("Parameter Event is not valid.")
        # An event may be large, and a pattern slow; the server has others to answer meanwhile.
        return {"Result": await asyncio.to_thread(lambda: matches(pattern, leaves(event)))}


def read_pattern(text: str) -> EventPattern:
    """Raises InvalidEventPatternException (TG-091)."""
    try:
        return parse(text)
    except PatternError as error:
        raise AwsError(
            "InvalidEventPatternException", f"Event pattern is not valid. Reason: {error}"
        ) from None


def _check(name: RuleName, rule: Rule) -> None:
    if not rule.pattern and not rule.schedule:
        raise invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if rule.state not in STATES:
        raise invalid(
            f"1 validation error detected: Value '{rule.state}' at 'state' failed to satisfy"
            f" constraint: Member must satisfy enum value set: [{', '.join(STATES)}]"
        )
    if rule.pattern:
        read_pattern(rule.pattern)
    if rule.schedule:
        if name.bus != DEFAULT_BUS:
            raise invalid("ScheduleExpression is supported only on the default event bus.")
        try:
            parse_schedule(rule.schedule)
        except ScheduleError:
            raise invalid("Parameter ScheduleExpression is not valid.") from None


def _due(schedule: str, state: str, now: datetime) -> datetime | None:
    """When a rule is due first."""
    if not schedule or state == DISABLED:
        return None
    return next_time(parse_schedule(schedule), now, now)


def _shape(name: RuleName, row: Any) -> Answer:
    shown = {
        "Name": name.name,
        "Arn": name.arn,
        "EventPattern": row.pattern,
        "ScheduleExpression": row.schedule,
        "State": row.state,
        "Description": row.description,
        "RoleArn": row.role,
        "EventBusName": name.bus,
    }
    return {member: value for member, value in shown.items() if value}
