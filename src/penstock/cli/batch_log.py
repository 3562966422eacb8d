"""A batch as a person follows it: the lines of all builds, and at the end what became of each."""

from __future__ import annotations

import json
import time

from penstock.cli.pretty import FAILED, MARKS, duration
from penstock.cli.terminal import Terminal
from penstock.decide.batches import Plan, Task
from penstock.runner.codebuild.batch import TaskRecord
from penstock.runner.codebuild.batch_lines import Label, Lines, event_of, prefix, shown_prefix
from penstock.state.builds import Status


class LogTerminal(Terminal):
    """What a build of a batch prints to: a pipe, in which its own lines begin as lines."""

    def __init__(self, has_colors: bool) -> None:
        super().__init__()
        self.has_colors = has_colors

    def write(self, data: bytes) -> None:
        super().write(data)
        if data:
            self._at_line_start = data.endswith(b"\n")

    def start_line(self) -> None:
        if not self._at_line_start:
            self.write(b"\n")


class BatchLog:
    """Prints the builds of a batch, each line with its build's identifier (a BatchSink)."""

    def __init__(self, terminal: Terminal, log_format: str, plan: Plan) -> None:
        self._terminal = terminal
        self._format = log_format
        self._left = len(plan.tasks)
        self._running = 0
        self._lines = {task.identifier: Lines(self._label(task.identifier)) for task in plan.tasks}

    def started(self, task: Task) -> None:
        self._running += 1
        self._show_status()
        if self._format == "json":
            self._event(task, "build_started")

    def output(self, task: Task, data: bytes) -> None:
        self._write(self._lines[task.identifier].feed(data))

    def ended(self, record: TaskRecord) -> None:
        self._running -= 1
        self._left -= 1
        self._write(self._lines[record.task.identifier].flush())
        self._show_status()
        if self._format == "json":
            self._event(record.task, "build_ended", **_fields(record))
        else:
            for line in _made(record):
                self._say(record.task, line)
            self._say(record.task, _phrase(record, self._terminal))

    def dropped(self, record: TaskRecord) -> None:
        self._left -= 1
        self._show_status()
        if self._format == "json":
            self._event(record.task, "build_dropped", because=record.because)
        else:
            self._say(record.task, _phrase(record, self._terminal))

    def tell(self, status: Status, records: tuple[TaskRecord, ...], seconds: float) -> None:
        """The summary: all builds, then of those that failed what to mend."""
        self._terminal.show_status("")
        if self._format != "pretty":
            return
        for line in summary(status, records, seconds, self._terminal):
            self._terminal.print(line)

    def _label(self, identifier: str) -> Label:
        if self._format == "json":
            return event_of(identifier)
        if self._terminal.is_live:
            return shown_prefix(self._terminal.style(f"{identifier} | ", "dim"))
        return prefix(identifier)

    def _say(self, task: Task, text: str) -> None:
        self._write(self._label(task.identifier)(text.encode()) + b"\n")

    def _event(self, task: Task, name: str, **fields: object) -> None:
        at = round(time.time(), 6)
        event = {"identifier": task.identifier, "event": name, "at": at, **fields}
        self._terminal.print(json.dumps(event))

    def _write(self, data: bytes) -> None:
        if data:
            self._terminal.write(data)

    def _show_status(self) -> None:
        waiting = self._left - self._running
        self._terminal.show_status(f"● {self._running} running, {waiting} waiting")


def summary(
    status: Status, records: tuple[TaskRecord, ...], seconds: float, terminal: Terminal
) -> list[str]:
    width = max(len(record.task.identifier) for record in records)
    lines = [""]
    for record in records:
        name = record.task.identifier.ljust(width)
        lines.append(f"{name}  {_phrase(record, terminal)}")
    for record in records:
        outcome = record.outcome
        if outcome is not None and outcome.status not in (Status.SUCCEEDED, Status.STOPPED):
            lines += ["", terminal.style(record.task.identifier, "bold")]
            lines += [line for line in outcome.ending if line]
    ran = [record.outcome.status for record in records if record.outcome is not None]
    count = f"{ran.count(Status.SUCCEEDED)} of {len(records)} builds succeeded"
    color = "green" if status is Status.SUCCEEDED else "red"
    text = f"{status} in {duration(seconds)}: {count}"
    return [*lines, "", terminal.style(text, color, "bold")]


def _phrase(record: TaskRecord, terminal: Terminal) -> str:
    """`✓ SUCCEEDED 0.4 s`, `✗ FAILED 1.2 s (ignored)`, `– not run: unit did not succeed`."""
    if record.outcome is None:
        why = f"{record.because} did not succeed" if record.because else "the batch ended before"
        return terminal.style(f"– not run: {why}", "yellow")
    status = record.outcome.status
    mark, color = MARKS.get(status, FAILED)
    ignored = record.task.ignore_failure and status is not Status.SUCCEEDED
    note = " (ignored)" if ignored else ""
    return terminal.style(f"{mark} {status} {duration(_seconds(record))}{note}", color)


def _made(record: TaskRecord) -> tuple[str, ...]:
    """The reports and artifacts of a build; those of one that failed stand in the summary."""
    outcome = record.outcome
    if outcome is None or outcome.status is not Status.SUCCEEDED:
        return ()
    return tuple(line for line in outcome.ending[:-1] if line)


def _seconds(record: TaskRecord) -> float:
    return (record.ended or 0.0) - (record.started or 0.0)


def _fields(record: TaskRecord) -> dict[str, object]:
    status = record.outcome.status if record.outcome else None
    return {"status": status, "seconds": round(_seconds(record), 6)}
