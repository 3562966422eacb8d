"""A task's build in a process of its own, forked: it starts in a millisecond, all modules read.

Its output comes through one pipe and its outcome through another, which the programs of the build
do not inherit. It leads a session of its own, so that a Ctrl-C reaches it once: from its parent.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from penstock.runner.shells.processes import end_all
from penstock.state.builds import Status

CHUNK = 1 << 18
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Outcome(NamedTuple):
    """How a build ended: for the batch, for programs (as JSON has it) and for people (lines)."""

    status: Status
    result: Mapping[str, Any] = {}
    ending: tuple[str, ...] = ()


class Child:
    """The process and the pipes from it; `output` and `answer` are to be polled."""

    def __init__(self, work: Callable[[], Outcome], marker: str) -> None:
        """Starts `work` in a process; `marker` is as in Setting. Raises OSError."""
        self._marker = os.fsencode(marker)
        self._text = b""
        self.output, theirs_output = os.pipe()
        self.answer, theirs_answer = os.pipe()
        try:
            self.pid = _fork(work, theirs_output, theirs_answer)
        except OSError:
            os.close(self.output)
            os.close(self.answer)
            raise
        finally:
            os.close(theirs_output)
            os.close(theirs_answer)
        os.set_blocking(self.output, False)
        os.set_blocking(self.answer, False)

    def read_output(self) -> bytes:
        """What has come since; b"" where that is nothing, or at the end."""
        try:
            return os.read(self.output, CHUNK)
        except BlockingIOError:
            return b""

    def read_answer(self) -> bool:
        """Reads on; False when the process has ended."""
        try:
            data = os.read(self.answer, CHUNK)
        except BlockingIOError:
            return True
        self._text += data
        return bool(data)

    def stop(self) -> None:
        """Asks the build to end as it does at Ctrl-C."""
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Ends the process and all that its build has started, at once."""
        os.kill(self.pid, signal.SIGKILL)
        end_all(self.pid, self._marker)

    def close(self) -> Outcome | None:
        """Ends what is left of it; the outcome, or None where the process died without one."""
        outcome = _outcome(self._text)
        if outcome is None:
            self.kill()  # while nobody has waited for the process, its id is no one else's
        os.waitpid(self.pid, 0)
        os.close(self.output)
        os.close(self.answer)
        return outcome


def _outcome(text: bytes) -> Outcome | None:
    try:
        status, result, ending = json.loads(text)
    except ValueError:
        return None
    return Outcome(Status(status), result, tuple(ending))


def _fork(work: Callable[[], Outcome], output: int, answer: int) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    try:
        _be_child(work, output, answer)
    finally:
        os._exit(0)  # never back into the code of the parent


def _be_child(work: Callable[[], Outcome], output: int, answer: int) -> None:
    try:
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.default_int_handler)
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        outcome = work()
    except KeyboardInterrupt:
        outcome = Outcome(Status.STOPPED)
    except Exception as error:
        _tell_traceback(error)
        outcome = Outcome(Status.FAULT, {}, (f"  a fault of Penstock's own: {error!r}",))
    sys.stdout.flush()
    sys.stderr.flush()
    with open(answer, "wb") as file:
        file.write(json.dumps(outcome).encode())


def _tell_traceback(error: Exception) -> None:
    if os.environ.get("PENSTOCK_TRACEBACK"):
        import traceback

        traceback.print_exception(error)
