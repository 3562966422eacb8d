"""Calls of AWS's API, prepared once as bytes and sent by a number of clients at a time."""

from __future__ import annotations

import selectors
import socket
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
        inject_host_prefix=False,
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
    headers.pop("Expect", None)  # the body follows at once
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

    Plain sockets and one epoll, so that asking costs far less than answering. What was asked in
    time is waited for, so that a slow server answers at least once and has no work left over for
    the next measurement. Answers that are no success do not count; where there are no others,
    RuntimeError is raised.
    """
    count, refused, waiting = 0, b"", clients
    with selectors.DefaultSelector() as selector:
        asking = [_Client(prepared) for _ in range(clients)]
        for one in asking:
            selector.register(one.socket, selectors.EVENT_READ, one)
            one.ask()
        began = time.perf_counter()
        while waiting:
            for key, _ in selector.select():
                one = key.data
                if not one.has_answer():
                    continue
                if one.succeeded:
                    count += 1
                else:
                    refused = one.data
                if one.is_closing:
                    selector.unregister(one.socket)
                    one.connect()
                    selector.register(one.socket, selectors.EVENT_READ, one)
                if time.perf_counter() - began < seconds:
                    one.ask()
                else:
                    waiting -= 1
        taken = time.perf_counter() - began
        for one in asking:
            one.socket.close()
    if not count:
        raise RuntimeError(refused[:2000].decode("latin-1") or "connections are closed")
    return count / taken


class _Client:
    """A connection that is kept, and what has come of the answer it waits for."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self.connect()

    def connect(self) -> None:
        self.socket = socket.create_connection((self._prepared.host, self._prepared.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self) -> None:
        self.data = b""
        self.socket.sendall(self._prepared.data)

    @property
    def succeeded(self) -> bool:
        return self.data[9:10] == b"2"

    @property
    def is_closing(self) -> bool:
        return b"\r\nconnection: close" in self.data[:1000].lower()

    def has_answer(self) -> bool:
        """Takes what has come, and says whether that is all."""
        piece = self.socket.recv(1 << 20)
        self.data += piece
        head, end, body = self.data.partition(b"\r\n\r\n")
        if not end:
            return not piece
        lower = head.lower()
        at = lower.find(b"content-length:")
        if at >= 0:
            return len(body) >= int(lower[at + 15 :].split(b"\r\n", 1)[0])
        return body.endswith(b"0\r\n\r\n") or not piece
