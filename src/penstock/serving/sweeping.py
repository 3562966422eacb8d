"""Settles what lost workers have left, where no worker is beside the server that would do so."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from psycopg import InterfaceError, OperationalError

from penstock.flow.overdue import sweep
from penstock.flow.steadiness import BEAT, Steadiness
from penstock.store import Store

LOG = logging.getLogger("penstock.up")


async def keep_swept(store: Store) -> None:
    """For ever. The workers elsewhere do the same; it is for when the last of them is lost."""
    steadiness, loop = Steadiness(), asyncio.get_running_loop()
    while True:
        try:
            await store.database.fetch_one("SELECT 1")
            if steadiness.reached(loop.time()):
                await sweep(store, datetime.now(UTC))
        except (OperationalError, InterfaceError) as error:
            LOG.warning("the database does not answer: %s", str(error).strip())
        except Exception:
            LOG.exception("the sweep failed")
        await asyncio.sleep(BEAT)
