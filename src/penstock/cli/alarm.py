"""The clock of a run in the foreground: ends it in time, and keeps its live line alive."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from penstock.runner.shells.contract import DeadlinePassed

TICK = 0.5


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
    """SIGTERM and SIGHUP end a build as Ctrl-C does: its processes do not outlive it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
