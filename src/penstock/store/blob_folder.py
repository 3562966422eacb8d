"""Blobs as files of a folder."""

from __future__ import annotations

import os
import struct
import sys
from asyncio import to_thread
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from math import inf
from uuid import uuid4

PIECE = 1 << 20  # bytes written or read at once
SMALL = 128 << 10
"""Bytes that are read or written where the caller is: going to a thread takes longer."""
INCOMING = "incoming"

# linux/fs.h, where they are told as for a long; the kernel takes an int.
_GET_FLAGS, _SET_FLAGS, _TOP_FOLDER = 0x80086601, 0x40086602, 0x20000


class BlobFolder:
    """Files are written under `incoming/` and then moved, so that none is ever seen in part.

    Each process has a folder of its own there, whose name no other ever had: see `_spread`.
    """

    def __init__(self, folder: str) -> None:
        incoming = f"{folder}/{INCOMING}"
        if not os.path.isdir(incoming):
            os.makedirs(incoming, mode=0o700, exist_ok=True)
            _spread(incoming)
        self._folder = folder
        self._incoming = f"{incoming}/{uuid4().hex}"

    async def put(self, key: str, chunks: bytes | AsyncIterator[bytes]) -> None:
        incoming = f"{self._incoming}/{uuid4().hex}"
        descriptor = _create(incoming)
        try:
            try:
                await _write(descriptor, chunks)
            finally:
                os.close(descriptor)
            _into_folder(os.replace, incoming, self._path(key))
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(incoming)
            raise

    async def copy(self, source: str, target: str) -> None:
        _into_folder(os.link, self._path(source), self._path(target))

    async def read(self, key: str, start: int, length: int | None) -> bytes:
        descriptor = os.open(self._path(key), os.O_RDONLY)
        try:
            there = os.fstat(descriptor).st_size - start
            length = max(0, there if length is None else min(there, length))
            if length <= SMALL:
                return os.pread(descriptor, length, start)
            return await to_thread(os.pread, descriptor, length, start)
        finally:
            os.close(descriptor)

    async def stream(self, key: str, start: int, length: int | None) -> AsyncIterator[bytes]:
        descriptor = os.open(self._path(key), os.O_RDONLY)
        try:
            there = os.fstat(descriptor).st_size
            end = there if length is None else min(there, start + length)
            while start < end:
                size = min(PIECE, end - start)
                if size <= SMALL:
                    piece = os.pread(descriptor, size, start)
                else:
                    piece = await to_thread(os.pread, descriptor, size, start)
                yield piece
                start += len(piece)
        finally:
            os.close(descriptor)

    async def delete(self, key: str) -> None:
        _drop(self._path(key))

    async def older(self, folder: str, before: datetime) -> list[str]:
        await to_thread(self._drop_incoming, before.timestamp())
        names = await to_thread(_files_before, self._path(folder), before.timestamp())
        return [folder + name for name in names]

    def _drop_incoming(self, before: float) -> None:
        """Files whose writer has died, and the folders of such writers."""
        incoming = f"{self._folder}/{INCOMING}"
        for name in _files_before(incoming, before):
            path = f"{incoming}/{name}"
            if os.path.isdir(path):
                for file in _files_before(path, before):
                    _drop(f"{path}/{file}")
                with suppress(OSError):  # not all of it is as old
                    os.rmdir(path)
            else:  # of a version that had all of them in one folder
                _drop(path)

    def _path(self, key: str) -> str:
        return f"{self._folder}/{key}"


def _spread(folder: str) -> None:
    """Has ext4 put the folders made in this one apart from what else is on the disk, and from each
    other by their names.

    Where it has no journal, it looks for a new file's inode near that of its folder, past each that
    was deleted in the last minutes: after a cleaning up that takes ten times as long as writing
    64 KiB.
    """
    if sys.platform != "linux":
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # other filesystems have no such flag, or no flags
            (flags,) = struct.unpack("i", fcntl.ioctl(descriptor, _GET_FLAGS, b"\0" * 4))
            fcntl.ioctl(descriptor, _SET_FLAGS, struct.pack("i", flags | _TOP_FOLDER))
    finally:
        os.close(descriptor)


def _create(path: str) -> int:
    """A new file to write; its folder is made where it is the first in it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        with suppress(FileExistsError):
            os.mkdir(os.path.dirname(path), 0o700)  # not what is above: a disk that is not mounted
        return os.open(path, flags, 0o600)


async def _write(descriptor: int, chunks: bytes | AsyncIterator[bytes]) -> None:
    if not isinstance(chunks, bytes):
        async for piece in gathered(chunks):
            await to_thread(_write_all, descriptor, piece)
    elif len(chunks) <= SMALL:
        _write_all(descriptor, chunks)
    else:
        await to_thread(_write_all, descriptor, chunks)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _into_folder(put: Callable[[str, str], None], source: str, target: str) -> None:
    """Moves or links a file; the folder it goes to is made where it is the first in it."""
    try:
        put(source, target)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        put(source, target)


def _drop(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _files_before(folder: str, before: float) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if _changed(entry) < before]
    except FileNotFoundError:
        return []


def _changed(entry: os.DirEntry[str]) -> float:
    """When a file was written or linked; never for one that has just gone."""
    try:
        return entry.stat().st_ctime
    except FileNotFoundError:
        return inf


async def gathered(chunks: AsyncIterator[bytes], size: int = PIECE) -> AsyncIterator[bytes]:
    """The same bytes in pieces of at least `size`, save for the last."""
    held: list[bytes] = []
    count = 0
    async for chunk in chunks:
        held.append(chunk)
        count += len(chunk)
        if count >= size:
            yield b"".join(held)
            held, count = [], 0
    if count:
        yield b"".join(held)
