"""Bodies as they come from the server: read whole within a limit, or piece by piece."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from penstock.errors import AwsError
from penstock.wire.compiling import Malformed
from penstock.wire.elsewhere import Message, Receive


class Disconnected(Exception):
    """The client went away before it had sent all of its request."""


async def stream_body(receive: Receive) -> AsyncIterator[bytes]:
    """The pieces, none of them empty. Raises Disconnected."""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Disconnected
        if piece := message.get("body", b""):
            yield piece
        if not message.get("more_body"):
            return


async def read_body(receive: Receive, limit: int) -> bytes:
    """All of it. Raises Disconnected, or AwsError for one of more than `limit` bytes."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        body: bytes = message.get("body", b"")
        if len(body) <= limit:
            return body
        raise too_large(limit)
    return await join(_with(message, receive), limit)


async def join(pieces: AsyncIterator[bytes], limit: int) -> bytes:
    found, size = [], 0
    async for piece in pieces:
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        found.append(piece)
    return b"".join(found)


async def _with(message: Message, receive: Receive) -> AsyncIterator[bytes]:
    async def again() -> Message:
        return pending.pop() if pending else await receive()

    pending = [message]
    async for piece in stream_body(again):
        yield piece


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body which has been read already."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again


def unzip(body: bytes, limit: int) -> bytes:
    """What a body with `Content-Encoding: gzip` says. Raises Malformed, or AwsError as above."""
    inflater = zlib.decompressobj(wbits=31)
    try:
        found = inflater.decompress(body, limit + 1)
    except zlib.error as error:
        raise Malformed(f"not gzip: {error}") from None
    if len(found) > limit:
        raise too_large(limit)
    if not inflater.eof:
        raise Malformed("not gzip: it ends too early")
    return found


def too_large(limit: int) -> AwsError:
    return AwsError(
        "RequestEntityTooLarge", f"The request's body is larger than {limit} bytes.", 413
    )
