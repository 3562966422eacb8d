"""Event streams: messages of headers and a payload, each with its length and checksums."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from struct import pack
from typing import Any
from zlib import crc32

from botocore.model import StructureShape

from penstock.errors import AwsError

Write = Callable[[dict[str, Any]], bytes]


def encode_message(headers: Mapping[str, str], payload: bytes) -> bytes:
    packed = b"".join(
        pack(">B", len(name)) + name.encode() + b"\x07" + pack(">H", len(value)) + value
        for name, value in ((name, value.encode()) for name, value in headers.items())
    )
    prelude = pack(">II", len(packed) + len(payload) + 16, len(packed))
    message = prelude + pack(">I", crc32(prelude)) + packed + payload
    return message + pack(">I", crc32(message))


async def encode_events(
    events: AsyncIterator[dict[str, Any]],
    writers: Mapping[str, Callable[[Any], tuple[dict[str, str], bytes]]],
    initial: bytes | None,
    content_type: str,
) -> AsyncIterator[bytes]:
    """Messages of `events`, each a dict of one member. `initial` is the answer's other members,
    which come first where the protocol has no headers for them. AwsError ends the stream."""
    if initial is not None:
        yield encode_message(_headers("initial-response", content_type), initial)
    try:
        async for event in events:
            for name, value in event.items():
                headers, payload = writers[name](value)
                yield encode_message(_headers(name, content_type) | headers, payload)
    except AwsError as error:
        headers = {":message-type": "exception", ":exception-type": error.code}
        yield encode_message(headers, writers["@exception"](error)[1])


def event_writer(
    shape: StructureShape, write: Callable[[StructureShape], Write]
) -> Callable[[Any], tuple[dict[str, str], bytes]]:
    """Headers and payload of one kind of event. `write` makes the writer of a payload's shape."""
    in_headers = {
        name for name, member in shape.members.items() if member.serialization.get("eventheader")
    }
    payload = next(
        (name for name, item in shape.members.items() if item.serialization.get("eventpayload")),
        None,
    )
    if payload and shape.members[payload].type_name != "structure":
        return lambda value: (_texts(value, in_headers), _raw(value.get(payload, b"")))
    whole = write(shape.members[payload] if payload else shape)
    return lambda value: (
        _texts(value, in_headers),
        whole(value.get(payload) or {} if payload else value),
    )


def _texts(value: dict[str, Any], names: set[str]) -> dict[str, str]:
    return {name: str(value[name]) for name in names if value.get(name) is not None}


def _raw(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _headers(event: str, content_type: str) -> dict[str, str]:
    return {":message-type": "event", ":event-type": event, ":content-type": content_type}
