"""Servers of AWS's API, started for a measurement and stopped after it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
from bench.programs import BIN, PENSTOCK, PYTHON

PATIENCE = 30  # seconds


class Server(NamedTuple):
    """One that runs; `seconds` from its start to its first answer."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    seconds: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def resident(self) -> float:
        """MiB of memory that it and all its processes have to themselves, PostgreSQL's too."""
        first = psutil.Process(self.process.pid)
        found = {process.pid: process for process in (first, *first.children(recursive=True))}
        command = first.cmdline()
        if "--data" in command:
            database = str(Path(command[command.index("--data") + 1], "postgres"))
            for process in psutil.process_iter():  # no child of the server: it outlives it
                if database in process.cmdline():
                    whole = (process, *process.children(recursive=True))
                    found |= {one.pid: one for one in whole}
        return sum(process.memory_full_info().uss for process in found.values()) / 2**20


def penstock(folder: Path, *words: str) -> tuple[Sequence[str], Mapping[str, str]]:
    """Its data is in `folder`, which `penstock up` fills at its first start."""
    command = (PENSTOCK, "up", "--data", str(folder), "--port", "{port}", *words)
    return command, {}


def floor(folder: Path) -> tuple[Sequence[str], Mapping[str, str]]:
    """On the database of the Penstock that has its data in `folder`, which runs."""
    database = json.loads((folder / "server.json").read_text())["database"]
    files = folder / "floor"
    files.mkdir()
    root = str(Path(__file__).parent.parent)
    return (PYTHON, "-m", "bench.floor", "{port}", database, str(files)), {"PYTHONPATH": root}


def moto() -> tuple[Sequence[str], Mapping[str, str]]:
    return (str(BIN / "moto_server"), "-p", "{port}"), {}


def ministack() -> tuple[Sequence[str], Mapping[str, str]]:
    return (str(BIN / "ministack"),), {"GATEWAY_PORT": "{port}"}


@contextmanager
def running(
    name: str, start: tuple[Sequence[str], Mapping[str, str]], folder: Path
) -> Iterator[Server]:
    """The server, from its first answer on. Raises TimeoutError with the end of its output."""
    port = free_port()
    command, extra = start
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "TMPDIR") if key in os.environ}
    folder.mkdir(parents=True, exist_ok=True)
    environ = (
        kept
        | {"HOME": str(folder)}
        | {key: value.format(port=port) for key, value in extra.items()}
    )
    words = [word.format(port=port) for word in command]
    output = folder / "output"
    with output.open("wb") as file:
        began = time.perf_counter()
        process = subprocess.Popen(
            words, cwd=folder, env=environ, stdout=file, stderr=file, start_new_session=True
        )
    try:
        _await_answer(port, process, output)
        yield Server(name, port, process, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_answer(port: int, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                connection.sendall(
                    b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                )
                if connection.recv(5) == b"HTTP/":
                    return
        except OSError:
            time.sleep(0.005)
    raise TimeoutError(f"{process.args!r} does not answer:\n{output.read_text()[-2000:]}")


def is_there(program: str) -> bool:
    return (BIN / program).exists() or shutil.which(program) is not None
