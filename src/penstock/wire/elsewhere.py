"""What answers for the services that are not real: the sandbox, or another endpoint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

from penstock.state.calls import Principal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Elsewhere(Protocol):
    """An ASGI application that is also told what the wire has found out.

    `service` is botocore's name. `scope` is the HTTP scope as the server made it (method, raw_path,
    query_string and headers untouched). `receive` gives the body as the client sent it: from
    memory where it had to be read to verify a signature, else as it comes; `http.disconnect`
    follows it. The request is allowed: `principal` has been verified as far as this installation
    asks. `region` is the one the request was signed for.

    Sends exactly one answer, with the header `x-penstock-answered-by: sandbox` (or whoever it
    was). Raises AwsError before it has sent anything: the wire then answers in the service's own
    protocol, as it does with 501 where it raises `not_implemented("dynamodb.PutItem")`.
    """

    async def __call__(
        self,
        service: str,
        scope: Scope,
        receive: Receive,
        send: Send,
        principal: Principal,
        region: str,
    ) -> None: ...
