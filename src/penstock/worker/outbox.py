"""What a build's process has to tell the database, in order and never lost while it lives.

The thread that builds puts lines and phases in; a task in the loop of the memory writes them, some
milliseconds apart while there is little and at once where there is much. While the database is away
all is kept; once that is `BOUND`, or where the database is slower than the build for long, whoever
prints more waits.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from penstock.flow.builds import Begun, Progressed, record_progress
from penstock.state.builds import PhaseRecord
from penstock.store import logs
from penstock.worker.memory import Memory
from penstock.worker.patience import patiently

BOUND = 16 << 20  # characters
SOON = 1 << 16  # characters that are not waited with
SHORTEST, LONGEST = 0.01, 0.1  # seconds between writes

Lines = Sequence[tuple[int, str]]
"""Milliseconds since 1970, and a line."""


class Stream(NamedTuple):
    group: str
    stream: str


class Outbox:
    """`stream` is the log's, None for a build that has none in CloudWatch Logs."""

    def __init__(self, memory: Memory, begun: Begun, stream: Stream | None) -> None:
        self._memory = memory
        self._begun = begun
        self._stream = stream
        self._lines: list[tuple[int, str]] = []
        self._size = 0
        self._progress: Progressed | None = None
        self._closing = False
        self._failure: BaseException | None = None
        self._room = threading.Condition()
        self._news = asyncio.Event()
        self._hurry = asyncio.Event()
        self._done = threading.Event()
        memory.start(self._run())

    def put_lines(self, lines: Lines) -> None:
        """Raises Lost, or whatever else keeps them from being written."""
        if self._stream is None or not lines:
            return
        size = sum(len(text) for _, text in lines) + len(lines)
        with self._room:
            while self._size > BOUND and self._failure is None:
                self._room.wait()
            self._check()
            self._lines += lines
            self._size += size
            self._wake(urgent=self._size > SOON)

    def put_progress(
        self,
        records: Sequence[PhaseRecord],
        left: Sequence[PhaseRecord] = (),
        changes: Mapping[str, Any] = {},
        ref: str | None = None,
    ) -> None:
        """All records so far, and what is new since the last time."""
        with self._room:
            self._check()
            before = self._progress or Progressed((), ())
            self._progress = Progressed(
                tuple(records),
                (*before.left, *left),
                {**before.changes, **changes},
                ref or before.ref,
            )
            self._wake()

    def close(self, timeout: float | None) -> None:
        """Returns once all is written, or given up after so many seconds. Raises as `put_lines`."""
        with self._room:
            self._closing = True
            self._wake(urgent=True)
        self._done.wait(timeout)
        self._check()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _wake(self, *, urgent: bool = False) -> None:
        self._memory.loop.call_soon_threadsafe(self._news.set)
        if urgent:
            self._memory.loop.call_soon_threadsafe(self._hurry.set)

    # In the loop.

    async def _run(self) -> None:
        try:
            await self._write_all()
        except Exception as error:
            with self._room:
                self._failure = error
                self._room.notify_all()
            if not self._closing:  # the build has to end: nothing can be told of it any more
                os.kill(os.getpid(), signal.SIGTERM)
        finally:
            self._done.set()

    async def _write_all(self) -> None:
        pause = SHORTEST
        while True:
            await self._news.wait()
            with self._room:
                lines, self._lines = self._lines, []
                progress, self._progress = self._progress, None
                closing = self._closing
                self._news.clear()
                self._hurry.clear()
            await self._write(lines, progress)
            with self._room:
                self._size -= sum(len(text) for _, text in lines) + len(lines)
                self._room.notify_all()
                if closing and not self._lines and self._progress is None:
                    return
            try:
                await asyncio.wait_for(self._hurry.wait(), pause)
            except TimeoutError:
                pause = min(pause * 2, LONGEST)

    async def _write(self, lines: Lines, progress: Progressed | None) -> None:
        store, name, stream = self._memory.store, self._begun.name, self._stream
        if lines and stream is not None:
            await patiently(
                lambda: logs.append(
                    store, name.account, name.region, *stream, lines, now=datetime.now(UTC)
                )
            )
        if progress is not None:
            await patiently(
                lambda: record_progress(store, self._begun, progress, datetime.now(UTC))
            )
