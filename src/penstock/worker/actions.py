"""Starts actions and rules: asks their providers, and records what these answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from penstock.actions import Done, Failed, Later, Outcome, Start, Waiting, provider_of
from penstock.actions.acting import failed_by
from penstock.decide.action_deadlines import spoken
from penstock.decide.clone_references import CLONED, unusable_reference
from penstock.documents.pipelines import Action
from penstock.errors import AwsError
from penstock.flow.action_starts import read_start
from penstock.flow.actions import ASKED_AGAIN, ask_later, save_waiting
from penstock.flow.pipelines import Result, finish_action
from penstock.store import Store
from penstock.store.sealing import SealError
from penstock.worker.patience import AWAY, patiently

LOG = logging.getLogger("penstock.worker")
AT_ONCE = 8

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


async def start_action(store: Store, action: UUID, clock: Clock = utc_now) -> None:
    """Starts an execution and records what comes of it; does nothing where it has begun before.

    Killed at any point, it is done again from the beginning; so it is where the provider says that
    it is to be asked later.
    """
    outcome = await patiently(lambda: _ask(store, action, clock))
    if isinstance(outcome, Waiting):
        result = Result(*outcome[:3], log_stream_arn=outcome.log_stream_arn)
        await patiently(lambda: save_waiting(store, action, result, clock()))
    elif isinstance(outcome, Later):
        at, result = outcome.at, Result(summary=outcome.summary)
        await patiently(lambda: ask_later(store, action, at, result, clock()))
    elif isinstance(outcome, Done):
        done, result = outcome.succeeded, Result(*outcome[1:4], log_stream_arn=outcome[4])
        await patiently(lambda: finish_action(store, action, done, clock(), result=result))
    elif outcome is not None:
        failed = outcome
        await patiently(lambda: finish_action(store, action, failed, clock()))


async def _ask(store: Store, action: UUID, clock: Clock) -> Outcome | None:
    """None where there is nothing to start. Raises what says that the database is away.

    A provider has until the deadline: one that waits for somebody who never answers would keep
    others from starting.
    """
    try:
        start = await read_start(store, action)
    except SealError as error:
        return Failed("ConfigurationError", f"A secret of its configuration: {error}")
    if start is None or (start.waiting and start.action.type.provider not in ASKED_AGAIN):
        LOG.info("action execution %s was started before, or is gone", action)
        return None
    if missing := _missing(start):
        return Failed("JobFailed", f"There is no artifact {missing}: no action has made it")
    if reference := unusable_reference(start):
        return Failed("ConfigurationError", f"{reference}: {CLONED}")
    try:
        async with asyncio.timeout((start.deadline - clock()).total_seconds()) as limit:
            return await provider_of(start.action.type)(store, start)
    except AWAY:
        raise
    except AwsError as error:
        return failed_by(error, start.action.type.provider)
    except Exception as error:
        kind = "action" if isinstance(start.action, Action) else "rule"
        if limit.expired():
            time = spoken(start.deadline - start.started)
            return Failed(
                "JobFailed", f"The {kind} {start.action.name} has timed out: it had {time}"
            )
        LOG.exception("%s of %s cannot be started", start.action.name, start.name.arn)
        return Failed("JobFailed", f"The {kind} cannot be started: {error or type(error).__name__}")


def _missing(start: Start) -> str:
    return ", ".join(name for name in start.action.inputs if name not in start.inputs)
