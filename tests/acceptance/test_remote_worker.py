"""Workers that share nothing with their server but its database, its storage and a copy of its
keys."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from .conftest import Installation, until
from .outside_postgres import OutsidePostgres, binaries, outside_postgres
from .remote_worker import RemoteWorker, remote_worker

BUCKET = "artifacts"
SOAK = "PENSTOCK_SOAK_BUILDS" in os.environ
Install = Callable[..., Installation]
Recruit = Callable[..., RemoteWorker]


@pytest.fixture(scope="module")
def postgres() -> Iterator[OutsidePostgres]:
    with outside_postgres(binaries()[-1]) as server:
        yield server


@pytest.fixture
def database(postgres: OutsidePostgres) -> str:
    name = f"test_{uuid4().hex[:8]}"
    postgres.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
    return postgres.url(name)


@pytest.fixture
def server(install: Install, database: str) -> Installation:
    """It runs no builds, and says by which name it is reached from elsewhere."""
    made = install("--no-worker", "--database", database)
    return made.start("--endpoint", f"http://localhost:{made.port}")


@pytest.fixture
def recruit(tmp_path: Path) -> Iterator[Recruit]:
    """Makes workers for a server that is up; they are ended at last."""
    with ExitStack() as stack:

        def make(server: Installation) -> RemoteWorker:
            folder = tmp_path / f"worker-{uuid4().hex[:8]}"
            return stack.enter_context(remote_worker(folder, server))

        yield make


def project(server: Installation, *commands: str, **members: Any) -> str:
    name = f"web-{uuid4().hex[:8]}"
    spec = {"version": 0.2, "phases": {"build": {"commands": list(commands)}}}
    spec["artifacts"] = {"files": ["out/*"]}
    server.client("codebuild").create_project(
        name=name,
        source={"type": "NO_SOURCE", "buildspec": json.dumps(spec)},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole="arn:aws:iam::000000000000:role/build",
        **{"artifacts": {"type": "NO_ARTIFACTS"}, **members},
    )
    return name


def start(server: Installation, name: str) -> str:
    return str(server.client("codebuild").start_build(projectName=name)["build"]["id"])


def find(server: Installation, build: str) -> dict[str, Any]:
    [found] = server.client("codebuild").batch_get_builds(ids=[build])["builds"]
    return dict(found)


def end_of(server: Installation, build: str) -> dict[str, Any]:
    codebuild = server.client("codebuild")

    def ended() -> dict[str, Any] | None:
        [found] = codebuild.batch_get_builds(ids=[build])["builds"]
        return dict(found) if found["buildComplete"] else None

    return until(ended)


def said(server: Installation, build: dict[str, Any]) -> list[str]:
    page = server.client("logs").get_log_events(
        logGroupName=build["logs"]["groupName"],
        logStreamName=build["logs"]["streamName"],
        startFromHead=True,
    )
    return [event["message"] for event in page["events"]]


def reasons(build: dict[str, Any]) -> set[str]:
    contexts = [one for phase in build["phases"] for one in phase.get("contexts", [])]
    return {one["statusCode"] for one in contexts if one.get("statusCode")}


@pytest.fixture
def cloud(install: Install) -> Installation:
    """Whose bucket `blobs` keeps the blobs of others."""
    up = install("--no-worker", "--verify", "true").start()
    up.client("s3").create_bucket(Bucket="blobs")
    return up


def perform(server: Installation, worker: RemoteWorker) -> None:
    """A build there, whose artifact, log and calls are found here."""
    server.client("s3").create_bucket(Bucket=BUCKET)
    call = "import boto3; boto3.client('ssm').put_parameter(Name='/b', Value='1', Type='String')"
    name = project(
        server,
        "echo reached by $AWS_ENDPOINT_URL, built in $CODEBUILD_SRC_DIR",
        f'{sys.executable} -c "{call}"',
        "mkdir out && head -c 3000000 /dev/urandom > out/noise",
        artifacts={"type": "S3", "location": BUCKET, "packaging": "ZIP", "name": "out.zip"},
    )
    build = end_of(server, start(server, name))
    lines = said(server, build)
    assert build["buildStatus"] == "SUCCEEDED", lines
    reached = f"reached by http://localhost:{server.port}, built in {worker.data}/"
    assert any(line.startswith(reached) for line in lines), lines
    assert server.client("ssm").get_parameter(Name="/b")["Parameter"]["Value"] == "1"
    body = server.client("s3").get_object(Bucket=BUCKET, Key="out.zip")["Body"].read()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        assert archive.getinfo("out/noise").file_size == 3_000_000
    assert not (server.data / "builds").exists()
    assert not (worker.data / "blobs").exists()


def test_builds_run_there_with_a_shared_folder(server: Installation, recruit: Recruit) -> None:
    perform(server, recruit(server).start())


def test_builds_run_there_with_a_bucket(
    install: Install, cloud: Installation, database: str, recruit: Recruit
) -> None:
    storage = f"s3://blobs/fleet?endpoint={cloud.endpoint}"
    server = install("--no-worker", "--database", database, "--storage", storage)
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    server.extra = {name: cloud.variables[name] for name in names}
    server.start("--endpoint", f"http://localhost:{server.port}")
    perform(server, recruit(server).start(extra=server.extra))


def slow(server: Installation, folder: Path) -> str:
    """A project whose builds say that they have begun, and end when they are told to."""
    wait = f"until [ -e {folder}/go ]; do sleep 0.05; done"
    return project(server, f"touch {folder}/begun", wait, "echo done")


def test_a_sigterm_lets_its_build_end_and_begins_no_more(
    server: Installation, recruit: Recruit, tmp_path: Path
) -> None:
    worker = recruit(server).start("--runner-builds", "1")
    name = slow(server, tmp_path)
    first, second = start(server, name), start(server, name)
    until((tmp_path / "begun").exists)
    worker.process.send_signal(signal.SIGTERM)
    third = start(server, name)
    assert find(server, first)["buildStatus"] == "IN_PROGRESS"
    (tmp_path / "go").touch()
    assert worker.wait() == 0
    assert find(server, first)["buildStatus"] == "SUCCEEDED"
    assert [find(server, build)["currentPhase"] for build in (second, third)] == ["QUEUED"] * 2
    recruit(server).start()
    for build in (second, third):
        assert end_of(server, build)["buildStatus"] == "SUCCEEDED"


def test_builds_of_a_killed_worker_tell_that_themselves(
    server: Installation, recruit: Recruit, tmp_path: Path
) -> None:
    worker = recruit(server).start()
    build = start(server, slow(server, tmp_path))
    until((tmp_path / "begun").exists)
    worker.process.kill()
    ended = end_of(server, build)
    assert (ended["buildStatus"], reasons(ended)) == ("FAULT", {"WORKER_LOST"})


def test_builds_of_the_last_machine_are_ended_by_the_server_when_it_is_lost(
    server: Installation, recruit: Recruit, tmp_path: Path
) -> None:
    worker = recruit(server).start()
    build = start(server, slow(server, tmp_path))
    until((tmp_path / "begun").exists)
    worker.lose()
    ended = end_of(server, build)
    assert (ended["buildStatus"], reasons(ended)) == ("FAULT", {"WORKER_LOST"})


class Relay:
    """A way to a database that can be cut, while the database itself goes on: as when a standby
    takes over, or a network is parted."""

    def __init__(self, port: int) -> None:
        self._to = ("127.0.0.1", port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._open = False
        for one in (end for pair in self._pairs for end in pair):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._open = True

    def close(self) -> None:
        self.cut()
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if not self._open:
                    client.close()
                    continue
                pair = client, socket.create_connection(self._to)
                self._pairs.append(pair)
                for source, target in (pair, pair[::-1]):
                    threading.Thread(target=pump, args=(source, target), daemon=True).start()


def pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
    source.close()


@pytest.mark.skipif(not SOAK, reason="make soak: it takes long")
def test_no_worker_is_lost_that_the_database_could_not_hear(
    install: Install, postgres: OutsidePostgres, recruit: Recruit, database: str, tmp_path: Path
) -> None:
    relay = Relay(postgres.port)
    through = database.replace(f":{postgres.port}/", f":{relay.port}/")
    server = install("--no-worker", "--database", through).start()
    workers = [recruit(server).start("--runner-builds", "1") for _ in range(4)]
    wait = f"until [ -e {tmp_path}/go ]; do sleep 0.05; done"
    name = project(server, f"touch {tmp_path}/begun-$CODEBUILD_BUILD_NUMBER", wait)
    builds = [start(server, name) for _ in workers]
    until(lambda: len(list(tmp_path.glob("begun-*"))) == len(builds))
    relay.cut()
    time.sleep(13)  # a worker not heard of for 10 s is lost, if others are
    relay.mend()
    time.sleep(15)  # all have looked around, and judged
    (tmp_path / "go").touch()
    found = [end_of(server, build)["buildStatus"] for build in builds]
    assert found == ["SUCCEEDED"] * len(builds)
    relay.close()


def test_a_worker_with_other_storage_than_the_servers_is_refused(
    server: Installation, recruit: Recruit, tmp_path: Path
) -> None:
    worker = recruit(server).start("--storage", str(tmp_path / "other"))
    assert worker.wait() == 1
    assert f"The storage {tmp_path}/other is not that of this database" in worker.log
    assert "Traceback" not in worker.log


def test_two_servers_show_the_same_and_the_second_goes_on_when_the_first_is_killed(
    server: Installation, install: Install, recruit: Recruit
) -> None:
    told = server.read_json("server.json")
    second = install(
        *("--no-worker", "--database", told["database"]),
        *("--storage", told["storage"], "--key-file", told["key_file"]),
    ).start()
    recruit(server).start()
    server.client("s3").create_bucket(Bucket=BUCKET)
    data = os.urandom(1 << 20)
    server.client("s3").put_object(Bucket=BUCKET, Key="a", Body=data)
    assert second.client("s3").get_object(Bucket=BUCKET, Key="a")["Body"].read() == data
    name = project(server, "echo here")
    assert second.client("codebuild").list_projects()["projects"] == [name]
    build = start(second, name)
    assert end_of(server, build)["buildStatus"] == "SUCCEEDED"
    assert said(second, find(second, build)) == said(server, find(server, build))
    server.kill()
    assert end_of(second, start(second, name))["buildStatus"] == "SUCCEEDED"
    server.start()
    assert len(server.client("codebuild").list_builds()["ids"]) == 2
    for one in (server, second):
        one.server.terminate()
        assert one.wait() == 0
