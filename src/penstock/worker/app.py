"""The queue as a worker sees it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from procrastinate import App, PsycopgConnector
from procrastinate.connector import Notify
from procrastinate.exceptions import ConnectorException

from penstock.flow.batch_members import ADVANCE
from penstock.flow.batch_members import QUEUE as BATCHES
from penstock.flow.build_batches import advance
from penstock.flow.builds import QUEUE
from penstock.services.codebuild.batch_rules import check_member
from penstock.store import Store
from penstock.worker.crew import Crew
from penstock.worker.patience import AWAY, patiently
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


def make_app(url: str, store: Store, crew: Crew) -> App:
    app = App(connector=PatientConnector(conninfo=url, min_size=1, max_size=CONNECTIONS))

    @app.task(name="run_build", queue=QUEUE)
    async def run_build(build: str) -> None:
        await crew.perform(UUID(build))

    @app.task(name=ADVANCE, queue=BATCHES)
    async def advance_build_batch(batch: str) -> None:
        await patiently(lambda: advance(store, UUID(batch), check_member, datetime.now(UTC)))

    @app.periodic(cron="* * * * *")
    @app.task(name="keep_up", queue=UPKEEP, queueing_lock="keep_up")
    async def run_upkeep(timestamp: int) -> None:
        await keep_up(store)

    return app
