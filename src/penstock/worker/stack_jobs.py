"""The tasks of the queue that are about stacks."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision, RetryStrategy
from procrastinate.jobs import Job

from penstock.flow.stack_steps import PERFORM, QUEUE
from penstock.flow.stack_watches import WATCH
from penstock.store import Store
from penstock.store.sandboxed_stacks import REFILL
from penstock.worker.cloud import Clouds, Unanswered
from penstock.worker.patience import patiently
from penstock.worker.refilling import refill_or_wait
from penstock.worker.stack_watches import watch_stack
from penstock.worker.stacks import perform_resource

AGAIN, SOON = 30, 1
"""Seconds until what could not be done is tried again: what is wrong here may pass. A server that
does not answer is most likely starting."""
MOST = 60
"""Attempts at a task that waits for a server; a worker looks for jobs every few seconds."""


class Retry(BaseRetryStrategy):
    """Jobs wait in the queue, not in a worker: others have their turn, and it can end."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        wait = SOON if isinstance(exception, Unanswered) else AGAIN
        return RetryDecision(retry_in={"seconds": wait})


def add_stack_tasks(app: App, store: Store) -> None:
    clouds = Clouds(store)

    @app.task(name=PERFORM, queue=QUEUE, retry=Retry(), pass_context=True)
    async def run_perform_resource(context: JobContext, id: str) -> None:
        await perform_resource(clouds, UUID(id), last=context.job.attempts >= MOST)

    @app.task(name=WATCH, queue=QUEUE, retry=RetryStrategy(wait=AGAIN))
    async def run_watch_stack(stack: str, operation: str) -> None:
        await watch_stack(clouds, UUID(stack), UUID(operation))

    @app.task(name=REFILL, queue=QUEUE)
    async def run_refill_sandbox() -> None:
        await patiently(lambda: refill_or_wait(clouds, datetime.now(UTC)))
