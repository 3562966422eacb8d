"""Signals taken, and the tasks told that have waited for them.

All of it is one transaction, in which the handle is locked: whoever begins to wait sees a signal,
or is seen by it. A handle is locked before a stack, never after.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from penstock.errors import AwsError
from penstock.flow.signal_answers import outcome_of_answer, outcome_of_wait, read_signal
from penstock.flow.stack_steps import Inside
from penstock.flow.stacks import finish_task
from penstock.store import Store
from penstock.store.signals import (
    Kind,
    Signal,
    add_signal,
    delete_handle,
    delete_wait,
    handle_of_task,
    lock_handle,
    read_signals,
    read_waits,
)


async def take(store: Store, id: str, body: bytes, now: datetime) -> None:
    """What is written to an address. Raises AwsError where there is none, and for what is none."""
    async with store.database.transaction() as connection:
        handle = await lock_handle(connection, id)
        if handle is None:
            raise AwsError("ResourceNotFoundException", "Nobody waits at this address", 404)
        if handle.kind == Kind.CUSTOM:
            outcome = outcome_of_answer(handle.expected, body)
            await delete_handle(connection, id)
            await finish_task(Inside(store, connection), handle.task, outcome, now)
        else:
            await _add(Inside(store, connection), handle, read_signal(body), now)


async def signal_task(store: Store, task: UUID, signal: Signal, now: datetime) -> bool:
    """A signal for a resource that waits as its creation policy says; False where none does."""
    async with store.database.transaction() as connection:
        id = await handle_of_task(connection, task)
        handle = await lock_handle(connection, id) if id else None
        if handle is not None:
            await _add(Inside(store, connection), handle, signal, now)
    return handle is not None


async def _add(inside: Inside, handle: Any, signal: Signal, now: datetime) -> None:
    connection = inside.connection
    await add_signal(connection, handle.id, signal)
    signals = await read_signals(connection, handle.id)
    for wait in await read_waits(connection, handle.id):
        outcome = outcome_of_wait(wait, signals)
        if outcome is not None:
            await delete_wait(connection, wait.task)
            await finish_task(inside, wait.task, outcome, now)
