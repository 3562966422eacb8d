"""Processes of builds, as their worker has them."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from contextlib import suppress
from functools import cache
from threading import Lock

from penstock.runner.shells.processes import end_all
from penstock.worker.build_process import run
from penstock.worker.work import Work

# A server process reads all modules once and forks each build's process from there: the worker
# itself has threads and connections, which a fork would tear.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["penstock.worker.build_process"])
_WARMING = Lock()


class Child:
    """The process of one build, started."""

    def __init__(self, work: Work) -> None:
        self._marker = os.fsencode(work.marker)
        self._process = _CONTEXT.Process(target=run, args=(work,), name=work.begun.name.id)
        self._process.start()
        self.pid = self._process.pid or 0  # which it never is, once it has been started
        self.ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._process.sentinel, self._see_end)

    def _see_end(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        self.ended.set()

    def stop(self) -> None:
        """Asks the build to end, and to tell so."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def close(self) -> int:
        """How it ended: its exit status, or minus the signal. To be called once it has."""
        self._process.join()
        code = self._process.exitcode or 0
        self._process.close()
        return code

    def end_leftovers(self) -> None:
        """Kills what the build has started and is still there."""
        end_all(self.pid, self._marker)

    def _signal(self, number: int) -> None:
        if not self.ended.is_set():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


def warm_up() -> None:
    """Starts the server process, which takes as long as all modules do; returns once it is up."""
    with _WARMING:
        _start_server()


@cache
def _start_server() -> None:
    process = _CONTEXT.Process(target=_nothing)
    process.start()
    process.join()
    process.close()


def _nothing() -> None:
    pass
