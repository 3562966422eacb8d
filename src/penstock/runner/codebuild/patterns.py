"""CodeBuild's file patterns, for artifacts, reports and caches (CB-080, CB-082, CB-084, CB-090).

`*` is any run of characters and `?` any one character of a name; `**` as a whole part of the path
is any number of folders, or at the end everything below. A leading dot is nothing special. Brackets
and braces stand for themselves: AWS documents none, and names such as `[id].js` exist.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from functools import lru_cache
from posixpath import normpath

ANY_DEPTH = 1 << 30


@lru_cache(256)
def matcher(pattern: str) -> Callable[[str], bool]:
    """A predicate over relative paths (`/` between parts), true where the pattern matches."""
    match = re.compile(_regex(pattern), re.DOTALL).fullmatch
    return lambda path: match(path) is not None


def inside(pattern: str, root: str) -> str | None:
    """The pattern relative to the folder `root`, or None when it leads out of it (CB-208)."""
    path = normpath(os.path.join(root, pattern))
    root = normpath(root)
    if path == root:
        return "."
    prefix = root.rstrip("/") + "/"
    return path[len(prefix) :] if path.startswith(prefix) else None


def has_wildcard(text: str) -> bool:
    return "*" in text or "?" in text


def split(pattern: str) -> tuple[str, str]:
    """(folder, rest): the leading parts without wildcards, and what is matched below them."""
    parts = pattern.split("/")
    fixed = next((i for i, part in enumerate(parts) if has_wildcard(part)), len(parts) - 1)
    fixed = min(fixed, len(parts) - 1)
    folder = "/".join(parts[:fixed])
    return (folder or "/" if pattern.startswith("/") else folder), "/".join(parts[fixed:])


def find(root: str, pattern: str) -> tuple[str, ...]:
    """Files and symbolic links (never followed) below `root` that match, sorted and relative to it.

    Devices, sockets and pipes are left out. A pattern that leads out of `root`, in its text or
    through a symbolic link, matches nothing.
    """
    return _find(root, pattern, folders=False)


def find_folders(root: str, pattern: str) -> tuple[str, ...]:
    """Folders below `root` that match, as `base-directory` means them (CB-082)."""
    if inside(pattern, root) == ".":
        return (".",)
    return _find(root, pattern, folders=True)


def _find(root: str, pattern: str, folders: bool) -> tuple[str, ...]:
    relative = inside(pattern, root)
    if relative is None or "\0" in pattern:
        return ()
    folder, rest = split(relative)
    start = os.path.join(root, folder)
    if not _contains(root, start):
        return ()
    if not has_wildcard(rest):
        path = os.path.join(start, rest)
        mode = _mode(path, follow=folders)
        if folders:
            return (relative,) if stat.S_ISDIR(mode) and _contains(root, path) else ()
        return (relative,) if stat.S_ISREG(mode) or stat.S_ISLNK(mode) else ()
    matches = matcher(rest)
    depth = ANY_DEPTH if "**" in rest.split("/") else rest.count("/") + 1
    prefix = folder + "/" if folder else ""
    return tuple(
        sorted(
            prefix + path
            for path, is_folder in _walk(start, depth)
            if is_folder == folders and matches(path)
        )
    )


def _walk(start: str, depth: int) -> Iterator[tuple[str, bool]]:
    """Each (path below `start`, whether it is a folder); unreadable folders count as empty."""
    pending = [("", depth)]
    while pending:
        prefix, left = pending.pop()
        try:
            entries = os.scandir(os.path.join(start, prefix))
        except OSError:
            continue
        with entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield prefix + entry.name, True
                    if left > 1:
                        pending.append((f"{prefix}{entry.name}/", left - 1))
                elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
                    yield prefix + entry.name, False


def _mode(path: str, follow: bool) -> int:
    try:
        return os.stat(path, follow_symlinks=follow).st_mode
    except OSError:
        return 0


def _contains(root: str, path: str) -> bool:
    """Whether `path`, with its symbolic links resolved, is `root` or lies below it."""
    real = os.path.realpath(root).rstrip("/") + "/"
    return (os.path.realpath(path) + "/").startswith(real)


def _regex(pattern: str) -> str:
    """A regular expression that never backtracks between wildcards, whatever the pattern.

    In a glob the earliest match of a stretch between two `**` is as good as any later one, so every
    stretch but the last is an atomic group.
    """
    groups: list[list[str]] = [[]]
    for part in normpath(pattern).split("/"):
        if part != "**":
            groups[-1].append(part)
        elif groups[-1] or len(groups) == 1:
            groups.append([])
    first, *later = ("/".join(_name_regex(part) for part in group) for group in groups)
    if not later:
        return first
    *middle, last = later
    text = first + "/" if first else ""
    text += "".join(f"(?>(?:[^/]+/)*?{stretch}/)" for stretch in middle)
    return text + ("(?:[^/]+/)*" + last if last else ".+")


def _name_regex(name: str) -> str:
    """One part of a path; `**` beside other characters is a `*`."""
    first, *rest = (
        "".join("[^/]" if char == "?" else re.escape(char) for char in fixed)
        for fixed in re.split(r"\*+", name)
    )
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(f"(?>[^/]*?{fixed})" for fixed in middle) + "[^/]*" + last
