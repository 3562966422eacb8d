"""Reading tar streams that nobody vouches for: ustar, pax and GNU headers (design: Security)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import IO, NamedTuple

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
from penstock.runner.archives.compression import decompressed

BLOCK = 512
CHUNK = 1 << 20
LONGEST_RECORDS = 1 << 20
FILES = (b"0", b"\0", b"7")
HARD_LINK, LINK, FOLDER = b"1", b"2", b"5"
PAX, PAX_GLOBAL, GNU_NAME, GNU_LINK = b"x", b"g", b"L", b"K"


class Member(NamedTuple):
    """One file, link or folder; `name` and `link` are as the archive has them, not yet checked."""

    name: str
    kind: bytes
    mode: int
    size: int
    mtime: int
    link: str

    @property
    def is_file(self) -> bool:
        return self.kind in FILES


class TarStream:
    """Members in order; `copy` takes the present one's bytes, which are passed over otherwise."""

    def __init__(self, stream: IO[bytes], limits: Limits = DEFAULT_LIMITS) -> None:
        self._stream = stream
        self._limits = limits
        self._left = 0
        self._padding = 0

    def __iter__(self) -> Iterator[Member]:
        """Raises UnsafeArchive beyond the limits and for devices, ArchiveError for damage."""
        entries = size = 0
        while (member := self._next()) is not None:
            entries += 1
            size += member.size
            if entries > self._limits.entries or size > self._limits.bytes:
                raise UnsafeArchive(
                    f"it unpacks to more than the {self._limits.entries} entries or "
                    f"{self._limits.bytes} bytes that are allowed"
                )
            if not (member.is_file or member.kind in (HARD_LINK, LINK, FOLDER)):
                raise UnsafeArchive(
                    f"entry {member.name!r} is a device, pipe or of unknown type {member.kind!r}"
                )
            yield member
            self._skip()

    def copy(self, descriptor: int) -> None:
        """Writes the present member's bytes. Raises ArchiveError when the archive is cut short."""
        while self._left:
            data = self._read(min(self._left, CHUNK))
            self._left -= len(data)
            write_all(descriptor, data)

    def _next(self) -> Member | None:
        extra: dict[str, str] = {}
        while True:
            header = self._stream.read(BLOCK)
            if len(header) < BLOCK and header.strip(b"\0"):
                raise ArchiveError("it is cut short inside a header")
            if not header.strip(b"\0"):
                return None
            member = _member(header, extra)
            self._left, self._padding = member.size, -member.size % BLOCK
            if member.kind not in (PAX, PAX_GLOBAL, GNU_NAME, GNU_LINK):
                return member
            if member.size > LONGEST_RECORDS:
                raise UnsafeArchive(f"an extended header is {member.size} bytes long")
            data = self._read(member.size)
            self._left = 0
            self._skip()
            if member.kind == GNU_NAME:
                extra["path"] = os.fsdecode(data.rstrip(b"\0"))
            elif member.kind == GNU_LINK:
                extra["linkpath"] = os.fsdecode(data.rstrip(b"\0"))
            elif member.kind == PAX:
                extra |= _records(data)

    def _skip(self) -> None:
        left = self._left + self._padding
        self._left = self._padding = 0
        while left:
            left -= len(self._read(min(left, CHUNK)))

    def _read(self, size: int) -> bytes:
        data = self._stream.read(size)
        if len(data) != size:
            raise ArchiveError("it is cut short inside a file")
        return data


def extract_tar(path: str, target: str, limits: Limits = DEFAULT_LIMITS) -> None:
    """Unpacks a plain, gzip or zstd tar into `target`, which must not exist or be empty.

    It appears only when all is well. Raises UnsafeArchive for what could reach outside (see
    `safe_name`, `safe_link`), names given twice, devices and more than the limits; ArchiveError
    where the file is damaged or cannot be written.
    """
    try:
        archive = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise ArchiveError(f"cannot open {path}: {error.strerror}") from error
    try:
        with new_folder(target) as partial, decompressed(archive) as stream:
            _extract(TarStream(stream, limits), partial)
            stream.read(CHUNK)  # the padding: so that a checksum behind it is looked at
    except ArchiveError as error:
        raise type(error)(f"cannot unpack {path}: {error}") from error
    finally:
        os.close(archive)


def _extract(members: TarStream, target: str) -> None:
    files: set[str] = set()
    links: dict[str, str] = {}
    with Folder(target) as folder:
        for member in members:
            if member.kind == FOLDER:
                if member.name.strip("./"):
                    folder.directory(safe_name(member.name))
                continue
            name = safe_name(member.name)
            if name in files or name in links:
                raise UnsafeArchive(f"it has the name {name!r} twice")
            if member.kind == LINK:
                links[name] = safe_link(name, member.link)
                continue
            if member.kind == HARD_LINK:
                _link_again(folder, name, member, files)
            else:
                extract_file(members, member, folder, name)
            files.add(name)
        # Last, so that no file can be written through one.
        for name, link in links.items():
            folder.symlink(name, link)


def _link_again(folder: Folder, name: str, member: Member, files: set[str]) -> None:
    existing = safe_name(member.link)
    if existing not in files:
        raise UnsafeArchive(f"hard link {name!r} is to no file of the archive: {member.link!r}")
    folder.hardlink(name, existing)


def extract_file(members: TarStream, member: Member, folder: Folder, name: str) -> None:
    """Creates the present member as `name` with its mode and time."""
    descriptor = folder.create(name)
    try:
        members.copy(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    finish_file(descriptor, member.mode, member.mtime)


def _member(header: bytes, extra: dict[str, str]) -> Member:
    fields = struct.unpack("100s8s8s8s12s12s8s1s100s8s32s32s8s8s155s12x", header)
    name, mode, _, _, size, mtime, checksum, kind, link, magic, *_, prefix = fields
    if _number(checksum) != sum(header) - sum(checksum) + 8 * ord(" "):
        raise ArchiveError("a header's checksum is wrong: it is damaged or no tar file")
    if magic == b"ustar\x0000" and prefix.strip(b"\0"):
        name = prefix.split(b"\0")[0] + b"/" + name
    path = extra.get("path", os.fsdecode(name.split(b"\0")[0]))
    if kind in FILES and path.endswith("/"):
        kind = FOLDER
    has_data = kind not in (HARD_LINK, LINK, FOLDER)
    return Member(
        name=path,
        kind=kind,
        mode=_number(mode),
        size=_decimal(extra.get("size"), _number(size)) if has_data else 0,
        mtime=min(_decimal(extra.get("mtime"), _number(mtime)), 1 << 40),
        link=extra.get("linkpath", os.fsdecode(link.split(b"\0")[0])),
    )


def _number(field: bytes) -> int:
    """Octal digits, or GNU's big-endian bytes for what octal cannot say."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b"\0 ")
    if digits.strip(b"01234567"):
        raise ArchiveError(f"a header has no number where one should be: {field!r}")
    return int(digits or b"0", 8)


def _decimal(text: str | None, default: int) -> int:
    if text is None:
        return default
    whole = text.split(".")[0]
    if not (whole.isascii() and whole.isdigit() and len(whole) < 20):
        raise ArchiveError(f"an extended header has no number where one should be: {text[:40]!r}")
    return int(whole)


def _records(data: bytes) -> dict[str, str]:
    """The pax records `<length> key=value\\n`."""
    records = {}
    while data.strip(b"\0"):
        length, _, _ = data.partition(b" ")
        if not length.isdigit() or len(length) > 8 or not 0 < int(length) <= len(data):
            raise ArchiveError("an extended header is damaged")
        key, _, value = data[len(length) + 1 : int(length) - 1].partition(b"=")
        data = data[int(length) :]
        if key.startswith(b"GNU.sparse"):
            raise ArchiveError("it holds a sparse file; pack it without --sparse")
        records[os.fsdecode(key)] = os.fsdecode(value)
    return records
