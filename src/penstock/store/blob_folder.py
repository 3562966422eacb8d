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
    """Files are written under `incoming/` and then moved, so that none is ever seen in part."""

    def __init__(self, folder: str) -> None:
        if not os.path.isdir(f"{folder}/{INCOMING}"):
            os.makedirs(folder, mode=0o700, exist_ok=True)
            _spread(folder)
            os.makedirs(f"{folder}/{INCOMING}", mode=0o700, exist_ok=True)
        self._folder = folder

    async def put(self, key: str, chunks: bytes | AsyncIterator[bytes]) -> None:
        incoming = f"{self._folder}/{INCOMING}/{uuid4().hex}"
        descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
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
        with suppress(FileNotFoundError):
            os.unlink(self._path(key))

    async def older(self, folder: str, before: datetime) -> list[str]:
        await to_thread(self._drop_incoming, before.timestamp())
        names = await to_thread(_files_before, self._path(folder), before.timestamp())
        return [folder + name for name in names]

    def _drop_incoming(self, before: float) -> None:
        """Files whose writer has died."""
        folder = f"{self._folder}/{INCOMING}"
        for name in _files_before(folder, before):
            with suppress(FileNotFoundError):
                os.unlink(f"{folder}/{name}")

    def _path(self, key: str) -> str:
        return f"{self._folder}/{key}"


def _spread(folder: str) -> None:
    """Has ext4 put the folders made in this one apart from what else is on the disk.

    It looks for a new file's inode near that of its folder, past each that was deleted in the last
    minutes: where builds are cleaned up nearby, that takes ten times as long as writing 64 KiB.
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
