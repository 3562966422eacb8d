"""JSON that is as its model wants it, read and checked in one pass outside of Python.

What has anything wrong with it goes the other way, through `trees` and `checking`, which know
AWS's words for it; so do shapes whose values JSON writes otherwise than Python, as times.
"""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, Required, TypedDict

import msgspec
from botocore.model import ListShape, MapShape, Shape, StructureShape

from penstock.wire.answer import Quick
from penstock.wire.compiling import Compiler, is_in_body, name_of

_BITS = {"byte": 8, "short": 16, "integer": 32, "long": 64}
_OTHERWISE = (msgspec.MsgspecError, ValueError, RecursionError)


def quick_reader(shape: StructureShape) -> Quick | None:
    """None where a shape has to go the other way."""
    try:
        decode = msgspec.json.Decoder(Types().of(shape)).decode
    except Unsuited:
        return None

    def read(body: bytes) -> dict[str, Any] | None:
        try:
            if not body.isascii():
                body.decode()  # also what no type asks for
            found: dict[str, Any] = decode(body)
        except _OTHERWISE:
            return None
        return found

    return read


class Unsuited(Exception):
    """A shape's values are not in Python as they are in JSON."""


class Types(Compiler):
    """Makes the types that msgspec reads, with what the model demands of their values.

    `of` raises Unsuited, also of a shape that contains itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self._open: list[str] = []

    def of(self, shape: Shape) -> Any:
        key = self._key(shape)
        if key in self._open:
            raise Unsuited(key)
        self._open.append(key)
        try:
            return super().of(shape)
        finally:
            self._open.pop()

    def _structure(self, shape: StructureShape) -> Any:
        if shape.is_document_type:
            raise Unsuited(shape.name)
        members: dict[str, Any] = {}
        for name, member in shape.members.items():
            if not is_in_body(member) or name_of(member, name) != name:
                raise Unsuited(shape.name)
            needed = Required if name in shape.required_members else NotRequired
            members[name] = needed[self.of(member)]
        return TypedDict(shape.name, members)  # type: ignore[operator]

    def _list(self, shape: ListShape) -> Any:
        return _limited(list[self.of(shape.member)], shape)  # type: ignore[misc]

    def _map(self, shape: MapShape) -> Any:
        return _limited(dict[self.of(shape.key), self.of(shape.value)], shape)  # type: ignore[misc]

    def _string(self, shape: Shape) -> Any:
        return _limited(str, shape)

    def _boolean(self, shape: Shape) -> Any:
        return bool

    def _scalar(self, shape: Shape) -> Any:
        bits = _BITS.get(shape.type_name)
        if bits is None:
            raise Unsuited(shape.name)
        low, high = -(1 << bits - 1), (1 << bits - 1) - 1
        least, most = shape.metadata.get("min", low), shape.metadata.get("max", high)
        return Annotated[int, msgspec.Meta(ge=max(low, least), le=min(high, most))]


def _limited(kind: Any, shape: Shape) -> Any:
    """With the lengths that a shape allows."""
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if not low and high is None:
        return kind
    return Annotated[kind, msgspec.Meta(min_length=low, max_length=high)]
