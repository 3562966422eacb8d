"""Builds through the server's queue: how soon one begins and ends, and how many a second."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.buildbot import buildbot
from bench.load import client
from bench.rounds import Row, Table
from bench.server import project
from bench.servers import Server, penstock, running

AT_ONCE = 4
SINGLE = 15
MANY = 100
PATIENCE = 120  # seconds


def queued(folder: Path) -> list[Table]:
    words = ("--runner-where", "host", "--runner-builds", str(AT_ONCE))
    with running("Penstock", penstock(folder / "data", *words), folder / "penstock") as server:
        ours = _Builds(server)
        begins, ends = zip(*(ours.one() for _ in range(SINGLE)), strict=True)
        rate = ours.many()
    with buildbot(folder / "buildbot", AT_ONCE) as master:
        theirs = []
        for _ in range(SINGLE):
            began = time.perf_counter()
            master.run(1)
            theirs.append(time.perf_counter() - began)
        other_rate = master.builds_per_second(MANY)
    return [
        Table(
            "StartBuild to the first line of the first command, host shell",
            "ms",
            [Row("Penstock", statistics.median(begins) * 1000)],
        ),
        Table(
            "From asking for a build that does nothing to its end",
            "ms",
            [
                Row("Penstock", statistics.median(ends) * 1000),
                Row("Buildbot", statistics.median(theirs) * 1000),
            ],
        ),
        Table(
            f"{MANY} builds that do nothing, asked for at once, {AT_ONCE} at a time",
            "builds/s",
            [Row("Penstock", rate), Row("Buildbot", other_rate)],
            bigger_is_better=True,
        ),
    ]


class _Builds:
    """Builds of a project whose only command prints the time."""

    def __init__(self, server: Server) -> None:
        self._codebuild = client("codebuild", server.url)
        self._logs = client("logs", server.url)
        self._codebuild.create_project(**project("bench", "date +first=%s.%N"))
        self.one()

    def one(self) -> tuple[float, float]:
        """Seconds from asking to the first command, and to the build's end."""
        asked = time.time()
        build = self._ended([self._start()])[0]
        place = build["logs"]
        events = self._logs.get_log_events(
            logGroupName=place["groupName"],
            logStreamName=place["streamName"],
            startFromHead=True,
        )["events"]
        lines = [event["message"] for event in events]
        first = next(line for line in lines if line.startswith("first="))
        return float(first[6:]) - asked, build["endTime"].timestamp() - asked

    def many(self) -> float:
        """Builds done a second."""
        began = time.time()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            ids = list(threads.map(lambda _: self._start(), range(MANY)))
        builds = self._ended(ids)
        last: float = max(build["endTime"].timestamp() for build in builds)
        return MANY / (last - began)

    def _start(self) -> str:
        return str(self._codebuild.start_build(projectName="bench")["build"]["id"])

    def _ended(self, ids: Sequence[str]) -> Sequence[Any]:
        """Asks seldom, so that asking costs the builds nothing worth telling."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            builds = self._codebuild.batch_get_builds(ids=ids)["builds"]
            if all(build["buildComplete"] for build in builds):
                bad = [build["id"] for build in builds if build["buildStatus"] != "SUCCEEDED"]
                if bad:
                    raise RuntimeError(f"not green: {bad}")
                return list(builds)
            time.sleep(0.05)
        raise TimeoutError("the builds do not end")
