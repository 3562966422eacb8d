"""Waiting that is made shorter, for rehearsals: an hour's wait that is to take a minute."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class TimeScale(NamedTuple):
    """Time goes `factor` times as fast from a moment on, which each wait has for itself.

    What works takes as long as it takes: only what waits asks for the time it is to believe in.
    """

    factor: int = 1

    def believed(self, since: datetime, at: datetime) -> datetime:
        """What `at` is taken for by a wait that began at `since`."""
        return since + (at - since) * self.factor

    def real(self, since: datetime, believed: datetime) -> datetime:
        """When it is that the wait takes it for `believed`."""
        return since + (believed - since) / self.factor
