"""The tasks of the queue that are about stacks."""

from __future__ import annotations

from uuid import UUID

from procrastinate import App, RetryStrategy

from penstock.flow.stack_steps import PERFORM, QUEUE
from penstock.flow.stack_watches import WATCH
from penstock.store import Store
from penstock.store.sandboxed_stacks import REFILL
from penstock.worker.cloud import Clouds, Unanswered
from penstock.worker.patience import AWAY, patiently
from penstock.worker.refilling import refill_sandbox
from penstock.worker.stack_watches import watch_stack
from penstock.worker.stacks import perform_resource

AGAIN = 30
"""Seconds until what could not be done is tried again: what is wrong here may pass."""


def add_stack_tasks(app: App, store: Store) -> None:
    clouds = Clouds(store)

    @app.task(name=PERFORM, queue=QUEUE, retry=RetryStrategy(wait=AGAIN))
    async def run_perform_resource(id: str) -> None:
        await perform_resource(clouds, UUID(id))

    @app.task(name=WATCH, queue=QUEUE, retry=RetryStrategy(wait=AGAIN))
    async def run_watch_stack(stack: str, operation: str) -> None:
        await watch_stack(clouds, UUID(stack), UUID(operation))

    @app.task(name=REFILL, queue=QUEUE)
    async def run_refill_sandbox() -> None:
        await patiently(lambda: refill_sandbox(clouds), (*AWAY, Unanswered))
