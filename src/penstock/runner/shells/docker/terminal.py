"""This process's terminal, joined to one in a container."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from penstock.runner.shells.docker.stream import Stream

# Told rows and columns.
Resize = Callable[[int, int], None]


def pump(stream: Stream, resize: Resize) -> None:
    """Passes what is typed on, and shows what comes back, until the other side ends."""
    typed, shown = sys.stdin.fileno(), sys.stdout.fileno()
    sources: list[int | Stream] = [stream, typed]
    with _raw(typed, resize):
        while True:
            ready = [stream] if stream.has_more else select.select(sources, [], [])[0]
            if stream in ready:
                received = stream.receive(None)
                if received is None:
                    return
                os.write(shown, received[0])
            if typed in ready:
                data = os.read(typed, 4096)
                if data:
                    stream.send(data)
                else:
                    stream.end_input()
                    sources.remove(typed)


@contextmanager
def _raw(terminal: int, resize: Resize) -> Iterator[None]:
    """Lets the other side see every key, and the size of this terminal, if it is one."""
    if not os.isatty(terminal):
        yield
        return
    saved = termios.tcgetattr(terminal)

    def tell_size(*_: object) -> None:
        size = os.get_terminal_size(terminal)
        resize(size.lines, size.columns)

    before = signal.signal(signal.SIGWINCH, tell_size)
    try:
        tell_size()
        tty.setraw(terminal, termios.TCSADRAIN)  # what is typed ahead is kept
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, saved)
        signal.signal(signal.SIGWINCH, before)
