"""Where the paths of a cache lie on this machine, and which files they mean (CB-090)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from posixpath import normpath
from typing import NamedTuple

from penstock.runner.archives import Entry
from penstock.runner.codebuild import patterns


class CachePath(NamedTuple):
    """One of `cache.paths`: `patterns` are matched in `folder`/`below`.

    `folder` is trusted; nothing is written through a symbolic link below it.
    """

    folder: str
    below: str
    patterns: tuple[str, ...]

    def matches(self, name: str) -> bool:
        return any(patterns.matcher(pattern)(name) for pattern in self.patterns)

    def at(self, name: str) -> str:
        return f"{self.below}/{name}" if self.below else name


def place(path: str, root: str, resolve: Callable[[str], str]) -> CachePath | str:
    """Where `path` lies, or why it cannot be cached.

    A path whose last part has no wildcard may also be a folder, and then means all that is in it.
    """
    if path.startswith("~"):
        # Unspecified by AWS. Expanding it here could hide that it does not work there.
        return f"{path} is not cached: `~` is not expanded; write the folder, such as /root/.npm"
    folder, rest = patterns.split(normpath(path))
    if not rest or "\0" in path:
        return f"{path!r} is not cached: it names no file or folder that could be"
    globs: tuple[str, ...] = (rest,)
    if not patterns.has_wildcard(rest.rsplit("/", 1)[-1]):
        globs = (rest, f"{rest}/**/*")
    readable = resolve(folder) if folder.startswith("/") else folder
    below = patterns.inside(readable, root)
    if below is not None:
        return CachePath(root, "" if below == "." else below, globs)
    if not folder.startswith("/"):
        return f"{path} is not cached: it leads out of the source; write an absolute path"
    return CachePath(readable, "", globs)


def collect(paths: Sequence[CachePath | str]) -> list[Entry]:
    """Files and links of all paths, each once, named `<index of the path>/<name below it>`."""
    entries: dict[str, Entry] = {}
    for index, path in enumerate(paths):
        if isinstance(path, str):
            continue
        skip = len(path.at("x")) - 1
        for glob in path.patterns:
            for found in patterns.find(path.folder, path.at(glob)):
                source = os.path.join(path.folder, found)
                link = os.readlink(source) if os.path.islink(source) else ""
                entries.setdefault(source, Entry(source, f"{index}/{found[skip:]}", link))
    return list(entries.values())


def fingerprint(entries: Sequence[Entry]) -> bytes:
    """Changes when a file does, by name, size, mode and time; 32 bytes.

    Whole seconds, as a tar file keeps them: so an untouched file is the same after it was restored.
    """
    import hashlib

    digest = hashlib.sha256()
    for entry in entries:
        info = os.lstat(entry.source)
        fields = (entry.name, entry.link, info.st_mode, info.st_size, int(info.st_mtime))
        digest.update(repr(fields).encode("utf-8", "surrogateescape"))
    return digest.digest()
