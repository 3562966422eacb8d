"""Artifacts of a local run: a folder of plain files, so that nothing has to be unpacked."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from penstock.runner.archives import (
    ArchiveError,
    Entry,
    Folder,
    finish_file,
    new_folder,
    reason,
    remove_tree,
    write_all,
)

CHUNK = 1 << 20


def folder_path(name: str, folder: str) -> str:
    """Where artifact `name` goes. Raises ArchiveError for one that leads out of `folder`."""
    parts = name.split("/")
    if not name or "\0" in name or "\\" in name or any(part in ("", ".", "..") for part in parts):
        raise ArchiveError(
            f"artifact name {name!r} is not usable: write a relative name without `..`, "
            "empty parts or backslashes"
        )
    path = os.path.join(os.path.realpath(folder), name)
    parent = os.path.dirname(path)
    if os.path.realpath(parent) != parent:
        raise ArchiveError(f"artifact name {name!r} leads out of {folder} through a symbolic link")
    return path


def write_folder(files: Iterable[Entry], name: str, folder: str) -> str:
    """Copies `files` to `folder`/`name`, replaces the same artifact of an earlier run; its path.

    Appears at once or not at all. Raises ArchiveError, also where the path holds anything that an
    earlier run did not put there: a mistyped --artifacts must not cost the user a folder.
    """
    path = folder_path(name, folder)
    parent, leaf = os.path.split(path)
    mark = os.path.join(parent, f".{leaf}.penstock-artifact")
    try:
        os.makedirs(parent, exist_ok=True)
        occupied = os.path.lexists(path) and not (os.path.isdir(path) and not os.listdir(path))
    except OSError as error:
        raise ArchiveError(f"cannot write artifact {name}: {reason(error)}") from error
    if occupied and not os.path.exists(mark):
        raise ArchiveError(
            f"{path} exists and is no artifact of an earlier run; "
            "remove it or choose another folder"
        )
    old = f"{path}.{os.getpid()}.old"
    with new_folder(path) as partial:
        _copy_all(files, partial)
        os.close(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644))
        if occupied:
            os.rename(path, old)
    if occupied:
        _remove(old)
    return path


def _copy_all(files: Iterable[Entry], target: str) -> None:
    links = []
    with Folder(target) as folder:
        for entry in files:
            if entry.link:
                links.append(entry)
            else:
                _copy(entry, folder)
        for entry in links:
            folder.symlink(entry.name, entry.link)


def _copy(entry: Entry, folder: Folder) -> None:
    source = os.open(entry.source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        info = os.fstat(source)
        if not stat.S_ISREG(info.st_mode):
            raise ArchiveError(f"cannot copy {entry.source}: it is no regular file any more")
        target = folder.create(entry.name)
        try:
            _copy_bytes(source, target, info.st_size)
        except BaseException:
            os.close(target)
            raise
        finish_file(target, info.st_mode, info.st_mtime)
    finally:
        os.close(source)


def _copy_bytes(source: int, target: int, size: int) -> None:
    """In the kernel where it can, which shares the blocks on disks that are able to."""
    try:
        while size > 0 and (copied := os.copy_file_range(source, target, size)):
            size -= copied
    except (AttributeError, OSError):
        pass  # another disk, an old kernel, or no Linux: read on from where it stopped
    while data := os.read(source, CHUNK):
        write_all(target, data)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        remove_tree(path)
    else:
        os.unlink(path)
