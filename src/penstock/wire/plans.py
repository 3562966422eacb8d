"""What is known of an operation before any request for it: made once, kept."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from penstock.errors import AwsError, not_implemented
from penstock.services.service import Handler, Service
from penstock.wire.answer import Dialect, Incoming, Quick, Reader, Writer
from penstock.wire.catalogue import load_model
from penstock.wire.checking import (
    Check,
    Checker,
    camel,
    may_be_unstorable,
    refuse_unstorable,
)
from penstock.wire.compiling import Malformed
from penstock.wire.rest import RestJson, RestXml
from penstock.wire.routing import CBOR
from penstock.wire.rpc import Cbor, Ec2, Json, Query
from penstock.wire.s3_ways import S3

_DIALECTS: Mapping[str, type[Dialect]] = {
    "json": Json,
    "query": Query,
    "ec2": Ec2,
    "rest-json": RestJson,
    "rest-xml": RestXml,
    CBOR: Cbor,
}
# The code for requests that break the model's rules, where it is not the protocol's.
_INVALID = {"codebuild": "InvalidInputException", "logs": "InvalidParameterException"}


class Plan(NamedTuple):
    """`streams` says whether the operation takes its body piece by piece. `quick` reads and checks
    most bodies that have nothing wrong, `reader` and `check` all the others. `document` is the
    member that the body is, as findings call it."""

    dialect: Dialect
    handler: Handler
    quick: Quick | None
    reader: Reader
    check: Check | None
    writer: Writer
    streams: bool
    document: str

    def read(self, incoming: Incoming, service: str) -> dict[str, Any]:
        """The request as the handler is to see it. Raises AwsError for one that it is not to."""
        request = self.quick(incoming.body) if self.quick else None
        check = self.check if request is None else None
        try:
            if request is None:
                request = self.reader(incoming)
            if incoming.head.with_nul or may_be_unstorable(incoming.body):
                refuse_unstorable(request)
        except Malformed as error:
            raise AwsError(self.dialect.malformed, str(error)) from None
        except RecursionError:
            raise AwsError(self.dialect.malformed, "The request is nested too deeply.") from None
        if check:
            findings: list[str] = []
            check(request, None, findings)
            if findings:
                refusal = self.dialect.refusal(findings, self.document)
                raise AwsError(_INVALID.get(service, refusal.code), refusal.message)
        return request


@cache
def dialect_of(service: str, protocol: str) -> Dialect:
    model = load_model(service)
    return S3(model) if service == "s3" else _DIALECTS[protocol](model)


@cache
def _checker(service: str) -> Checker:
    return Checker()


def make_plan(service: Service, name: str, protocol: str, operation: str) -> Plan:
    """Raises AwsError (501) for an operation that the service lacks."""
    try:
        handler = service.handler(operation)
    except AwsError:
        raise not_implemented(f"{name}.{operation}") from None
    model = load_model(name).operation_model(operation)
    dialect = dialect_of(name, protocol)
    shape = model.input_shape
    payload = shape.serialization.get("payload", "") if shape else ""
    return Plan(
        dialect,
        handler,
        dialect.quick(model),
        dialect.reader(model),
        _checker(name).of(shape) if shape else None,
        dialect.writer(model),
        bool(payload and shape.members[payload].serialization.get("streaming")),
        camel(payload),
    )
