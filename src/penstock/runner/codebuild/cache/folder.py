"""Caches kept in a folder, one file each: `penstock run --cache DIR` (CB-090)."""

from __future__ import annotations

import os
from typing import IO


class CacheFolder:
    """A CacheStore. Several builds may use it at once: files appear, change and go as a whole."""

    def __init__(self, path: str) -> None:
        self._path = os.path.abspath(path)

    @property
    def scratch(self) -> str:
        """On the same disk, so that a file is taken over by renaming it; made when needed."""
        path = os.path.join(self._path, ".packing")
        os.makedirs(path, exist_ok=True)
        return path

    def find(self, prefix: str) -> tuple[str, ...]:
        found: list[tuple[int, str]] = []
        folder = os.path.join(self._path, os.path.dirname(prefix))
        for parent, _, names in os.walk(folder):
            for leaf in names:
                path = os.path.join(parent, leaf)
                name = os.path.relpath(path, self._path)
                if name.startswith(prefix):
                    found.append((_time(path), name))
        return tuple(name for _, name in sorted(found, reverse=True))

    def fetch(self, name: str) -> IO[bytes] | None:
        try:
            return open(os.path.join(self._path, name), "rb")
        except FileNotFoundError:
            return None

    def put(self, name: str, path: str, replace: bool) -> bool:
        target = os.path.join(self._path, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if replace:
            os.replace(path, target)
            return True
        try:
            os.link(path, target)  # unlike a rename, this cannot replace
        except FileExistsError:
            return False
        os.unlink(path)
        return True

    def discard(self, name: str) -> None:
        try:
            os.unlink(os.path.join(self._path, name))
        except FileNotFoundError:
            pass


def _time(path: str) -> int:
    """In nanoseconds; 0 for a file that another build has just removed."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
