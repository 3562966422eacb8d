"""The real `penstock up`: how it starts and ends, and what survives whom."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from ..needs import lacking

SECONDS = 30


class Up(NamedTuple):
    """A server in the foreground, that has said that it is up."""

    process: subprocess.Popen[str]
    endpoint: str
    data: Path

    @property
    def note(self) -> Path:
        """What PostgreSQL leaves behind unless it is stopped in order."""
        return self.data / "postgres" / "postmaster.pid"

    @property
    def postgres(self) -> int:
        return int(self.note.read_text().split()[0])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(SECONDS)


Start = Callable[..., Up]


def read_line(stream: IO[str]) -> str:
    assert select.select([stream], [], [], SECONDS)[0], "nothing was said in time"
    return stream.readline()


@pytest.fixture
def start(project: Any) -> Iterator[Start]:
    started: list[Up] = []

    def begin(*options: str) -> Up:
        process = subprocess.Popen(
            project.command("up", "--port", "0", "--no-worker", *options),
            cwd=project.folder,
            env=project.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        first = read_line(process.stdout)
        data = project.home / ".local" / "share" / "penstock"
        started.append(Up(process, first.strip().rpartition(" ")[2], data))
        return started[-1]

    yield begin
    for up in started:
        up.process.terminate()
        up.process.wait(SECONDS)
        assert up.process.stdout
        up.process.stdout.close()
    project.penstock("down", "--now")


@pytest.fixture
def aws(project: Any) -> Callable[..., str]:
    """The AWS CLI with what `penstock env` prints."""
    program = shutil.which("aws")
    if program is None:
        raise lacking("the aws CLI is not there")

    def run(*arguments: str) -> str:
        variables = json.loads(project.penstock("env", "--shell", "json").out)
        done = subprocess.run(
            [program, *arguments],
            env=dict(os.environ) | variables | {"AWS_PAGER": "", "HOME": str(project.home)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return done.stdout.strip() or done.stderr.strip()

    return run


def ready(up: Up) -> int:
    try:
        with urlopen(f"{up.endpoint}/_penstock/ready", timeout=SECONDS) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_when_it_says_so_and_ends_with_all_of_it(start: Start, number: int) -> None:
    up = start()
    assert ready(up) == 200
    up.process.send_signal(number)
    assert up.process.wait(SECONDS) == 0
    assert not up.note.exists()


def test_what_was_stored_is_there_after_a_restart_and_the_sandbox_is_empty(
    start: Start, aws: Callable[..., str]
) -> None:
    up = start()
    aws("ssm", "put-parameter", "--name", "/a", "--type", "SecureString", "--value", "kept")
    aws("sns", "create-topic", "--name", "gone")
    up.process.terminate()
    up.process.wait(SECONDS)
    start()
    value = ("--with-decryption", "--query", "Parameter.Value", "--output", "text")
    assert aws("ssm", "get-parameter", "--name", "/a", *value) == "kept"
    assert aws("sns", "list-topics", "--query", "Topics", "--output", "json") == "[]"


def test_a_second_server_on_the_folder_is_told_who_has_it(start: Start, project: Any) -> None:
    up = start()
    second = project.penstock("up", "--port", "0")
    assert second.code == 1
    assert f"A server is up at {up.endpoint}" in second.err
    assert f"(process {up.process.pid})" in second.err


@pytest.mark.parametrize("with_database", [False, True])
def test_after_a_kill_the_next_one_carries_on(
    start: Start, aws: Callable[..., str], with_database: bool
) -> None:
    up = start()
    aws("ssm", "put-parameter", "--name", "/a", "--type", "String", "--value", "kept")
    postgres = up.postgres
    up.kill()
    if with_database:
        os.kill(postgres, signal.SIGKILL)
    start()
    query = ("--query", "Parameter.Value", "--output", "text")
    assert aws("ssm", "get-parameter", "--name", "/a", *query) == "kept"


def test_a_killed_postgresql_comes_back_under_the_running_server(start: Start) -> None:
    up = start()
    os.kill(up.postgres, signal.SIGKILL)
    end = time.monotonic() + SECONDS
    while ready(up) != 200:
        assert time.monotonic() < end


def test_down_ends_a_server_and_what_a_killed_one_left(start: Start, project: Any) -> None:
    up = start()
    assert f"The server at {up.endpoint} is down." in project.penstock("down").out
    assert up.process.wait(SECONDS) == 0
    assert "No server was up" in project.penstock("down").out
    killed = start()
    killed.kill()
    assert "the PostgreSQL that one had left is stopped" in project.penstock("down").out
    assert not killed.note.exists()


def test_a_port_that_is_taken_is_told_before_anything_is_made(start: Start, project: Any) -> None:
    port = start().endpoint.rpartition(":")[2]
    other = str(project.folder / "other")
    second = project.penstock("up", "--port", port, "--data", other)
    assert second.code == 1
    assert f"127.0.0.1:{port} cannot be listened on" in second.err
    assert not os.path.exists(os.path.join(other, "postgres"))


def test_a_setting_that_is_no_good_ends_it_with_its_place(project: Any) -> None:
    project.write("penstock.toml", "[runner]\nwear = 'host'\n")
    ran = project.penstock("up")
    assert ran.code == 2
    assert "penstock.toml:2: runner.wear is no setting. Did you mean runner.where?" in ran.err


def test_in_the_background_it_returns_once_it_answers(project: Any) -> None:
    try:
        ran = project.penstock("up", "--detach", "--port", "0", "--no-worker")
        assert ran.code == 0
        status = json.loads(project.penstock("status", "--json").out)
        assert status["status"] == "ready"
        assert status["endpoint"] in ran.out
    finally:
        project.penstock("down", "--now")


def test_in_the_background_it_says_why_it_did_not_start(project: Any) -> None:
    ran = project.penstock("up", "--detach", "--host", "192.0.2.1")
    assert ran.code == 1
    assert "192.0.2.1:4545 cannot be listened on" in ran.err


def test_a_fault_while_it_starts_is_told_and_leaves_nothing_up(project: Any) -> None:
    project.write("keys", "not a key")
    ran = project.penstock("up", "--port", "0", "--key-file", "keys")
    assert ran.code == 1
    assert "not a key file" in ran.err
    assert "No server was up" in project.penstock("down").out
    elsewhere = project.penstock("up", "--port", "0", "--services", "s3=aws")
    assert elsewhere.code == 2
    assert "s3 is Penstock's own and cannot be elsewhere" in elsewhere.err
