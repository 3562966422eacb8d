"""moto's in-memory cloud, called in this process: nothing of it outlives the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from re import Pattern
from typing import Any, NamedTuple

from penstock.errors import not_implemented
from penstock.sandbox.imports import importing
from penstock.state.calls import Principal
from penstock.wire.catalogue import catalogue
from penstock.wire.elsewhere import Receive, Scope, Send

NAME = b"sandbox"
THREADS = 8  # some of its calls run programs, and take long
_HOP = ("connection", "content-length", "server", "transfer-encoding")
# moto reads the region and the caller from these, in its own ways; it is told them in one.
_REPLACED = (b"authorization", b"user-agent", b"transfer-encoding", b"x-moto-account-id")

Answer = tuple[int, Mapping[str, str], bytes]
Route = tuple[Pattern[str], Callable[..., Any]]


class Asked(NamedTuple):
    """A request as moto is given it; the URL is the caller's own, so that answers name that."""

    service: str
    method: str
    origin: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Simulation:
    """An `Elsewhere`. Its library is imported by the first call."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sandbox")

    async def __call__(
        self,
        service: str,
        scope: Scope,
        receive: Receive,
        send: Send,
        principal: Principal,
        region: str,
    ) -> None:
        asked = _asked(service, scope, await read_body(receive), principal, region)
        loop = asyncio.get_running_loop()
        status, headers, body = await loop.run_in_executor(self._threads, answer, asked)
        kept = [
            (name.lower().encode(), str(value).encode("latin-1", "replace"))
            for name, value in headers.items()
            if name.lower() not in _HOP
        ]
        length = (b"content-length", str(len(body)).encode())
        kept += [length, (b"x-penstock-answered-by", NAME)]
        await send({"type": "http.response.start", "status": status, "headers": kept})
        await send({"type": "http.response.body", "body": body})


async def read_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _asked(service: str, scope: Scope, body: bytes, principal: Principal, region: str) -> Asked:
    headers = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in scope["headers"]
        if name not in _REPLACED
    }
    key = principal.access_key_id or "AKIAIOSFODNN7EXAMPLE"
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/{service}/aws4_request, "
        "SignedHeaders=host, Signature=verified-before"
    )
    headers["x-moto-account-id"] = principal.account
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    origin = f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}"
    query = scope["query_string"].decode("latin-1")
    return Asked(service, scope["method"], origin, path, query, headers, body)


def answer(asked: Asked) -> Answer:
    """Raises AwsError (501) for what moto has no code for."""
    with importing():
        from moto.core.request import Request
    from werkzeug.exceptions import HTTPException

    handler = _handler(asked.service, asked.path)
    url = asked.origin + asked.path + (f"?{asked.query}" if asked.query else "")
    request = Request.from_primitives(asked.method, url, dict(asked.headers), asked.body)
    try:
        status, headers, body = _whole(handler(request, request.raw_url, dict(request.headers)))
    except HTTPException as error:
        headers, text = dict(error.get_headers()), error.get_body()
        status, body = error.code or 500, text.encode() if isinstance(text, str) else text
    except NotImplementedError as error:
        raise not_implemented(f"{asked.service} in the sandbox: {error}") from None
    if status == 404 and not body:  # its way to say that it does not know what was asked
        raise not_implemented(f"{asked.service} in the sandbox: {asked.method} {asked.path}")
    return status, headers, body


def _whole(result: Any) -> Answer:
    status, headers, body = result if isinstance(result, tuple) else (200, {}, result)
    return status, headers, body.encode() if isinstance(body, str) else bytes(body)


def _handler(service: str, path: str) -> Callable[..., Any]:
    for origin, routes in _routes(service):
        for pattern, handler in routes:
            if pattern.match(origin + path):
                return handler
    raise not_implemented(f"{service} in the sandbox")


def _routes(service: str) -> Sequence[tuple[str, Sequence[Route]]]:
    with importing():
        return _tables(service)


@cache
def _tables(service: str) -> Sequence[tuple[str, Sequence[Route]]]:
    """The tables of moto's backends for a service, each with the origin its patterns begin with."""
    import re

    from moto.backend_index import backend_url_patterns
    from moto.backends import get_backend
    from moto.core.base_backend import BackendDict
    from moto.core.models import DEFAULT_ACCOUNT_ID

    found = []
    for origin in _origins(service):
        for name, pattern in backend_url_patterns:
            if pattern.match(origin):
                backends: Any = get_backend(name)  # type: ignore[call-overload]
                regions = backends[DEFAULT_ACCOUNT_ID] if isinstance(backends, BackendDict) else {}
                one = next((regions[r] for r in ("us-east-1", "aws") if r in regions), None)
                urls = (one or backends["global"]).urls
                found.append((origin, [(re.compile(url), urls[url]) for url in urls]))
    return found


def _origins(service: str) -> Sequence[str]:
    """How AWS's own addresses of a service begin, the usual way first."""
    prefix = catalogue().metadata[service]["endpointPrefix"]
    hosts = (f"{prefix}.us-east-1.amazonaws.com", f"{prefix}.amazonaws.com")
    return [f"https://{host}" for host in (*hosts, f"{prefix}.us-east-1.api.aws")]
