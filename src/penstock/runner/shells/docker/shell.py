"""A build's shell in a container: one exec, its stdin orders, stdout answers, stderr output."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from penstock.runner.shells.contract import DeadlinePassed, Emit, Ended, HostError
from penstock.runner.shells.docker.engine import SHARING
from penstock.runner.shells.docker.stream import Stream
from penstock.runner.shells.driver import DrivenShell, Exchange, status_of

CLOSING_SECONDS = 1.0
UNSEEN = 125
# Stands above the build's shell and tells how it ended. The engine would too, but only when nothing
# holds the output open any more, and a background job does (CB-031). The shell is looked for where
# shells are as well, as a build may set PATH to anything (CB-010). Whoever reads the word that is
# sent then has all that was printed before. An engine that runs elsewhere may have shared an empty
# folder: the first argument is a file that must be there.
SUPERVISOR = f"""\
[ -e "$1" ] || exit {UNSEEN}
shift
exec 3>&2 2>/dev/null
__penstock=$(PATH="$PATH:/usr/local/bin:/usr/bin:/bin"; command -v "$1") && shift
"$__penstock" "$@" 2>&3 3>&-
echo "ended $?"
while read -r word; do word=${{word#sync }} && printf %s "${{word%.}}" >&3; done
"""


class ContainerShell(DrivenShell):
    """An engine copies stdout and stderr each on its own, so an answer may overtake output.

    Hence a word is asked for after each answer: the output is whole when the word has come. It is
    made only then, so nothing a command prints can be taken for it.
    """

    def __init__(self, exchange: Exchange, stream: Stream, exit_code: Callable[[], int]) -> None:
        """`exit_code` tells how the exec ended, once it has. It raises HostError."""
        super().__init__(exchange)
        self._stream = stream
        self._exit_code = exit_code
        self._answers = b""
        self._output = b""  # printed since the last word: the next order's
        self._ended: Ended | None = None
        self._closed = False

    def begin(self) -> tuple[Ended, bytes]:
        """Waits until the shell takes orders; how it ended, if it does not, and what it printed."""
        printed = bytearray()
        return self._order(b"sync .\n", printed.extend, None), bytes(printed)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._ended is None:
            self._stream.end_input()
            try:
                while b"ended" not in self._answers and self._receive(
                    _nowhere, time.monotonic() + CLOSING_SECONDS
                ):
                    pass
            except DeadlinePassed:
                pass  # `stop` kills it
            self._ended = Ended(0, alive=False)
        self._stream.close()

    def _order(self, order: bytes, emit: Emit, deadline: float | None) -> Ended:
        if self._ended is not None:
            return self._ended
        self._stream.send(order)
        if self._output:
            emit(self._output)
            self._output = b""
        ended = self._next_answer(emit, deadline)
        if ended is None:  # somebody killed the supervisor, or the engine could not start it
            ended = Ended(self._exit_code(), alive=False)
        else:
            self._settle(ended, emit, deadline)
        if not ended.alive:
            self._ended = ended
            self._exchange.keep_state("exit.tmp")
        return ended

    def _settle(self, ended: Ended, emit: Emit, deadline: float | None) -> None:
        """Passes on what was printed before the word, and takes the answer to it."""
        word = os.urandom(16).hex().encode()
        self._stream.send(b"sync " + word + b".\n")
        held = bytearray()
        while (found := held.find(word)) < 0:
            if (sure := len(held) - len(word)) > 0:  # what is no beginning of the word
                emit(bytes(held[:sure]))
                del held[:sure]
            if not self._receive(held.extend, deadline):
                found = len(held)
                break
        if found:
            emit(bytes(held[:found]))
        self._output = bytes(held[found + len(word) :])
        if ended.alive:
            self._next_answer(self._keep, deadline)

    def _next_answer(self, emit: Emit, deadline: float | None) -> Ended | None:
        """The next answer, while output is passed on as it comes; None at the stream's end."""
        while True:
            line, newline, rest = self._answers.partition(b"\n")
            if newline:
                self._answers = rest
                status = status_of(line)
                if status is not None:
                    return Ended(status, alive=not line.startswith(b"ended"))
            elif not self._receive(emit, deadline):
                return None

    def _receive(self, emit: Emit, deadline: float | None) -> bool:
        received = self._stream.receive(deadline)
        if received is None:
            return False
        answers, output = received
        self._answers += answers
        if output:
            emit(output)
        return True

    def _keep(self, data: bytes) -> None:
        self._output += data


def _nowhere(data: bytes) -> None:
    """What is printed while a shell closes belongs to no command."""


def cannot_start(shell: str, image: str, ended: Ended, printed: bytes) -> HostError:
    if ended.status == UNSEEN:
        return HostError(
            f"The container of {image} does not see the build's temporary folder. {SHARING}"
        )
    if ended.status in (126, 127):
        return HostError(
            f"The image {image} has no shell {shell} (CodeBuild's images must have sh). "
            "Install it in the image, or name another one in env.shell."
        )
    reason = printed.decode(errors="replace").strip() or f"exit status {ended.status}"
    return HostError(f"The shell {shell} cannot be started in the image {image}: {reason}")
