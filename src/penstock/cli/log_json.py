"""A build's events as JSON, one object a line."""

from __future__ import annotations

import codecs
import json
import time
from typing import Any

from penstock.cli.terminal import Terminal
from penstock.documents.buildspec import Command
from penstock.state.builds import PhaseRecord, PhaseType


class JsonSink:
    """Every object has `event` and `at`, in seconds since 1970."""

    def __init__(self, terminal: Terminal, file: str) -> None:
        self._terminal = terminal
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def phase_entered(self, phase: PhaseType, at: float) -> None:
        self._event("phase_entered", at, phase=phase)

    def note(self, text: str) -> None:
        self._event("note", time.time(), text=text)

    def warn(self, text: str) -> None:
        self._event("warning", time.time(), text=text)

    def command_started(self, command: Command) -> None:
        self._event("command_started", time.time(), **self._of(command))

    def output(self, data: bytes) -> None:
        text = self._decoder.decode(data)
        if text:
            self._event("output", time.time(), text=text)

    def command_ended(self, command: Command, exit_status: int) -> None:
        rest = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        if rest:
            self._event("output", time.time(), text=rest)
        self._event("command_ended", time.time(), **self._of(command), exit_status=exit_status)

    def phase_left(self, record: PhaseRecord) -> None:
        self._event(
            "phase_left",
            record.ended or record.started,
            phase=record.phase,
            status=record.status,
            seconds=round((record.ended or record.started) - record.started, 6),
            context=record.context._asdict(),
        )

    def _of(self, command: Command) -> dict[str, Any]:
        return {"command": command.text, "file": self._file, "line": command.at.line}

    def _event(self, name: str, at: float, **fields: Any) -> None:
        self._terminal.print(json.dumps({"event": name, "at": round(at, 6), **fields}))
