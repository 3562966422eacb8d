"""Calls of AWS's API, prepared once as bytes and sent by a number of clients at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

ACCOUNT = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "bench"}


class Prepared(NamedTuple):
    """A signed request as it goes over the wire."""

    host: str
    port: int
    data: bytes


def client(service: str, url: str) -> Any:
    config = Config(
        retries={"max_attempts": 0},
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.client(
        service, endpoint_url=url, region_name="us-east-1", config=config, **ACCOUNT
    )


def prepare(service: str, url: str, operation: str, parameters: Mapping[str, Any]) -> Prepared:
    """The bytes that botocore would send for a call, without sending them."""
    caught: list[Any] = []

    class Caught(Exception):
        pass

    def catch(request: Any, **_: Any) -> None:
        caught.append(request)
        raise Caught

    speaker = client(service, url)
    speaker.meta.events.register("before-send", catch)
    try:
        getattr(speaker, operation)(**parameters)
    except Caught:
        pass
    request = caught[0]
    parts = urlsplit(request.url)
    body = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    elif isinstance(body, str):
        body = body.encode()
    headers = {key: _text(value) for key, value in request.headers.items()}
    headers |= {"Host": parts.netloc, "Content-Length": str(len(body))}
    target = parts.path or "/"
    if parts.query:
        target += "?" + parts.query
    head = f"{request.method} {target} HTTP/1.1\r\n"
    head += "".join(f"{key}: {value}\r\n" for key, value in headers.items())
    return Prepared(parts.hostname or "", parts.port or 80, head.encode() + b"\r\n" + body)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def per_second(prepared: Prepared, clients: int, seconds: float) -> float:
    """How many answers a second come back; each client waits for one before it asks again.

    Raises RuntimeError for an answer that is not a success.
    """
    return asyncio.run(_per_second(prepared, clients, seconds))


async def _per_second(prepared: Prepared, clients: int, seconds: float) -> float:
    began = time.perf_counter()
    end = began + seconds
    counts = await asyncio.gather(*(_ask(prepared, end) for _ in range(clients)))
    return sum(counts) / (time.perf_counter() - began)


async def _ask(prepared: Prepared, end: float) -> int:
    reader, writer = await asyncio.open_connection(prepared.host, prepared.port)
    count = 0
    while time.perf_counter() < end:
        writer.write(prepared.data)
        head = await reader.readuntil(b"\r\n\r\n")
        status = head[9:12]
        if not status.startswith(b"2"):
            rest = await reader.read(1000)
            raise RuntimeError(f"{head.decode('latin-1')}{rest.decode('latin-1')}")
        await _skip_body(reader, head.lower())
        count += 1
        if b"connection: close" in head.lower():
            writer.close()
            reader, writer = await asyncio.open_connection(prepared.host, prepared.port)
    writer.close()
    return count


async def _skip_body(reader: asyncio.StreamReader, head: bytes) -> None:
    at = head.find(b"content-length:")
    if at >= 0:
        await reader.readexactly(int(head[at + 15 : head.index(b"\r\n", at)]))
        return
    if b"transfer-encoding: chunked" in head:
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
