"""A program asked a question in the background, without what `subprocess` costs to import."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Mapping
from typing import NamedTuple

_PIPE_BYTES = 1 << 20  # room for much output, so that the program need not wait for us to read
_TERMINATE, _KILL = 15, 9


class Answer(NamedTuple):
    """How a program ended: its exit code, what it printed, and its words on stderr."""

    code: int
    output: bytes
    complaint: str


class Program:
    """A program at work, with nothing to read; `answer` or `close` must follow.

    Raises OSError where it cannot be started: FileNotFoundError where it is not installed.
    """

    def __init__(self, command: tuple[str, ...], environment: Mapping[str, str]) -> None:
        output, output_end = _pipe()
        complaint, complaint_end = os.pipe()
        try:
            self._pid = os.posix_spawnp(
                command[0],
                command,
                environment,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, output_end, 1),
                    (os.POSIX_SPAWN_DUP2, complaint_end, 2),
                ],
            )
        except OSError:
            os.close(output)
            os.close(complaint)
            raise
        finally:
            os.close(output_end)
            os.close(complaint_end)
        self._said: dict[int, list[bytes]] = {output: [], complaint: []}
        self._open = [output, complaint]

    def answer(self, deadline: float | None = None) -> Answer:
        """Waits for the end; past the deadline (of the monotonic clock) the program is killed."""
        while self._open:
            wait = None if deadline is None else max(0.0, deadline - time.monotonic())
            ready = select.select(self._open, [], [], wait)[0]
            if not ready:
                os.kill(self._pid, _KILL)
                # What it started may hold the pipes open for as long as it likes.
                self._close_pipes()
            for pipe in ready:
                if chunk := os.read(pipe, _PIPE_BYTES):
                    self._said[pipe].append(chunk)
                else:
                    self._open.remove(pipe)
                    os.close(pipe)
        code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        output, complaint = (b"".join(chunks) for chunks in self._said.values())
        return Answer(code, output, complaint.decode("utf-8", "replace").strip())

    def close(self) -> None:
        """Ends the program, should nobody want its answer any more."""
        os.kill(self._pid, _TERMINATE)
        self._close_pipes()
        os.waitpid(self._pid, 0)

    def _close_pipes(self) -> None:
        while self._open:
            os.close(self._open.pop())


def _pipe() -> tuple[int, int]:
    import fcntl

    read_end, write_end = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        try:
            fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        except OSError:
            pass  # over the user's quota: the program waits for us a little more often
    return read_end, write_end
