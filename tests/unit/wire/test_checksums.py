"""Checksums are those of their standards, in whatever pieces the bytes come."""

from __future__ import annotations

import random
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.wire.checksums import ALGORITHMS, FEW, STEPS, WideCrc

DATA = random.Random(1).randbytes(4 * FEW + STEPS + 1)


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("crc32", "cbf43926"),
        ("crc32c", "e3069283"),
        ("crc64nvme", "ae8b14860a799888"),
        ("md5", "25f9e794323b453885f5181f1b624d0b"),
    ],
)
def test_check_values(algorithm: str, expected: str) -> None:
    checksum = ALGORITHMS[algorithm]()
    checksum.update(b"123456789")
    assert checksum.digest().hex() == expected


@given(st.integers(0, len(DATA)), st.integers(0, len(DATA)))
def test_lanes_come_to_what_a_table_walk_comes_to(size: int, cut: int) -> None:
    """With CRC-32's polynomial, whose answer zlib knows."""
    checksum = WideCrc(0xEDB88320, 4)
    checksum.update(DATA[: min(cut, size)])
    checksum.update(DATA[min(cut, size) : size])
    assert checksum.digest() == crc32(DATA[:size]).to_bytes(4, "big")
