"""Trees of files removed, whatever a build left in them."""

from __future__ import annotations

import errno
import os

DEEP = 64  # levels entered at once: each holds a file descriptor


def remove(path: str) -> None:
    """Deletes a tree, read-only folders too; what links lead to or what is mounted there stays.

    Nothing happens where there is no such path. Raises OSError, once all else is deleted, where
    something cannot be.
    """
    try:
        top = _opened(path)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP):
            raise
        os.unlink(path)
        return
    try:
        while True:
            raised: list[int] = []
            failures: list[OSError] = []
            _empty(top, top, 0, raised, failures)
            if not raised:
                break
    finally:
        os.close(top)
    if failures:
        first = failures[0]
        why = f"{first.strerror} ({first.filename!r} and {len(failures) - 1} more)"
        raise OSError(first.errno, why, path)
    os.rmdir(path)


def _empty(folder: int, top: int, depth: int, raised: list[int], failures: list[OSError]) -> None:
    """Empties an open folder; folders too deep to enter are raised to `top` for the next pass."""
    with os.scandir(folder) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in found:
        try:
            if not is_folder:
                os.unlink(name, dir_fd=folder)
                continue
            inner = _opened(name, folder)
            try:
                if os.fstat(inner).st_dev != os.fstat(top).st_dev:
                    raise OSError(errno.EBUSY, "a file system is mounted there", name)
                if depth == DEEP:
                    # The inode makes the name: no other folder in this tree has that one.
                    fresh = f".{os.fstat(inner).st_ino}.removing"
                    os.rename(name, fresh, src_dir_fd=folder, dst_dir_fd=top)
                    raised.append(depth)
                    continue
                _empty(inner, top, depth + 1, raised, failures)
            finally:
                os.close(inner)
            os.rmdir(name, dir_fd=folder)
        except FileNotFoundError:
            continue
        except OSError as error:
            failures.append(error)


def _opened(name: str, within: int | None = None) -> int:
    """A folder, opened and made ours to read and write. Never opens what a link leads to."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        folder = os.open(name, flags, dir_fd=within)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=within)
        folder = os.open(name, flags, dir_fd=within)
    if os.fstat(folder).st_mode & 0o700 != 0o700:
        os.fchmod(folder, 0o700)
    return folder
