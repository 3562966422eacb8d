"""A build's log line by line as CodeBuild writes it (CB-122…124)."""

from __future__ import annotations

import time

from penstock.cli.terminal import Terminal
from penstock.documents.buildspec import Command
from penstock.state.builds import PhaseRecord, PhaseType


class AwsSink:
    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def phase_entered(self, phase: PhaseType, at: float) -> None:
        self._line(f"Entering phase {phase}", at)

    def note(self, text: str) -> None:
        self._line(text, time.time())

    def warn(self, text: str) -> None:
        self._line(text, time.time())

    def command_started(self, command: Command) -> None:
        self._line(f"Running command {command.text}", time.time())

    def output(self, data: bytes) -> None:
        self._terminal.write(data)

    def command_ended(self, command: Command, exit_status: int) -> None:
        self._terminal.print()
        if exit_status:
            text = f"Command did not exit successfully {command.text} exit status {exit_status}"
            self._line(text, time.time())

    def phase_left(self, record: PhaseRecord) -> None:
        at = record.ended or record.started
        context = record.context
        self._line(f"Phase complete: {record.phase} State: {record.status}", at)
        self._line(f"Phase context status code: {context.code} Message: {context.message}", at)

    def _line(self, text: str, at: float) -> None:
        date = time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime(at))
        self._terminal.print(f"[Container] {date}.{int(at % 1 * 1e6):06} {text}")
