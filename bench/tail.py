"""A build's output on its way to who waits for it: from `date` in a command to a live tail."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench.load import client
from bench.rounds import Row, Table
from bench.server import project
from bench.servers import Server, penstock, running

LINES = 40
GROUP = "/aws/codebuild/bench"
# Pauses of many lengths, so that no rhythm of the log's way in is met each time.
COMMAND = f"for n in $(seq {LINES}); do date +line=%s.%N; sleep 0.$((n * 7 % 40 + 10)); done"


def delay(folder: Path) -> Table:
    words = ("--runner-where", "host")
    with running("Penstock", penstock(folder / "data", *words), folder / "penstock") as server:
        delays = sorted(_delays(server))
    return Table(
        f"A line from a running build to a live tail, {LINES} lines",
        "ms",
        [
            Row("Penstock, the median", statistics.median(delays) * 1000),
            Row("Penstock, the slowest", delays[-1] * 1000),
        ],
    )


def _delays(server: Server) -> Iterator[float]:
    """Seconds from each line's writing to its coming out of the tail."""
    logs, builds = client("logs", server.url), client("codebuild", server.url)
    logs.create_log_group(logGroupName=GROUP)
    builds.create_project(**project("bench", COMMAND))
    group = logs.describe_log_groups()["logGroups"][0]["logGroupArn"]
    with closing(logs.start_live_tail(logGroupIdentifiers=[group])["responseStream"]) as stream:
        builds.start_build(projectName="bench")
        left = LINES
        for update in stream:
            now = time.time()
            for event in update.get("sessionUpdate", {}).get("sessionResults", ()):
                if event["message"].startswith("line="):
                    left -= 1
                    yield now - float(event["message"][5:])
            if not left:
                return
