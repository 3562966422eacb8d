"""Performs a batch: asks the decider, starts and stops the builds' processes, tells the sink."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import NamedTuple, Protocol

from penstock.decide.batches import (
    BatchStopped,
    Dropped,
    Ended,
    Event,
    Plan,
    Started,
    StopSent,
    Task,
    next_moves,
    record,
)
from penstock.runner.codebuild.batch_child import SIGNALS, Child, Outcome
from penstock.state.batches import BatchProgress
from penstock.state.builds import Status


class TaskRecord(NamedTuple):
    """What became of a task; times are seconds since 1970, None where it never started.

    `because` names the task that it waited for in vain, or is "" where the batch came to its end
    before it.
    """

    task: Task
    started: float | None = None
    ended: float | None = None
    outcome: Outcome | None = None
    because: str = ""


class BatchSink(Protocol):
    """Receives a batch's events in order, from one thread."""

    def started(self, task: Task) -> None: ...

    def output(self, task: Task, data: bytes) -> None:
        """Bytes as the build's log has them, masked; lines may be cut anywhere."""

    def ended(self, record: TaskRecord) -> None: ...

    def dropped(self, record: TaskRecord) -> None: ...


class BatchRun:
    """One batch, performed once.

    `spawn` starts a task's build. A build that was told to stop has `patience` seconds to end.
    """

    def __init__(
        self, plan: Plan, spawn: Callable[[Task], Child], sink: BatchSink, patience: float
    ) -> None:
        self._plan = plan
        self._spawn = spawn
        self._sink = sink
        self._patience = patience
        self._progress = BatchProgress()
        self._records = {task.identifier: TaskRecord(task) for task in plan.tasks}
        self._children: dict[str, Child] = {}
        self._deadlines: dict[str, float] = {}
        self._poll = select.poll()
        self._pipes: dict[int, str] = {}

    def perform(self) -> tuple[Status, tuple[TaskRecord, ...]]:
        """Runs the batch to its end; leaves nothing running."""
        with _Interrupts() as interrupts:
            self._poll.register(interrupts.pipe, select.POLLIN)
            try:
                return self._perform(interrupts), tuple(self._records.values())
            finally:
                for child in self._children.values():  # empty, but for a fault of our own
                    child.kill()

    def _perform(self, interrupts: _Interrupts) -> Status:
        while True:
            self._heed(interrupts)
            moves = next_moves(self._plan, self._progress)
            if moves.end is not None:
                return moves.end
            for identifier, because in moves.drop:
                self._drop(identifier, because)
            for identifier in moves.stop:
                self._stop(identifier)
            for task in moves.start:
                self._start(task)
            if not (moves.drop or moves.start or moves.stop):
                self._wait(interrupts)

    def _note(self, event: Event) -> None:
        self._progress = record(self._progress, event)

    def _heed(self, interrupts: _Interrupts) -> None:
        """The first signal stops the batch; at another one nobody wants to wait any longer."""
        if interrupts.count and not self._progress.stopped:
            self._note(BatchStopped())
        if interrupts.count > 1:
            self._deadlines = dict.fromkeys(self._deadlines, 0.0)

    def _start(self, task: Task) -> None:
        name = task.identifier
        self._records[name] = self._records[name]._replace(started=time.time())
        self._note(Started(name))
        self._sink.started(task)
        try:
            child = self._spawn(task)
        except OSError as error:
            message = f"  no process can be started for it: {error.strerror}"
            self._end(name, Outcome(Status.FAULT, {}, (message,)))
            return
        self._children[name] = child
        for pipe in (child.output, child.answer):
            self._pipes[pipe] = name
            self._poll.register(pipe, select.POLLIN)

    def _stop(self, name: str) -> None:
        self._children[name].stop()
        self._deadlines[name] = time.monotonic() + self._patience
        self._note(StopSent(name))

    def _drop(self, name: str, because: str) -> None:
        self._records[name] = self._records[name]._replace(because=because)
        self._note(Dropped(name, because))
        self._sink.dropped(self._records[name])

    def _wait(self, interrupts: _Interrupts) -> None:
        """Returns when something has happened: output, an end, a signal, patience at its end."""
        now = time.monotonic()
        for name in [name for name, deadline in self._deadlines.items() if deadline <= now]:
            del self._deadlines[name]
            self._children[name].kill()
        patience = max(min(self._deadlines.values()) - now, 0) if self._deadlines else None
        ready = self._poll.poll(None if patience is None else patience * 1000 + 1)
        for pipe in sorted(pipe for pipe, _ in ready):
            if pipe == interrupts.pipe:
                interrupts.drain()
            elif pipe in self._pipes:
                self._read(pipe, self._pipes[pipe])

    def _read(self, pipe: int, name: str) -> None:
        child = self._children[name]
        if pipe == child.output:
            data = child.read_output()
            if data:
                self._sink.output(self._records[name].task, data)
            else:
                self._forget(pipe)
        elif not child.read_answer():
            self._close(name, child)

    def _forget(self, pipe: int) -> None:
        if self._pipes.pop(pipe, None) is not None:
            self._poll.unregister(pipe)

    def _close(self, name: str, child: Child) -> None:
        while data := child.read_output():
            self._sink.output(self._records[name].task, data)
        self._forget(child.output)
        self._forget(child.answer)
        outcome = child.close()
        del self._children[name]
        self._deadlines.pop(name, None)
        self._end(name, outcome or self._lost(name))

    def _lost(self, name: str) -> Outcome:
        """The outcome of a build whose process told none: we killed it, or something else did."""
        if name in self._progress.stopping:
            return Outcome(Status.STOPPED)
        message = "  its process died before the build was over (out of memory, or killed)"
        return Outcome(Status.FAULT, {}, (message,))

    def _end(self, name: str, outcome: Outcome) -> None:
        self._records[name] = self._records[name]._replace(ended=time.time(), outcome=outcome)
        self._note(Ended(name, outcome.status))
        self._sink.ended(self._records[name])


class _Interrupts:
    """Counts the signals that ask for an end, and wakes who polls `pipe`.

    An exception out of a handler could strike between a process and the note that it is there.
    """

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> _Interrupts:
        self.pipe, self._writer = os.pipe()
        os.set_blocking(self.pipe, False)
        os.set_blocking(self._writer, False)
        self._wakeup = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._handlers = {number: signal.signal(number, self._ring) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        os.close(self.pipe)
        os.close(self._writer)

    def drain(self) -> None:
        os.read(self.pipe, 1024)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
