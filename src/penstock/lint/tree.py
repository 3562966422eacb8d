"""The source tree around a file: what a pipeline's source action would most likely fetch."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

_MOST_BYTES = 1_000_000
_ALIKE = 0.75


class Tree(NamedTuple):
    """Paths are relative to one of `roots`: the repository, or a folder of it that may be one
    elsewhere. Those that lead out are never looked at."""

    roots: tuple[str, ...]

    def exists(self, path: str) -> bool:
        return any(map(os.path.lexists, self._full(path)))

    def read(self, path: str) -> bytes | None:
        """The content of a file that is there, regular and not large; None where several are."""
        found = [full for full in self._full(path) if os.path.lexists(full)]
        return _content(found[0]) if len(found) == 1 else None

    def lookalike(self, path: str) -> str:
        """What is there and has nearly the same name in the same folder, or ""."""
        from difflib import get_close_matches

        folder, _, name = os.path.normpath(path).rpartition("/")
        for full in self._full(folder):
            names = sorted(os.listdir(full)) if os.path.isdir(full) else []
            found = get_close_matches(name, names, n=1, cutoff=_ALIKE)
            if found:
                return os.path.join(folder, found[0])
        return ""

    def _full(self, path: str) -> Iterator[str]:
        if not (os.path.isabs(path) or ".." in path.split("/") or "\0" in path):
            yield from (os.path.join(root, path) for root in self.roots)


def tree_of(file: str, root: str) -> Tree:
    """Of a file in a repository: its root, then the folders down to the file's."""
    folder = os.path.dirname(os.path.abspath(file))
    roots = [folder]
    while folder != root and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
        roots.append(folder)
    return Tree(tuple(reversed(roots)))


def _content(path: str) -> bytes | None:
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
            return None
        with open(path, "rb") as file:
            return file.read(_MOST_BYTES)
    except OSError:
        return None
