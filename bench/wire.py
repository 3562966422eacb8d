"""What a call costs on the way from ASGI to a handler and back, beside moto's codecs alone.

`python -m bench.wire`. The handlers answer at once; there is no network and no database.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bench.load import prepare
from bench.rounds import Table, markdown, medians

from penstock.services.service import Handler, Service
from penstock.wire.app import WireApp
from penstock.wire.catalogue import load_model
from penstock.wire.identity import Identity

ROUNDS = 5
TIMES = 300  # calls in a round
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACCOUNT, REGION = "000000000000", "us-east-1"


class Case(NamedTuple):
    title: str
    service: str
    operation: str
    parameters: Mapping[str, Any]
    answer: Mapping[str, Any]


PHASE = {"phaseType": "BUILD", "phaseStatus": "SUCCEEDED", "startTime": NOW, "endTime": NOW}
BUILD = {
    "id": "web:1",
    "arn": f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build/web:1",
    "buildNumber": 1,
    "startTime": NOW,
    "buildStatus": "SUCCEEDED",
    "projectName": "web",
    "phases": [PHASE] * 11,
    "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2"},
    "artifacts": {"location": ""},
    "environment": {
        "type": "LINUX_CONTAINER",
        "image": "aws/codebuild/standard:7.0",
        "computeType": "BUILD_GENERAL1_SMALL",
        "environmentVariables": [{"name": f"NAME_{n}", "value": "value"} for n in range(10)],
    },
}
OBJECT = {"Key": "a/key", "LastModified": NOW, "ETag": '"etag"', "Size": 5}
CASES = (
    Case(
        "SSM GetParameter (JSON)",
        "ssm",
        "GetParameter",
        {"Name": "/a/b"},
        {"Parameter": {"Name": "/a/b", "Type": "String", "Value": "v", "LastModifiedDate": NOW}},
    ),
    Case(
        "CodeBuild BatchGetBuilds (CBOR)",
        "codebuild",
        "BatchGetBuilds",
        {"ids": ["web:1"]},
        {"builds": [BUILD]},
    ),
    Case(
        "STS GetCallerIdentity (form and XML)",
        "sts",
        "GetCallerIdentity",
        {},
        {"Account": ACCOUNT, "Arn": "arn", "UserId": "id"},
    ),
    Case(
        "S3 ListObjectsV2, 1,000 keys (XML)",
        "s3",
        "ListObjectsV2",
        {"Bucket": "b"},
        {"Name": "b", "Contents": [OBJECT] * 1000},
    ),
)


class At(Service):
    """Answers at once."""

    def __init__(self, answers: Mapping[str, Mapping[str, Any]]) -> None:
        self._answers = answers

    def handler(self, operation: str) -> Handler:
        answer = dict(self._answers[operation])

        async def handle(call: Any, request: Any) -> dict[str, Any]:
            return answer

        return handle


class Believing(Identity):
    """Nobody's key is known."""

    def __init__(self) -> None:
        super().__init__(None, account=ACCOUNT, region=REGION)  # type: ignore[arg-type]

    async def _find(self, access_key_id: str) -> None:
        return None


async def elsewhere(service: str, *_: Any, **__: Any) -> None:
    raise RuntimeError(f"{service} is not measured here")


def calls() -> list[Table]:
    """Microseconds a call takes."""
    return [
        Table(
            f"{case.title}, to a handler and back",
            "µs",
            medians({"Penstock, all of it": ours(case), "moto, codec alone": theirs(case)}, ROUNDS),
        )
        for case in CASES
    ]


def ours(case: Case) -> Callable[[], float]:
    services = {case.service: At({case.operation: case.answer})}
    app = WireApp(services, Believing(), elsewhere)
    scope, body = scope_of(case)
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        statuses.append(message.get("status", 200))

    async def ask() -> float:
        began = time.perf_counter()
        for _ in range(TIMES):
            await app(scope, receive, send)
        taken = time.perf_counter() - began
        if set(statuses) != {200}:
            raise RuntimeError(f"{case.title}: {set(statuses)}")
        return taken / TIMES * 1e6

    return lambda: asyncio.run(ask())


def theirs(case: Case) -> Callable[[], float]:
    from moto.core.model import ServiceModel
    from moto.core.parse import PROTOCOL_PARSERS
    from moto.core.serialize import get_serializer_class
    from werkzeug.datastructures import Headers, MultiDict

    model = ServiceModel(load_model(case.service)._service_description, case.service)
    operation = model.operation_model(case.operation)
    protocol = next(name for name in model.metadata["protocols"] if name in PROTOCOL_PARSERS)
    _, body = scope_of(case)
    if "smithy-rpc-v2-cbor" in model.metadata["protocols"]:  # which moto does not speak
        body = b'{"ids": ["web:1"]}'
    request: Any = {
        "body": body,
        "headers": Headers(),
        "method": "POST",
        "url_params": {"Bucket": "b"},
        "url_path": "/",
        "values": MultiDict(),
    }
    serializer = get_serializer_class(case.service, protocol)

    def ask() -> float:
        began = time.perf_counter()
        for _ in range(TIMES):
            PROTOCOL_PARSERS[protocol](operation).parse(request)
            serializer(operation).serialize(dict(case.answer))
        return (time.perf_counter() - began) / TIMES * 1e6

    return ask


def scope_of(case: Case) -> tuple[dict[str, Any], bytes]:
    """The request that boto3 would send."""
    from botocore import xform_name

    prepared = prepare(
        case.service, "http://localhost:4545", xform_name(case.operation), case.parameters
    )
    head, _, body = prepared.data.partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    method, target, _ = line.decode().split(" ")
    path, _, query = target.partition("?")
    pairs = (line.split(b": ", 1) for line in lines)
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "client": ("127.0.0.1", 50000),
        "headers": [(name.lower(), value) for name, value in pairs],
    }, body


if __name__ == "__main__":
    for table in calls():
        print(markdown(table))
