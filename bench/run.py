"""Penstock beside its peers and its floors, measured in the same run: `make bench`.

Prints tables in Markdown. Absolute figures are this machine's; the ratios are what to compare.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import builds, output, reading
from bench.rounds import Table, markdown

TOPICS: dict[str, Callable[[Path], Table]] = {
    "whole": builds.whole,
    "further": builds.further,
    "output": output.through,
    "lint": reading.lint,
    "start": reading.start,
}


def main(wanted: list[str]) -> int:
    unknown = set(wanted) - set(TOPICS)
    if unknown:
        print(f"bench.run: {', '.join(unknown)}: choose from {', '.join(TOPICS)}", file=sys.stderr)
        return 2
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    for topic in wanted or TOPICS:
        with tempfile.TemporaryDirectory(prefix="penstock-bench-") as folder:
            print(markdown(TOPICS[topic](Path(folder))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
