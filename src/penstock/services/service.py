"""What every service is: an object whose methods answer the operations of a botocore model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from botocore import xform_name

from penstock.errors import not_implemented
from penstock.state.calls import Call
from penstock.store import Store

Request = dict[str, Any]
Answer = dict[str, Any]
Handler = Callable[[Call, Request], Awaitable[Answer | None]]


class Service:
    """Handlers are methods such as `async def put_parameter(self, call, request)`.

    `request` and the answer have the members of the model's shapes, in Python's types: datetimes
    are aware, blobs bytes, and a streaming blob is an `AsyncIterator[bytes]` both ways. The request
    has been validated against the model. Two keys of an answer are not the model's: `@status` (int)
    is its HTTP status where it is not the model's (206, 304), `@headers` (dict) are headers the
    model lacks. An event stream is an AsyncIterator of dicts with one member each; AwsError raised
    in it ends the stream as an exception event.

    Handlers raise AwsError; whatever else they raise is a fault of Penstock's own and answers 500.
    """

    body_limit = 0
    """Bytes of a request that is read whole, where that is more than other services take."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def handler(self, operation: str) -> Handler:
        """Raises AwsError (501) for an operation that is not there."""
        handler: Handler | None = getattr(self, xform_name(operation), None)
        if handler is None:
            raise not_implemented(operation)
        return handler
