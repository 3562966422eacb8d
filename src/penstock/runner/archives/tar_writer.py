"""Writing a tar stream as fast as the tar program does, without needing one of a certain make.

The format is POSIX's: ustar headers, and pax records where a name or size does not fit them.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterable
from typing import IO

from penstock.runner.archives import ArchiveError, Entry

BLOCK = 512
CHUNK = 1 << 20
FILE, LINK, PAX = b"0", b"2", b"x"
LARGEST = 8**11 - 1


def write_tar(entries: Iterable[Entry], stream: IO[bytes]) -> None:
    """Writes regular files and symbolic links. Raises ArchiveError where one cannot be read."""
    pending = bytearray()
    for entry in entries:
        if entry.link:
            pending += _headers(entry, os.lstat(entry.source), LINK, 0)
        else:
            _add_file(entry, pending, stream)
        if len(pending) >= CHUNK:
            stream.write(pending)
            pending.clear()
    stream.write(pending + bytes(2 * BLOCK))


def _add_file(entry: Entry, pending: bytearray, stream: IO[bytes]) -> None:
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(entry.source, flags)
    except OSError as error:
        raise ArchiveError(f"cannot pack {entry.source}: {error.strerror}") from error
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise ArchiveError(f"cannot pack {entry.source}: it is no regular file any more")
        pending += _headers(entry, info, FILE, info.st_size)
        left = info.st_size
        while left:
            data = os.read(descriptor, min(left, CHUNK))
            if not data:
                raise ArchiveError(f"cannot pack {entry.source}: it shrank while it was read")
            pending += data
            left -= len(data)
            if len(pending) >= CHUNK:
                stream.write(pending)
                pending.clear()
        pending += bytes(-info.st_size % BLOCK)
    finally:
        os.close(descriptor)


def _headers(entry: Entry, info: os.stat_result, kind: bytes, size: int) -> bytes:
    name, link = os.fsencode(entry.name), os.fsencode(entry.link)
    records = b""
    if len(name) > 100:
        records += _record(b"path", name)
    if len(link) > 100:
        records += _record(b"linkpath", link)
    if size > LARGEST:
        records += _record(b"size", str(size).encode())
    header = _header(name, info, kind, min(size, LARGEST), link)
    if not records:
        return header
    pax = _header(b"PaxHeaders/0", info, PAX, len(records), b"")
    return pax + records + bytes(-len(records) % BLOCK) + header


def _record(key: bytes, value: bytes) -> bytes:
    """`<length> key=value\\n`, where the length counts its own digits."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while len(rest) + len(str(length)) != length:
        length = len(rest) + len(str(length))
    return str(length).encode() + rest


def _header(name: bytes, info: os.stat_result, kind: bytes, size: int, link: bytes) -> bytes:
    mtime = min(max(int(info.st_mtime), 0), LARGEST)
    head = b"%s%07o\0%07o\0%07o\0%011o\0%011o\0" % (
        name[:100].ljust(100, b"\0"),
        info.st_mode & 0o777,
        0,
        0,
        size,
        mtime,
    )
    tail = struct.pack("1s100s6s2s247x", kind, link[:100], b"ustar", b"00")
    checksum = sum(head) + sum(tail) + 8 * ord(" ")
    return b"%s%06o\0 %s" % (head, checksum, tail)
