"""Unpacking ZIP files that nobody vouches for (design: Security)."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from penstock.runner.archives import (
    DEFAULT_LIMITS,
    ArchiveError,
    Folder,
    Limits,
    UnsafeArchive,
    finish_file,
    new_folder,
    safe_link,
    safe_name,
    write_all,
)

if TYPE_CHECKING:
    from zipfile import ZipInfo

CHUNK = 1 << 20
STORED, DEFLATED = 0, 8
UNIX = 3
UTF8_NAME = 0x800
LONGEST_LINK = 4096
DOS_EPOCH = 315532800.0


class _Member(NamedTuple):
    name: str
    info: ZipInfo
    mode: int


def extract_zip(path: str, target: str, limits: Limits = DEFAULT_LIMITS) -> None:
    """Unpacks into `target`, which must not exist or be empty, and appears only when all is well.

    Raises UnsafeArchive for absolute names, `..`, backslashes, NUL, names given twice, links that
    point outside, devices, and more than the limits; ArchiveError where the file is damaged,
    encrypted or cannot be written.
    """
    try:
        archive = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise ArchiveError(f"cannot open {path}: {error.strerror}") from error
    try:
        members = _checked(_directory(archive), limits, os.fstat(archive).st_size)
        with new_folder(target) as partial:
            _extract(archive, members, partial)
    except ArchiveError as error:
        raise type(error)(f"cannot unpack {path}: {error}") from error
    finally:
        os.close(archive)


def _directory(archive: int) -> list[ZipInfo]:
    from zipfile import BadZipFile, ZipFile

    with open(archive, "rb", closefd=False) as file:
        try:
            with ZipFile(file) as zipped:
                return zipped.infolist()
        # What zipfile lets through from the bytes of a damaged directory.
        except (
            BadZipFile,
            struct.error,
            ValueError,
            OverflowError,
            NotImplementedError,
            OSError,
        ) as error:
            raise ArchiveError(f"its directory is damaged: {error}") from error


def _checked(infos: Sequence[ZipInfo], limits: Limits, archive_bytes: int) -> list[_Member]:
    """Every member, in order, once nothing about them is unsafe."""
    if len(infos) > limits.entries:
        raise UnsafeArchive(f"it has {len(infos)} entries; {limits.entries} are allowed")
    total = sum(info.file_size for info in infos)
    if total > limits.bytes:
        raise UnsafeArchive(f"it unpacks to {total} bytes; {limits.bytes} are allowed")
    if sum(info.compress_size for info in infos) > archive_bytes:
        raise UnsafeArchive("its entries overlap")
    members = [_member(info) for info in infos]
    files = {member.name for member in members if not stat.S_ISDIR(member.mode)}
    if len(files) != sum(not stat.S_ISDIR(member.mode) for member in members):
        raise UnsafeArchive("it has the same name twice")
    return members


def _member(info: ZipInfo) -> _Member:
    name = safe_name(_decoded(info))
    mode = info.external_attr >> 16 if info.create_system == UNIX else 0
    kind = stat.S_IFMT(mode)
    if info.orig_filename.endswith("/"):
        kind = stat.S_IFDIR
    elif kind == 0:
        kind = stat.S_IFREG
    if kind not in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
        raise UnsafeArchive(f"entry {name!r} is a device, pipe or socket")
    if info.flag_bits & 1:
        raise ArchiveError(f"entry {name!r} is encrypted; unpack it yourself and pack it without")
    if info.compress_type not in (STORED, DEFLATED):
        raise ArchiveError(f"entry {name!r} uses compression {info.compress_type}; use deflate")
    if kind == stat.S_IFLNK and info.file_size > LONGEST_LINK:
        raise UnsafeArchive(f"symbolic link {name!r} is {info.file_size} bytes long")
    return _Member(name, info, kind | stat.S_IMODE(mode) or kind)


def _decoded(info: ZipInfo) -> str:
    """The name as it was on disk: zipfile reads names without the UTF-8 flag as code page 437."""
    if info.flag_bits & UTF8_NAME or info.create_system != UNIX:
        return info.orig_filename
    return os.fsdecode(info.orig_filename.encode("cp437"))


def _extract(archive: int, members: Sequence[_Member], target: str) -> None:
    links = []
    with Folder(target) as folder:
        for member in members:
            if stat.S_ISDIR(member.mode):
                folder.directory(member.name)
            elif stat.S_ISLNK(member.mode):
                links.append(member)
            else:
                _extract_file(archive, member, folder)
        # Last, so that no file can be written through one.
        for member in links:
            text = os.fsdecode(b"".join(_inflate(archive, member)))
            folder.symlink(member.name, safe_link(member.name, text))


def _extract_file(archive: int, member: _Member, folder: Folder) -> None:
    descriptor = folder.create(member.name)
    try:
        for chunk in _inflate(archive, member):
            write_all(descriptor, chunk)
    except BaseException:
        os.close(descriptor)
        raise
    mode = stat.S_IMODE(member.mode) or 0o644
    finish_file(descriptor, mode, _mtime(member.info))


def _inflate(archive: int, member: _Member) -> Iterator[bytes]:
    """The member's bytes; raises ArchiveError unless size and checksum are as declared."""
    from isal import isal_zlib

    damaged = cast("type[Exception]", isal_zlib.error)  # its stub says an instance
    info = member.info
    crc = size = 0
    try:
        for chunk in (
            _raw(archive, info) if info.compress_type == STORED else _inflated(archive, info)
        ):
            size += len(chunk)
            if size > info.file_size:
                raise ArchiveError(f"{member.name} is longer than it says")
            crc = isal_zlib.crc32(chunk, crc)
            yield chunk
    except damaged as error:
        raise ArchiveError(f"{member.name}: {error}") from error
    if size != info.file_size or crc != info.CRC:
        raise ArchiveError(f"{member.name} does not have the size and checksum it should have")


def _inflated(archive: int, info: ZipInfo) -> Iterator[bytes]:
    from isal import isal_zlib

    inflate = isal_zlib.decompressobj(-15)
    for chunk in _raw(archive, info):
        pending = chunk
        while pending and not inflate.eof:
            yield inflate.decompress(pending, CHUNK)
            pending = inflate.unconsumed_tail
    while not inflate.eof:
        more = inflate.decompress(b"", CHUNK)
        if not more:
            return
        yield more


def _raw(archive: int, info: ZipInfo) -> Iterator[bytes]:
    header = os.pread(archive, 30, info.header_offset)
    if len(header) != 30 or header[:4] != b"PK\x03\x04":
        raise ArchiveError(f"{info.filename} has no header where it should be")
    name_length, extra_length = struct.unpack("<HH", header[26:])
    at = info.header_offset + 30 + name_length + extra_length
    left = info.compress_size
    while left:
        chunk = os.pread(archive, min(left, CHUNK), at)
        if not chunk:
            raise ArchiveError(f"{info.filename} is cut short")
        yield chunk
        at += len(chunk)
        left -= len(chunk)


def _mtime(info: ZipInfo) -> float:
    """Unix time from the extra field, or the DOS time read as UTC."""
    extra = info.extra
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        if kind == 0x5455 and length >= 5 and len(extra) >= 9 and extra[4] & 1:
            return float(struct.unpack("<i", extra[5:9])[0])
        extra = extra[4 + length :]
    from calendar import timegm

    try:
        return float(timegm((*info.date_time, 0, 0, 0)))
    except ValueError:
        return DOS_EPOCH  # month 0 and the like, which some programs write for "unknown"
