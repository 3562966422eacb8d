"""Services that another endpoint answers for: AWS itself, or another emulator."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

from penstock.errors import AwsError
from penstock.sandbox.simulation import read_body
from penstock.state.calls import Principal
from penstock.wire.elsewhere import Receive, Scope, Send

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

THREADS = 32  # one for each request that is under way
CHUNK = 1 << 16  # bytes
CONNECT, READ = 5.0, 300.0  # seconds until a silent endpoint counts as gone
_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding")
)
_SIGNED = frozenset(("host", "authorization", "x-amz-date", "x-amz-security-token", "expect"))

Body = bytes | Iterator[bytes] | None


class Emulator:
    """An endpoint that takes any request as its client made it, signature and all."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._client = _Client(self._url.partition("://")[2])

    async def __call__(
        self,
        service: str,
        scope: Scope,
        receive: Receive,
        send: Send,
        principal: Principal,
        region: str,
    ) -> None:
        headers = _headers(scope, _HOP)
        sized = {"content-length", "transfer-encoding"} & _headers(scope, frozenset()).keys()
        body = _pieces(receive, asyncio.get_running_loop()) if sized else None
        await self._client.ask(scope, self._url + _target(scope), headers, body, send)


class Aws:
    """AWS, asked with this server's own credentials: those of its environment or profile."""

    def __init__(self) -> None:
        self._client = _Client("aws")

    async def __call__(
        self,
        service: str,
        scope: Scope,
        receive: Receive,
        send: Send,
        principal: Principal,
        region: str,
    ) -> None:
        body = await read_body(receive)
        headers = _headers(scope, _HOP | _SIGNED)
        url, signed = await asyncio.to_thread(
            sign, service, region, scope["method"], _target(scope), headers, body
        )
        await self._client.ask(scope, url, signed, body, send)


def _target(scope: Scope) -> str:
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def _headers(scope: Scope, without: frozenset[str]) -> dict[str, str]:
    pairs = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    return {name: value for name, value in pairs if name not in without}


def _pieces(receive: Receive, loop: asyncio.AbstractEventLoop) -> Iterator[bytes]:
    """The body as it comes, for a thread that sends it on."""
    while True:
        message = asyncio.run_coroutine_threadsafe(_next(receive), loop).result()
        if message["type"] != "http.request":
            raise ConnectionResetError("the client has gone")
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


async def _next(receive: Receive) -> Any:
    return await receive()


class _Client:
    """Speaks to one endpoint, in threads of its own. `name` is who answers, in answers' headers."""

    def __init__(self, name: str) -> None:
        import urllib3

        self._name = name
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"to-{name}")
        timeout = urllib3.Timeout(connect=CONNECT, read=READ)
        self._pool = urllib3.PoolManager(maxsize=THREADS, retries=False, timeout=timeout)

    async def ask(
        self, scope: Scope, url: str, headers: Mapping[str, str], body: Body, send: Send
    ) -> None:
        """Sends a request on, and the answer back, piece by piece. Raises AwsError."""
        loop = asyncio.get_running_loop()
        method = scope["method"]
        response = await loop.run_in_executor(self._threads, self._open, method, url, headers, body)
        try:
            kept = [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in response.headers.items()
                if name.lower() not in _HOP
            ]
            kept.append((b"x-penstock-answered-by", self._name.encode()))
            await send({"type": "http.response.start", "status": response.status, "headers": kept})
            while data := await loop.run_in_executor(self._threads, _read, response):
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except BaseException:
            response.close()  # the rest of it would be read as the next answer
            raise
        response.release_conn()

    def _open(
        self, method: str, url: str, headers: Mapping[str, str], body: Body
    ) -> BaseHTTPResponse:
        from urllib3.exceptions import HTTPError

        try:
            return self._pool.request(
                method,
                url,
                body=body,
                headers=headers,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except (HTTPError, OSError) as error:
            raise AwsError(
                "ServiceUnavailable", f"{self._name} does not answer: {error}", 503
            ) from None


def _read(response: BaseHTTPResponse) -> bytes:
    """What has come by now, without waiting for a whole chunk."""
    return response.read1(CHUNK, decode_content=False)


def sign(
    service: str, region: str, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> tuple[str, dict[str, str]]:
    """(URL at AWS, headers with a new signature). Raises AwsError without credentials."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    client = _aws(service, region)
    credentials = client._get_credentials()
    if credentials is None:
        raise AwsError(
            "UnrecognizedClientException",
            f"{service} is set to be answered by AWS, but this server has no AWS credentials",
            403,
        )
    request = AWSRequest(method, client.meta.endpoint_url + target, dict(headers), body)
    signing = client.meta.service_model.signing_name
    SigV4Auth(credentials, signing, region).add_auth(request)
    return request.url, dict(request.headers.items())


@cache
def _aws(service: str, region: str) -> Any:
    import botocore.session
    from botocore.config import Config

    # AWS_ENDPOINT_URL may well name this very server.
    config = Config(ignore_configured_endpoint_urls=True)
    return botocore.session.Session().create_client(service, region_name=region, config=config)
