"""HTTP as uvicorn speaks it, save that an answer's head goes out with the first of its body."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from penstock.wire.elsewhere import Message, Receive, Scope, Send

HEAD = 16 << 10  # bytes that can wait for more


class HttpProtocol(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(Joining(transport, self.loop))  # type: ignore[arg-type]

    def on_headers_complete(self) -> None:
        app = self.app
        if self.expect_100_continue:
            self.app = closing_unread(app)
        try:
            super().on_headers_complete()
        finally:
            self.app = app


def closing_unread(app: Any) -> Any:
    """The application, for a client that sends its body once it is told to go on. One that is
    answered before will never send it, so what it says next would be taken for that body: its
    connection ends with the answer."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        read = False

        async def reading() -> Message:
            nonlocal read
            read = True
            return await receive()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and not read:
                headers = [*message["headers"], (b"connection", b"close")]
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, reading, sending)

    return answered


class Joining:
    """A transport that writes together what comes together: each write of its own is a system call
    and wakes the client. What is held is written before the loop waits again."""

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._held:
            both, self._held = (self._held, data), b""
            self._transport.writelines(both)
        elif len(data) < HEAD:
            self._held = data
            self._loop.call_soon(self._flush)
        else:
            self._transport.write(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._held:
            data, self._held = self._held, b""
            self._transport.write(data)
