"""Writing ZIP files: deflate by several threads, unix modes, ZIP64 where sizes need it.

A file is cut into pieces that are compressed apart and stay valid as one deflate stream, so one
huge file keeps every core as busy as many small ones, and memory stays at a few pieces. Same files,
same bytes: entries are written in the order given, times are the files' own, in UTC.
"""

from __future__ import annotations

import os
import stat
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from typing import IO, NamedTuple

from penstock.runner.archives import ArchiveError, Entry, new_file

PIECE_BYTES = 4 << 20
BATCH_BYTES = 1 << 20
THREADED_BYTES = 2 << 20
LEVEL = 1
STORED, DEFLATED = 0, 8
UTF8_NAME = 0x800
MADE_ON_UNIX = 3 << 8
MAX_32, MAX_16 = 0xFFFFFFFF, 0xFFFF
# Above this the size fields of a local header are reserved as 64 bits before the result is known.
BIG = MAX_32 - (64 << 20)


class _Piece(NamedTuple):
    """A stretch of a file, or a whole symbolic link (`data`)."""

    entry: Entry
    info: os.stat_result
    offset: int
    length: int
    is_last: bool
    data: bytes | None = None

    @property
    def is_whole(self) -> bool:
        return self.offset == 0 and self.is_last


class _Packed(NamedTuple):
    piece: _Piece
    method: int
    crc: int
    size: int
    data: bytes


def write_zip(entries: Iterable[Entry], path: str, threads: int = 0) -> None:
    """Writes `path` at once, or raises ArchiveError and leaves nothing; 0 threads: one per core."""
    batches = _batches(list(_pieces(entries)))
    with new_file(path) as descriptor, open(descriptor, "wb", 1 << 20, closefd=False) as out:
        writer = _Writer(out)
        for packed in _pack(batches, threads or os.cpu_count() or 1):
            for piece in packed:
                writer.add(piece)
        writer.close()


def _pieces(entries: Iterable[Entry]) -> Iterator[_Piece]:
    for entry in entries:
        try:
            info = os.lstat(entry.source)
        except OSError as error:
            raise ArchiveError(f"cannot pack {entry.source}: {error.strerror}") from error
        if entry.link:
            target = os.fsencode(entry.link)
            yield _Piece(entry, info, 0, len(target), True, target)
            continue
        if not stat.S_ISREG(info.st_mode):
            raise ArchiveError(f"cannot pack {entry.source}: it is no regular file any more")
        for offset in range(0, max(info.st_size, 1), PIECE_BYTES):
            length = min(PIECE_BYTES, info.st_size - offset)
            yield _Piece(entry, info, offset, length, offset + length >= info.st_size)


def _batches(pieces: list[_Piece]) -> list[list[_Piece]]:
    """Pieces grouped to about BATCH_BYTES: a hand-over between threads costs as much as 10 KiB."""
    batches: list[list[_Piece]] = []
    room = 0
    for piece in pieces:
        if room <= 0:
            batches.append([])
            room = BATCH_BYTES
        batches[-1].append(piece)
        room -= piece.length + 4096
    return batches


def _pack(batches: list[list[_Piece]], threads: int) -> Iterator[list[_Packed]]:
    def pack(batch: list[_Piece]) -> list[_Packed]:
        return [_compress(piece) for piece in batch]

    total = sum(piece.length for batch in batches for piece in batch)
    if threads == 1 or total < THREADED_BYTES:
        return map(pack, batches)
    return _in_order(pack, batches, threads)


def _in_order(
    work: Callable[[list[_Piece]], list[_Packed]], batches: list[list[_Piece]], threads: int
) -> Iterator[list[_Packed]]:
    """Results in the order of the batches; only a few are ahead of the reader, to bound memory."""
    from collections import deque
    from concurrent.futures import Future, ThreadPoolExecutor

    ahead: deque[Future[list[_Packed]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for batch in batches:
                ahead.append(pool.submit(work, batch))
                if len(ahead) > 2 * threads:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def _compress(piece: _Piece) -> _Packed:
    from isal import isal_zlib

    raw = _read(piece) if piece.data is None else piece.data
    crc = isal_zlib.crc32(raw)
    if piece.is_whole:
        packed = isal_zlib.compress(raw, LEVEL, -15)
        if len(packed) >= len(raw):
            return _Packed(piece, STORED, crc, len(raw), raw)
        return _Packed(piece, DEFLATED, crc, len(raw), packed)
    deflate = isal_zlib.compressobj(LEVEL, DEFLATED, -15)
    end = isal_zlib.Z_FINISH if piece.is_last else isal_zlib.Z_SYNC_FLUSH
    return _Packed(piece, DEFLATED, crc, len(raw), deflate.compress(raw) + deflate.flush(end))


def _read(piece: _Piece) -> bytes:
    source = piece.entry.source
    try:
        # O_NONBLOCK: a pipe that took the file's place would otherwise be waited for.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(source, flags)
        try:
            data = os.pread(descriptor, piece.length, piece.offset)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ArchiveError(f"cannot pack {source}: {error.strerror}") from error
    if len(data) != piece.length:
        raise ArchiveError(f"cannot pack {source}: it was changed while it was read")
    return data


class _Writer:
    """Lays out the file: headers and data as pieces come, then the central directory."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._at = 0
        self._directory: list[bytes] = []
        self._start = self._crc = self._size = self._packed = 0

    def add(self, packed: _Packed) -> None:
        piece = packed.piece
        if piece.offset == 0:
            self._start, self._crc, self._size, self._packed = self._at, 0, 0, 0
            if not piece.is_whole:
                self._write(_local_header(piece, DEFLATED, 0, 0, 0))
        self._crc = packed.crc if piece.offset == 0 else _combine(self._crc, packed)
        self._size += packed.size
        self._packed += len(packed.data)
        sizes = (packed.method, self._crc, self._size, self._packed)
        if piece.is_whole:
            self._write(_local_header(piece, *sizes))
        self._write(packed.data)
        if piece.is_last:
            if not piece.is_whole:
                self._out.seek(self._start)
                self._out.write(_local_header(piece, *sizes))
                self._out.seek(self._at)
            self._directory.append(_central_header(piece, *sizes, self._start))

    def close(self) -> None:
        start = self._at
        for header in self._directory:
            self._write(header)
        self._out.write(_end(len(self._directory), start, self._at - start))
        self._out.flush()

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._at += len(data)


def _combine(crc: int, packed: _Packed) -> int:
    from isal import isal_zlib

    return int(isal_zlib.crc32_combine(crc, packed.crc, packed.size))


def _name(entry: Entry) -> tuple[bytes, int]:
    """The name's bytes and the flag that says they are UTF-8; other bytes go as they are."""
    name = os.fsencode(entry.name)
    try:
        name.decode()
    except UnicodeDecodeError:
        return name, 0
    return name, 0 if name.isascii() else UTF8_NAME


def _dos_time(seconds: float) -> int:
    """Date and time as DOS packs them, in UTC, in the years 1980 to 2107 it can say."""
    at = time.gmtime(min(max(seconds, 315532800), 4354819198))
    date = (at.tm_year - 1980) << 9 | at.tm_mon << 5 | at.tm_mday
    return date << 16 | at.tm_hour << 11 | at.tm_min << 5 | at.tm_sec // 2


def _unix_time(seconds: float) -> bytes:
    """The extra field from which other programs take the time, whatever their time zone."""
    whole = min(max(int(seconds), 0), 0x7FFFFFFF)
    return struct.pack("<HHBi", 0x5455, 5, 1, whole)


def _local_header(piece: _Piece, method: int, crc: int, size: int, packed: int) -> bytes:
    name, flags = _name(piece.entry)
    extra = _unix_time(piece.info.st_mtime)
    big = piece.info.st_size >= BIG
    if big:
        extra += struct.pack("<HHQQ", 1, 16, size, packed)
        size = packed = MAX_32
    need = 45 if big else 20
    at = _dos_time(piece.info.st_mtime)
    fields = (0x04034B50, need, flags, method, at, crc, packed, size, len(name), len(extra))
    return struct.pack("<IHHHIIIIHH", *fields) + name + extra


def _central_header(
    piece: _Piece, method: int, crc: int, size: int, packed: int, start: int
) -> bytes:
    name, flags = _name(piece.entry)
    extra = _unix_time(piece.info.st_mtime)
    big = [value for value in (size, packed, start) if value >= MAX_32]
    if big:
        extra += struct.pack(f"<HH{len(big)}Q", 1, 8 * len(big), *big)
    need = 45 if big or piece.info.st_size >= BIG else 20
    at = _dos_time(piece.info.st_mtime)
    made = (0x02014B50, MADE_ON_UNIX | need, need, flags, method, at, crc)
    sizes = (min(packed, MAX_32), min(size, MAX_32), len(name), len(extra), 0, 0, 0)
    place = (piece.info.st_mode << 16, min(start, MAX_32))
    return struct.pack("<IHHHHIIIIHHHHHII", *made, *sizes, *place) + name + extra


def _end(count: int, start: int, size: int) -> bytes:
    end = b""
    if count >= MAX_16 or start >= MAX_32 or size >= MAX_32:
        fields = (0x06064B50, 44, MADE_ON_UNIX | 45, 45, 0, 0, count, count, size, start)
        end += struct.pack("<IQHHIIQQQQ", *fields)
        end += struct.pack("<IIQI", 0x07064B50, 0, start + size, 1)
    many = min(count, MAX_16)
    short = (0x06054B50, 0, 0, many, many, min(size, MAX_32), min(start, MAX_32), 0)
    return end + struct.pack("<IHHHHIIH", *short)
