"""The real program, in a folder of the test's own, and a real server with all its processes."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from zlib import crc32

import boto3
import psutil
import pytest
from botocore.config import Config

from .aws_cli import aws as aws
from .boto import bucket as bucket
from .boto import client as client
from .boto import s3 as s3

SECONDS = 60.0
"""How long anything is waited for."""
T = TypeVar("T")


class Ran(NamedTuple):
    """What a run of penstock came to."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        """The result that `--json` printed."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def phases(self) -> dict[str, str]:
        return {phase["phaseType"]: phase.get("phaseStatus", "") for phase in self.result["phases"]}


class Project:
    """A folder with a buildspec, and the program to run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder.parent / "home"
        self.home.mkdir()

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def buildspec(self, *commands: str, **phases: Sequence[str]) -> None:
        """A version 0.2 buildspec with these commands in build, and those of other phases."""
        spec = {"version": 0.2, "phases": {"build": {"commands": list(commands)}}}
        spec["phases"] |= {name: {"commands": list(texts)} for name, texts in phases.items()}  # type: ignore[operator]
        self.write("buildspec.yml", json.dumps(spec))

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        source = Path(__file__).parents[2] / "src"
        own = {"HOME": str(self.home), "PYTHONPATH": str(source), "LANG": "C.UTF-8"}
        return kept | own | dict(extra or {})

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "penstock", *arguments]

    def penstock(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        out = done.stdout.decode("utf-8", "surrogateescape")
        return Ran(done.returncode, out, done.stderr.decode("utf-8", "surrogateescape"))

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
        return self.penstock("run", *arguments, env=env)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "web"
    folder.mkdir()
    return Project(folder)


@pytest.fixture
def lines_of(project: Project) -> Callable[..., list[str]]:
    """Runs commands in build, and gives what they printed, line by line."""

    def run(*commands: str, options: Sequence[str] = ()) -> list[str]:
        project.buildspec(*commands)
        ran = project.run("--log-format", "json", *options)
        events = [json.loads(line) for line in ran.out.splitlines()]
        text = "".join(event["text"] for event in events if event["event"] == "output")
        return text.splitlines()

    return run


def until(found: Callable[[], T | None], seconds: float = SECONDS) -> T:
    """What `found` returns once that is true.

    It is asked again and again, as nothing else would tell: the API announces no ends of builds,
    nor does another process that is not our child, or that writes a file.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.02)
    raise TimeoutError


@pytest.fixture(name="until", scope="session")
def until_fixture() -> Callable[..., Any]:
    return until


class Installation:
    """A data folder, and the `penstock up` on it: started, killed, and started again.

    `port` is one that was free, so that builds which outlive a server find the next one. `extra`
    are variables that its processes have besides those that all need.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.home = folder / "home"
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.extra: dict[str, str] = {}
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "penstock", *arguments, "--data", str(self.data)]

    @property
    def environment(self) -> dict[str, str]:
        source = Path(__file__).parents[2] / "src"
        own = {"HOME": str(self.home), "PYTHONPATH": str(source), "LANG": "C.UTF-8"}
        return {"PATH": os.environ["PATH"]} | own | self.extra

    def start(self, *options: str) -> Installation:
        """Returns once the server answers."""
        self.home.mkdir(exist_ok=True)
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                self.command("up", "--port", str(self.port), *self._options, *options),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        with self._process.stdout as said:  # type: ignore[union-attr]
            assert select.select([said], [], [], SECONDS)[0], self.log
            assert b" is up at " in said.readline(), self.log
        return self

    @property
    def log(self) -> str:
        """What its servers and workers have said so far."""
        return (self.folder / "log").read_text(errors="replace")

    def wait(self) -> int:
        """The server's exit status, once it has ended."""
        assert self._process is not None
        return self._process.wait(SECONDS)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(SECONDS)

    def end(self) -> None:
        """Ends all that is left of it, whatever the test has done to it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(SECONDS)
        left = [one for one in self.processes() if one.name() != "postgres"]
        for one in left:
            end_process(one, signal.SIGKILL)
        if postmaster := self.postmaster():
            end_process(postmaster, signal.SIGQUIT)
            left.append(postmaster)
        until(lambda: all(map(has_ended, left)))

    # Its processes.

    def processes(self) -> list[psutil.Process]:
        """All that know this data folder: servers, workers, builds and what they started."""
        mark = os.fsencode(self.data)
        found = []
        for one in psutil.process_iter():
            folder = Path("/proc") / str(one.pid)
            with suppress(OSError):
                told = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
                if mark in told:
                    found.append(one)
        return found

    @property
    def server(self) -> psutil.Process:
        assert self._process is not None
        return psutil.Process(self._process.pid)

    def worker(self) -> psutil.Process | None:
        """The worker beside the server; None while there is none."""
        return next((one for one in self.server.children() if "worker" in one.cmdline()), None)

    def build_processes(self) -> list[psutil.Process]:
        """Those that perform the builds of the worker."""
        worker = self.worker()
        if worker is None:
            return []
        return [child for server in worker.children() for child in server.children()]

    def postmaster(self) -> psutil.Process | None:
        """PostgreSQL's main process; None while there is none."""
        try:
            note = (self.data / "postgres" / "postmaster.pid").read_text()
            return psutil.Process(int(note.split()[0]))
        except (FileNotFoundError, IndexError, psutil.NoSuchProcess):
            return None

    # Who talks to it.

    def read_json(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data / name).read_text())
        return found

    @property
    def database(self) -> str:
        return str(self.read_json("server.json")["database"])

    @property
    def variables(self) -> dict[str, str]:
        """What `penstock env` prints."""
        command = self.command("env", "--shell", "json")
        done = subprocess.run(command, env=self.environment, capture_output=True, check=True)
        found: dict[str, str] = json.loads(done.stdout)
        return found

    def client(self, service: str, host: str = "127.0.0.1", **config: Any) -> Any:
        """Of boto3, with the key that `penstock env` hands out."""
        variables = self.variables
        return boto3.client(
            service,
            endpoint_url=f"http://{host}:{self.port}",
            region_name=variables["AWS_REGION"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            config=Config(**config),
        )


def end_process(process: psutil.Process, number: int) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def has_ended(process: psutil.Process) -> bool:
    """Also where nobody has buried it yet."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def install() -> Iterator[Callable[..., Installation]]:
    """Makes data folders, whose servers are not started yet; ends what runs on them."""
    made: list[Installation] = []

    # Not in pytest's folder: each run that starts closes that to all other users, and PostgreSQL
    # does not run as root.
    with tempfile.TemporaryDirectory(prefix="penstock-") as folder:

        def make(*options: str) -> Installation:
            below = Path(folder, str(len(made)))
            below.mkdir()
            made.append(Installation(below, *options))
            return made[-1]

        yield make
        for one in made:
            one.end()


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """A server that is up, for all tests that end none."""
    with tempfile.TemporaryDirectory(prefix="penstock-") as folder:
        found = Installation(Path(folder), "--runner-where", "host").start()
        yield found
        found.end()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of the aws command have one of its versions, in turn; AWS_CLI_EVERY=1 is for both."""
    if os.environ.get("AWS_CLI_EVERY"):
        return
    others = [item for item in items if not _has_its_turn(item)]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in set(others)]


def _has_its_turn(item: pytest.Item) -> bool:
    version = getattr(getattr(item, "callspec", None), "params", {}).get("aws")
    name: str = getattr(item, "originalname", item.name)
    return version is None or crc32(name.encode()) % 2 == version - 1
