"""What a build asks of the place it runs in; `tests/integration/test_shells.py` holds all to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

Emit = Callable[[bytes], None]


class DeadlinePassed(Exception):
    """A command was still running when its time was over; everything it started has been ended."""


class HostError(Exception):
    """The place to run in cannot be had: no engine, no image, no such user or shell."""


class Ended(NamedTuple):
    """How a command ended: its exit status (128 + signal), and whether its shell still lives."""

    status: int
    alive: bool


class Shell(Protocol):
    """One shell process, given one command after another."""

    def run(self, text: str, emit: Emit, deadline: float | None) -> Ended:
        """Runs a command; `emit` receives all it printed, in order, before this returns.

        `deadline` is in seconds of `time.monotonic()`. Raises DeadlinePassed.
        """

    def query(self, text: str) -> bytes | None:
        """What a command prints, unseen by the log; None where it failed or ended the shell."""

    def save(self) -> None:
        """Keeps directory and variables for the shell that `load`s them, should this one end."""

    def load(self) -> None:
        """Takes over the directory and variables that an earlier shell of this host left."""

    def close(self) -> None:
        """Ends the shell, not what it left running in the background. Closing twice is safe."""


class Host(Protocol):
    """The place a build runs in, and its files."""

    def start(self, user: str | None) -> Shell:
        """A new shell in the source folder with the build's environment. Raises HostError."""

    def freeze(self) -> None:
        """Lets nothing of the build run any more: its files can then be read by their paths."""

    def stop(self) -> None:
        """Ends everything that the build started here, at once; safe to call twice."""

    def outlives(self, path: str) -> bool:
        """Whether a file of the build's outside of its source is still there for the next build."""

    def fetch(self, path: str) -> str:
        """A copy, readable by this process, of such a folder that does not outlive the build."""

    def put(self, here: str, path: str) -> None:
        """Copies the files of a folder of this process's into a folder of the build's."""

    def attach(self, user: str | None) -> int:
        """An interactive shell on this terminal, in the state saved last; its exit status."""


class Setting(NamedTuple):
    """What a host needs to know of a build.

    `shell` is a program name or path. `folder` is the build's own temporary folder and `source` its
    source folder, both as this process sees them; `marker` is a NAME=value of `environment` that no
    other build has.
    """

    shell: str
    folder: str
    source: str
    environment: Mapping[str, str]
    marker: str
