"""Builds behind a real `penstock up`, with its worker: what survives the death of whom."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from .conftest import until

SECONDS = 60
SERVER = ("up", "--detach", "--port", "0", "--runner-where", "host")


@pytest.fixture
def up(project: Any) -> Iterator[Any]:
    """A project with a server and a worker behind it."""
    started = project.penstock(*SERVER)
    assert started.code == 0, started.err
    yield project
    project.penstock("down", "--now")


@pytest.fixture
def codebuild(up: Any) -> Any:
    return connect(up)


def connect(project: Any) -> Any:
    key = json.loads(project.penstock("env", "--shell", "json").out)
    return boto3.client(
        "codebuild",
        endpoint_url=key["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id=key["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=key["AWS_SECRET_ACCESS_KEY"],
    )


def start_build(codebuild: Any, *commands: str) -> str:
    """A build of a project of its own, made for it; its id."""
    spec = {"version": "0.2", "phases": {"build": {"commands": commands}}}
    name = f"web{time.monotonic_ns()}"
    codebuild.create_project(
        name=name,
        source={"type": "NO_SOURCE", "buildspec": json.dumps(spec)},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole="arn:aws:iam::000000000000:role/build",
    )
    return str(codebuild.start_build(projectName=name)["build"]["id"])


def end_of(codebuild: Any, build: str) -> str:
    def ended() -> str | None:
        [found] = codebuild.batch_get_builds(ids=[build])["builds"]
        return str(found["buildStatus"]) if found["buildComplete"] else None

    return str(until(ended))


def server_of(project: Any) -> psutil.Process:
    return psutil.Process(json.loads(project.penstock("status", "--json").out)["process"])


def worker_of(project: Any) -> psutil.Process:
    """The worker beside the server."""
    server = server_of(project)
    found: psutil.Process = until(
        lambda: next((one for one in server.children() if "worker" in one.cmdline()), None)
    )
    return found


def test_a_build_is_listed_shown_and_followed_to_its_end(up: Any, codebuild: Any) -> None:
    build = start_build(codebuild, "echo first", "sleep 0.5", "echo last")
    name = build.partition(":")[0]
    followed = up.penstock("logs", "-f", f"build/{name}:1")
    assert followed.code == 0
    assert [line for line in followed.out.splitlines() if line in ("first", "last")] == [
        "first",
        "last",
    ]
    assert end_of(codebuild, build) == "SUCCEEDED"
    assert up.penstock("logs", f"build/{build}").out == followed.out
    assert f"{name}:1" in up.penstock("builds").out
    shown = json.loads(up.penstock("builds", "show", name, "--json").out)
    assert (shown["id"], shown["buildStatus"]) == (build, "SUCCEEDED")
    assert "  BUILD             SUCCEEDED" in up.penstock("builds", "show", f"{name}:1").out


def test_a_worker_that_is_killed_is_replaced_and_builds_go_on(up: Any, codebuild: Any) -> None:
    first = worker_of(up)
    first.kill()
    until(lambda: worker_of(up).pid != first.pid)
    assert end_of(codebuild, start_build(codebuild, "true")) == "SUCCEEDED"


def test_down_lets_a_build_end(up: Any, codebuild: Any, tmp_path: Path) -> None:
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    build = start_build(codebuild, f"touch {begun}", "sleep 1", f"touch {ended}")
    until(begun.exists)
    assert up.penstock("down").code == 0
    assert ended.exists()
    up.penstock(*SERVER)
    assert end_of(connect(up), build) == "SUCCEEDED"


def test_after_a_kill_of_the_server_the_worker_ends_its_build(
    up: Any, codebuild: Any, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    build = start_build(codebuild, f"touch {begun}", "sleep 1")
    until(begun.exists)
    server, worker = server_of(up), worker_of(up)
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: "down" in up.penstock("status").out)
    assert up.penstock(*SERVER).code == 0
    assert end_of(connect(up), build) == "SUCCEEDED"
    until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)


def test_builds_that_waited_are_begun_by_a_worker_that_comes_later(project: Any) -> None:
    try:
        project.penstock(*SERVER, "--no-worker")
        codebuild = connect(project)
        build = start_build(codebuild, "true")
        project.penstock("down")
        project.penstock(*SERVER)
        assert end_of(connect(project), build) == "SUCCEEDED"
    finally:
        project.penstock("down", "--now")
