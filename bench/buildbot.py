"""Buildbot with one local worker, as a peer: a master in a folder of its own, driven by its API."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.programs import BIN
from bench.servers import free_port

PATIENCE = 120  # seconds
CONFIGURATION = """
from buildbot.plugins import schedulers, steps, util, worker
from buildbot.process.factory import BuildFactory

c = BuildmasterConfig = {{
    "workers": [worker.LocalWorker("local", max_builds={at_once})],
    "protocols": {{"null": {{}}}},
    "schedulers": [schedulers.ForceScheduler(name="force", builderNames=["bench"])],
    "builders": [
        util.BuilderConfig(
            name="bench",
            workernames=["local"],
            factory=BuildFactory([steps.ShellCommand(command=["sh", "-c", ":"])]),
            collapseRequests=False,
        )
    ],
    "services": [],
    "www": {{"port": "tcp:{port}:interface=127.0.0.1", "plugins": {{}}}},
    "db": {{"db_url": "sqlite:///state.sqlite"}},
    "buildbotNetUsageData": None,
}}
"""


class Buildbot:
    """A master that runs."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/v2/"

    def builds_per_second(self, count: int) -> float:
        """How fast `count` builds are done that were all asked for at once."""
        began = time.perf_counter()
        self.run(count)
        return count / (time.perf_counter() - began)

    def run(self, count: int) -> None:
        """Asks for builds and returns when the last of them has ended."""
        before = self._done()
        for _ in range(count):
            self._call("forceschedulers/force", {"builderid": "1", "reason": "bench"})
        deadline = time.monotonic() + PATIENCE
        while self._done() < before + count:
            if time.monotonic() > deadline:
                raise TimeoutError("Buildbot's builds do not end")
            time.sleep(0.002)

    def _done(self) -> int:
        answer = self._call("buildrequests?complete=true")
        return len(answer["buildrequests"])

    def _call(self, path: str, parameters: dict[str, str] | None = None) -> Any:
        data = None
        if parameters is not None:
            body = {"jsonrpc": "2.0", "method": "force", "id": 1, "params": parameters}
            data = json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


@contextmanager
def buildbot(folder: Path, at_once: int) -> Iterator[Buildbot]:
    """A new master, ready to build; stopped in the end."""
    program, port = str(BIN / "buildbot"), free_port()
    subprocess.run((program, "create-master", str(folder)), check=True, capture_output=True)
    (folder / "master.cfg").write_text(CONFIGURATION.format(port=port, at_once=at_once))
    subprocess.run((program, "start", str(folder)), check=True, capture_output=True)
    try:
        master = Buildbot(port)
        master.run(1)
        yield master
    finally:
        subprocess.run((program, "stop", str(folder)), check=True, capture_output=True)
