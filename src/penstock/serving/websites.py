"""Buckets as websites, by their host names: `BUCKET.s3-website.localhost:4545`."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import unquote

from penstock.services.s3.website import website_answer
from penstock.store import Store
from penstock.wire.elsewhere import Receive, Scope, Send

_HOST = re.compile(
    r"(?P<bucket>.+)\.s3-website(?:[.-][a-z]+-[a-z-]+-[0-9])?\.(?P<name>.+?)(?::[0-9]+)?"
)
_METHODS = ("GET", "HEAD")


class Websites:
    """An ASGI application; `names` are what the server goes by, besides `localhost`."""

    def __init__(self, store: Store, names: Collection[str]) -> None:
        self._store = store
        self._names = {"localhost", *(name.lower() for name in names)}

    def bucket(self, scope: Scope) -> str:
        """The bucket whose website a request is for, or "" where it is for none."""
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        if b".s3-website" not in host:
            return ""
        found = _HOST.fullmatch(host.decode("latin-1").lower())
        return found["bucket"] if found and found["name"] in self._names else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in _METHODS:
            headers = [(b"allow", b"GET, HEAD"), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 405, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        path = unquote((scope.get("raw_path") or scope["path"].encode()).decode("latin-1"))
        answer = await website_answer(self._store, self.bucket(scope), path)
        headers = [
            (name.encode("latin-1"), value.encode("latin-1", "replace"))
            for name, value in answer.headers.items()
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if scope["method"] == "GET":
            async for piece in answer.body:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
