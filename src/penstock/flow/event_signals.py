"""Metrics of rules, written in the transaction that gives rise to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from penstock.store.database import Connection
from penstock.store.event_rules import RuleName
from penstock.store.events import Point, record_points


async def tell_triggered(connection: Connection, rule: RuleName, now: datetime) -> None:
    await _tell(connection, rule, {"TriggeredRules": 1}, now)


async def tell_undeliverable(
    connection: Connection, rule: RuleName, count: int, now: datetime
) -> None:
    """Deliveries that fail before anything is called."""
    if count:
        await _tell(connection, rule, {"Invocations": count, "FailedInvocations": count}, now)


async def tell_invoked(connection: Connection, rule: RuleName, now: datetime) -> None:
    await _tell(connection, rule, {"Invocations": 1}, now)


async def tell_failed(connection: Connection, rule: RuleName, now: datetime) -> None:
    """For good, after all that was tried."""
    await _tell(connection, rule, {"Invocations": 1, "FailedInvocations": 1}, now)


async def tell_dead_letter(
    connection: Connection, rule: RuleName, now: datetime, *, sent: bool
) -> None:
    name = "InvocationsSentToDlq" if sent else "InvocationsFailedToBeSentToDlq"
    await _tell(connection, rule, {name: 1}, now)


async def _tell(
    connection: Connection, rule: RuleName, values: Mapping[str, int], now: datetime
) -> None:
    dimensions = {"RuleName": rule.name}
    place = (rule.account, rule.region, "AWS/Events")
    points = [
        Point(*place, name, dimensions, now, value, "Count") for name, value in values.items()
    ]
    await record_points(connection, points)
