"""XML in answers, from the model's types."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from penstock.wire.compiling import Compiler, Made, is_in_body, name_of
from penstock.wire.texts import text_writer
from penstock.wire.timestamps import iso8601
from penstock.wire.xml_reading import element_name, is_flat

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SPECIAL = re.compile(r"[&<>\"\x00-\x08\x0b-\x1f]")


class XmlWriter(Compiler):
    """Makes functions (out, name, value) that append an element's text to the list `out`."""

    def __init__(self, timestamps: Callable[[datetime], Any] = iso8601) -> None:
        super().__init__()
        self._timestamps = timestamps

    def _structure(self, shape: StructureShape) -> Made:
        inside = self.inside(shape)
        attributes = [
            (name, name_of(member, name))
            for name, member in shape.members.items()
            if member.serialization.get("xmlAttribute")
        ]
        namespace = shape.serialization.get("xmlNamespace") or {}
        prefix = f":{namespace['prefix']}" if "prefix" in namespace else ""
        xmlns = f' xmlns{prefix}="{namespace["uri"]}"' if namespace else ""

        def write(out: list[str], name: str, value: dict[str, Any]) -> None:
            out.append(f"<{name}{xmlns}")
            for member, key in attributes:
                if value.get(member) is not None:
                    out.append(f' {key}="{escape(str(value[member]))}"')
            out.append(">")
            inside(out, value)
            out.append(f"</{name}>")

        return write

    def inside(self, shape: StructureShape) -> Callable[[list[str], dict[str, Any]], None]:
        """A function for the members of a structure alone, without the element around them."""
        members = [
            (name, element_name(member, name), self.of(member))
            for name, member in shape.members.items()
            if is_in_body(member) and not member.serialization.get("xmlAttribute")
        ]

        def write(out: list[str], value: dict[str, Any]) -> None:
            for name, key, write_member in members:
                item = value.get(name)
                if item is not None:
                    write_member(out, key, item)

        return write

    def _key(self, shape: Shape) -> str:
        return f"{shape.name} {is_flat(shape)}"

    def _list(self, shape: ListShape) -> Made:
        write_item, item_name = self.of(shape.member), name_of(shape.member, "member")
        flat = is_flat(shape)

        def write(out: list[str], name: str, value: list[Any]) -> None:
            if flat:
                for item in value:
                    write_item(out, name, item)
                return
            out.append(f"<{name}>")
            for item in value:
                write_item(out, item_name, item)
            out.append(f"</{name}>")

        return write

    def _map(self, shape: MapShape) -> Made:
        write_key, key_name = self.of(shape.key), name_of(shape.key, "key")
        write_value, value_name = self.of(shape.value), name_of(shape.value, "value")
        flat = is_flat(shape)

        def write(out: list[str], name: str, value: dict[str, Any]) -> None:
            entry = name if flat else "entry"
            if not flat:
                out.append(f"<{name}>")
            for key, item in value.items():
                out.append(f"<{entry}>")
                write_key(out, key_name, key)
                write_value(out, value_name, item)
                out.append(f"</{entry}>")
            if not flat:
                out.append(f"</{name}>")

        return write

    def _scalar(self, shape: Shape) -> Made:
        write_text = text_writer(shape, self._timestamps)

        def write(out: list[str], name: str, value: Any) -> None:
            out.append(f"<{name}>{escape(write_text(value))}</{name}>")

        return write


def escape(text: str) -> str:
    """Of the characters XML cannot have at all, references stay: it is how S3 gives such keys."""
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", text)
