"""Requests of the query and ec2 protocols: dotted names in a form, to the model's types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from penstock.wire.compiling import Compiler, Made, Malformed, name_of
from penstock.wire.texts import text_reader

DEPTH = 64  # dots in a name; no model comes near


class Node:
    """What a form has under one name: a text, and what is under the names that continue it."""

    __slots__ = ("text", "under")

    def __init__(self) -> None:
        self.text: str | None = None
        self.under: dict[str, Node] = {}

    def numbered(self) -> list[Node]:
        """What stands under 1, 2, …, in order."""
        keys = [key for key in self.under if key.isascii() and key.isdigit() and len(key) < 10]
        return [self.under[key] for key in sorted(keys, key=int)]


def plant(pairs: Iterable[tuple[str, str]]) -> Node:
    """The tree of a form, in one pass over it. Raises Malformed."""
    root = Node()
    for name, text in pairs:
        node = root
        parts = name.split(".")
        if len(parts) > DEPTH:
            raise Malformed("a parameter's name has too many parts")
        for part in parts:
            found = node.under.get(part)
            if found is None:
                found = node.under[part] = Node()
            node = found
        node.text = text
    return root


class FormReader(Compiler):
    """Makes functions from a node to Python's types; `ec2` has ways of its own for names."""

    def __init__(self, *, ec2: bool = False) -> None:
        super().__init__()
        self._ec2 = ec2

    def _structure(self, shape: StructureShape) -> Made:
        members = [
            (name, self._name(member, name), self.of(member))
            for name, member in shape.members.items()
        ]

        def read(node: Node) -> dict[str, Any]:
            found = {}
            for name, key, read_member in members:
                under = node.under.get(key)
                if under is not None:
                    found[name] = read_member(under)
            return found

        return read

    def _name(self, shape: Shape, member: str) -> str:
        if self._ec2:
            name = shape.serialization.get("queryName")
            if name is None:
                name = name_of(shape, member)
                name = name[0].upper() + name[1:] if "name" in shape.serialization else name
            return str(name)
        if shape.type_name == "list" and shape.serialization.get("flattened"):
            return name_of(shape.member, name_of(shape, member))
        return name_of(shape, member)

    def _key(self, shape: Shape) -> str:
        return f"{shape.name} {shape.serialization.get('flattened')}"

    def _list(self, shape: ListShape) -> Made:
        read_item = self.of(shape.member)
        flattened = self._ec2 or shape.serialization.get("flattened")
        name = name_of(shape.member, "member")

        def read(node: Node) -> list[Any]:
            under = node if flattened else node.under.get(name)
            return [read_item(item) for item in under.numbered()] if under else []

        return read

    def _map(self, shape: MapShape) -> Made:
        read_key, read_value = self.of(shape.key), self.of(shape.value)
        key_name, value_name = name_of(shape.key, "key"), name_of(shape.value, "value")
        flattened = shape.serialization.get("flattened")

        def read(node: Node) -> dict[str, Any]:
            under = node if flattened else node.under.get("entry")
            found = {}
            for entry in under.numbered() if under else ():
                if not {key_name, value_name} <= entry.under.keys():
                    raise Malformed(f"an entry of a map needs {key_name} and {value_name}")
                found[read_key(entry.under[key_name])] = read_value(entry.under[value_name])
            return found

        return read

    def _scalar(self, shape: Shape) -> Made:
        read_text = text_reader(shape)

        def read(node: Node) -> Any:
            if node.text is None:
                raise Malformed("Unexpected complex element termination")
            return read_text(node.text)

        return read
