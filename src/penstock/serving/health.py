"""Whether the server lives, and whether it can answer: for load balancers and for people."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from psycopg import Error
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from penstock import __version__
from penstock.store import Store

PATIENCE = 2.0  # seconds that the database has to answer


class Health:
    """`answered_by` names who answers for each service: `penstock`, `sandbox`, `aws` or a URL."""

    def __init__(self, store: Store, answered_by: Mapping[str, str]) -> None:
        self._store = store
        self._answered_by = dict(answered_by)

    async def live(self, _: Request) -> Response:
        return JSONResponse(
            {"status": "live", "version": __version__, "services": self._answered_by}
        )

    async def ready(self, _: Request) -> Response:
        """503 while the database does not answer."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._store.database.fetch_one("SELECT 1")
        except (Error, TimeoutError) as error:
            why = f"the database does not answer: {type(error).__name__}"
            return JSONResponse({"status": "not ready", "why": why}, 503)
        return JSONResponse({"status": "ready"})
