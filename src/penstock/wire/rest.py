"""The protocols whose requests are in paths, query strings, headers and bodies."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from botocore.model import OperationModel, ServiceModel, Shape, StructureShape

from penstock.errors import AwsError
from penstock.wire.answer import (
    Answer,
    Dialect,
    Fields,
    Incoming,
    Reader,
    Writer,
    clean,
    fields_of,
    status_of,
)
from penstock.wire.bindings import Bind, bindings, unbinding
from penstock.wire.compiling import Malformed, is_in_body, name_of
from penstock.wire.event_stream import encode_events, event_writer
from penstock.wire.rpc import read_json, write_json
from penstock.wire.timestamps import iso8601
from penstock.wire.trees import TreeReader, TreeWriter
from penstock.wire.xml_reading import XmlReader, read_document, tag_of
from penstock.wire.xml_writing import DECLARATION, XmlWriter, escape

Body = Callable[[bytes], Any]
Text = Callable[[dict[str, Any]], bytes]


class Rest(Dialect):
    """What both have in common; how a body is read and written they say themselves."""

    content_type = ""

    @abstractmethod
    def body_reader(self, shape: Shape, name: str) -> Body:
        """Reads a body that is all of one shape; raises Malformed."""

    @abstractmethod
    def body_writer(self, shape: Shape, name: str) -> Text:
        """Writes a body that is all of one shape."""

    def reader(self, operation: OperationModel) -> Reader:
        shape = operation.input_shape
        if shape is None:
            return lambda incoming: {}
        headers, binds = bindings(operation, shape)
        if payload := shape.serialization.get("payload"):
            binds.append(self._payload(payload, shape.members[payload]))
        elif any(map(is_in_body, shape.members.values())):
            binds.append(self._members(shape, operation))

        def read(incoming: Incoming) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for header in incoming.head.headers:
                if header in headers:
                    headers[header](incoming, found)
            for bind in binds:
                bind(incoming, found)
            return found

        return read

    def _payload(self, name: str, shape: Shape) -> Bind:
        if shape.serialization.get("streaming"):

            def bind(incoming: Incoming, found: dict[str, Any]) -> None:
                found[name] = incoming.stream

        elif shape.type_name in ("blob", "string"):
            as_text = shape.type_name == "string"

            def bind(incoming: Incoming, found: dict[str, Any]) -> None:
                if incoming.body:
                    found[name] = _text(incoming.body) if as_text else incoming.body

        else:
            read = self.body_reader(shape, name_of(shape, shape.name))

            def bind(incoming: Incoming, found: dict[str, Any]) -> None:
                if incoming.body.strip():
                    found[name] = read(incoming.body)

        return bind

    def _members(self, shape: StructureShape, operation: OperationModel) -> Bind:
        read = self.body_reader(shape, shape.serialization.get("name", ""))

        def bind(incoming: Incoming, found: dict[str, Any]) -> None:
            if incoming.body.strip():
                found.update(read(incoming.body))

        return bind

    def writer(self, operation: OperationModel) -> Writer:
        shape = operation.output_shape
        if shape is None:
            return lambda answer, _: Answer(status_of(answer, operation), fields_of(answer))
        unbinds = {
            name: unbind
            for name, member in shape.members.items()
            if (unbind := unbinding(name, member)) is not None
        }
        put_body = self._body(operation, shape)
        status_member = next(
            (
                name
                for name, member in shape.members.items()
                if member.serialization.get("location") == "statusCode"
            ),
            "@status",
        )

        def write(answer: dict[str, Any], request_id: str) -> Answer:
            fields: Fields = []
            for name in answer:
                if name in unbinds:
                    unbinds[name](answer, fields)
            fields += fields_of(answer)
            status = int(answer.get(status_member) or status_of(answer, operation))
            return Answer(status, fields, put_body(answer, fields))

        return write

    def _body(
        self, operation: OperationModel, shape: StructureShape
    ) -> Callable[[dict[str, Any], Fields], Any]:
        name = shape.serialization.get("payload")
        if operation.has_event_stream_output:
            return self._events(name, shape.members[name])
        if name and shape.members[name].type_name in ("blob", "string"):
            return lambda answer, fields: _typed(fields, _raw(answer.get(name)), "")
        if name:
            member = shape.members[name]
            write_payload = self.body_writer(member, name_of(member, name))
            return lambda answer, fields: _typed(
                fields,
                b"" if answer.get(name) is None else write_payload(answer[name]),
                self.content_type,
            )
        if not any(map(is_in_body, shape.members.values())):
            return lambda answer, fields: b""
        write = self.body_writer(shape, self.root(operation, shape))
        return lambda answer, fields: _typed(fields, write(answer), self.content_type)

    def _events(self, name: str, shape: StructureShape) -> Callable[[dict[str, Any], Fields], Any]:
        writers = {
            event: event_writer(member, lambda shape: self.body_writer(shape, shape.name))
            for event, member in shape.members.items()
        }
        writers["@exception"] = lambda error: ({}, write_json({"message": error.message}))

        def put(answer: dict[str, Any], fields: Fields) -> Any:
            fields.append(("content-type", "application/vnd.amazon.eventstream"))
            return encode_events(answer[name], writers, None, self.content_type)

        return put

    def root(self, operation: OperationModel, shape: StructureShape) -> str:
        return str(shape.serialization.get("name", shape.name))


class RestJson(Rest):
    content_type = "application/json"

    def __init__(self, model: ServiceModel) -> None:
        super().__init__(model)
        self._reader = TreeReader()
        self._writer = TreeWriter()

    def body_reader(self, shape: Shape, name: str) -> Body:
        read = self._reader.of(shape)
        return lambda body: read(read_json(body))

    def body_writer(self, shape: Shape, name: str) -> Text:
        write = self._writer.of(shape)
        return lambda value: write_json(write(value))

    def fault(self, error: AwsError, request_id: str, resource: str) -> Answer:
        shape = self.error_shape(error)
        text = "Message" if shape and "Message" in shape.members else "message"
        members = self._writer.of(shape)(error.members) if shape else {}
        fields = [("content-type", self.content_type), ("x-amzn-errortype", clean(error.code))]
        body = write_json({text: error.message, **members})
        return Answer(self.error_status(error), fields, body)


class RestXml(Rest):
    content_type = "application/xml"
    malformed = "MalformedInput"
    invalid = "InvalidInput"
    timestamps = staticmethod(iso8601)

    def __init__(self, model: ServiceModel) -> None:
        super().__init__(model)
        self._reader = XmlReader()
        self._writer = XmlWriter(self.timestamps)

    def body_reader(self, shape: Shape, name: str) -> Body:
        read = self._reader.of(shape)

        def read_root(body: bytes) -> Any:
            root = read_document(body)
            if name and tag_of(root) != name:
                raise Malformed(f"<{tag_of(root)}> where <{name}> must be")
            return read(root)

        return read_root

    def body_writer(self, shape: Shape, name: str) -> Text:
        inside = self._writer.inside(shape)
        namespace = (shape.serialization.get("xmlNamespace") or {}).get("uri")
        namespace = namespace or self.namespace
        begin = f'{DECLARATION}<{name} xmlns="{namespace}">' if namespace else f"<{name}>"

        def write(value: dict[str, Any]) -> bytes:
            out = [begin]
            inside(out, value)
            out.append(f"</{name}>")
            return "".join(out).encode()

        return write

    @property
    def namespace(self) -> str:
        return str(self.model.metadata.get("xmlNamespace", ""))

    def fault(self, error: AwsError, request_id: str, resource: str) -> Answer:
        status = self.error_status(error)
        side = "Sender" if status < 500 else "Receiver"
        text = (
            f"{DECLARATION}<ErrorResponse><Error><Type>{side}</Type>"
            f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
            f"</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return Answer(status, [("content-type", "text/xml")], text.encode())


def _typed(fields: Fields, body: Any, content_type: str) -> Any:
    if body != b"" and not any(name == "content-type" for name, _ in fields):
        fields.append(("content-type", content_type or "application/octet-stream"))
    return body


def _raw(value: Any) -> Any:
    if value is None:
        return b""
    return value.encode() if isinstance(value, str) else value


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Malformed("The request's body is not UTF-8.") from None
