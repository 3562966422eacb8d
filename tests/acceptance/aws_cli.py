"""The aws CLI, of both major versions, with what `penstock env` prints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from ..needs import lacking

SECONDS = 60


class Answer(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


class Cli:
    """The aws CLI, with what `penstock env` prints."""

    def __init__(self, version: int, program: str, installation: Any, folder: Path) -> None:
        self.version = version
        self.folder = folder
        self._environment = {
            **{name: text for name, text in os.environ.items() if name[:4] != "AWS_"},
            **installation.variables,
            "AWS_PAGER": "",
            "HOME": str(folder),
        }
        # Older ones of version 2 do not know the variable.
        endpoint = ("--endpoint-url", installation.endpoint) if version == 2 else ()
        self.program = program
        self._command = (program, *endpoint)

    def ask(self, *words: str) -> Answer:
        done = subprocess.run(
            (*self._command, *words),
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def __call__(self, *words: str) -> str:
        """What a command that succeeds prints."""
        answer = self.ask(*words)
        assert answer.code == 0, answer.err
        return answer.out

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--output", "json") or "null")

    def text(self, query: str, *words: str) -> str:
        """One member of the answer, by JMESPath."""
        return self(*words, "--query", query, "--output", "text").strip()

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """A command whose output is read while it runs; it is ended after some time."""
        return subprocess.Popen(
            ("timeout", str(SECONDS), *self._command, *words),
            cwd=self.folder,
            env=self._environment | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )

    def write(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def bucket(self) -> str:
        name = f"b-{uuid4().hex}"
        self("s3", "mb", f"s3://{name}")
        return name

    def project(self, buildspec: str | dict[str, Any], **members: Any) -> str:
        """A project, made of a file as people do; its name."""
        name = f"web-{uuid4().hex}"
        text = buildspec if isinstance(buildspec, str) else json.dumps(buildspec)
        document = {
            "name": name,
            "source": {"type": "NO_SOURCE", "buildspec": text},
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": {
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            "serviceRole": "arn:aws:iam::000000000000:role/build",
            **members,
        }
        path = self.write(f"{name}.json", json.dumps(document))
        self("codebuild", "create-project", "--cli-input-json", f"file://{path}")
        return name

    def start(self, project: str, *options: str) -> str:
        command = ("codebuild", "start-build", "--project-name", project, *options)
        return self.text("build.id", *command)

    def build(self, build: str) -> dict[str, Any]:
        [found] = self.json("codebuild", "batch-get-builds", "--ids", build)["builds"]
        return dict(found)

    def built(self, project: str, *options: str) -> dict[str, Any]:
        """A build that was started and has ended."""
        return self.ended(self.start(project, *options))

    def ended(self, build: str) -> dict[str, Any]:
        end = time.monotonic() + SECONDS
        while not (found := self.build(build))["buildComplete"]:
            assert time.monotonic() < end, found
        return found

    def log(self, build: dict[str, Any]) -> list[str]:
        where = build["logs"]
        group = ("--log-group-name", where["groupName"])
        stream = ("--log-stream-name", where["streamName"])
        found = self.json("logs", "get-log-events", *group, *stream, "--start-from-head")
        return [event["message"] for event in found["events"]]


@cache
def program_of(version: int) -> str:
    """Skips by name where it is not there; in CI it has to be."""
    folders = os.environ["PATH"].split(os.pathsep)
    named = [os.environ.get("AWS_CLI_V1", ""), *(os.path.join(one, "aws") for one in folders)]
    for program in filter(shutil.which, named):
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
        if f"aws-cli/{version}." in said.stdout + said.stderr:
            return program
    raise lacking(f"version {version} of the aws CLI is not there")


@pytest.fixture(params=[1, 2], ids=["v1", "v2"])
def aws(request: Any, installation: Any, tmp_path: Path) -> Cli:
    return Cli(request.param, program_of(request.param), installation, tmp_path)
