"""What botocore writes is read as it was meant, and what is written botocore reads: for every
operation of some services, and so for every protocol."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSRequest, HeadersDict, prepare_request_dict
from botocore.model import OperationModel, Shape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from penstock.wire.answer import Answer, Incoming
from penstock.wire.catalogue import load_model, signing_name
from penstock.wire.checking import Checker
from penstock.wire.plans import dialect_of
from penstock.wire.request import Head, read_pairs
from penstock.wire.routing import find_operation, find_service, is_form
from penstock.wire.uploads import Upload

SPOKEN = [
    ("ssm", "json"),
    ("logs", "json"),
    ("codebuild", "json"),
    ("codebuild", "smithy-rpc-v2-cbor"),
    ("secretsmanager", "json"),
    ("s3", "rest-xml"),
    ("sts", "query"),
    ("cloudwatch", "query"),
    ("cloudwatch", "json"),
    ("cloudwatch", "smithy-rpc-v2-cbor"),
    ("sqs", "json"),
    ("sns", "query"),
    ("iam", "query"),
    ("autoscaling", "query"),
    ("ec2", "ec2"),
    ("lambda", "rest-json"),
    ("apigateway", "rest-json"),
    ("route53", "rest-xml"),
    ("s3control", "rest-xml"),
]


class Maker:
    """Makes values of shapes: all members, until it gets deep."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def of(self, shape: Shape, depth: int = 0, *, plain: bool = False) -> Any:
        make = getattr(self, f"_{shape.type_name}", None)
        return make(shape, depth, plain) if make else self._number(shape)

    def _structure(self, shape: Any, depth: int, plain: bool) -> Any:
        if shape.is_document_type:
            return {"a": [1, {"b": None}], "c": "d"}
        names = list(shape.members)
        if shape.is_tagged_union:
            names = [self.random.choice(names)]
        found = {}
        for name in names:
            member = shape.members[name]
            aggregate = member.type_name in ("structure", "list", "map")
            needed = name in shape.required_members or shape.is_tagged_union
            too_deep = aggregate and depth > 3
            if not needed and (too_deep or self.random.random() < 0.1):
                continue
            if member.serialization.get("eventstream") or depth > 12:
                continue
            value = self.of(member, depth + 1, plain="location" in member.serialization)
            if member.serialization.get("location") == "statusCode":
                value = 202
            if value not in ({}, [], [{}]):  # forms have no empty structures
                found[name] = value
        return found

    def _list(self, shape: Any, depth: int, plain: bool) -> Any:
        most = shape.metadata.get("max", 30)
        count = min(most, max(shape.metadata.get("min", 0), self.random.randint(1, 2)))
        if depth > 5 and not shape.metadata.get("min"):
            return []
        values = [self.of(shape.member, depth + 1, plain=plain) for _ in range(min(count, 30))]
        return [] if {} in values else values

    def _map(self, shape: Any, depth: int, plain: bool) -> Any:
        if depth > 5:
            return {}
        found = {
            self.of(shape.key, depth + 1, plain=plain).lower(): self.of(
                shape.value, depth + 1, plain=plain
            )
            for _ in range(2)
        }
        return {} if {} in found.values() else found

    def _string(self, shape: Any, depth: int, plain: bool) -> Any:
        if shape.enum:
            return self.random.choice(shape.enum)
        alphabet = "abcXYZ019-" if plain else "abcXYZ019 -_./:<>&\"'+%=\n\t€𝄞"
        least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 1 << 20)
        size = min(most, max(least, self.random.randint(1, 9)))
        return "".join(self.random.choice(alphabet) for _ in range(size))

    def _timestamp(self, shape: Any, depth: int, plain: bool) -> Any:
        return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC) + timedelta(
            seconds=self.random.randint(0, 10**8)
        )

    def _boolean(self, shape: Any, depth: int, plain: bool) -> Any:
        return self.random.random() < 0.5

    def _blob(self, shape: Any, depth: int, plain: bool) -> Any:
        return self.random.randbytes(max(shape.metadata.get("min", 0), 7))

    def _number(self, shape: Any) -> Any:
        least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 1000)
        number = self.random.randint(math.ceil(least), max(int(most), math.ceil(least)))
        return number + 0.5 if shape.type_name in ("float", "double") and number < most else number


def prepared(operation: OperationModel, protocol: str, parameters: dict[str, Any]) -> Any:
    """The request as botocore would send it, unsigned."""
    serializer = create_serializer(protocol, include_validation=False)
    made = serializer.serialize_to_request(parameters, operation)
    prepare_request_dict(made, "http://localhost:4545", {"is_presign_request": False})
    return AWSRequest(made["method"], made["url"], made["headers"], made["body"]).prepare()


def scope_of(request: Any, service: str) -> dict[str, Any]:
    parts = urlsplit(request.url)
    signed = f"Credential=k/d/r/{signing_name(service)}/aws4_request"
    headers = {"host": parts.netloc, "authorization": signed}
    for name, value in request.headers.items():
        headers[name.lower()] = value.decode() if isinstance(value, bytes) else str(value)
    return {
        "type": "http",
        "method": request.method,
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }


def body_of(request: Any) -> bytes:
    body = request.body
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else bytes(body)


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def joined(stream: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in stream])


def read_back(service: str, protocol: str, request: Any) -> tuple[str, dict[str, Any]]:
    """The operation and the parameters that a request is taken for."""
    head, body = Head(scope_of(request, service), limit=1 << 20), body_of(request)
    form = dict(read_pairs(body)) if is_form(head) else {}
    assert find_service(head, form) == service
    address = find_operation(head, service, form, head.path)
    assert address.protocol == protocol
    operation = load_model(service).operation_model(address.operation)
    headers = {**head.headers, "content-length": str(len(body))}
    stream = Upload(pieces(body), headers, None) if service == "s3" else pieces(body)
    read = dialect_of(service, protocol).reader(operation)
    found = read(Incoming(head, address.labels, body, stream))
    for name, value in found.items():
        if hasattr(value, "__anext__"):
            found[name] = asyncio.run(joined(value))
    return address.operation, found


def without_sums(service: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """S3 checks lengths and checksums, and these are made up."""
    if service != "s3":
        return parameters
    kept = ("ChecksumAlgorithm", "ChecksumMode", "ChecksumType")
    return {
        name: value
        for name, value in parameters.items()
        if name in kept or not name.startswith(("Checksum", "Content"))
    }


@pytest.mark.parametrize(("service", "protocol"), SPOKEN)
def test_what_botocore_sends_is_read_as_it_was_meant(service: str, protocol: str) -> None:
    model = load_model(service)
    checker = Checker()
    for seed, name in enumerate(model.operation_names):
        operation = model.operation_model(name)
        if operation.deprecated or name in ("ListDirectoryBuckets", "WriteGetObjectResponse"):
            continue
        shape = operation.input_shape
        parameters = Maker(seed).of(shape) if shape else {}
        parameters = without_sums(service, parameters)
        if operation.has_streaming_input and service == "s3":
            parameters.setdefault(operation.input_shape.serialization["payload"], b"")
        got, found = read_back(service, protocol, prepared(operation, protocol, parameters))
        if service == "s3":
            found.pop("ContentLength", None)
        assert (got, found) == (name, parameters)
        findings: list[str] = []
        if shape and (check := checker.of(shape)):
            check(found, None, findings)
        assert [finding for finding in findings if "not be null" not in finding] == []


def parsed(operation: OperationModel, protocol: str, answer: Answer) -> dict[str, Any]:
    assert isinstance(answer.body, bytes)
    response = {
        "status_code": answer.status,
        "headers": HeadersDict(answer.fields),
        "body": answer.body,
        "context": {"operation_name": operation.name},
    }
    found = create_parser(protocol).parse(response, operation.output_shape)
    found.pop("ResponseMetadata", None)
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize(("service", "protocol"), SPOKEN)
def test_what_is_answered_botocore_reads(service: str, protocol: str) -> None:
    model = load_model(service)
    for seed, name in enumerate(model.operation_names):
        operation = model.operation_model(name)
        if operation.deprecated or operation.has_event_stream_output:
            continue
        if name == "GetBucketLocation":  # botocore's parser alone cannot
            continue
        shape = operation.output_shape
        value = Maker(seed).of(shape) if shape else {}
        answer = dialect_of(service, protocol).writer(operation)(value, "an-id")
        payload = shape.serialization.get("payload") if shape else None
        if payload and shape.members[payload].type_name == "blob":
            assert answer.body == value.pop(payload, b"")
            answer = answer._replace(body=b"")
        found = parsed(operation, protocol, answer)
        for member, kept in list(found.items()):
            if payload and member == payload and not kept and member not in value:
                found.pop(member)
        assert without_empty(found) == without_empty(value), name


def without_empty(value: Any) -> Any:
    """Answers without a structure and with an empty one are read alike by some parsers."""
    if isinstance(value, dict):
        found = {key: without_empty(item) for key, item in value.items()}
        return {key: item for key, item in found.items() if item not in ({}, [], b"")}
    if isinstance(value, list):
        return [without_empty(item) for item in value]
    return value
