"""A delivery attempted, and what comes of it (TG-099).

| status | is left |
| --- | --- |
| WAITING | DELIVERED, or it stays and is due later, or it is given up: DEAD_LETTER, FAILED |
| DEAD_LETTER | FAILED, once the queue of dead letters has it or will never have it |

Targets that are rows here are reached in the transaction that notes it: once, whoever is killed.
Others are called before it is noted: at least once.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import InterfaceError, OperationalError

from penstock.decide.event_retries import Exhausted, next_attempt
from penstock.errors import AwsError
from penstock.flow.build_starts import StartOrder, start_within
from penstock.flow.event_signals import tell_dead_letter, tell_failed, tell_invoked
from penstock.flow.event_targets import append_log, forward, start_pipeline
from penstock.store import Store, event_deliveries
from penstock.store.database import Connection
from penstock.store.event_deliveries import Status
from penstock.store.event_rules import RuleName, read_rule_arn

DELIVER = "deliver_event"
DEAD_LETTER_RETRIES = 20
LOG = logging.getLogger("penstock.events")
_AWAY = (OperationalError, InterfaceError)
_PASSING = frozenset(
    (
        "AccountLimitExceededException",
        "ConcurrentModificationException",
        "ConcurrentPipelineExecutionsLimitExceededException",
        "KMSThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "Throttled",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    )
)
"""Refusals that may well be none a little later."""

Within = Callable[[Connection, Any, datetime], Awaitable[None]]


class Outside(NamedTuple):
    """What is not for `flow` to know.

    `build_order` reads the order of a build out of a delivery; `send` calls a delivery's target,
    and `bury` its queue of dead letters. They raise AwsError.
    """

    build_order: Callable[[Any, datetime], StartOrder]
    send: Callable[[Any], Awaitable[None]]
    bury: Callable[[Any], Awaitable[None]]


async def deliver(store: Store, delivery: UUID, outside: Outside, now: datetime) -> Status | None:
    """Attempts a delivery; its status after that, or None where it has been over before."""
    row = await event_deliveries.find(store.database, delivery)
    if row is None:
        return None
    within = _within(row, outside)
    if within is not None:
        return await _attempt_within(store, delivery, within, now)
    call = outside.bury if row.status == Status.DEAD_LETTER else outside.send
    fault = await _fault_of(call(row))
    async with store.database.transaction() as connection:
        row = await event_deliveries.lock(connection, delivery)
        return None if row is None else await _note(connection, row, fault, now)


def _within(row: Any, outside: Outside) -> Within | None:
    """What reaches a target that is a row of the same database."""

    async def start_build(connection: Connection, row: Any, now: datetime) -> None:
        await start_within(connection, outside.build_order(row, now))

    if row.status == Status.DEAD_LETTER:
        return None
    targets: dict[str, Within] = {
        "codebuild": start_build,
        "codepipeline": start_pipeline,
        "events": forward,
        "logs": append_log,
    }
    return targets.get(row.target["Arn"].split(":")[2])


async def _attempt_within(
    store: Store, delivery: UUID, within: Within, now: datetime
) -> Status | None:
    async with store.database.transaction() as connection:
        row = await event_deliveries.lock(connection, delivery)
        if row is None:
            return None

        async def attempt() -> None:
            async with connection.transaction():  # a failed attempt leaves nothing
                await within(connection, row, now)

        return await _note(connection, row, await _fault_of(attempt()), now)


async def _fault_of(attempt: Awaitable[None]) -> AwsError | None:
    """What went wrong. A fault of Penstock's own counts as one that may pass."""
    try:
        await attempt
    except AwsError as error:
        return error
    except _AWAY:
        raise  # the attempt says nothing about the target
    except Exception as error:
        LOG.exception("a target cannot be reached by a fault of Penstock's own")
        return AwsError("InternalFailure", f"A fault of Penstock's own: {error!r}", 500)
    return None


async def _note(connection: Connection, row: Any, fault: AwsError | None, now: datetime) -> Status:
    if row.status == Status.DEAD_LETTER:
        return await _note_dead_letter(connection, row, fault, now)
    attempts = row.attempts + 1
    if fault is None:
        await event_deliveries.set_over(
            connection, row.id, Status.DELIVERED, now, attempts=attempts
        )
        await tell_invoked(connection, _rule(row), now)
        return Status.DELIVERED
    error = {"code": fault.code, "message": fault.message, "retries": str(row.attempts)}
    if _may_pass(fault):
        policy = row.target.get("RetryPolicy", {})
        again = next_attempt(policy, attempts, row.created, now)
        if not isinstance(again, Exhausted):
            await event_deliveries.set_due(
                connection, row.id, Status.WAITING, again, attempts=attempts, error=error
            )
            return Status.WAITING
        error["exhausted"] = again.by
    return await _give_up(connection, row, error, now)


async def _give_up(
    connection: Connection, row: Any, error: dict[str, str], now: datetime
) -> Status:
    await tell_failed(connection, _rule(row), now)
    if row.target.get("DeadLetterConfig", {}).get("Arn"):
        await event_deliveries.set_due(
            connection, row.id, Status.DEAD_LETTER, now, attempts=0, error=error
        )
        return Status.DEAD_LETTER
    await event_deliveries.set_over(
        connection, row.id, Status.FAILED, now, attempts=row.attempts + 1, error=error
    )
    return Status.FAILED


async def _note_dead_letter(
    connection: Connection, row: Any, fault: AwsError | None, now: datetime
) -> Status:
    """`error` stays that of the target; `attempts` are those at the queue."""
    attempts = row.attempts + 1
    if fault is not None and _may_pass(fault):
        again = next_attempt({"MaximumRetryAttempts": DEAD_LETTER_RETRIES}, attempts, now, now)
        if not isinstance(again, Exhausted):
            await event_deliveries.set_due(
                connection, row.id, Status.DEAD_LETTER, again, attempts=attempts, error=row.error
            )
            return Status.DEAD_LETTER
    lost = {"dead-letter": f"{fault.code}: {fault.message}"} if fault else {"dead-letter": "sent"}
    await event_deliveries.set_over(
        connection, row.id, Status.FAILED, now, attempts=attempts, error={**row.error, **lost}
    )
    await tell_dead_letter(connection, _rule(row), now, sent=fault is None)
    return Status.FAILED


def _may_pass(fault: AwsError) -> bool:
    return fault.code in _PASSING or (fault.status >= 500 and fault.status != 501)


def _rule(row: Any) -> RuleName:
    return read_rule_arn(row.rule_arn)
