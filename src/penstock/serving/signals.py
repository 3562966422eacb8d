"""What stacks wait for, written to their addresses by whoever has been told of these."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from penstock.errors import AwsError
from penstock.flow.stack_signals import take
from penstock.store import Store

LARGEST = 64 << 10  # bytes


class Signals:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def put(self, request: Request) -> Response:
        """As S3 answers, whose addresses AWS gives out for this: with nothing."""
        try:
            body = await _body(request)
            id = request.path_params["id"]
            if "\0" in id:
                raise AwsError("ResourceNotFoundException", "Nobody waits at this address", 404)
            await take(self._store, id, body, datetime.now(UTC))
        except AwsError as error:
            return JSONResponse({"code": error.code, "message": error.message}, error.status)
        return Response()


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            message = f"A signal has at most {LARGEST} bytes"
            raise AwsError("ValidationError", message, 413)
    return bytes(body)
