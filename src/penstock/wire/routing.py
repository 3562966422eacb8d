"""Which service, protocol and operation a request asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from penstock.errors import AwsError
from penstock.wire.catalogue import catalogue, load_model, protocols
from penstock.wire.request import Head
from penstock.wire.routes import Match, Routes

FORM = "application/x-www-form-urlencoded"
CBOR = "smithy-rpc-v2-cbor"
_S3_CONTROL = "/v20180820/"
_SCOPE = re.compile(r"Credential=[^,\s]+/([^/,\s]+)/aws4_request")
_SMITHY = re.compile(r"/service/([^/]+)/operation/([^/]+)/?")
_REST = ("rest-json", "rest-xml")


class Address(NamedTuple):
    """`labels` are the parts of a REST path that the model names."""

    service: str
    protocol: str
    operation: str
    labels: Mapping[str, str]


def is_form(head: Head) -> bool:
    """Whether the body has to be read to know what is asked for; S3 takes such bodies as data."""
    return (
        head.headers.get("content-type", "").startswith(FORM)
        and head.method == "POST"
        and signed_service(head) != "s3"
        and "x-amz-target" not in head.headers
    )


def signed_service(head: Head) -> str:
    """The service that a request is signed for, by its signing name, or ""."""
    found = _SCOPE.search(head.headers.get("authorization", ""))
    if found:
        return found[1]
    parts = head.query.get("X-Amz-Credential", "").split("/")
    return parts[3] if len(parts) == 5 else ""


def find_service(head: Head, form: Mapping[str, str]) -> str:
    """Botocore's name; S3 where nothing says otherwise. Raises AwsError for an unknown one.

    `form` is the body's, of those requests that have one; a query string may stand for it.
    """
    names = _by_target(head)
    signed = signed_service(head)
    if signed:
        of_name = catalogue().signing.get(signed, ())
        names = [name for name in names if name in of_name] or list(names or of_name)
        if not names:
            raise AwsError("UnknownOperationException", f"there is no service {signed}")
    if not names and (version := form.get("Version") or head.query.get("Version")):
        names = _by_version(version, form.get("Action") or head.query.get("Action", ""))
    return _choose(head, names, form) if names else "s3"


def find_operation(head: Head, service: str, form: Mapping[str, str], path: str) -> Address:
    """Raises AwsError for an operation that is not in the model, by the protocol's own code."""
    protocol = choose_protocol(head, service, form)
    if protocol in _REST:
        match = _routes(service).find(head, path)
        if match is None:
            raise _no_operation(service, protocol, f"{head.method} {head.path}")
        return Address(service, protocol, match.operation, match.labels)
    if protocol == CBOR:
        found = _SMITHY.fullmatch(head.path)
        name = found[2] if found else ""
    elif protocol == "json":
        name = head.headers.get("x-amz-target", "").rpartition(".")[2]
    else:
        name = form.get("Action") or head.query.get("Action", "")
    if name not in _operations(service):
        raise _no_operation(service, protocol, name)
    return Address(service, protocol, name, {})


def choose_protocol(head: Head, service: str, form: Mapping[str, str]) -> str:
    """Of those a service speaks, the one this request is in."""
    spoken = protocols(catalogue().metadata[service])
    if len(spoken) == 1:
        return spoken[0]
    wanted = ["json"]
    if head.headers.get("smithy-protocol"):
        wanted = [CBOR]
    elif "Action" in form or "Action" in head.query:
        wanted = ["query", "ec2"]
    return next((name for name in wanted if name in spoken), spoken[0])


def _by_target(head: Head) -> Sequence[str]:
    if target := head.headers.get("x-amz-target"):
        return catalogue().targets.get(target.rpartition(".")[0], ())
    if "smithy-protocol" in head.headers and (found := _SMITHY.fullmatch(head.path)):
        return catalogue().targets.get(found[1], ())
    return ()


def _by_version(version: str, action: str) -> Sequence[str]:
    names = catalogue().versions.get(version, ())
    return [name for name in names if action in _operations(name)] if len(names) > 1 else names


def _choose(head: Head, names: Sequence[str], form: Mapping[str, str]) -> str:
    """Of several services with one signing name, the one that this request fits."""
    if len(names) == 1 or (names[0] == "s3" and not head.path.startswith(_S3_CONTROL)):
        return names[0]
    if version := form.get("Version") or head.query.get("Version"):
        of_version = catalogue().versions.get(version, ())
        names = [name for name in names if name in of_version] or names
    elif not form:
        names = [name for name in names if _fits_rest(head, name)] or names
    return names[-1] if names[0] == "s3" else names[0]


def _fits_rest(head: Head, service: str) -> Match | None:
    spoken = protocols(catalogue().metadata[service])
    return _routes(service).find(head, head.path) if spoken[0] in _REST else None


@cache
def _routes(service: str) -> Routes:
    return Routes(load_model(service))


@cache
def _operations(service: str) -> frozenset[str]:
    return frozenset(load_model(service).operation_names)


def _no_operation(service: str, protocol: str, name: str) -> AwsError:
    if protocol in ("query", "ec2"):
        return AwsError("InvalidAction", f"The action {name} is not valid for this web service.")
    if service == "s3":
        return AwsError(
            "MethodNotAllowed", "The specified method is not allowed against this resource.", 405
        )
    status = 404 if protocol in (*_REST, CBOR) else 400
    return AwsError("UnknownOperationException", f"{service} has no operation {name}", status)
