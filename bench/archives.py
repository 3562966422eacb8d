"""Packing and unpacking artifacts and caches, beside `zip -1`, `unzip` and `tar | zstd -1 -T0`.

Needs the zip, unzip, tar and zstd programs.
`python bench/archives.py --files 10000 --megabytes 500`
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from typing import NamedTuple

from penstock.documents.buildspec import Artifact, Text
from penstock.runner.archives.zip_reader import extract_zip
from penstock.runner.archives.zip_writer import write_zip
from penstock.runner.codebuild.artifacts import select
from penstock.runner.codebuild.cache import ExpandedCache, restore, save
from penstock.runner.codebuild.cache.folder import CacheFolder

ROUNDS = 3


class Row(NamedTuple):
    """Speeds in MB of unpacked files a second; `ratio` is ours to the faster program's."""

    what: str
    penstock: float
    zip: float
    tar_zstd: float

    @property
    def ratio(self) -> float:
        return self.penstock / max(self.zip, self.tar_zstd)


def rows(files: int = 10_000, megabytes: int = 500) -> list[Row]:
    with tempfile.TemporaryDirectory() as base:
        make_tree(f"{base}/tree", files, megabytes)
        seconds = _measure(base)
    speed = {name: megabytes / statistics.median(times) for name, times in seconds.items()}
    return [
        Row("pack an artifact", speed["artifact"], speed["zip"], speed["tar"]),
        Row("pack a cache", speed["save"], speed["zip"], speed["tar"]),
        Row("unpack an artifact", speed["extract"], speed["unzip"], speed["untar"]),
        Row("restore a cache", speed["restore"], speed["unzip"], speed["untar"]),
    ]


def make_tree(root: str, files: int, megabytes: int) -> None:
    """Files of equal size, half words, a sixth noise: they shrink to about two thirds."""
    rng = random.Random(1)
    words = [rng.randbytes(rng.randint(2, 5)).hex().encode() for _ in range(4000)]
    size = megabytes * 1_000_000 // files
    text = b" ".join(rng.choices(words, k=size // 4 + 100_000))
    for number in range(files):
        folder = f"{root}/{number // 500}/{number // 50 % 10}"
        os.makedirs(folder, exist_ok=True)
        start = rng.randrange(len(text) - size)
        noise = rng.randbytes(size // 6)
        with open(f"{folder}/{number}.txt", "wb") as file:
            file.write(text[start : start + size - len(noise)] + noise)


def _measure(base: str) -> dict[str, list[float]]:
    """Seconds of each task, by name; the rounds are interleaved, so that a slow minute hits all."""
    tree, out = f"{base}/tree", f"{base}/out"
    store = CacheFolder(f"{base}/caches")
    cache = ExpandedCache(("**/*",), "bench")
    tasks: dict[str, tuple[Callable[[], object], str]] = {
        "artifact": (lambda: _pack(tree, f"{base}/ours.zip"), f"{base}/ours.zip"),
        "zip": (lambda: _run(f"cd {tree} && zip -1 -qr {base}/a.zip ."), f"{base}/a.zip"),
        "tar": (
            lambda: _run(f"tar c -C {tree} . | zstd -1 -T0 -q -o {base}/a.tzst"),
            f"{base}/a.tzst",
        ),
        "save": (lambda: _expect("Cache saved", save(cache, tree, str, store)), f"{base}/caches"),
        "extract": (lambda: extract_zip(f"{base}/ours.zip", out), out),
        "unzip": (lambda: _run(f"unzip -q {base}/a.zip -d {out}"), out),
        "untar": (lambda: _run(f"mkdir {out} && zstd -dcq {base}/a.tzst | tar x -C {out}"), out),
        "restore": (lambda: _restore(cache, out, store), out),
    }
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(ROUNDS):
        for name, (task, result) in tasks.items():
            _clear(result)
            os.sync()  # nobody pays for what another has written
            started = time.perf_counter()
            task()
            seconds[name].append(time.perf_counter() - started)
    return seconds


def _pack(tree: str, path: str) -> None:
    write_zip(select(Artifact((Text("**/*"),)), tree).files, path)


def _restore(cache: ExpandedCache, out: str, store: CacheFolder) -> None:
    os.mkdir(out)
    _expect("Cache hit", restore(cache, out, str, store))


def _expect(start: str, notes: tuple[str, ...]) -> None:
    if not notes[-1].startswith(start):
        raise SystemExit(f"the cache did not work: {notes}")


def _run(command: str) -> None:
    subprocess.run(["bash", "-o", "pipefail", "-c", command], check=True)


def _clear(path: str) -> None:
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.unlink(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--megabytes", type=int, default=500)
    options = parser.parse_args()
    print(f"{'MB/s':20} {'Penstock':>9} {'zip':>9} {'tar, zstd':>9} {'ratio':>6}")
    for row in rows(options.files, options.megabytes):
        print(
            f"{row.what:20} {row.penstock:9.0f} {row.zip:9.0f} {row.tar_zstd:9.0f} {row.ratio:6.2f}"
        )


if __name__ == "__main__":
    main()
