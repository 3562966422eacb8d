"""One request and its answer on their way through the server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import datetime
from functools import lru_cache

from penstock.errors import AwsError
from penstock.wire.answer import Answer
from penstock.wire.elsewhere import Message, Receive, Scope, Send
from penstock.wire.plans import dialect_of
from penstock.wire.timestamps import http_date

SERVER = "Penstock"
_WITHOUT_BODY = (204, 304)


class Exchange:
    """Sends one answer. `speaks` are the service and the protocol that errors are written for."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, now: datetime) -> None:
        self.scope = scope
        self.receive = receive
        self.now = now
        self.request_id = _request_id()
        self.speaks = ("s3", "rest-xml")
        self.begun = False
        self._send = send

    @property
    def s3(self) -> bool:
        return self.speaks[0] == "s3"

    async def send(self, message: Message) -> None:
        self.begun = True
        await self._send(message)

    async def answer(self, answer: Answer) -> None:
        body = answer.body
        headers = self._headers(answer)
        start = {"type": "http.response.start", "status": answer.status, "headers": headers}
        await self.send(start)
        bodiless = self.scope["method"] == "HEAD" or answer.status in _WITHOUT_BODY
        if isinstance(body, bytes):
            body = b"" if bodiless else body
            await self.send({"type": "http.response.body", "body": body})
        elif bodiless:
            await _close(body)
            await self.send({"type": "http.response.body", "body": b""})
        else:
            await self._stream(body)

    async def fault(self, error: AwsError) -> None:
        """Answers with an error. Where an answer has begun, raises it: the server then breaks the
        connection, so that nobody takes half of an answer for the whole."""
        if self.begun:
            raise error
        dialect = dialect_of(*self.speaks)
        await self.answer(dialect.fault(error, self.request_id, self.scope["path"]))

    def _headers(self, answer: Answer) -> list[tuple[bytes, bytes]]:
        head = self.scope["method"] == "HEAD"
        known = isinstance(answer.body, bytes)
        fields = [("date", _date(self.now.replace(microsecond=0))), ("server", SERVER)]
        if self.s3:
            fields.append(("x-amz-request-id", self.request_id))
            fields.append(("x-amz-id-2", self.request_id))
        else:
            fields.append(("x-amzn-requestid", self.request_id))
        for name, value in answer.fields:
            if name != "content-length" or head or not known:
                fields.append((name, value))
        told = head and any(name == "content-length" for name, _ in answer.fields)
        if isinstance(answer.body, bytes) and not told and answer.status not in _WITHOUT_BODY:
            fields.append(("content-length", str(len(answer.body))))
        return [(name.encode("latin-1", "replace"), value.encode()) for name, value in fields]

    async def _stream(self, body: AsyncIterator[bytes]) -> None:
        """Sends piece after piece until the end, or until the client is gone."""
        sending = asyncio.ensure_future(self._send_pieces(body))
        gone = asyncio.ensure_future(self._until_gone())
        try:
            await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            done = sending.done()
            for task in (sending, gone):
                task.cancel()
            await asyncio.gather(sending, gone, return_exceptions=True)
            await _close(body)
        if done:
            sending.result()

    async def _send_pieces(self, body: AsyncIterator[bytes]) -> None:
        async for piece in body:
            await self.send({"type": "http.response.body", "body": piece, "more_body": True})
        await self.send({"type": "http.response.body", "body": b""})

    async def _until_gone(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass


def _request_id() -> str:
    """Random, in the form of a UUID of version 4; a UUID object takes three times as long."""
    text = os.urandom(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


@lru_cache(16)
def _date(now: datetime) -> str:
    return http_date(now)


async def _close(body: AsyncIterator[bytes]) -> None:
    if hasattr(body, "aclose"):
        await body.aclose()
