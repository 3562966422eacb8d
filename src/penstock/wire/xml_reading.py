"""XML in requests, to the model's types. Document types, where its dangers live, are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from botocore.model import ListShape, MapShape, Shape, StructureShape

from penstock.wire.compiling import Compiler, Made, Malformed, is_in_body, name_of
from penstock.wire.texts import text_reader


class _Builder(TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise Malformed("a document type is not allowed")


def read_document(body: bytes) -> Element:
    """The root of a document. Raises Malformed."""
    parser = XMLParser(target=_Builder())  # noqa: S314
    try:
        parser.feed(body)
        return parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise Malformed(str(error)) from None


def tag_of(element: Element) -> str:
    """The name without its namespace."""
    return element.tag.rpartition("}")[2]


class XmlReader(Compiler):
    """Makes functions from an element to Python's types; for flattened lists and maps, from the
    elements of that name."""

    def _structure(self, shape: StructureShape) -> Made:
        members = {
            element_name(member, name): (name, self.of(member), is_flat(member))
            for name, member in shape.members.items()
            if is_in_body(member) and not member.serialization.get("xmlAttribute")
        }
        read_attributes = _attributes(shape)

        def read(element: Element) -> dict[str, Any]:
            several: dict[str, list[Element]] = {}
            for child in element:
                several.setdefault(tag_of(child), []).append(child)
            found = {}
            for tag, children in several.items():
                if tag in members:
                    name, read_member, flat = members[tag]
                    found[name] = read_member(children if flat else children[0])
            return found | read_attributes(element)

        return read

    def _key(self, shape: Shape) -> str:
        return f"{shape.name} {is_flat(shape)}"

    def _list(self, shape: ListShape) -> Made:
        read_item = self.of(shape.member)
        return lambda elements: [read_item(item) for item in elements]

    def _map(self, shape: MapShape) -> Made:
        read_key, read_value = self.of(shape.key), self.of(shape.value)
        key_name, value_name = name_of(shape.key, "key"), name_of(shape.value, "value")

        def read(entries: Any) -> dict[str, Any]:
            found = {}
            for entry in entries:
                parts = {tag_of(part): part for part in entry}
                if not {key_name, value_name} <= parts.keys():
                    raise Malformed(f"an entry needs {key_name} and {value_name}")
                found[read_key(parts[key_name])] = read_value(parts[value_name])
            return found

        return read

    def _scalar(self, shape: Shape) -> Made:
        read_text = text_reader(shape)
        return lambda element: read_text(element.text or "")


def is_flat(shape: Shape) -> bool:
    return shape.type_name in ("list", "map") and bool(shape.serialization.get("flattened"))


def element_name(shape: Shape, member: str) -> str:
    """The elements of a flattened list are called as its items are, if they have a name."""
    if shape.type_name == "list" and is_flat(shape):
        return name_of(shape.member, name_of(shape, member))
    return name_of(shape, member)


def _attributes(shape: StructureShape) -> Callable[[Element], dict[str, Any]]:
    """Members that are attributes: `xsi:type` is the only one there is."""
    known = {
        name_of(member, name).rpartition(":")[2]: (name, text_reader(member))
        for name, member in shape.members.items()
        if member.serialization.get("xmlAttribute")
    }
    if not known:
        return lambda element: {}

    def read(element: Element) -> dict[str, Any]:
        found = {}
        for key, text in element.attrib.items():
            if (tail := key.rpartition("}")[2]) in known:
                name, read_text = known[tail]
                found[name] = read_text(text)
        return found

    return read
