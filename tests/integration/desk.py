"""CodePipeline as boto3 sees it: its requests and answers go through the wire, without a socket."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

from penstock.errors import AwsError, not_implemented
from penstock.services.codepipeline import CodePipeline
from penstock.state.calls import Principal
from penstock.store import Store
from penstock.store.buckets import create_bucket
from penstock.wire.app import WireApp
from penstock.wire.elsewhere import Receive, Scope, Send
from penstock.wire.identity import Identity

ACCOUNT, REGION = "000000000000", "us-east-1"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ARN = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:"


class _Body(BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


class Desk:
    """Asks as boto3 does; `now` is what the server's clock shows."""

    def __init__(self, store: Store, **options: Any) -> None:
        self.store = store
        self.now = NOON
        self.status = 0
        self._app = WireApp(
            {"codepipeline": CodePipeline(store)},
            Identity(store, account=ACCOUNT, region=REGION),
            _nowhere,
            clock=lambda: self.now,
        )
        self._client = boto3.client(
            "codepipeline",
            region_name=options.pop("region", REGION),
            endpoint_url="http://localhost:4545",
            aws_access_key_id="AKIDEXAMPLE000000000",
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}, **options),
        )
        self._client.meta.events.register("before-send", self._send)
        self._loop = asyncio.get_running_loop()

    async def __call__(self, operation: str, /, **request: Any) -> dict[str, Any]:
        """The answer without ResponseMetadata. Raises AwsError with the code and the message."""
        try:
            answer = await asyncio.to_thread(getattr(self._client, operation), **request)
        except ClientError as error:
            told = error.response["Error"]
            raise AwsError(told["Code"], told["Message"], self.status) from error
        answer.pop("ResponseMetadata")
        return dict(answer)

    async def bucket(self, name: str = "artifacts", region: str = REGION) -> None:
        assert await create_bucket(self.store.database, name, ACCOUNT, region, {}, NOON)

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        headers = {name.lower(): _bytes(value) for name, value in request.headers.items()}
        asked = asyncio.run_coroutine_threadsafe(self.ask(headers, body), self._loop)
        self.status, answered, data = asked.result(60)
        return AWSResponse(request.url, self.status, answered, _Body(data))

    async def ask(
        self, headers: dict[str, bytes], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """One request to the application itself."""
        scope = {
            "type": "http",
            "scheme": "http",
            "method": "POST",
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "client": ("127.0.0.1", 50000),
            "headers": [
                (b"host", b"localhost:4545"),
                (b"content-length", str(len(body)).encode()),
                *((name.encode(), value) for name, value in headers.items() if name not in _OWN),
            ],
        }
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], answered, b"".join(part["body"] for part in sent[1:])


_OWN = ("host", "content-length")


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


async def _nowhere(
    service: str, scope: Scope, receive: Receive, send: Send, principal: Principal, region: str
) -> None:
    raise not_implemented(service)


def artifacts(*names: str) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


def action(name: str, type: str, **members: Any) -> dict[str, Any]:
    """`type` is category, provider and, but for AWS, owner."""
    category, provider, owner = (*type.split(), "AWS")[:3]
    id = {"category": category, "owner": owner, "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": id, **members}


def fetch(name: str = "Fetch", output: str = "App") -> dict[str, Any]:
    configuration = {"S3Bucket": "sources", "S3ObjectKey": "app.zip"}
    return action(name, "Source S3", configuration=configuration, outputArtifacts=artifacts(output))


def pipeline(name: str = "web", *stages: dict[str, Any], **members: Any) -> dict[str, Any]:
    """One that fetches from S3 and asks for an approval, where no stages are given."""
    asked = {"name": "Ask", "actions": [action("Ask", "Approval Manual")]}
    return {
        "name": name,
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/pipeline",
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "stages": [{"name": "Source", "actions": [fetch()]}, *(stages or (asked,))],
        **members,
    }
