"""The application asked without a socket."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from penstock.serving.watching import App
from penstock.state.calls import Principal
from penstock.wire.elsewhere import Message, Scope

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ACCOUNT = "000000000000"
ROOT = Principal(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)


def scope_of(path: str, query: str = "", **headers: str) -> Scope:
    pairs = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": pairs if "host" in headers else [(b"host", b"127.0.0.1:4545"), *pairs],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 4545),
    }


async def get(app: App, path: str, query: str = "", **headers: str) -> tuple[int, str]:
    return await answer(app, scope_of(path, query, **headers))


async def answer(app: App, scope: Scope, body: bytes = b"") -> tuple[int, str]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(part["body"] for part in sent[1:]).decode()


# Webhooks and badges


async def post(app: App, path: str, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    scope = {**scope_of(path, **headers), "method": "POST"}
    status, text = await answer(app, scope, body)
    return status, json.loads(text)
