"""What a call comes to on the wire: a request taken apart, an answer put together."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from botocore.model import OperationModel, ServiceModel, StructureShape

from penstock.errors import AwsError
from penstock.wire.checking import findings_message
from penstock.wire.request import Head

Fields = list[tuple[str, str]]
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


class Incoming(NamedTuple):
    """`labels` are the parts of the path that the model names. `body` is None for those that are
    streamed; `stream` is theirs."""

    head: Head
    labels: Mapping[str, str]
    body: bytes
    stream: AsyncIterator[bytes] | None = None


class Answer(NamedTuple):
    """`fields` are headers, without those that every answer has."""

    status: int
    fields: Fields
    body: bytes | AsyncIterator[bytes] = b""


Reader = Callable[[Incoming], dict[str, Any]]
Quick = Callable[[bytes], dict[str, Any] | None]
"""The request that a body is, checked already; None for one that may have something wrong."""
Writer = Callable[[dict[str, Any], str], Answer]


class Dialect(ABC):
    """One protocol of one service. Functions for operations are made once and kept by who asks.

    `malformed` is the code for a request that cannot be read, `invalid` for one that can.
    """

    malformed = "SerializationException"
    invalid = "ValidationException"

    def __init__(self, model: ServiceModel) -> None:
        self.model = model
        self._errors = {shape.error_code: shape for shape in model.error_shapes}
        self._errors |= {shape.name: shape for shape in model.error_shapes}

    @abstractmethod
    def reader(self, operation: OperationModel) -> Reader:
        """A function that raises Malformed, or AwsError."""

    def quick(self, operation: OperationModel) -> Quick | None:
        """A shorter way than `reader`'s and the checks that follow it, where there is one."""
        return None

    @abstractmethod
    def writer(self, operation: OperationModel) -> Writer:
        """A function of a handler's answer and the request's id."""

    @abstractmethod
    def fault(self, error: AwsError, request_id: str, resource: str) -> Answer:
        """The answer for an error; `resource` is the path that was asked for."""

    def refusal(self, findings: Sequence[str], document: str) -> AwsError:
        """For a request that breaks the model's rules; `document` is what findings call the member
        that is the whole body, if one is."""
        return AwsError(self.invalid, findings_message(findings))

    def error_shape(self, error: AwsError) -> StructureShape | None:
        return self._errors.get(error.code)

    def error_status(self, error: AwsError) -> int:
        """The error's own, unless it leaves that to the model."""
        shape = self.error_shape(error)
        if error.status != 400 or shape is None:
            return error.status
        about = shape.metadata.get("error", {})
        return int(about.get("httpStatusCode", 500 if shape.metadata.get("fault") else 400))


def status_of(answer: dict[str, Any], operation: OperationModel) -> int:
    return int(answer.get("@status") or operation.http.get("responseCode", 200))


def fields_of(answer: dict[str, Any]) -> Fields:
    return [(name, clean(str(value))) for name, value in answer.get("@headers", {}).items()]


def clean(value: str) -> str:
    """A header's value as it can be sent: nothing in it begins another header."""
    return _CONTROLS.sub(" ", value) if _CONTROLS.search(value) else value
