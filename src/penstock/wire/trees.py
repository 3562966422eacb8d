"""Values in JSON and CBOR: trees of dicts, lists and scalars, to and from the model's types."""

from __future__ import annotations

import math
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from penstock.wire.compiling import Compiler, Made, Malformed, is_in_body, name_of
from penstock.wire.timestamps import FORMATS, read_timestamp

_WHOLE = {"byte": 8, "short": 16, "integer": 32, "long": 64}
_NAMES = {
    str: "STRING_VALUE",
    bool: "BOOLEAN_VALUE",
    int: "NUMBER_VALUE",
    float: "DECIMAL_VALUE",
    list: "Start of list",
    dict: "Start of structure or map",
    bytes: "BLOB_VALUE",
    datetime: "TIMESTAMP_VALUE",
}
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class TreeReader(Compiler):
    """Makes functions from a tree as `json.loads` returns it to Python's types. They raise
    Malformed for whatever has the wrong type; what the model does not know is left out."""

    def _structure(self, shape: StructureShape) -> Made:
        if shape.is_document_type:
            return _itself
        members = {
            name_of(member, name): (name, self.of(member))
            for name, member in shape.members.items()
            if is_in_body(member)
        }

        def read(raw: Any) -> dict[str, Any]:
            if type(raw) is not dict:
                raise wrong(raw, "a structure")
            found = {}
            for key, value in raw.items():
                if value is not None and key in members:
                    name, read_member = members[key]
                    found[name] = read_member(value)
            return found

        return read

    def _list(self, shape: ListShape) -> Made:
        read_item = self.of(shape.member)

        def read(raw: Any) -> list[Any]:
            if type(raw) is not list:
                raise wrong(raw, "a list")
            return [None if item is None else read_item(item) for item in raw]

        return read

    def _map(self, shape: MapShape) -> Made:
        read_value = self.of(shape.value)

        def read(raw: Any) -> dict[str, Any]:
            if type(raw) is not dict:
                raise wrong(raw, "a map")
            return {
                read_string(key): None if value is None else read_value(value)
                for key, value in raw.items()
            }

        return read

    def _scalar(self, shape: Shape) -> Made:
        if shape.type_name in _WHOLE:
            return whole_reader(_WHOLE[shape.type_name])
        return _SCALARS[shape.type_name]


def whole_reader(bits: int) -> Callable[[Any], int]:
    """Reads an integer of so many bits, from a number of any type that has no fraction."""
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1

    def read(raw: Any) -> int:
        if type(raw) is float and raw.is_integer():
            raw = int(raw)
        if type(raw) is not int:
            raise wrong(raw, "a Long" if bits == 64 else "an Integer")
        if not low <= raw <= high:
            raise Malformed(f"{raw} is not a number of {bits} bits")
        return raw

    return read


def read_string(raw: Any) -> str:
    if type(raw) is not str:
        raise wrong(raw, "a String")
    return raw


def _read_boolean(raw: Any) -> bool:
    if type(raw) is not bool:
        raise wrong(raw, "a Boolean")
    return raw


def _read_number(raw: Any) -> float:
    if type(raw) is str and raw in _SPECIAL:
        return _SPECIAL[raw]
    if type(raw) not in (int, float):
        raise wrong(raw, "a Double")
    try:
        return float(raw)
    except OverflowError:
        raise wrong(raw, "a Double") from None


def _read_blob(raw: Any) -> bytes:
    if type(raw) is bytes:
        return raw
    try:
        return b64decode(read_string(raw), validate=True)
    except ValueError as error:
        raise Malformed(f"not base64: {error}") from None


def _read_timestamp(raw: Any) -> datetime:
    if type(raw) is datetime:
        return raw
    if type(raw) not in (int, float, str):
        raise wrong(raw, "a Date")
    try:
        return read_timestamp(raw)
    except ValueError:
        raise wrong(raw, "a Date") from None


def wrong(raw: Any, wanted: str) -> Malformed:
    return Malformed(
        f"{_NAMES.get(type(raw), type(raw).__name__)} can not be converted to {wanted}"
    )


def _itself(raw: Any) -> Any:
    return raw


_SCALARS: dict[str, Made] = {
    "string": read_string,
    "character": read_string,
    "boolean": _read_boolean,
    "float": _read_number,
    "double": _read_number,
    "blob": _read_blob,
    "timestamp": _read_timestamp,
}


class TreeWriter(Compiler):
    """Makes functions from Python's types to a tree for `json.dumps`, or for CBOR where `binary`.

    Members that are None, or that the model does not know, are left out.
    """

    def __init__(self, *, binary: bool = False) -> None:
        super().__init__()
        self._binary = binary

    def _structure(self, shape: StructureShape) -> Made:
        if shape.is_document_type:
            return _itself
        members = {
            name: (name_of(member, name), self.of(member))
            for name, member in shape.members.items()
            if is_in_body(member)
        }

        def write(value: dict[str, Any]) -> dict[str, Any]:
            written = {}
            for name, item in value.items():
                if item is not None and name in members:
                    key, write_member = members[name]
                    written[key] = write_member(item)
            return written

        return write

    def _list(self, shape: ListShape) -> Made:
        write_item = self.of(shape.member)
        if write_item is _itself:
            return _itself
        return lambda value: [write_item(item) for item in value]

    def _map(self, shape: MapShape) -> Made:
        write_value = self.of(shape.value)
        if write_value is _itself:
            return _itself
        return lambda value: {key: write_value(item) for key, item in value.items()}

    def _timestamp(self, shape: Shape) -> Made:
        if self._binary:
            return _itself
        return FORMATS[shape.serialization.get("timestampFormat", "unixTimestamp").lower()]

    def _blob(self, shape: Shape) -> Made:
        return _itself if self._binary else write_blob

    def _float(self, shape: Shape) -> Made:
        return _itself if self._binary else _write_number

    _double = _float

    def _scalar(self, shape: Shape) -> Made:
        return _itself


def write_blob(value: bytes | str) -> str:
    return b64encode(value.encode() if isinstance(value, str) else value).decode()


def _write_number(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
