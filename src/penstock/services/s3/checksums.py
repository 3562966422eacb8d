"""The checksums clients send along: kept, given back, and put together for multipart uploads."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

ALGORITHMS = (
    *("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "SHA512", "MD5"),
    *("XXHASH64", "XXHASH3", "XXHASH128"),
)
MEMBERS = tuple(f"Checksum{algorithm}" for algorithm in ALGORITHMS)
FULL, COMPOSITE = "FULL_OBJECT", "COMPOSITE"


class Crc(NamedTuple):
    """A reflected CRC that starts with all bits set and flips them at the end."""

    polynomial: int
    bits: int

    def of(self, data: bytes) -> int:
        register = ones = (1 << self.bits) - 1
        for byte in data:
            register ^= byte
            for _ in range(8):
                register = self._shifted(register)
        return register ^ ones

    def joined(self, first: int, second: int, length: int) -> int:
        """That of two runs of bytes from each one's; `length` is the second one's."""
        return self._times(self._power(8 * length), first) ^ second

    def _shifted(self, value: int) -> int:
        return (value >> 1) ^ (self.polynomial if value & 1 else 0)

    def _times(self, left: int, right: int) -> int:
        """The product of two polynomials, modulo ours; the highest bit is x to the 0."""
        product, bit = 0, 1 << self.bits - 1
        while bit:
            if left & bit:
                product ^= right
            bit >>= 1
            right = self._shifted(right)
        return product

    def _power(self, exponent: int) -> int:
        """x to the exponent."""
        result, square = 1 << self.bits - 1, 1 << self.bits - 2
        while exponent:
            if exponent & 1:
                result = self._times(result, square)
            square = self._times(square, square)
            exponent >>= 1
        return result


CRCS = {
    "CRC32": Crc(0xEDB88320, 32),
    "CRC32C": Crc(0x82F63B78, 32),
    "CRC64NVME": Crc(0x9A6C9329AC4BC9B5, 64),
}
_HASHES: dict[str, Callable[[bytes], Any]] = {
    "SHA1": lambda data: hashlib.sha1(data, usedforsecurity=False),
    "SHA256": hashlib.sha256,
    "SHA512": hashlib.sha512,
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False),
}


def given(request: Mapping[str, Any]) -> dict[str, str]:
    """The checksums of a request, under their members' names."""
    return {name: request[name] for name in MEMBERS if request.get(name)}


def type_for(algorithm: str) -> str:
    """What an upload's checksum is made of where its creator did not say."""
    return FULL if algorithm == "CRC64NVME" else COMPOSITE


def combined(algorithm: str, checksum_type: str, parts: Sequence[tuple[str, int]]) -> str | None:
    """The checksum of an upload, of its parts' (in base64) and their sizes.

    None where there is no way to tell.
    """
    raw = [(b64decode(checksum), size) for checksum, size in parts]
    if checksum_type == COMPOSITE:
        digest = _digest(algorithm, b"".join(value for value, _ in raw))
        return None if digest is None else f"{b64encode(digest).decode()}-{len(parts)}"
    if algorithm not in CRCS:
        return None
    crc = CRCS[algorithm]
    total = crc.of(b"")
    for value, size in raw:
        total = crc.joined(total, int.from_bytes(value, "big"), size)
    return b64encode(total.to_bytes(crc.bits // 8, "big")).decode()


def _digest(algorithm: str, data: bytes) -> bytes | None:
    if algorithm in CRCS:
        crc = CRCS[algorithm]
        return crc.of(data).to_bytes(crc.bits // 8, "big")
    made = _HASHES.get(algorithm)
    digest: bytes | None = made(data).digest() if made else None
    return digest
