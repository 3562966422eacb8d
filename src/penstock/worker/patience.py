"""Waiting for a database that has gone away: it may be starting again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from psycopg import InterfaceError, OperationalError

LOG = logging.getLogger("penstock.worker")
AWAY = (OperationalError, InterfaceError)
FIRST, LONGEST = 0.1, 2.0  # seconds between attempts

T = TypeVar("T")


async def patiently(act: Callable[[], Awaitable[T]], away: tuple[type[Exception], ...] = AWAY) -> T:
    """What `act` returns, tried again for as long as the database is away, or whatever raises
    what `away` has."""
    wait = FIRST
    while True:
        try:
            return await act()
        except away as error:
            if wait == FIRST:
                LOG.warning("%s: %s", _missed(error), str(error).strip())
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST)


def _missed(error: Exception) -> str:
    return "the database does not answer" if isinstance(error, AWAY) else "waiting for the server"
