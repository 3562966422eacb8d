"""From an event to its deliveries: which rules match, and what their targets are given.

An event that a rule may want is recorded together with a job that comes here; a rule whose schedule
is due is found by sweeping. Either way one transaction makes the deliveries, and a job for each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from penstock.decide.event_envelopes import envelope, spoken_exactly
from penstock.decide.event_matching import leaves, matches
from penstock.decide.input_transformers import Surroundings, input_of
from penstock.decide.schedules import next_time
from penstock.documents.event_patterns.reader import parse
from penstock.documents.input_templates import InputError
from penstock.documents.schedules import parse as parse_schedule
from penstock.flow.event_signals import tell_triggered, tell_undeliverable
from penstock.store import Store, event_rules
from penstock.store.database import Connection
from penstock.store.event_deliveries import Delivery, add, deliver_again
from penstock.store.event_rules import RuleName, name_of
from penstock.store.events import Event, lock_unrouted, record_routed, route_again, set_routed

QUEUE = "events"
ROUTE = "route_event"
STUCK = timedelta(minutes=2)
"""A job that has not been done for so long is deferred again: its worker may have been killed."""
MANY_LEAVES = 1000
MOST_DUE = 100  # rules in one sweep


async def route(store: Store, sequence: int, now: datetime) -> int:
    """Makes an event's deliveries, unless they have been made; returns how many rules match."""
    async with store.database.transaction() as connection:
        row = await lock_unrouted(connection, sequence)
        if row is None:
            return 0
        event = envelope(row)
        rules = await event_rules.enabled(connection, row.account, row.region, row.bus)
        matched = await _matching(rules, event)
        for rule in matched:
            await _deliver(connection, rule, row, event, now)
        await set_routed(connection, sequence)
        return len(matched)


async def _matching(rules: Sequence[Any], event: Mapping[str, Any]) -> list[Any]:
    found = leaves(event)

    def matching() -> list[Any]:
        return [rule for rule in rules if matches(parse(rule.pattern), found)]

    if sum(map(len, found.values())) > MANY_LEAVES:  # others are not to wait for it
        return await asyncio.to_thread(matching)
    return matching()


async def sweep(store: Store, now: datetime) -> int:
    """Fires the rules that are due, each once for each time however many sweep, and has done again
    what nobody does; returns how many fired. What was missed while nobody swept fires once."""
    fired = 0
    while fired < MOST_DUE and await _fire(store, now):
        fired += 1
    await route_again(store.database, now - STUCK)
    await deliver_again(store.database, now - STUCK)
    return fired


async def _fire(store: Store, now: datetime) -> bool:
    async with store.database.transaction() as connection:
        rule = await event_rules.lock_due(connection, now)
        if rule is None:
            return False
        schedule = parse_schedule(rule.schedule)
        name = name_of(rule)
        event = Event(
            name.account, name.region, "aws.events", "Scheduled Event", (name.arn,), rule.due, {}
        )
        row = await record_routed(connection, event)
        await _deliver(connection, rule, row, envelope(row), now)
        await event_rules.set_due(connection, rule.id, next_time(schedule, now, rule.since))
        return True


async def _deliver(
    connection: Connection, rule: Any, row: Any, event: Mapping[str, Any], now: datetime
) -> None:
    """One delivery for each of a rule's targets."""
    name = name_of(rule)
    deliveries = list(_deliveries(rule, name, row, event))
    await add(connection, deliveries, now)
    await tell_triggered(connection, name, now)
    await tell_undeliverable(
        connection, name, sum(one.error is not None for one in deliveries), now
    )


def _deliveries(
    rule: Any, name: RuleName, row: Any, event: Mapping[str, Any]
) -> Iterator[Delivery]:
    about = Surroundings(name.arn, name.name, spoken_exactly(row.ingested))
    for target in rule.targets:
        delivery = Delivery(row.sequence, rule.id, name.arn, target, name.account, name.region, "")
        try:
            yield delivery._replace(input=input_of(target, event, about))
        except InputError as error:
            yield delivery._replace(error={"code": "InvalidInput", "message": str(error)})
