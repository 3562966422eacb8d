"""Scalars as text: in headers, paths, query strings, forms and XML."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from botocore.model import Shape

from penstock.wire.compiling import Malformed
from penstock.wire.timestamps import FORMATS, read_timestamp
from penstock.wire.trees import _WHOLE, whole_reader, write_blob

Read = Callable[[str], Any]
Write = Callable[[Any], str]
_ITEM = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)|([^,]*)(?:,|$)')
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,20}")


def text_reader(shape: Shape) -> Read:
    """A function that raises Malformed where a text is not a scalar of this shape."""
    if shape.type_name in _WHOLE:
        read_number = whole_reader(_WHOLE[shape.type_name])

        def read_whole(text: str) -> int:
            if not _WHOLE_NUMBER.fullmatch(text.strip()):
                raise Malformed(f"'{text}' is not an integer")
            return read_number(int(text))

        return read_whole
    kind = _KINDS.get(shape.type_name)
    if kind is None:
        return _itself

    def read(text: str) -> Any:
        try:
            return kind[0](text)
        except (ValueError, OverflowError):
            raise Malformed(f"'{text}' is not {kind[1]}") from None

    return read


def text_writer(shape: Shape, timestamps: Callable[[Any], Any]) -> Write:
    """`timestamps` is how times are written where the model does not say."""
    if shape.type_name == "timestamp":
        chosen = shape.serialization.get("timestampFormat")
        write_time = FORMATS[chosen.lower()] if chosen else timestamps
        return lambda value: str(write_time(value))
    if shape.type_name == "boolean":
        return lambda value: "true" if value else "false"
    if shape.type_name == "blob":
        return write_blob
    return str


def read_items(text: str) -> list[str]:
    """The items of a list in a header: commas between, quotes around those that have any."""
    found = []
    for match in _ITEM.finditer(text):
        quoted, plain = match.groups()
        found.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain.strip())
        if not match[0].endswith(","):
            break
    return found


def _boolean(text: str) -> bool:
    if text.strip().lower() not in ("true", "false"):
        raise ValueError(text)
    return text.strip().lower() == "true"


def _blob(text: str) -> bytes:
    return b64decode("".join(text.split()), validate=True)


def _itself(text: str) -> str:
    return text


_KINDS: dict[str, tuple[Read, str]] = {
    "boolean": (_boolean, "true or false"),
    "float": (float, "a number"),
    "double": (float, "a number"),
    "blob": (_blob, "base64"),
    "timestamp": (read_timestamp, "a timestamp"),
}
