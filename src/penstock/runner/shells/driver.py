"""The program that every build shell runs, how it is spoken to, and the files shared with it."""

from __future__ import annotations

import os
import stat
from abc import ABC, abstractmethod
from typing import NamedTuple

from penstock.runner.shells.contract import Emit, Ended, HostError

# CodeBuild puts three lines of its own above a command; error messages count from there (CB-029).
LINES_ABOVE = "\n\n\n"
WHOLE = b"# whole\n"
# What a build may write there it may also replace by a link, a pipe or a device.
ONLY_A_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def program(folder: str, source: str) -> str:
    """The driver, its shared folder and first directory written in (as the shell sees them)."""
    with open(os.path.join(os.path.dirname(__file__), "driver.sh"), encoding="utf-8") as file:
        text = file.read()
    return text.replace("'@FOLDER@'", quote(folder)).replace("'@SOURCE@'", quote(source))


def quote(word: str) -> str:
    """`word` as one word of a POSIX shell."""
    return "'" + word.replace("'", "'\\''") + "'"


def status_of(answers: bytes) -> int | None:
    """The last exit status among answers; what a build forged there is none, unless a number."""
    words = answers.split()
    return int(words[-1]) if words and words[-1].isdigit() else None


class DrivenShell(ABC):
    """A shell that runs the driver; `_order` of a host's own class carries the orders to it."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def run(self, text: str, emit: Emit, deadline: float | None) -> Ended:
        self._exchange.write_script("script.sh", text)
        return self._order(b"run.\n", emit, deadline)

    def query(self, text: str) -> bytes | None:
        self._exchange.write_script("query.sh", text)
        ended = self._order(b"query.\n", _discard, None)
        return self._exchange.answer() if ended == (0, True) else None

    def save(self) -> None:
        if self._order(b"save.\n", _discard, None).alive:
            self._exchange.keep_state("state.tmp")

    def load(self) -> None:
        if self._exchange.has_state():
            self._order(b"load.\n", _discard, None)

    @abstractmethod
    def _order(self, order: bytes, emit: Emit, deadline: float | None) -> Ended:
        """Sends an order, and waits for what has come of it."""


class Exchange(NamedTuple):
    """The files of a shell's folder, as this process sees them.

    `shared` where the shell is another user's, who is to read and write them too; the folder itself
    is closed to everybody else.
    """

    folder: str
    shared: bool = False

    def prepare(self) -> None:
        """Makes the files, with modes that no umask of the build's or ours takes away."""
        for name in ("script.sh", "query.sh", "answer", "state.tmp", "exit.tmp") * self.shared:
            descriptor = self._open(name, os.O_WRONLY | os.O_CREAT)
            os.fchmod(descriptor, 0o644 if name.endswith(".sh") else 0o666)
            os.close(descriptor)

    def write_script(self, name: str, text: str) -> None:
        """Written over, then cut: emptying the file first costs ext4 a millisecond at its close."""
        data = (LINES_ABOVE + text + "\n").encode("utf-8", "surrogateescape")
        descriptor = self._open(name, os.O_WRONLY | os.O_CREAT)
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(descriptor, left) :]
            os.ftruncate(descriptor, len(data))
        except OSError as error:
            raise HostError(
                f"The next command cannot be written to {self.folder}: {error.strerror}. "
                "Make room there, or set TMPDIR to a folder that has some."
            ) from None
        finally:
            os.close(descriptor)

    def answer(self) -> bytes | None:
        return self._read("answer")

    def keep_state(self, name: str) -> None:
        """Makes the state just written the one that `load` reads, unless it was cut short.

        A shell that was killed, or replaced by `exec`, wrote none: the state saved before stands.
        """
        state = self._read(name)
        if state is not None and state.endswith(WHOLE):
            os.replace(os.path.join(self.folder, name), os.path.join(self.folder, "state.sh"))
            self.prepare()

    def has_state(self) -> bool:
        return os.path.exists(os.path.join(self.folder, "state.sh"))

    def _read(self, name: str) -> bytes | None:
        try:
            with open(self._open(name, os.O_RDONLY), "rb") as file:
                return file.read()
        except (HostError, FileNotFoundError):
            return None

    def _open(self, name: str, flags: int) -> int:
        """Raises HostError."""
        try:
            descriptor = os.open(os.path.join(self.folder, name), flags | ONLY_A_FILE, 0o644)
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                return descriptor
            os.close(descriptor)
            reason = "it is not a file any more"
        except OSError as error:
            reason = error.strerror or str(error)
        raise HostError(
            f"{name} in the folder through which Penstock speaks to the build's shell "
            f"({self.folder}): {reason}. A command of the build has changed that folder, or its "
            "disk is full; commands must leave it alone."
        )


def _discard(data: bytes) -> None:
    """What a background job prints between two commands belongs to neither of them."""
