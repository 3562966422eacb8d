"""The process of a worker, from its start to its end."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from procrastinate.worker import Worker

from penstock.flow.actions import QUEUE as ACTIONS
from penstock.flow.batch_members import QUEUE as BATCHES
from penstock.flow.build_starts import QUEUE
from penstock.flow.event_routing import sweep as sweep_events
from penstock.flow.overdue import LOST, sweep
from penstock.flow.stack_steps import QUEUE as STACKS
from penstock.flow.steadiness import BEAT, Steadiness
from penstock.store import Store
from penstock.store.fitness import check_paired
from penstock.store.opening import Location, open_store
from penstock.store.workers import beat, forget_worker
from penstock.worker.actions import AT_ONCE as ACTIONS_AT_ONCE
from penstock.worker.app import UPKEEP, make_app
from penstock.worker.crew import Crew
from penstock.worker.deliveries import EVENT_QUEUES
from penstock.worker.hosts import find_engine
from penstock.worker.leftovers import remove_leftovers
from penstock.worker.patience import patiently
from penstock.worker.settings import RunnerSettings
from penstock.worker.stacks import AT_ONCE as STACKS_AT_ONCE

LOG = logging.getLogger("penstock.worker")


async def work(
    location: Location,
    runner: RunnerSettings,
    *,
    builds_at_once: int,
    name: str,
    stopping: asyncio.Event,
) -> None:
    """Performs builds until `stopping` is set, and then those that it has begun.

    Raises HostError where builds are to run in containers and there is no engine, UnfitError or
    StorageError for a memory that is no server's, and what opening a store raises.
    """
    engine = await asyncio.to_thread(find_engine, runner)
    worker = uuid4()
    async with open_store(location) as store:
        await check_paired(store)
        crew = Crew(store, location, runner, engine, worker)
        await beat(store.database, worker, name, socket.gethostname())
        async with _meanwhile(_stay_up(store, crew, runner, worker, name)):
            await _perform_jobs(location, store, crew, runner, builds_at_once, name, stopping)
        await patiently(lambda: forget_worker(store.database, worker))


async def _perform_jobs(
    location: Location,
    store: Store,
    crew: Crew,
    runner: RunnerSettings,
    builds_at_once: int,
    name: str,
    stopping: asyncio.Event,
) -> None:
    app = make_app(location.database, store, crew, runner.folder)
    async with app.open_async():
        workers: list[Any] = [
            Worker(
                app,
                queues=[queue],
                name=name,
                concurrency=at_once,
                delete_jobs="successful",
                install_signal_handlers=False,
                update_heartbeat_interval=BEAT,
                stalled_worker_timeout=LOST.total_seconds(),
            )
            for queue, at_once in (
                (QUEUE, builds_at_once),
                (ACTIONS, ACTIONS_AT_ONCE),
                (STACKS, STACKS_AT_ONCE),
                (BATCHES, 1),
                *EVENT_QUEUES,
                (UPKEEP, 1),
            )
        ]
        running = [asyncio.create_task(worker.run()) for worker in workers]
        asked = asyncio.create_task(stopping.wait())
        await asyncio.wait((*running, asked), return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        # They finish their jobs. To cancel them would be lost on one that waits for a connection:
        # the pool hands it out all the same.
        for worker in workers:
            worker.stop()
        for ended in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended


async def _stay_up(
    store: Store, crew: Crew, runner: RunnerSettings, worker: UUID, name: str
) -> None:
    """Gives signs of life, and settles what others have left undone; for ever."""
    steadiness = Steadiness()
    while True:
        # In this order: a machine that has slept must not take its own builds for lost.
        await patiently(lambda: beat(store.database, worker, name, socket.gethostname()))
        steady = steadiness.reached(asyncio.get_running_loop().time())
        try:
            if steady:
                await patiently(lambda: sweep(store, datetime.now(UTC)))
            await patiently(lambda: sweep_events(store, datetime.now(UTC)))
            await patiently(lambda: remove_leftovers(store, runner.folder, crew.running))
        except Exception:
            LOG.exception("the sweep failed")
        await asyncio.sleep(BEAT)


@asynccontextmanager
async def _meanwhile(doing: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Something that goes on for as long as a `with` does."""
    task = asyncio.create_task(doing)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
