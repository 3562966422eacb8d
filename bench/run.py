"""Penstock beside its peers and its floors, measured in the same run: `make bench`.

Prints tables in Markdown. Absolute figures are this machine's; the ratios are what to compare.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import (
    builds,
    git_push,
    growth,
    output,
    pipeline_growth,
    pipeline_runs,
    queue,
    reading,
    server,
    stacks,
    tail,
    wire,
)
from bench.rounds import Row, Table, markdown


def _archives(_: Path) -> list[Table]:
    from bench.archives import rows

    return [
        Table(
            f"{row.what}: 10,000 files of 500 MB",
            "MB/s",
            [
                Row("Penstock", row.penstock),
                Row("zip -1, unzip", row.zip),
                Row("tar with zstd -1 -T0", row.tar_zstd),
            ],
            bigger_is_better=True,
        )
        for row in rows()
    ]


def _logs(folder: Path) -> list[Table]:
    from bench.logs import appending

    return [appending(folder)]


def _decide(_: Path) -> list[Table]:
    from bench.pipelines import decided

    return decided()


TOPICS: dict[str, Callable[[Path], Sequence[Table]]] = {
    "whole": lambda folder: [builds.whole(folder)],
    "further": lambda folder: [builds.further(folder)],
    "output": lambda folder: [output.through(folder)],
    "archives": _archives,
    "lint": lambda folder: [reading.lint(folder)],
    "start": lambda folder: [reading.start(folder)],
    "server": server.start,
    "hot": server.hot,
    "growth": growth.grown,
    "queue": queue.queued,
    "tail": lambda folder: [tail.delay(folder)],
    "logs": _logs,
    "wire": lambda _: wire.calls(),
    "push": git_push.push,
    "decide": _decide,
    "pipelines": pipeline_runs.ran,
    "stacks": lambda folder: [
        stacks.rehearsed(folder / "rehearsed"),
        stacks.created(folder / "created"),
        stacks.linted(folder / "linted"),
    ],
    "history": pipeline_growth.grown,
}


def main(wanted: list[str]) -> int:
    unknown = set(wanted) - set(TOPICS)
    if unknown:
        print(f"bench.run: {', '.join(unknown)}: choose from {', '.join(TOPICS)}", file=sys.stderr)
        return 2
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    for topic in wanted or TOPICS:
        with tempfile.TemporaryDirectory(prefix="penstock-bench-") as folder:
            for table in TOPICS[topic](Path(folder)):
                print(markdown(table), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
