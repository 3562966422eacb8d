"""What ZIP and tar files share: entries, limits, safe names, writing below one folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
NEW_FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class ArchiveError(Exception):
    """An archive could not be written or read; the message says which, why, and what was left."""


class UnsafeArchive(ArchiveError):
    """The archive asks for something outside its folder, or for more than the limits allow."""


class Limits(NamedTuple):
    """How much one archive may unpack to, whatever its headers claim."""

    entries: int = 1_000_000
    bytes: int = 64 << 30


DEFAULT_LIMITS = Limits()


class Entry(NamedTuple):
    """A file to pack: its path here, its name in the archive; a kept symbolic link has a target."""

    source: str
    name: str
    link: str = ""


def safe_name(name: str) -> str:
    """The name of an entry, as parts below a folder. Raises UnsafeArchive where it could escape."""
    if "\0" in name or "\\" in name:
        raise UnsafeArchive(f"entry {name!r} has a NUL or a backslash in its name")
    if name.startswith("/"):
        raise UnsafeArchive(f"entry {name!r} has an absolute path")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise UnsafeArchive(f"entry {name!r} leads out of the folder by ..")
    if not parts or any(len(os.fsencode(part)) > 255 for part in parts):
        raise UnsafeArchive(f"entry {name[:80]!r} has an empty or too long name")
    return "/".join(parts)


def safe_link(name: str, target: str) -> str:
    """The target of symbolic link `name`. Raises UnsafeArchive unless it stays inside the archive.

    `..` may only lead: `a/../..` means one thing to the eye and another once `a` is itself a link.
    """
    parts = [part for part in target.split("/") if part not in ("", ".")]
    up = 0
    while up < len(parts) and parts[up] == "..":
        up += 1
    if (
        not target
        or target.startswith("/")
        or "\0" in target
        or ".." in parts[up:]
        or up > name.count("/")
    ):
        raise UnsafeArchive(f"symbolic link {name!r} points outside the archive: {target!r}")
    return target


class Folder:
    """Creates files below one folder without ever passing through a symbolic link.

    Names are relative and already safe. Parents are opened part by part relative to each other, so
    nothing that stands in the folder, or is put there meanwhile, can lead a write elsewhere. Raises
    OSError: ELOOP or ENOTDIR where a parent is a link or a file.
    """

    def __init__(self, path: str) -> None:
        self._open = [("", os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))]

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._keep(0)

    def create(self, name: str) -> int:
        """A descriptor of a new file that replaces whatever file or link had the name."""
        leaf, parent = self._place(name)
        try:
            return os.open(leaf, NEW_FILE_FLAGS, 0o600, dir_fd=parent)
        except FileExistsError:
            os.unlink(leaf, dir_fd=parent)
            return os.open(leaf, NEW_FILE_FLAGS, 0o600, dir_fd=parent)

    def symlink(self, name: str, target: str) -> None:
        leaf, parent = self._place(name)
        try:
            os.symlink(target, leaf, dir_fd=parent)
        except FileExistsError:
            os.unlink(leaf, dir_fd=parent)
            os.symlink(target, leaf, dir_fd=parent)

    def hardlink(self, name: str, existing: str) -> None:
        leaf, parent = self._place(existing)
        parent = os.dup(parent)
        try:
            new_leaf, new_parent = self._place(name)
            os.link(leaf, new_leaf, src_dir_fd=parent, dst_dir_fd=new_parent, follow_symlinks=False)
        finally:
            os.close(parent)

    def directory(self, name: str) -> None:
        self._place(name + "/.")

    def _place(self, name: str) -> tuple[str, int]:
        """(last part, descriptor of the folder it belongs in), made where missing."""
        *parents, leaf = name.split("/")
        same = 0
        for (part, _), wanted in zip(self._open[1:], parents, strict=False):
            if part != wanted:
                break
            same += 1
        self._keep(1 + same)
        for part in parents[same:]:
            self._enter(part)
        return leaf, self._open[-1][1]

    def _enter(self, part: str) -> None:
        above = self._open[-1][1]
        try:
            below = os.open(part, FOLDER_FLAGS, dir_fd=above)
        except FileNotFoundError:
            try:
                os.mkdir(part, 0o755, dir_fd=above)
            except FileExistsError:
                pass
            below = os.open(part, FOLDER_FLAGS, dir_fd=above)
        self._open.append((part, below))

    def _keep(self, count: int) -> None:
        while len(self._open) > count:
            os.close(self._open.pop()[1])


def finish_file(descriptor: int, mode: int, mtime: float) -> None:
    """Gives a written file its permissions (never set-uid and the like) and time, and closes it."""
    try:
        os.fchmod(descriptor, mode & 0o777)
        os.utime(descriptor, (mtime, mtime))
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


@contextmanager
def new_file(path: str, mode: int = 0o644) -> Iterator[int]:
    """A descriptor of a file that appears as `path` only when the block succeeds.

    Raises ArchiveError for any OSError of the block; then nothing is left, and an older file stays.
    """
    partial = _partial(path)
    try:
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
        os.replace(partial, path)
    except BaseException as error:
        _remove_file(partial)
        if isinstance(error, OSError):
            raise ArchiveError(f"cannot write {path}: {reason(error)}; nothing was left") from error
        raise


@contextmanager
def new_folder(path: str) -> Iterator[str]:
    """A folder to fill that appears as `path` only when the block succeeds.

    `path` may be an empty folder before. Raises ArchiveError for any OSError of the block; then
    nothing is left of it.
    """
    partial = _partial(path)
    try:
        os.mkdir(partial, 0o755)
        yield partial
        os.rename(partial, path)
    except BaseException as error:
        remove_tree(partial)
        if isinstance(error, OSError):
            raise ArchiveError(f"cannot fill {path}: {reason(error)}; nothing was left") from error
        raise


def reason(error: OSError) -> str:
    """`No space left on device`, or `No such file or directory: /a/b` when a path is known."""
    text = error.strerror or str(error)
    return f"{text}: {error.filename}" if isinstance(error.filename, str) else text


def remove_tree(path: str) -> None:
    import shutil

    shutil.rmtree(path, ignore_errors=True)


def _partial(path: str) -> str:
    """A hidden name beside `path`, on the same disk, of this process and thread alone."""
    import threading

    head, leaf = os.path.split(os.path.abspath(path))
    return os.path.join(head, f".{leaf[:100]}.{os.getpid()}-{threading.get_ident()}.partial")


def _remove_file(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
