"""A server on a PostgreSQL that somebody else runs."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import uvloop
from botocore.exceptions import ClientError

from penstock.store.database import Database
from penstock.store.sealing import add_key

from .conftest import SECONDS, Installation, until
from .outside_postgres import OutsidePostgres, binaries, outside_postgres

Install = Callable[..., Installation]


@pytest.fixture(scope="module")
def postgres() -> Iterator[OutsidePostgres]:
    with outside_postgres(binaries()[-1]) as server:
        yield server


@pytest.fixture(params=binaries(), ids=str)
def each(request: pytest.FixtureRequest) -> Iterator[OutsidePostgres]:
    """Of every version that is there."""
    with outside_postgres(request.param) as server:
        yield server


def failed_start(installation: Installation, *options: str) -> str:
    """What a server says that does not start."""
    installation.home.mkdir(exist_ok=True)
    ended = subprocess.run(
        installation.command("up", "--port", "0", "--no-worker", *options),
        env=installation.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode in (1, 2)
    assert "fault of Penstock" not in ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_it_keeps_all_there_and_finds_it_again(each: OutsidePostgres, install: Install) -> None:
    server = install("--database", each.url(), "--runner-where", "host").start()
    server.client("ssm").put_parameter(Name="/a", Type="SecureString", Value="kept")
    codebuild = server.client("codebuild")
    codebuild.create_project(
        name="web",
        source={
            "type": "NO_SOURCE",
            "buildspec": json.dumps({"version": 0.2, "phases": {"build": {"commands": ["true"]}}}),
        },
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole="arn:aws:iam::000000000000:role/build",
    )
    build = codebuild.start_build(projectName="web")["build"]["id"]
    until(lambda: codebuild.batch_get_builds(ids=[build])["builds"][0]["buildComplete"])
    assert not (server.data / "postgres").exists()
    server.server.terminate()
    assert server.wait() == 0
    server.start()
    found = server.client("ssm").get_parameter(Name="/a", WithDecryption=True)
    assert found["Parameter"]["Value"] == "kept"
    [known] = server.client("codebuild").batch_get_builds(ids=[build])["builds"]
    assert known["buildStatus"] == "SUCCEEDED"


def test_servers_that_start_at_once_make_one_schema(
    postgres: OutsidePostgres, install: Install
) -> None:
    postgres.execute("CREATE DATABASE at_once ENCODING 'UTF8' TEMPLATE template0")
    first = install("--no-worker", "--database", postgres.url("at_once"))
    shared = ("--storage", str(first.folder / "blobs"), "--key-file", str(first.folder / "keys"))
    write_keys(first)
    servers = [
        first,
        *(install("--no-worker", "--database", postgres.url("at_once")) for _ in "ab"),
    ]
    threads = [threading.Thread(target=one.start, args=shared) for one in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    servers[0].client("s3").create_bucket(Bucket="everywhere")
    for one in servers:
        names = [bucket["Name"] for bucket in one.client("s3").list_buckets()["Buckets"]]
        assert names == ["everywhere"]


def write_keys(installation: Installation) -> None:
    """The file of master keys, as whoever sets several servers up has to."""
    add_key(str(installation.folder / "keys"))


def test_while_it_is_away_calls_are_refused_as_aws_does(
    postgres: OutsidePostgres, install: Install
) -> None:
    postgres.execute("CREATE DATABASE away ENCODING 'UTF8' TEMPLATE template0")
    server = install("--no-worker", "--database", postgres.url("away")).start()
    calls: dict[str, Callable[[Any], Any]] = {
        "ssm": lambda client: client.describe_parameters(),
        "s3": lambda client: client.list_buckets(),
        "sts": lambda client: client.assume_role(
            RoleArn="arn:aws:iam::000000000000:role/a", RoleSessionName="build"
        ),
        "logs": lambda client: client.describe_log_groups(),
        "codebuild": lambda client: client.list_projects(),
        "secretsmanager": lambda client: client.list_secrets(),
    }
    clients = {name: server.client(name, retries={"total_max_attempts": 1}) for name in calls}
    pages: dict[str, dict[str, str]] = {
        "/_penstock/webhooks/codebuild/some": {"X-GitHub-Delivery": "1"},
        "/_penstock/ready": {},
        "/index.html": {"Host": f"site.s3-website.localhost:{server.port}"},
    }
    postgres.stop()
    try:
        with ThreadPoolExecutor(len(calls) + len(pages)) as pool:
            statuses = pool.map(partial(status, server), pages, pages.values())
            answers = list(pool.map(refusal, calls.values(), clients.values()))
    finally:
        postgres.start()
    assert answers == [("ServiceUnavailable", 503)] * len(calls)
    assert list(statuses) == [503] * len(pages)
    for name, call in calls.items():
        call(clients[name])
    assert "Traceback" not in server.log


def status(server: Installation, path: str, headers: dict[str, str]) -> int:
    """Of the refusal of a page, or of a delivery."""
    sent = b"{}" if "X-GitHub-Delivery" in headers else None
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(f"{server.endpoint}{path}", sent, headers), timeout=SECONDS)
    with refused.value as answer:
        return answer.code


def refusal(call: Callable[[Any], Any], client: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call(client)
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_an_idle_connection_that_it_has_ended_is_not_waited_for(postgres: OutsidePostgres) -> None:
    """The loop of the server tells once of a socket with an error."""

    async def story() -> None:
        database = Database(postgres.url(), connections=2)
        await database.open()
        try:
            first = await process(database)
            async with database.connect() as other:
                await other.execute("SELECT pg_terminate_backend(%s, 10000)", (first,))
            async with asyncio.timeout(10):
                assert await process(database) != first
        finally:
            await database.close()

    uvloop.run(story())


async def process(database: Database) -> int:
    [row] = await database.fetch("SELECT pg_backend_pid() AS id")
    return int(row.id)


@pytest.mark.parametrize(
    ("user", "password", "database", "problem"),
    [
        ("penstock", "wrong", "penstock", 'password authentication failed for user "penstock"'),
        ("nobody", "x", "penstock", 'password authentication failed for user "nobody"'),
        ("penstock", "it%27s%20a%20secret", "none", 'database "none" does not exist'),
    ],
)
def test_who_may_not_in_is_told_so_at_once(
    postgres: OutsidePostgres,
    install: Install,
    user: str,
    password: str,
    database: str,
    problem: str,
) -> None:
    url = postgres.url(database, user, password)
    assert problem in failed_start(install("--no-worker"), "--database", url)


def test_who_may_make_no_tables_is_told_what_to_ask_for(
    postgres: OutsidePostgres, install: Install
) -> None:
    postgres.execute("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    postgres.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC", database="penstock")
    said = failed_start(install(), "--database", postgres.url("penstock", "guest", "guest"))
    assert "The user guest may not make tables in public of the database penstock" in said


def test_a_database_of_another_encoding_is_refused(
    postgres: OutsidePostgres, install: Install
) -> None:
    postgres.execute(
        "CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    said = failed_start(install(), "--database", postgres.url("ascii"))
    assert "The database ascii has the encoding SQL_ASCII" in said


def test_a_server_that_is_not_there_is_told(install: Install) -> None:
    said = failed_start(install(), "--database", "postgresql://u:p@127.0.0.1:1/penstock")
    assert 'connection to server at "127.0.0.1", port 1 failed: Connection refused' in said


@pytest.mark.parametrize("url", ["penstock", "mysql://root:secret@db/penstock"])
def test_what_is_no_url_is_told_without_what_is_in_it(install: Install, url: str) -> None:
    said = failed_start(install(), "--database", url)
    assert "database is not as postgresql://USER:PASSWORD@HOST:PORT/NAME" in said
    assert "secret" not in said


def test_a_postgresql_that_is_too_old_is_refused_with_its_version(install: Install) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=be_old, args=(listening,), daemon=True).start()
        port = listening.getsockname()[1]
        said = failed_start(install(), "--database", f"postgresql://u@127.0.0.1:{port}/penstock")
    assert "PostgreSQL 13.22 is too old: Penstock needs 14 or newer." in said


def be_old(listening: socket.socket) -> None:
    """Speaks PostgreSQL's protocol as far as a client has logged in."""
    parameters = {"server_version": "13.22", "server_encoding": "UTF8", "client_encoding": "UTF8"}
    hello = b"".join(
        message(b"S", f"{name}\0{value}\0".encode()) for name, value in parameters.items()
    )
    with suppress(OSError):
        while True:
            client, _ = listening.accept()
            threading.Thread(target=greet, args=(client, hello), daemon=True).start()


def greet(client: socket.socket, hello: bytes) -> None:
    with client, suppress(OSError):
        while struct.unpack("!II", first := client.recv(8, socket.MSG_WAITALL))[1] != 3 << 16:
            client.sendall(b"N")  # neither TLS nor GSS
        client.recv(struct.unpack("!I", first[:4])[0] - 8, socket.MSG_WAITALL)
        ok, ready = message(b"R", struct.pack("!I", 0)), message(b"Z", b"I")
        client.sendall(ok + hello + ready)
        while client.recv(4096):
            pass


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def test_a_worker_is_told_of_a_database_that_no_server_has_made(
    postgres: OutsidePostgres, install: Install
) -> None:
    postgres.execute("CREATE DATABASE empty ENCODING 'UTF8' TEMPLATE template0")
    installation = install()
    installation.data.mkdir()
    write_keys(installation)
    ended = subprocess.run(
        installation.command(
            "worker",
            *("--database", postgres.url("empty"), "--runner-where", "host"),
            *("--key-file", str(installation.folder / "keys")),
        ),
        env=installation.environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.endswith(
        "penstock worker: The database is not a Penstock server's: start one on it first, with"
        " `penstock up`.\n"
    )


def test_a_server_with_other_storage_than_the_databases_is_refused(
    postgres: OutsidePostgres, install: Install, tmp_path: Path
) -> None:
    postgres.execute("CREATE DATABASE paired ENCODING 'UTF8' TEMPLATE template0")
    install("--no-worker", "--database", postgres.url("paired")).start()
    said = failed_start(
        install(), "--database", postgres.url("paired"), "--storage", str(tmp_path / "other")
    )
    assert f"The storage {tmp_path / 'other'} is not that of this database" in said
