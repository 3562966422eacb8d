"""The wire with services that echo, asked without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser

from penstock.errors import not_implemented
from penstock.services.service import Handler, Service
from penstock.state.calls import Call, Principal
from penstock.store import Store
from penstock.wire.app import Limits, WireApp
from penstock.wire.catalogue import load_model
from penstock.wire.elsewhere import Receive, Scope, Send
from penstock.wire.identity import Identity

ACCOUNT, REGION = "000000000000", "us-east-1"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Reply = Mapping[str, Any] | Exception | Callable[[Call, dict[str, Any]], Any]


class Echo(Service):
    """Answers what it was told to, and remembers what it was asked."""

    def __init__(self, store: Store, replies: Mapping[str, Reply]) -> None:
        super().__init__(store)
        self.replies = replies
        self.asked: list[tuple[Call, dict[str, Any]]] = []

    def handler(self, operation: str) -> Handler:
        if operation not in self.replies:
            return super().handler(operation)
        reply = self.replies[operation]

        async def handle(call: Call, request: dict[str, Any]) -> dict[str, Any]:
            self.asked.append((call, request))
            if isinstance(reply, Exception):
                raise reply
            if isinstance(reply, Mapping):
                return dict(reply)
            return await reply(call, request)  # type: ignore[no-any-return]

        return handle


class Answered(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def error(self, protocol: str) -> tuple[str, str]:
        """Code and message as botocore reads them."""
        response = {"status_code": self.status, "headers": HeadersDict(self.headers)}
        parsed = create_parser(protocol).parse({**response, "body": self.body}, None)
        return parsed["Error"]["Code"], parsed["Error"]["Message"]


class Wire:
    """The application with services that echo, and everything else elsewhere."""

    def __init__(self, store: Store, **limits: int) -> None:
        self.services: dict[str, Service] = {}
        self.scope: Scope = {}
        self.elsewhere: list[tuple[str, bytes, Principal, str]] = []
        self.store = store
        self.app = WireApp(
            self.services,
            Identity(store, account=ACCOUNT, region=REGION),
            self._elsewhere,
            clock=lambda: NOON,
            limits=Limits(**limits),
        )

    def add(self, service: str, **replies: Reply) -> Echo:
        self.services[service] = echo = Echo(self.store, replies)
        return echo

    async def _elsewhere(
        self,
        service: str,
        scope: Scope,
        receive: Receive,
        send: Send,
        principal: Principal,
        region: str,
    ) -> None:
        body = (await receive())["body"]
        self.elsewhere.append((service, body, principal, region))
        if body == b"nothing":
            raise not_implemented(f"{service}.Something")
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": b"from elsewhere"})

    async def ask(
        self,
        service: str,
        body: bytes = b"",
        *,
        method: str = "POST",
        path: str = "/",
        cut: int | None = None,
        **headers: Any,
    ) -> Answered:
        """Underscores in names of headers stand for hyphens; a body is cut off after `cut` bytes,
        and the client gone."""
        path, _, query = path.partition("?")
        named = {
            "host": "localhost:4545",
            "authorization": f"AWS4-HMAC-SHA256 Credential=AK/20260301/eu-west-1/{service}"
            "/aws4_request, SignedHeaders=host, Signature=a",
            "content-length": str(len(body)),
            **{name.replace("_", "-").lower(): value for name, value in headers.items()},
        }
        scope = {
            "type": "http",
            "scheme": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "client": ("127.0.0.1", 50000),
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        }
        self.scope = scope
        given_ = [{"type": "http.request", "body": body[:cut], "more_body": cut is not None}]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if given_:
                return given_.pop()
            return {"type": "http.disconnect"} if cut is not None else await asyncio.Future()

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        return _answered(sent)

    async def json(self, service: str, target: str, request: Any, **headers: Any) -> Answered:
        body = request if isinstance(request, bytes) else json.dumps(request).encode()
        prefix = load_model(service).metadata["targetPrefix"]
        headers["content_type"] = "application/x-amz-json-1.1"
        return await self.ask(service, body, X_Amz_Target=f"{prefix}.{target}", **headers)

    async def form(self, service: str, text: str) -> Answered:
        content_type = "application/x-www-form-urlencoded; charset=utf-8"
        return await self.ask(service, text.encode(), content_type=content_type)


def _answered(sent: list[dict[str, Any]]) -> Answered:
    if not sent:
        return Answered(0, {}, b"")
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    assert len(headers) == len(sent[0]["headers"])
    return Answered(sent[0]["status"], headers, b"".join(part["body"] for part in sent[1:]))


@pytest.fixture
def wire(store: Store) -> Wire:
    return Wire(store)


PARAMETER = {"Parameter": {"Name": "a", "Value": "v", "LastModifiedDate": NOON}}
