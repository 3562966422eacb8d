"""A first push of a repository of 50 MB: to a hosted one, beside one to a bare one on this disk."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import psutil
from bench.load import client
from bench.rounds import Row, Table, medians
from bench.servers import Server, penstock, running

ROUNDS = 5
FILES, BYTES = 2000, 25_000
IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")


def push(folder: Path) -> list[Table]:
    """The time of the push, and the memory that the server's own process grows by."""
    work = folder / "work"
    _fill(work)
    with running("Penstock", penstock(folder / "data"), folder / "penstock") as server:
        hosted = _to_hosted(server, work)
        rows = medians({"Penstock": hosted, "a bare one on disk": _to_disk(folder, work)}, ROUNDS)
        own = psutil.Process(server.process.pid)
        before = own.memory_full_info().uss
        hosted()
        grown = (own.memory_full_info().uss - before) / 2**20
    return [
        Table("git push of 2,000 files of 50 MB to a new repository", "s", rows),
        Table("The server's own process after one push more", "MiB more", [Row("Penstock", grown)]),
    ]


def _fill(work: Path) -> None:
    for number in range(FILES):
        path = work / str(number % 50) / str(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(BYTES))
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "all")):
        _git(work, *IDENTITY, *words)
    _git(work, "repack", "-a", "-d", "-q")  # so that both pushes read one pack


def _git(folder: Path, *words: str) -> None:
    subprocess.run(("git", "-C", str(folder), *words), check=True, capture_output=True)


def _to_hosted(server: Server, work: Path) -> Callable[[], float]:
    codecommit = client("codecommit", server.url)

    def measure() -> float:
        codecommit.delete_repository(repositoryName="bench")
        made = codecommit.create_repository(repositoryName="bench")["repositoryMetadata"]
        return _seconds(work, made["cloneUrlHttp"])

    return measure


def _to_disk(folder: Path, work: Path) -> Callable[[], float]:
    numbers = count()

    def measure() -> float:
        bare = folder / f"bare-{next(numbers)}.git"
        subprocess.run(("git", "init", "-q", "--bare", str(bare)), check=True)
        return _seconds(work, str(bare))

    return measure


def _seconds(work: Path, url: str) -> float:
    began = time.perf_counter()
    _git(work, "push", url, "main")
    return time.perf_counter() - began
