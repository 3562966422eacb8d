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


async def patiently(act: Callable[[], Awaitable[T]]) -> T:
    """What `act` returns, tried again for as long as the database is away."""
    wait = FIRST
    while True:
        try:
            return await act()
        except AWAY as error:
            if wait == FIRST:
                LOG.warning("the database does not answer: %s", str(error).strip())
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST)
