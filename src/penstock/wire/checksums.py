"""Checksums as S3 asks for them, of bytes that pass by.

CRC-32C and CRC-64/NVME are in no library at hand. A table walk in Python takes 100 ns a byte; here
bytes.translate looks up a thousand bytes at once, which takes 12 to 20. A block is cut into pieces
of equal length, whose registers live side by side as planes: plane k is byte k of all the
registers. One step takes the next byte of every piece; at the end the registers are joined.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import cache
from typing import Protocol
from zlib import crc32

STEPS = 256  # bytes in a piece
FEW = 64 * STEPS  # bytes; a table walk is faster for less
MANY = 4096 * STEPS  # bytes at once


class Checksum(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class Crc32:
    """As zlib has it."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


class WideCrc:
    """A reflected CRC of `size` bytes with all bits set before and flipped after."""

    def __init__(self, polynomial: int, size: int) -> None:
        self._size = size
        self._flip = (1 << 8 * size) - 1
        self._register = self._flip
        self._table, self._planes, self._skip = _tables(polynomial, size)
        self._rest = b""

    def update(self, data: bytes) -> None:
        self._rest += data
        if len(self._rest) >= 4 * FEW:
            self._take()

    def digest(self) -> bytes:
        if len(self._rest) >= FEW:
            self._take()
        register = self._register
        for byte in self._rest:
            register = self._table[(register ^ byte) & 0xFF] ^ (register >> 8)
        return (register ^ self._flip).to_bytes(self._size, "big")

    def _take(self) -> None:
        data, end = self._rest, len(self._rest) - len(self._rest) % STEPS
        for start in range(0, end, MANY):
            self._block(data[start : min(start + MANY, end)])
        self._rest = data[end:]

    def _block(self, block: bytes) -> None:
        lanes = len(block) // STEPS
        planes = [0] * self._size
        for step in range(STEPS):
            number = int.from_bytes(block[step::STEPS], "little") ^ planes[0]
            index = number.to_bytes(lanes, "little")
            looked = [int.from_bytes(index.translate(t), "little") for t in self._planes]
            planes = [plane ^ found for plane, found in zip((*planes[1:], 0), looked, strict=True)]
        columns = [plane.to_bytes(lanes, "little") for plane in planes]
        register = self._register
        for lane in zip(*columns, strict=True):
            register = self._skipped(register) ^ int.from_bytes(bytes(lane), "little")
        self._register = register

    def _skipped(self, register: int) -> int:
        """The register after STEPS more bytes of zero."""
        found = 0
        for table in self._skip:
            found ^= table[register & 0xFF]
            register >>= 8
        return found


@cache
def _tables(
    polynomial: int, size: int
) -> tuple[Sequence[int], Sequence[bytes], Sequence[Sequence[int]]]:
    """For one byte; the same cut into planes; for STEPS bytes of zero, by each of its bytes."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (polynomial if value & 1 else 0)
        table.append(value)
    planes = [bytes(value >> 8 * k & 0xFF for value in table) for k in range(size)]
    skip = []
    for k in range(size):
        values = [byte << 8 * k for byte in range(256)]
        for _ in range(STEPS):
            values = [table[value & 0xFF] ^ (value >> 8) for value in values]
        skip.append(values)
    return table, planes, skip


ALGORITHMS: dict[str, Callable[[], Checksum]] = {
    "crc32": Crc32,
    "crc32c": lambda: WideCrc(0x82F63B78, 4),
    "crc64nvme": lambda: WideCrc(0x9A6C9329AC4BC9B5, 8),
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
    "md5": lambda: hashlib.md5(usedforsecurity=False),
}
"""By the ends of S3's header names (`x-amz-checksum-crc32`)."""


def encode(checksum: Checksum) -> str:
    return b64encode(checksum.digest()).decode()
