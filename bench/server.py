"""The server: how soon it is up, and how many calls it answers, beside those that keep no data."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from bench.floor import FOR
from bench.load import Prepared, client, per_second, prepare
from bench.rounds import Row, Table, medians
from bench.servers import Server, floor, ministack, moto, penstock, running

ROUNDS = 3
SECONDS = 1.0  # of each measurement
FLOOR = "Starlette and one statement of psycopg, no more"
BODY = b"x" * 65536
ROLE = "arn:aws:iam::000000000000:role/bench"


def start(folder: Path) -> list[Table]:
    """From typing it to the first answer, and the memory it then takes."""
    cold: list[float] = []
    warm: list[float] = []
    for number in range(3):
        place = folder / f"cold-{number}"
        for times in (cold, warm, warm):
            with running("Penstock", penstock(place / "data"), place) as server:
                times.append(server.seconds)
    with (
        running("Penstock", penstock(folder / "data"), folder / "penstock") as ours,
        running("moto", moto(), folder / "moto") as peer,
        running("MiniStack", ministack(), folder / "ministack") as other,
    ):
        for server in (ours, peer, other):
            make_ready(server)
        seconds = Table(
            "The server, to its first answer",
            "s",
            [
                Row("penstock up, data folder there", sorted(warm)[len(warm) // 2]),
                Row("penstock up, new data folder", sorted(cold)[1]),
                Row("moto_server (keeps no data)", peer.seconds),
                Row("MiniStack (keeps no data)", other.seconds),
            ],
        )
        space = Table(
            "Memory of all its processes, after a few calls of five services and a build",
            "MiB",
            [
                Row("penstock up, with PostgreSQL and a worker", ours.resident()),
                Row("moto_server", peer.resident()),
                Row("MiniStack", other.resident()),
            ],
        )
    return [seconds, space]


class Hot(NamedTuple):
    """A call that is made again and again, once `make_ready` has been done."""

    title: str
    service: str
    operation: str
    parameters: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    notes: str = ""


def _events(_: Mapping[str, Any]) -> Mapping[str, Any]:
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": f"line {number} " + "x" * 80} for number in range(100)]
    return {"logGroupName": "bench", "logStreamName": "bench", "logEvents": events}


HOT = (
    Hot("SSM GetParameter", "ssm", "get_parameter", lambda _: {"Name": "/bench"}),
    Hot(
        "S3 GetObject, 64 KiB",
        "s3",
        "get_object",
        lambda _: {"Bucket": "bench", "Key": "object"},
    ),
    Hot(
        "S3 PutObject, 64 KiB",
        "s3",
        "put_object",
        lambda _: {"Bucket": "bench", "Key": "other", "Body": BODY},
    ),
    Hot(
        "CodeBuild BatchGetBuilds",
        "codebuild",
        "batch_get_builds",
        lambda made: {"ids": [made["build"]]},
        "moto_server adds phases to a build each time it is asked for, so its answers grow.",
    ),
    Hot("Logs PutLogEvents, 100 events", "logs", "put_log_events", _events),
)


def hot(folder: Path) -> list[Table]:
    """Calls a second, with one client and with sixteen."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(
                running("Penstock", penstock(folder / "data"), folder / "penstock")
            ),
            stack.enter_context(running("moto_server (in memory)", moto(), folder / "moto")),
            stack.enter_context(running("MiniStack (in memory)", ministack(), folder / "mini")),
        ]
        made = {server.name: make_ready(server) for server in servers}
        least = stack.enter_context(running(FLOOR, floor(folder / "data"), folder / "floor"))
        client("s3", least.url).put_object(Bucket="bench", Key="object", Body=BODY)
        made[least.name] = {}
        return [
            compare(call, clients, [*servers, *[least][: call.operation in FOR]], made)
            for call in HOT
            for clients in (1, 16)
        ]


def compare(
    call: Hot, clients: int, servers: list[Server], made: Mapping[str, Mapping[str, Any]]
) -> Table:
    """Calls a second that the servers answer; `made` is what make_ready has made on each."""
    requests: dict[str, Prepared] = {
        server.name: prepare(
            call.service, server.url, call.operation, call.parameters(made[server.name])
        )
        for server in servers
    }

    def measure(name: str) -> Callable[[], float]:
        return lambda: per_second(requests[name], clients, SECONDS)

    rows = medians({name: measure(name) for name in requests}, ROUNDS)
    who = "one client" if clients == 1 else f"{clients} clients"
    title = f"{call.title}, {who}"
    return Table(title, "calls/s", rows, bigger_is_better=True, notes=call.notes)


def make_ready(server: Server) -> Mapping[str, Any]:
    """What the hot calls ask for, made through the API; the build's id among it."""
    client("ssm", server.url).put_parameter(Name="/bench", Value="value", Type="String")
    s3 = client("s3", server.url)
    s3.create_bucket(Bucket="bench")
    s3.put_object(Bucket="bench", Key="object", Body=BODY)
    logs = client("logs", server.url)
    logs.create_log_group(logGroupName="bench")
    logs.create_log_stream(logGroupName="bench", logStreamName="bench")
    builds = client("codebuild", server.url)
    account = client("sts", server.url).get_caller_identity()["Account"]
    own = {
        "source": {"type": "S3", "location": "bench/source.zip"},  # moto knows no NO_SOURCE
        "serviceRole": f"arn:aws:iam::{account}:role/bench",
    }
    builds.create_project(**{**project("bench", ":"), **own})
    return {"build": builds.start_build(projectName="bench")["build"]["id"]}


def project(name: str, command: str) -> Mapping[str, Any]:
    """A project that builds nothing but one command."""
    spec = f"version: 0.2\nphases:\n  build:\n    commands:\n      - '{command}'\n"
    return {
        "name": name,
        "source": {"type": "NO_SOURCE", "buildspec": spec},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        "serviceRole": ROLE,
    }
