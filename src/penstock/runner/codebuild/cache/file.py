"""A cache as one file: a compressed tar, and behind it a seal that tells whether it is whole.

The seal is a frame (zstd) or member (gzip) without content, so `zstd -dc` and `gzip -dc` read the
file as if it were not there.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Sequence
from typing import NamedTuple

from penstock.runner.archives import (
    ArchiveError,
    Entry,
    Folder,
    UnsafeArchive,
    reason,
    safe_name,
    write_all,
)
from penstock.runner.archives.compression import ZSTD_MAGIC, compressed_to, decompressed
from penstock.runner.archives.tar_reader import LINK, Member, TarStream, extract_file
from penstock.runner.archives.tar_writer import write_tar
from penstock.runner.codebuild.cache.paths import CachePath

CHUNK = 1 << 20
MARK = b"penstock-cache-1"
PAYLOAD = struct.Struct("<16sQ32s32s")
ZSTD_FRAME = struct.pack("<II", 0x184D2A50, PAYLOAD.size)
GZIP_HEAD = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff" + struct.pack(
    "<H2sH", PAYLOAD.size + 4, b"PS", PAYLOAD.size
)
GZIP_TAIL = b"\x03\0" + bytes(8)
# What stands in the way of one file says nothing about the next.
IN_THE_WAY = (
    errno.ELOOP,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EPERM,
    errno.EACCES,
    errno.EROFS,
    errno.ENAMETOOLONG,
)


class Seal(NamedTuple):
    """`length` bytes come before the seal; `digest` is the SHA-256 of these and `fingerprint`."""

    length: int
    digest: bytes
    fingerprint: bytes


class Restored(NamedTuple):
    """How many files were put back, and why others were not."""

    files: int
    notes: tuple[str, ...] = ()


def write_cache(
    entries: Sequence[Entry], fingerprint: bytes, descriptor: int, zstd: str | None
) -> None:
    """Fills the file. Raises ArchiveError or OSError; then it is worthless."""
    with compressed_to(descriptor, zstd) as stream:
        write_tar(entries, stream)
    length = os.fstat(descriptor).st_size
    payload = PAYLOAD.pack(MARK, length, _digest(descriptor, length, fingerprint), fingerprint)
    seal = GZIP_HEAD + payload + GZIP_TAIL if zstd is None else ZSTD_FRAME + payload
    os.lseek(descriptor, 0, os.SEEK_END)
    write_all(descriptor, seal)


def read_seal(descriptor: int) -> Seal:
    """The seal, unverified. Raises ArchiveError where there is none: then the file is cut short."""
    size = os.fstat(descriptor).st_size
    is_zstd = os.pread(descriptor, 4, 0) == ZSTD_MAGIC
    head, tail = (ZSTD_FRAME, b"") if is_zstd else (GZIP_HEAD, GZIP_TAIL)
    start = size - len(head) - PAYLOAD.size - len(tail)
    seal = os.pread(descriptor, size - start, start) if start >= 0 else b""
    payload = seal[len(head) : len(head) + PAYLOAD.size]
    if not (seal.startswith(head + MARK) and seal.endswith(tail)):
        raise ArchiveError("it is cut short")
    _, length, digest, fingerprint = PAYLOAD.unpack(payload)
    if length != start:
        raise ArchiveError("it has lost some bytes")
    return Seal(length, digest, fingerprint)


def verify(descriptor: int) -> None:
    """Raises ArchiveError unless every byte is as it was written."""
    seal = read_seal(descriptor)
    if _digest(descriptor, seal.length, seal.fingerprint) != seal.digest:
        raise ArchiveError("its checksum is wrong")


def read_cache(descriptor: int, paths: Sequence[CachePath | str]) -> Restored:
    """Puts the files back where `paths` say, and nothing anywhere else.

    Raises ArchiveError or OSError where it had to stop (a full disk); earlier files then stay.
    """
    folders: dict[str, Folder] = {}
    in_the_way: list[str] = []
    outside = count = 0
    try:
        with decompressed(descriptor) as stream:
            members = TarStream(stream)
            for member in members:
                target = _target(member, paths)
                if target is None:
                    outside += 1
                    continue
                path, name = target
                try:
                    _put(members, member, _folder(path.folder, folders), path.at(name))
                    count += 1
                except OSError as error:
                    if error.errno not in IN_THE_WAY:
                        raise
                    in_the_way.append(f"{path.folder}/{path.at(name)}: {reason(error)}")
    finally:
        for folder in folders.values():
            folder.close()
    return Restored(count, tuple(_excuses(in_the_way, outside)))


def _target(member: Member, paths: Sequence[CachePath | str]) -> tuple[CachePath, str] | None:
    try:
        index, _, name = safe_name(member.name).partition("/")
    except UnsafeArchive:
        return None
    if not (index.isascii() and index.isdigit()) or len(index) > 6 or int(index) >= len(paths):
        return None
    path = paths[int(index)]
    if isinstance(path, str) or not (member.is_file or member.kind == LINK):
        return None
    if not name or "\0" in member.link or not path.matches(name):
        return None
    return path, name


def _folder(path: str, folders: dict[str, Folder]) -> Folder:
    if path not in folders:
        os.makedirs(path, exist_ok=True)
        folders[path] = Folder(path)
    return folders[path]


def _put(members: TarStream, member: Member, folder: Folder, name: str) -> None:
    """A link may point anywhere (virtual environments have such): nothing is written through it."""
    if member.kind == LINK:
        folder.symlink(name, member.link)
    else:
        extract_file(members, member, folder, name)


def _excuses(in_the_way: Sequence[str], outside: int) -> list[str]:
    notes = []
    if in_the_way:
        more = f" (and {len(in_the_way) - 1} more)" if len(in_the_way) > 1 else ""
        notes.append(f"Cache: not restored: {in_the_way[0]}{more}")
    if outside:
        notes.append(f"Cache: {outside} entries left out: they are not among the cache's paths")
    return notes


def _digest(descriptor: int, length: int, fingerprint: bytes) -> bytes:
    """SHA-256 of the file's first `length` bytes and of the fingerprint."""
    import hashlib

    digest = hashlib.sha256()
    at = 0
    while at < length and (data := os.pread(descriptor, min(CHUNK, length - at), at)):
        digest.update(data)
        at += len(data)
    digest.update(fingerprint)
    return digest.digest()
