"""Members in paths, query strings and headers of requests, and in headers of answers."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import OperationModel, Shape, StructureShape
from botocore.utils import is_json_value_header

from penstock.wire.answer import Fields, Incoming, clean
from penstock.wire.compiling import Malformed, name_of
from penstock.wire.request import Head
from penstock.wire.texts import read_items, text_reader, text_writer
from penstock.wire.timestamps import http_date
from penstock.wire.trees import write_blob

Bind = Callable[[Incoming, dict[str, Any]], None]
"""Puts a member into a request, where it is there. Raises Malformed."""

Unbind = Callable[[dict[str, Any], Fields], None]
"""Puts a member of an answer into its headers."""


def bindings(
    operation: OperationModel, shape: StructureShape
) -> tuple[dict[str, Bind], list[Bind]]:
    """Those of headers, by the headers' names in lower case, and all others."""
    headers: dict[str, Bind] = {}
    others: list[Bind] = []
    for name, member in shape.members.items():
        bind = _binding(operation, name, member)
        if bind and member.serialization["location"] == "header":
            headers[name_of(member, name).lower()] = bind
        elif bind:
            others.append(bind)
    return headers, others


def _binding(operation: OperationModel, name: str, member: Shape) -> Bind | None:
    location = member.serialization.get("location")
    key = name_of(member, name)
    if location == "uri":
        read = text_reader(member)
        return lambda incoming, found: found.__setitem__(name, read(incoming.labels[key]))
    if location == "querystring":
        return _query_binding(operation, name, key, member)
    if location == "headers":
        return _prefix_binding(name, key.lower())
    if location == "header":
        return _header_binding(name, key.lower(), member)
    return None


def _header_binding(name: str, key: str, member: Shape) -> Bind:
    read: Callable[[str], Any]
    if is_json_value_header(member):
        read = _json_value
    elif member.type_name == "list":
        read_item = text_reader(member.member)

        def read(text: str) -> Any:
            return [read_item(item) for item in read_items(text)]

    else:
        read = text_reader(member)

    def bind(incoming: Incoming, found: dict[str, Any]) -> None:
        text = incoming.head.headers.get(key)
        if text is not None:
            found[name] = read(text)

    return bind


def _prefix_binding(name: str, prefix: str) -> Bind:
    def bind(incoming: Incoming, found: dict[str, Any]) -> None:
        values = {
            header[len(prefix) :]: text
            for header, text in incoming.head.headers.items()
            if header.startswith(prefix)
        }
        if values:
            found[name] = values

    return bind


def _query_binding(operation: OperationModel, name: str, key: str, member: Shape) -> Bind:
    if member.type_name == "map":
        members = operation.input_shape.members
        taken = {name_of(item, other) for other, item in members.items()}
        taken |= dict(parse_qsl(operation.http["requestUri"].partition("?")[2])).keys()
        several = member.value.type_name == "list"
        return lambda incoming, found: _put_rest(incoming.head, found, name, taken, several)
    if member.type_name == "list":
        read_item = text_reader(member.member)

        def bind_list(incoming: Incoming, found: dict[str, Any]) -> None:
            if key in incoming.head.query:
                found[name] = [read_item(text) for k, text in incoming.head.pairs if k == key]

        return bind_list
    read = text_reader(member)

    def bind(incoming: Incoming, found: dict[str, Any]) -> None:
        text = incoming.head.query.get(key)
        if text is not None:
            found[name] = read(text)

    return bind


def _put_rest(head: Head, found: dict[str, Any], name: str, taken: set[str], several: bool) -> None:
    """All of the query string that no other member has."""
    values: dict[str, Any] = {}
    for key, text in head.pairs:
        if key not in taken:
            if several:
                values.setdefault(key, []).append(text)
            else:
                values[key] = text
    if values:
        found[name] = values


def unbinding(name: str, member: Shape) -> Unbind | None:
    location, key = member.serialization.get("location"), name_of(member, name)
    if location == "headers":
        prefix = key.lower()
        return lambda answer, fields: fields.extend(
            (prefix + end, clean(str(value))) for end, value in (answer.get(name) or {}).items()
        )
    if location != "header":
        return None
    write: Callable[[Any], str]
    if is_json_value_header(member):

        def write(value: Any) -> str:
            return write_blob(json.dumps(value, separators=(",", ":")))

    elif member.type_name == "list":
        write_item = text_writer(member.member, http_date)

        def write(value: Any) -> str:
            return ",".join(map(write_item, value))

    else:
        write = text_writer(member, http_date)
    lower = key.lower()

    def unbind(answer: dict[str, Any], fields: Fields) -> None:
        value = answer.get(name)
        if value is not None:
            fields.append((lower, clean(write(value))))

    return unbind


def _json_value(text: str) -> Any:
    try:
        return json.loads(b64decode(text, validate=True))
    except ValueError:
        raise Malformed("a header is not JSON in base64") from None
