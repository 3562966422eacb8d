"""A worker as on another machine: a home and a data folder of its own, and a copy of the keys."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from .conftest import SECONDS, Installation


class RemoteWorker:
    """Given the memory of a server, whose folder it has no part in."""

    def __init__(self, folder: Path, database: str, storage: str, key_file: str) -> None:
        self.home = folder / "home"
        self.data = folder / "elsewhere"
        self.home.mkdir(parents=True)
        (folder / "log").touch()
        self._log = folder / "log"
        self._memory = ("--database", database, "--storage", storage)
        self._key_file = shutil.copy(key_file, folder / "keys")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str, extra: Mapping[str, str] | None = None) -> RemoteWorker:
        source = str(Path(__file__).parents[2] / "src")
        own = {"HOME": str(self.home), "PYTHONPATH": source, "LANG": "C.UTF-8"}
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "penstock", "worker", "--data", str(self.data)),
                    *(*self._memory, "--key-file", str(self._key_file)),
                    *("--runner-where", "host", "--runner-allow-host", "true", *options),
                ],
                env={"PATH": os.environ["PATH"], **own, **(extra or {})},
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def process(self) -> psutil.Process:
        assert self._process is not None
        return psutil.Process(self._process.pid)

    def wait(self) -> int:
        assert self._process is not None
        return self._process.wait(SECONDS)

    def lose(self) -> None:
        """As when its machine loses power: all of it at once."""
        assert self._process is not None
        if self._process.poll() is None:
            processes = [*self.process.children(recursive=True), self.process]
            for one in processes:
                one.suspend()  # so that none sees another end
            for one in processes:
                one.kill()
        self._process.wait(SECONDS)


@contextmanager
def remote_worker(folder: Path, installation: Installation) -> Iterator[RemoteWorker]:
    """One that is not started yet, for a server that is up."""
    told = installation.read_json("server.json")
    worker = RemoteWorker(folder, told["database"], told["storage"], told["key_file"])
    try:
        yield worker
    finally:
        if worker._process is not None:
            worker.lose()
