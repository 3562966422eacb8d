"""What the server notices of each request it answers, and who is told."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from penstock.wire.elsewhere import Message, Receive, Scope, Send

LOG = logging.getLogger("penstock.requests")

App = Callable[[Scope, Receive, Send], Awaitable[None]]
OPERATION = "penstock.operation"
"""The key of the scope under which the wire says (service, operation), once it knows them."""

_IDS = (b"x-amzn-requestid", b"x-amz-request-id")


class Answered(NamedTuple):
    """A request whose answer has begun; `seconds` is what it took until then."""

    method: str
    path: str
    service: str
    operation: str
    status: int
    seconds: float
    request_id: str


def watching(app: App, observers: Sequence[Callable[[Answered], None]]) -> App:
    """The application, each of whose answers the observers are told of."""
    if not observers:
        return app

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = _answered(scope, message, time.perf_counter() - begun)
                for observer in observers:
                    observer(answered)
            await send(message)

        await app(scope, receive, tell)

    return watched


def _answered(scope: Scope, start: Message, seconds: float) -> Answered:
    service, operation = scope.get(OPERATION) or ("", "")
    ids = [value.decode("latin-1") for name, value in start["headers"] if name in _IDS]
    return Answered(
        scope["method"],
        scope["path"],
        service,
        operation,
        start["status"],
        seconds,
        *ids[:1] or [""],
    )


def log_answered(answered: Answered) -> None:
    """A line for a request. Queries are left out: signatures and tokens stand there."""
    LOG.info(
        "%s %s %d",
        answered.method,
        answered.path,
        answered.status,
        extra={
            "service": answered.service,
            "operation": answered.operation,
            "ms": round(answered.seconds * 1000, 1),
            "request_id": answered.request_id,
        },
    )
