"""Hides secrets in all that a build reports besides the output of its commands (CB-016)."""

from __future__ import annotations

from penstock.documents.buildspec import Command
from penstock.runner.codebuild.masking import Masker
from penstock.runner.codebuild.sinks import Sink
from penstock.state.builds import PhaseRecord, PhaseType


class MaskedSink:
    """A sink before another one. `masker` is put in place once the secrets are known.

    Output comes masked already: it is a stream, and cut where a secret may be.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.masker = Masker()

    def phase_entered(self, phase: PhaseType, at: float) -> None:
        self._sink.phase_entered(phase, at)

    def note(self, text: str) -> None:
        self._sink.note(self.masker.mask_text(text))

    def warn(self, text: str) -> None:
        self._sink.warn(self.masker.mask_text(text))

    def command_started(self, command: Command) -> None:
        self._sink.command_started(self.command(command))

    def output(self, data: bytes) -> None:
        self._sink.output(data)

    def command_ended(self, command: Command, exit_status: int) -> None:
        self._sink.command_ended(self.command(command), exit_status)

    def phase_left(self, record: PhaseRecord) -> None:
        self._sink.phase_left(self.record(record))

    def command(self, command: Command) -> Command:
        return command._replace(text=self.masker.mask_text(command.text))

    def record(self, record: PhaseRecord) -> PhaseRecord:
        if not record.context.message:
            return record
        message = self.masker.mask_text(record.context.message)
        return record._replace(context=record.context._replace(message=message))
