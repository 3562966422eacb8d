"""Trees of files copied without ever following a link.

Names are bytes, relative, with `/` between their parts: what Linux has, whatever the encoding.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Sequence

SEVERAL = 1000  # entries from which a second thread earns more than it costs

_CANNOT_COPY_RANGE = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM)
_REFUSED = (errno.EACCES, errno.EPERM)
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


class Copier:
    """Copies entries of the folder `source` into the folder `destination`; both exist.

    Permissions and modification times stay, setuid bits do not (the copy may get another owner).
    A hard link becomes a file of its own, as the copy may be written to. An entry that vanishes
    meanwhile is left out. Raises OSError where the destination cannot be written.
    """

    def __init__(self, source: str, destination: str) -> None:
        self._source = os.fsencode(source) + b"/"
        self._destination = os.fsencode(destination) + b"/"
        self._umask = 0o777 & ~os.stat(destination).st_mode
        self._directories = {b"": True}
        self._own = _inside(source, destination)
        self.folders: list[bytes] = []
        self._special: list[bytes] = []
        self._unreadable: list[bytes] = []

    def notes(self) -> list[str]:
        """What was left out, and why, in sentences."""
        reasons = (
            ("no file, folder or link", self._special),
            ("permission denied", self._unreadable),
        )
        return [f"Not copied ({why}): {_some(names)}" for why, names in reasons if names]

    def entries(self, names: Sequence[bytes]) -> None:
        """Copies files and links. Folders among the names are not entered: they join `folders`."""
        if self._own:
            names = [name for name in names if not (name + b"/").startswith(self._own)]
        for parent in {os.path.dirname(name) for name in names}:
            self.directory(parent)
        workers = min(os.cpu_count() or 1, 4, 1 + len(names) // SEVERAL)
        if workers == 1:
            self._entries(names)
        else:
            _in_threads(self._entries, [names[start::workers] for start in range(workers)])

    def tree(self, top: bytes = b"", without: bytes | None = None) -> None:
        """Copies everything below the folder `top`, apart from the entry `without`."""
        names: list[bytes] = []
        folders = [top]
        while folders:
            folder = folders.pop()
            if not self.directory(folder):
                continue
            for name, is_folder in self._scan(folder):
                if name != without and name + b"/" != self._own:
                    (folders if is_folder else names).append(name)
        self.entries(names)

    def directory(self, name: bytes) -> bool:
        """Makes a folder and those above it; False where the source has none: gone, or a link."""
        if name not in self._directories:
            parent = os.path.dirname(name)
            # Not by recursion: a path may have more parts than the interpreter has frames.
            if parent not in self._directories:
                parts = parent.split(b"/")
                for count in range(1, len(parts) + 1):
                    self.directory(b"/".join(parts[:count]))
            self._directories[name] = self._directories[parent] and self._make(name)
        return self._directories[name]

    def _scan(self, folder: bytes) -> list[tuple[bytes, bool]]:
        prefix = folder + b"/" if folder else b""
        try:
            with os.scandir(self._source + folder) as entries:
                return [(prefix + e.name, e.is_dir(follow_symlinks=False)) for e in entries]
        except OSError as error:
            self._missed(folder, error)
            return []

    def _make(self, name: bytes) -> bool:
        try:
            found = os.lstat(self._source + name)
        except OSError as error:
            self._missed(name, error)
            return False
        if not stat.S_ISDIR(found.st_mode):
            return False
        mode = found.st_mode & 0o777 | 0o700  # the build has to write in it
        os.mkdir(self._destination + name, mode)
        if mode & self._umask:
            os.chmod(self._destination + name, mode)
        return True

    def _entries(self, names: Iterable[bytes]) -> None:
        for name in names:
            if self._directories[os.path.dirname(name)]:
                self._entry(name)

    def _entry(self, name: bytes) -> None:
        try:
            found = os.lstat(self._source + name)
        except OSError as error:
            self._missed(name, error)
            return
        if stat.S_ISREG(found.st_mode):
            self._file(name, found)
        elif stat.S_ISLNK(found.st_mode):
            self._link(name, found)
        else:
            (self.folders if stat.S_ISDIR(found.st_mode) else self._special).append(name)

    def _file(self, name: bytes, found: os.stat_result) -> None:
        # Should a FIFO or a link have taken the file's place, neither blocks us nor leads us away.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            source = os.open(self._source + name, flags)
        except OSError as error:
            self._missed(name, error)
            return
        try:
            self._fill(name, source, found)
        finally:
            os.close(source)

    def _fill(self, name: bytes, source: int, found: os.stat_result) -> None:
        mode = found.st_mode & 0o777
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        target = os.open(self._destination + name, flags, mode)
        try:
            copy_bytes(source, target, found.st_size)
            if mode & self._umask:
                os.fchmod(target, mode)
            os.utime(target, ns=(found.st_mtime_ns, found.st_mtime_ns))
        finally:
            os.close(target)

    def _link(self, name: bytes, found: os.stat_result) -> None:
        try:
            leads_to = os.readlink(self._source + name)
        except OSError as error:
            self._missed(name, error)
            return
        target = self._destination + name
        os.symlink(leads_to, target)
        os.utime(target, ns=(found.st_mtime_ns, found.st_mtime_ns), follow_symlinks=False)

    def _missed(self, name: bytes, error: OSError) -> None:
        if error.errno in _REFUSED:
            self._unreadable.append(name)
        elif error.errno not in _GONE:
            raise error


def copy_bytes(source: int, target: int, size: int) -> None:
    """Copies up to `size` bytes between two open files, sharing blocks where the disk can."""
    left = size
    try:
        while left > 0 and hasattr(os, "copy_file_range"):
            count = os.copy_file_range(source, target, left)
            if not count:
                break
            left -= count
    except OSError as error:
        if error.errno not in _CANNOT_COPY_RANGE:
            raise
    while left > 0 and (chunk := os.read(source, min(left, 1 << 20))):
        left -= len(chunk)
        while chunk:
            chunk = chunk[os.write(target, chunk) :]


def _inside(source: str, destination: str) -> bytes:
    """The destination's name within the source, `/` at its end; empty where it is outside."""
    outer = os.fsencode(os.path.realpath(source)).rstrip(b"/") + b"/"
    inner = os.fsencode(os.path.realpath(destination)) + b"/"
    return inner[len(outer) :] if inner.startswith(outer) else b""


def _in_threads(work: Callable[[Iterable[bytes]], None], shares: Sequence[Sequence[bytes]]) -> None:
    """Gives each share to a thread, waits for all, and raises the first error."""
    import threading
    from itertools import takewhile

    errors: list[OSError] = []
    stopped = threading.Event()

    def guarded(share: Sequence[bytes]) -> None:
        try:
            work(takewhile(lambda _: not stopped.is_set(), share))
        except OSError as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(share,)) for share in shares]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:  # interrupted: nothing may be written any more when this is left
        stopped.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join()
        raise
    if errors:
        raise errors[0]


def _some(names: list[bytes]) -> str:
    shown = ", ".join(repr(name.decode("utf-8", "backslashreplace")) for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
