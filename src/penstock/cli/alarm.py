"""The clock of a run in the foreground: ends it in time, and keeps its live line alive."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from penstock.runner.shells.contract import DeadlinePassed

TICK = 0.5
ENDING = (signal.SIGTERM, signal.SIGHUP)


class Alarm:
    """Raises DeadlinePassed in the main thread when `seconds` are over, whatever it is doing.

    `tick`, where there is one, is called twice a second until then.
    """

    def __init__(self, seconds: float, tick: Callable[[], None] | None) -> None:
        self._deadline = time.monotonic() + seconds
        self._tick = tick
        self._interval = TICK if tick else seconds

    def __enter__(self) -> None:
        signal.signal(signal.SIGALRM, self._ring)
        first = min(self._interval, max(self._deadline - time.monotonic(), 0.001))
        signal.setitimer(signal.ITIMER_REAL, first, TICK)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _ring(self, *_: object) -> None:
        if time.monotonic() >= self._deadline:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise DeadlinePassed
        if self._tick is not None:
            self._tick()


def interrupt_on_signals() -> None:
    """SIGTERM and SIGHUP end a build as Ctrl-C does, unless (nohup) they are to be ignored."""
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """For the moments in which a build is tidied away: signals change nothing then."""
    numbers = (signal.SIGINT, *ENDING)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
