"""Who may judge that others are lost: only who has itself been heard all the time."""

from __future__ import annotations

from penstock.flow.overdue import LOST

BEAT = LOST.total_seconds() / 5
"""Seconds between signs of life."""


class Steadiness:
    """Whether the database has been within reach without a break for as long as others may be
    silent.

    After a break all are equally silent: a database that was taken over by its standby, say. Then
    they are given the time to be heard again, before anybody settles what is theirs.
    """

    def __init__(self) -> None:
        self._last: float | None = None
        self._broken: float | None = None

    def reached(self, now: float) -> bool:
        """To be called whenever the database has answered, every BEAT; `now` is in seconds."""
        silence = LOST.total_seconds()
        if self._last is not None and now - self._last > silence / 2:
            self._broken = now
        self._last = now
        return self._broken is None or now - self._broken > silence
