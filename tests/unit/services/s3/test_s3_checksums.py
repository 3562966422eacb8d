"""Checksums put together."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.services.s3.checksums import CRCS, combined
from penstock.services.s3.checksums import given as given_checksums

# The check values of the catalogue of parametrised CRC algorithms, of these nine bytes.
NINE = b"123456789"
KNOWN = {"CRC32": 0xCBF43926, "CRC32C": 0xE3069283, "CRC64NVME": 0xAE8B14860A799888}


@pytest.mark.parametrize("name", KNOWN)
def test_a_crc_is_the_catalogues(name: str) -> None:
    assert CRCS[name].of(NINE) == KNOWN[name]


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5), st.sampled_from(sorted(CRCS)))
def test_parts_have_the_crc_of_their_whole(parts: list[bytes], name: str) -> None:
    crc = CRCS[name]

    def text(data: bytes) -> str:
        return b64encode(crc.of(data).to_bytes(crc.bits // 8, "big")).decode()

    known = [(text(part), len(part)) for part in parts]
    assert combined(name, "FULL_OBJECT", known) == text(b"".join(parts))


def test_a_composite_checksum_is_that_of_the_parts_own() -> None:
    digests = [hashlib.sha256(part).digest() for part in (b"a", b"b")]
    known = [(b64encode(digest).decode(), 1) for digest in digests]
    expected = b64encode(hashlib.sha256(b"".join(digests)).digest()).decode()
    assert combined("SHA256", "COMPOSITE", known) == f"{expected}-2"
    raw = [crc32(part).to_bytes(4, "big") for part in (b"a", b"b")]
    known = [(b64encode(value).decode(), 1) for value in raw]
    expected = b64encode(crc32(b"".join(raw)).to_bytes(4, "big")).decode()
    assert combined("CRC32", "COMPOSITE", known) == f"{expected}-2"


def test_what_cannot_be_put_together_is_not_made_up() -> None:
    assert combined("SHA256", "FULL_OBJECT", [("", 1)]) is None
    assert combined("XXHASH64", "COMPOSITE", [("", 1)]) is None


def test_the_checksums_of_a_request() -> None:
    request = {"ChecksumCRC32": "a", "ChecksumSHA1": None, "ChecksumAlgorithm": "CRC32"}
    assert given_checksums(request) == {"ChecksumCRC32": "a"}
