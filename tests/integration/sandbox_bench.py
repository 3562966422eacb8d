"""Resources as stacks have them made in the sandbox: asked of the server's application by boto3."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError

from penstock.errors import AwsError
from penstock.server import make_app
from penstock.services import SERVICES
from penstock.settings import Settings
from penstock.state.stacks import Kind
from penstock.store import Store
from penstock.wire.elsewhere import Message

from .resource_bench import ENDPOINT, REGION, Bench, Document, InProcess


class Raw(BytesIO):
    """As urllib3's answers are read by botocore."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


class Served(InProcess):
    """Real services in this process, the others through the server, as a worker asks them."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.app = make_app(store, Settings())
        self._loop = asyncio.get_running_loop()

    async def ask(self, service: str, operation: str, **request: Any) -> Document:
        if service in SERVICES:
            return await super().ask(service, operation, **request)
        try:
            return await asyncio.to_thread(self._ask, service, operation, request)
        except ClientError as error:
            told, about = error.response["Error"], error.response["ResponseMetadata"]
            status = about["HTTPStatusCode"]
            raise AwsError(told["Code"], told.get("Message", ""), status) from None

    def _ask(self, service: str, operation: str, request: Document) -> Document:
        from botocore import xform_name

        client: Any = boto3.client(
            service,
            region_name=REGION,
            endpoint_url=ENDPOINT,
            aws_access_key_id="AKIDEXAMPLE000000000",
            aws_secret_access_key="secret",
        )
        client.meta.events.register("before-send", self._send)
        answer: Document = getattr(client, xform_name(operation))(**request)
        by = answer.pop("ResponseMetadata")["HTTPHeaders"]["x-penstock-answered-by"]
        assert by == "sandbox"
        return answer

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        future = asyncio.run_coroutine_threadsafe(self._answer(request), self._loop)
        status, headers, data = future.result()
        return AWSResponse(request.url, status, headers, Raw(data))

    async def _answer(self, request: AWSPreparedRequest) -> tuple[int, dict[str, str], bytes]:
        parts, body = urlsplit(request.url), request.body or b""
        data = body.encode() if isinstance(body, str) else body
        named = {"host": parts.netloc, "content-length": str(len(data)), **dict(request.headers)}
        scope = {
            "type": "http",
            "method": request.method,
            "scheme": parts.scheme,
            "path": parts.path or "/",
            "raw_path": (parts.path or "/").encode(),
            "query_string": parts.query.encode(),
            "headers": [
                (name.lower().encode(), value if isinstance(value, bytes) else str(value).encode())
                for name, value in named.items()
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 4545),
        }
        sent: list[Message] = []
        pieces = iter([{"type": "http.request", "body": data, "more_body": False}])

        async def receive() -> Message:
            return next(pieces, {"type": "http.disconnect"})

        async def send(message: Message) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], headers, b"".join(part["body"] for part in sent[1:])


class SandboxBench(Bench):
    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.cloud = Served(store)

    async def made(self, logical_id: str, type: str, properties: Document, **more: Any) -> Any:
        """What has been made of the kind that the sandbox has, with all attributes published."""
        from penstock.documents.resource_schemas import schema_of

        outcome = await self.create(logical_id, type, properties, **more)
        assert outcome.kind is Kind.SANDBOX
        schema = schema_of(type)
        assert schema
        assert set(schema.attributes or ()) <= set(outcome.attributes)
        return outcome


@pytest.fixture
async def sandbox(store: Store) -> AsyncIterator[SandboxBench]:
    yield SandboxBench(store)
    from moto.moto_api._internal.models import moto_api_backend

    moto_api_backend.reset()
