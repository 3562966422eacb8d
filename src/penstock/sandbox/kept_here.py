"""Services of the sandbox that are written here: in memory, as all of it is."""

from __future__ import annotations

from typing import Any

from penstock.services.service import Handler, Service
from penstock.state.calls import Call

ANSWERED_BY = {"x-penstock-answered-by": "sandbox"}


class KeptHere(Service):
    """A service whose answers say that it is simulated. What it keeps ends with the server."""

    def handler(self, operation: str) -> Handler:
        handle = super().handler(operation)

        async def answer(call: Call, request: dict[str, Any]) -> dict[str, Any]:
            return {**(await handle(call, request) or {}), "@headers": ANSWERED_BY}

        return answer
