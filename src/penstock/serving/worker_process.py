"""Keeps a worker up beside the server: a process of its own, started again when it has died."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress

LOG = logging.getLogger("penstock.worker")
FIRST, LONGEST = 0.5, 30.0  # seconds until it is started again
STEADY = 60.0  # seconds after which it counts as having worked

COMMAND = (sys.executable, "-P", "-m", "penstock", "worker", "--until-eof")


class WorkerProcess:
    """Ends when the server does, however that ends: it waits for the end of its standard input.

    It can be started while there is nothing yet to work on; it begins when it is told to.

    It is in a session of its own, so that a Ctrl-C reaches the server only, which then lets it
    finish what it has begun.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)
        self._process: Process | None = None
        self._begun = False
        self._stopping = asyncio.Event()

    async def keep(self) -> None:
        """Runs it until it is stopped."""
        wait = FIRST
        while not self._stopping.is_set():
            begun = time.monotonic()
            code = await self._run()
            if self._stopping.is_set():
                return
            wait = FIRST if time.monotonic() - begun > STEADY else min(wait * 2, LONGEST)
            LOG.error("the worker has ended: starting it again in %.0f s", wait, extra=_how(code))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)

    async def _run(self) -> int:
        self._process = await asyncio.create_subprocess_exec(
            *COMMAND, stdin=PIPE, stdout=DEVNULL, env=self._environ, start_new_session=True
        )
        if self._stopping.is_set():  # while it was being started
            self._signal(signal.SIGTERM)
        if self._begun:
            self._tell()
        return await self._process.wait()

    def begin(self) -> None:
        """Has it work, and each that comes after it: the server is there."""
        self._begun = True
        self._tell()

    def _tell(self) -> None:
        stdin = self._process.stdin if self._process is not None else None
        if stdin is not None and not stdin.is_closing():
            stdin.write(b"\n")

    def drain(self) -> None:
        """Lets it finish what it has begun, and begin nothing more."""
        self._stopping.set()
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._stopping.set()
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)


def _how(code: int) -> dict[str, object]:
    return {"signal": signal.Signals(-code).name} if code < 0 else {"exit_status": code}
