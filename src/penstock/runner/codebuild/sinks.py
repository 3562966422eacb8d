"""What a build reports to. Everything a sink is handed has its secrets masked already."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from penstock.documents.buildspec import Command
from penstock.state.builds import PhaseRecord, PhaseType


class Sink(Protocol):
    """Receives a build's events in order, from one thread; times are seconds since 1970."""

    def phase_entered(self, phase: PhaseType, at: float) -> None: ...

    def note(self, text: str) -> None:
        """A line of the agent's own: what it does, chose or skipped."""

    def warn(self, text: str) -> None:
        """A line of the agent's own that the user should act on."""

    def command_started(self, command: Command) -> None:
        """`command.text` is masked."""

    def output(self, data: bytes) -> None:
        """Bytes as the command printed them; lines may be cut anywhere."""

    def command_ended(self, command: Command, exit_status: int) -> None: ...

    def phase_left(self, record: PhaseRecord) -> None: ...


class Failure(NamedTuple):
    """The command that made a build red, and the last it printed (masked, at most 64 KiB)."""

    phase: PhaseType
    command: Command
    exit_status: int
    tail: bytes
