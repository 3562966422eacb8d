"""The protocols whose whole request is in the body: json 1.0 and 1.1, CBOR, query and ec2."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import cbor2
from botocore.model import OperationModel, ServiceModel

from penstock.errors import AwsError
from penstock.wire.answer import (
    Answer,
    Dialect,
    Incoming,
    Quick,
    Reader,
    Writer,
    fields_of,
    status_of,
)
from penstock.wire.compiling import Made, Malformed
from penstock.wire.event_stream import encode_events, event_writer
from penstock.wire.forms import FormReader, plant
from penstock.wire.quick_json import quick_reader
from penstock.wire.request import read_pairs
from penstock.wire.trees import TreeReader, TreeWriter
from penstock.wire.xml_writing import DECLARATION, XmlWriter, escape


def _refuse(name: str) -> None:
    raise ValueError(name)


_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_read = json.JSONDecoder(parse_constant=_refuse).decode


def read_json(body: bytes) -> Any:
    """Raises Malformed."""
    try:
        return _read(body.decode("utf-8", "surrogatepass")) if body else {}
    except (ValueError, RecursionError):
        raise Malformed("The request's body is not JSON.") from None


def write_json(value: Any) -> bytes:
    return _compact(value).encode(errors="replace")


class TreeDialect(Dialect):
    """What JSON and CBOR have in common: trees, and errors named in `__type`."""

    content_type = ""
    fields: Sequence[tuple[str, str]] = ()

    def __init__(self, model: ServiceModel, *, binary: bool = False) -> None:
        super().__init__(model)
        self._trees = TreeReader()
        self._tree = TreeWriter(binary=binary)
        self._query_compatible = "awsQueryCompatible" in model.metadata

    @abstractmethod
    def load(self, body: bytes) -> Any:
        """The tree that a body is. Raises Malformed."""

    @abstractmethod
    def dump(self, value: Any) -> bytes:
        """A tree as a body."""

    def reader(self, operation: OperationModel) -> Reader:
        shape = operation.input_shape
        if shape is None:
            return lambda incoming: {}
        read = self._trees.of(shape)
        return lambda incoming: read(self.load(incoming.body))

    def writer(self, operation: OperationModel) -> Writer:
        shape = operation.output_shape
        if operation.has_event_stream_output:
            return self._events(operation)
        write_tree: Made | None = self._tree.of(shape) if shape else None
        fields = [("content-type", self.content_type), *self.fields]

        def write(answer: dict[str, Any], request_id: str) -> Answer:
            body = self.dump(write_tree(answer)) if write_tree else b""
            return Answer(status_of(answer, operation), fields + fields_of(answer), body)

        return write

    def _events(self, operation: OperationModel) -> Writer:
        shape = operation.output_shape
        name = shape.event_stream_name
        events = shape.members[name]
        write_rest = self._tree.of(shape)
        writers = {
            event: event_writer(member, lambda shape: self._payload(self._tree.of(shape)))
            for event, member in events.members.items()
        }
        writers["@exception"] = lambda error: ({}, self.dump({"message": error.message}))

        def write(answer: dict[str, Any], request_id: str) -> Answer:
            rest = {key: value for key, value in answer.items() if key != name}
            initial = self.dump(write_rest(rest))
            fields = [("content-type", "application/vnd.amazon.eventstream"), *self.fields]
            body = encode_events(answer[name], writers, initial, self.content_type)
            return Answer(200, fields, body)

        return write

    def _payload(self, write: Made) -> Made:
        return lambda value: self.dump(write(value))

    def fault(self, error: AwsError, request_id: str, resource: str) -> Answer:
        status, shape = self.error_status(error), self.error_shape(error)
        fields = [("content-type", self.content_type), *self.fields]
        if self._query_compatible:
            side = "Sender" if status < 500 else "Receiver"
            fields.append(("x-amzn-query-error", f"{error.code};{side}"))
        text = "Message" if shape and "Message" in shape.members else "message"
        members = self._tree.of(shape)(error.members) if shape else {}
        name = shape.name if shape else error.code
        body = self.dump({"__type": name, text: error.message, **members})
        return Answer(status, fields, body)


class Json(TreeDialect):
    def __init__(self, model: ServiceModel) -> None:
        super().__init__(model)
        self.content_type = f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.0')}"

    def quick(self, operation: OperationModel) -> Quick | None:
        shape = operation.input_shape
        return quick_reader(shape) if shape else None

    def load(self, body: bytes) -> Any:
        return read_json(body)

    def dump(self, value: Any) -> bytes:
        return write_json(value)


class Cbor(TreeDialect):
    content_type = "application/cbor"
    fields = (("smithy-protocol", "rpc-v2-cbor"),)

    def __init__(self, model: ServiceModel) -> None:
        super().__init__(model, binary=True)

    def load(self, body: bytes) -> Any:
        try:
            return cbor2.loads(body) if body else {}
        except (cbor2.CBORDecodeError, ValueError, TypeError, RecursionError):
            raise Malformed("The request's body is not CBOR.") from None

    def dump(self, value: Any) -> bytes:
        return cbor2.dumps(value, datetime_as_timestamp=True)


class Query(Dialect):
    """Forms in, XML out."""

    malformed = "MalformedInput"
    invalid = "ValidationError"
    ec2 = False

    def __init__(self, model: ServiceModel) -> None:
        super().__init__(model)
        self._forms = FormReader(ec2=self.ec2)
        self._xml = XmlWriter()
        self._namespace = model.metadata.get("xmlNamespace", "")

    def reader(self, operation: OperationModel) -> Reader:
        shape = operation.input_shape
        if shape is None:
            return lambda incoming: {}
        read_form = self._forms.of(shape)

        def read(incoming: Incoming) -> dict[str, Any]:
            pairs = [*incoming.head.pairs, *read_pairs(incoming.body)]
            return read_form(plant(pairs))  # type: ignore[no-any-return]

        return read

    def writer(self, operation: OperationModel) -> Writer:
        shape, name = operation.output_shape, f"{operation.name}Response"
        inside = self._xml.inside(shape) if shape else None
        wrapper = shape.serialization.get("resultWrapper") if shape else None
        begin = f'{DECLARATION}<{name} xmlns="{self._namespace}">'

        def write(answer: dict[str, Any], request_id: str) -> Answer:
            out = [begin, f"<{wrapper}>" if wrapper else ""]
            if inside:
                inside(out, answer)
            out.append(f"</{wrapper}>" if wrapper else "")
            out.append(f"{self._metadata(request_id)}</{name}>")
            fields = [("content-type", "text/xml"), *fields_of(answer)]
            return Answer(status_of(answer, operation), fields, "".join(out).encode())

        return write

    def _metadata(self, request_id: str) -> str:
        return f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"

    def fault(self, error: AwsError, request_id: str, resource: str) -> Answer:
        status = self.error_status(error)
        side = "Sender" if status < 500 else "Receiver"
        return Answer(
            status,
            [("content-type", "text/xml")],
            (
                f'{DECLARATION}<ErrorResponse xmlns="{self._namespace}"><Error><Type>{side}</Type>'
                f"{self.error_text(error)}</Error><RequestId>{request_id}</RequestId>"
                "</ErrorResponse>"
            ).encode(),
        )

    def error_text(self, error: AwsError) -> str:
        shape = self.error_shape(error)
        code = shape.error_code if shape else error.code
        out = [f"<Code>{escape(code)}</Code><Message>{escape(error.message)}</Message>"]
        if shape:
            self._xml.inside(shape)(out, error.members)
        return "".join(out)


class Ec2(Query):
    ec2 = True

    def _metadata(self, request_id: str) -> str:
        return f"<requestId>{request_id}</requestId>"

    def fault(self, error: AwsError, request_id: str, resource: str) -> Answer:
        return Answer(
            self.error_status(error),
            [("content-type", "text/xml")],
            (
                f"{DECLARATION}<Response><Errors><Error>{self.error_text(error)}</Error></Errors>"
                f"<RequestID>{request_id}</RequestID></Response>"
            ).encode(),
        )
