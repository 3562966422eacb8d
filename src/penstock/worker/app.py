"""The queue as a worker sees it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.connector import Notify
from procrastinate.exceptions import ConnectorException

from penstock.actions.approval_notice import notify_approval
from penstock.flow.actions import NOTIFY, START
from penstock.flow.actions import QUEUE as ACTIONS
from penstock.flow.batch_artifacts import COMBINE
from penstock.flow.batch_members import ADVANCE
from penstock.flow.batch_members import QUEUE as BATCHES
from penstock.flow.build_batches import advance
from penstock.flow.build_starts import QUEUE
from penstock.flow.repositories import DELIVER
from penstock.services.codebuild.batch_rules import check_member
from penstock.services.codecommit.deliveries import deliver
from penstock.services.codeconnections.deliveries import HEAR
from penstock.store import Store
from penstock.worker.actions import start_action
from penstock.worker.combining import combine
from penstock.worker.crew import Crew
from penstock.worker.deliveries import add_tasks
from penstock.worker.git_changes import hear_git_change
from penstock.worker.patience import AWAY, patiently
from penstock.worker.stack_jobs import add_stack_tasks
from penstock.worker.upkeep import keep_up

UPKEEP = "upkeep"
CONNECTIONS = 4


class PatientConnector(PsycopgConnector):
    """Waits for a database that is away; the library's own workers would end."""

    async def execute_query_async(self, query: Any, **arguments: Any) -> None:
        act = super().execute_query_async
        await patiently(lambda: _unwrapped(act, query, **arguments))

    async def execute_query_one_async(self, query: Any, **arguments: Any) -> dict[str, Any]:
        act = super().execute_query_one_async
        return await patiently(lambda: _unwrapped(act, query, **arguments))

    async def execute_query_all_async(self, query: Any, **arguments: Any) -> list[dict[str, Any]]:
        act = super().execute_query_all_async
        return await patiently(lambda: _unwrapped(act, query, **arguments))

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        act = super().listen_notify
        names = list(channels)
        await patiently(lambda: _unwrapped(act, on_notification, names))


async def _unwrapped(act: Any, *arguments: Any, **named: Any) -> Any:
    """As the connector does it, but with psycopg's own error for a database that is away."""
    try:
        return await act(*arguments, **named)
    except ConnectorException as error:
        if isinstance(error.__cause__, AWAY):
            raise error.__cause__ from None
        raise


def make_app(url: str, store: Store, crew: Crew, folder: str) -> App:
    """`folder` is where builds have theirs."""
    app = App(connector=PatientConnector(conninfo=url, min_size=1, max_size=CONNECTIONS))

    @app.task(name="run_build", queue=QUEUE)
    async def run_build(build: str) -> None:
        await crew.perform(UUID(build))

    @app.task(name=ADVANCE, queue=BATCHES)
    async def advance_build_batch(batch: str) -> None:
        await patiently(lambda: advance(store, UUID(batch), check_member, datetime.now(UTC)))

    @app.task(name=COMBINE, queue=QUEUE)
    async def combine_artifacts(batch: str) -> None:
        await combine(store, folder, UUID(batch))

    # Until its deadline has ended it: what is wrong here may pass, or be mended meanwhile.
    @app.task(name=START, queue=ACTIONS, retry=RetryStrategy(wait=30))
    async def run_start_action(id: str) -> None:
        await start_action(store, UUID(id))

    @app.task(name=NOTIFY, queue=ACTIONS)
    async def run_notify_approval(id: str) -> None:
        await patiently(lambda: notify_approval(store, UUID(id)))

    @app.task(name=DELIVER, queue=ACTIONS, retry=RetryStrategy(max_attempts=5, exponential_wait=3))
    async def deliver_trigger(account: str, destination: str, message: dict[str, Any]) -> None:
        await deliver(store, account, destination, message)

    @app.task(name=HEAR, queue=ACTIONS)
    async def run_hear_git_change(**arguments: Any) -> None:
        await patiently(lambda: hear_git_change(store, arguments, datetime.now(UTC)))

    add_tasks(app, store)
    add_stack_tasks(app, store)

    @app.periodic(cron="* * * * *")
    @app.task(name="keep_up", queue=UPKEEP, queueing_lock="keep_up")
    async def run_upkeep(timestamp: int) -> None:
        await keep_up(store)

    return app
