"""What is answered beside the API while database or storage are away: hooks, badges, websites."""

from __future__ import annotations

import logging

from psycopg import InterfaceError, OperationalError

from penstock.serving.watching import App
from penstock.store.storage_error import StorageError
from penstock.wire.elsewhere import Message, Receive, Scope, Send

LOG = logging.getLogger("penstock.up")
_BODY = b"Service Unavailable: please try again.\n"
_HEADERS = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(_BODY))]


async def answered(app: App, scope: Scope, receive: Receive, send: Send) -> None:
    """Has an application answer, or 503 does, so that whoever calls tries again."""
    begun = False

    async def tell(message: Message) -> None:
        nonlocal begun
        begun = True
        await send(message)

    try:
        await app(scope, receive, tell)
    except (OperationalError, InterfaceError, StorageError) as error:
        LOG.error("%s is not answered: %s", scope["path"], str(error).strip())
        if begun:
            raise
        await send({"type": "http.response.start", "status": 503, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": _BODY})
