"""The life of a server: what is started, in which order, and how it ends."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from datetime import UTC, datetime
from typing import Any

import uvicorn

from penstock import __version__
from penstock.server import check_services, make_app
from penstock.serving.credentials import ensure_credentials
from penstock.serving.folder import DataFolder, Holder
from penstock.serving.http_protocol import HttpProtocol
from penstock.serving.installation import ensure_key_file, location
from penstock.serving.listening import Listening, listen
from penstock.serving.postgres import Postgres
from penstock.serving.refilling import begin_anew
from penstock.serving.repositories import ready_repositories
from penstock.serving.sweeping import keep_swept
from penstock.serving.worker_process import WorkerProcess
from penstock.settings import Settings, as_environment
from penstock.store.database import Database
from penstock.store.facts import TIME_SCALE, TRIGGERS, tell
from penstock.store.fitness import check_database, pair
from penstock.store.migrate import migrate
from penstock.store.opening import Location, open_store
from penstock.wire.hosts import is_loopback

LOG = logging.getLogger("penstock.up")
KEEP_ALIVE = 75  # seconds; clients reuse connections that are a minute old
LAST_ANSWERS = 5  # seconds that requests may take when all else has ended

Announce = Callable[[Holder], None]


class Http(uvicorn.Server):
    """Signals are not its own: builds go on while it still answers them."""

    def __init__(self, app: Any) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=HttpProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=LAST_ANSWERS,
            )
        )
        self.answers = asyncio.Event()
        self.over = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.answers.set()

    async def main_loop(self) -> None:
        """Waits, where uvicorn looks ten times a second for what it does not do here."""
        await self.over.wait()


class Stop:
    """Asked for by a signal: once, to end in order; twice, at once."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.at_once = asyncio.Event()

    def ask(self) -> None:
        if self.asked.is_set():
            self.at_once.set()
        self.asked.set()

    def listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.ask)


async def serve(
    settings: Settings,
    folder: DataFolder,
    announce: Announce,
    *,
    worker: bool = True,
    fleeting: bool = False,
) -> None:
    """Serves until a signal ends it. `announce` is called once it answers.

    `fleeting` is one whose folder is removed when it ends: its database waits for no disk.

    Raises SettingsError, FolderError, ListenError, EmbeddedError, UnfitError, StorageError, and
    what opening a store raises.
    """
    check_services(settings)
    stop = Stop()
    stop.listen()
    async with AsyncExitStack() as stack:
        stack.enter_context(folder.held())
        listening = stack.enter_context(_listening(settings))
        at = location(settings, folder)
        holder = Holder(
            os.getpid(), __version__, time.time(), settings.drain, at.storage, at.key_file
        )
        folder.tell(holder)
        ensure_key_file(at.key_file)
        beside: AbstractAsyncContextManager[Any] | None = None
        if worker:  # it takes as long to come up as the database does
            process = WorkerProcess(_environment(settings, folder, at))
            kept = await stack.enter_async_context(_kept(process))
            beside = _working(process, kept, settings.drain, stop)
        if not at.database:
            postgres = _postgres(Postgres(folder.postgres, fleeting=fleeting))
            at = at._replace(database=await stack.enter_async_context(postgres))
        await _migrate(at, settings, listening)
        store = await stack.enter_async_context(open_store(at))
        await pair(store)
        await ensure_credentials(folder, store, settings.account, datetime.now(UTC))
        await ready_repositories(store, settings, folder)
        await stack.enter_async_context(_http(make_app(store, settings), listening))
        holder = holder._replace(database=at.database, endpoint=listening.endpoint)
        folder.tell(holder)
        announce(holder)
        await stack.enter_async_context(beside or _meanwhile(keep_swept(store)))
        await stop.asked.wait()


@contextmanager
def _listening(settings: Settings) -> Iterator[Listening]:
    listening = listen(settings)
    try:
        yield listening
    finally:
        listening.close()


@asynccontextmanager
async def _postgres(postgres: Postgres) -> AsyncIterator[str]:
    """It is kept up, and has this URL."""
    url = await postgres.start()
    try:
        async with _meanwhile(postgres.keep()):
            yield url
    finally:
        await postgres.stop()


async def _migrate(at: Location, settings: Settings, listening: Listening) -> None:
    """Brings the schema up to date, and tells workers of this server."""
    database = Database(at.database, connections=1)
    await database.open()
    try:
        await check_database(database)
        for name in await migrate(database):
            LOG.debug("migrated: %s", name)
        async with database.transaction() as connection:
            await tell(connection, "endpoint", listening.public)
            await tell(connection, "container_endpoint", listening.container_endpoint)
            await tell(connection, TRIGGERS, settings.triggers)
            await tell(connection, TIME_SCALE, settings.time_scale)
            await begin_anew(connection)
    finally:
        await database.close()


@asynccontextmanager
async def _http(app: Any, listening: Listening) -> AsyncIterator[None]:
    http = Http(app)
    async with _meanwhile(http.serve(sockets=listening.sockets)) as task:
        await http.answers.wait()
        try:
            yield
        finally:
            http.over.set()
            await asyncio.wait((task,))


def _environment(settings: Settings, folder: DataFolder, at: Location) -> dict[str, str]:
    """A worker's. Where the database is embedded, the folder tells where that is."""
    return (
        os.environ
        | as_environment(settings)
        | {
            "PENSTOCK_DATA": folder.path,
            "PENSTOCK_DATABASE": at.database,
            "PENSTOCK_STORAGE": at.storage,
            "PENSTOCK_KEY_FILE": at.key_file,
            "PENSTOCK_RUNNER_ALLOW_HOST": str(allows_host(settings)).lower(),
        }
    )


@asynccontextmanager
async def _kept(worker: WorkerProcess) -> AsyncIterator[asyncio.Task[None]]:
    """A worker beside the server, which is gone when this ends."""
    async with _meanwhile(worker.keep()) as task:
        try:
            yield task
        finally:
            await _killed(worker, task)


@asynccontextmanager
async def _working(
    worker: WorkerProcess, task: asyncio.Task[None], drain: float, stop: Stop
) -> AsyncIterator[None]:
    """It works; at the end it may finish what it has begun, for a while."""
    worker.begin()
    try:
        yield
    finally:
        LOG.info("stopping: builds have %g s to end; a second signal ends all", drain)
        worker.drain()
        await _wait_for(task, drain, stop)
        await _killed(worker, task)


async def _killed(worker: WorkerProcess, task: asyncio.Task[None]) -> None:
    worker.kill()
    await asyncio.wait((task,))


def allows_host(settings: Settings) -> bool:
    """Who reaches the server can have any commands run: on its host, only if they are on it."""
    return settings.runner_allow_host or is_loopback(settings.host)


async def _wait_for(task: asyncio.Task[None], seconds: float, stop: Stop) -> None:
    hurry = asyncio.create_task(stop.at_once.wait())
    await asyncio.wait((task, hurry), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    hurry.cancel()


@asynccontextmanager
async def _meanwhile(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Something that goes on for as long as a `with` does, and ends that if it fails."""
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(work)
            try:
                yield task
            finally:
                task.cancel()
    except BaseExceptionGroup as group_of_one:  # what failed has cancelled the other
        raise group_of_one.exceptions[0] from None
