"""Bodies of uploads are decoded and checked as they come, however they are cut."""

from __future__ import annotations

import asyncio
import hmac
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from hashlib import md5, sha256
from io import BytesIO
from zlib import crc32

import pytest
from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import AwsError
from penstock.wire.body import Disconnected
from penstock.wire.chunks import ChunkSigner
from penstock.wire.sigv4 import Claim, stamp_of
from penstock.wire.uploads import Upload

NOW = datetime(2013, 5, 24, tzinfo=UTC)
CRC = b64encode(crc32(b"data").to_bytes(4, "big")).decode()


async def cut(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def take(
    body: bytes, headers: Mapping[str, str], signer: ChunkSigner | None = None, size: int = 7
) -> tuple[bytes, Upload]:
    async def run() -> tuple[bytes, Upload]:
        upload = Upload(cut(body, size), headers, signer)
        return b"".join([piece async for piece in upload]), upload

    return asyncio.run(run())


def refused(body: bytes, headers: Mapping[str, str], signer: ChunkSigner | None = None) -> AwsError:
    with pytest.raises(AwsError) as caught:
        take(body, headers, signer)
    return caught.value


def sha(data: bytes) -> str:
    return sha256(data).hexdigest()


@pytest.mark.parametrize(
    "headers",
    [
        {"content-length": "4"},
        {"x-amz-content-sha256": sha(b"data")},
        {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"},
        {"content-md5": b64encode(md5(b"data").digest()).decode()},
        {"x-amz-checksum-crc32": CRC, "x-amz-sdk-checksum-algorithm": "CRC32"},
        {"x-amz-checksum-sha256": b64encode(sha256(b"data").digest()).decode()},
    ],
)
def test_what_fits_its_sums_is_taken(headers: dict[str, str]) -> None:
    assert take(b"data", headers)[0] == b"data"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"content-length": "5"}, "IncompleteBody"),
        ({"content-length": "-5"}, "InvalidArgument"),
        ({"x-amz-content-sha256": sha(b"Data")}, "XAmzContentSHA256Mismatch"),
        ({"content-md5": b64encode(md5(b"Data").digest()).decode()}, "BadDigest"),
        ({"content-md5": "a"}, "InvalidDigest"),
        ({"x-amz-checksum-crc32": b64encode(b"abcd").decode()}, "BadDigest"),
        ({"x-amz-checksum-crc32": "abcd"}, "InvalidRequest"),
        ({"x-amz-checksum-crc32c": "ä"}, "InvalidRequest"),
        ({"x-amz-checksum-xxhash64": "abcd"}, "NotImplemented"),
        ({"x-amz-trailer": "x-amz-checksum-crc32"}, "MalformedTrailerError"),
    ],
)
def test_what_does_not_is_refused(headers: dict[str, str], code: str) -> None:
    assert refused(b"data", headers).code == code


TRAILER = {
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-decoded-content-length": "4",
    "x-amz-trailer": "x-amz-checksum-crc32",
    "content-encoding": "aws-chunked",
}


@given(st.binary(max_size=3000), st.integers(1, 999), st.integers(1, 999))
def test_botocores_chunks_are_decoded(data: bytes, chunk: int, size: int) -> None:
    body = AwsChunkedWrapper(BytesIO(data), Crc32Checksum, "x-amz-checksum-crc32", chunk).read()
    headers = {**TRAILER, "x-amz-decoded-content-length": str(len(data))}
    taken, upload = take(body, headers, size=size)
    assert taken == data
    sums = {"ChecksumCRC32": b64encode(crc32(data).to_bytes(4, "big")).decode()}
    assert upload.checksums == sums


ENCODED = f"4\r\ndata\r\n0\r\nx-amz-checksum-crc32:{CRC}\r\n\r\n".encode()


@pytest.mark.parametrize("end", range(len(ENCODED)))
def test_half_an_upload_is_refused_wherever_it_ends(end: int) -> None:
    assert refused(ENCODED[:end], TRAILER).code == "IncompleteBody"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (ENCODED.replace(b"4\r\n", b"5\r\n", 1), "InvalidRequest"),
        (ENCODED.replace(b"4\r\n", b"3\r\n", 1), "InvalidRequest"),
        (ENCODED.replace(b"4\r\n", b"-4\r\n", 1), "InvalidRequest"),
        (ENCODED.replace(b"4\r\n", b"\r\n", 1), "InvalidRequest"),
        (ENCODED.replace(b"4\r\n", b"4" * 9000 + b"\r\n", 1), "InvalidRequest"),
        (ENCODED.replace(b"data", b"Data"), "BadDigest"),
        (ENCODED.replace(b":", b""), "InvalidRequest"),
        (ENCODED + b"more", "InvalidRequest"),
        (ENCODED.replace(b"x-amz-checksum-crc32", b"x-amz-checksum-sha1"), "MalformedTrailerError"),
        (b"0\r\n\r\n", "IncompleteBody"),
    ],
)
def test_what_is_not_chunked_as_it_says_is_refused(body: bytes, code: str) -> None:
    assert refused(body, TRAILER).code == code


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused(body: bytes) -> None:
    with pytest.raises(AwsError):
        take(body, TRAILER)


SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
CLAIM = Claim(
    "AKIAIOSFODNN7EXAMPLE",
    "20130524",
    "us-east-1",
    "s3",
    NOW,
    ["host"],
    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    None,
)
SIGNER = ChunkSigner(SECRET, CLAIM)
SIGNED = {
    "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "x-amz-decoded-content-length": "66560",
}
# The example of AWS's documentation, "Signature Calculations … Multiple Chunks".
EXAMPLE = (
    (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
)


def example() -> bytes:
    return b"".join(
        f"{size:x};chunk-signature={signature}\r\n".encode() + b"a" * size + b"\r\n"
        for size, signature in EXAMPLE
    )


def test_signed_chunks_verify_as_in_awss_example() -> None:
    assert take(example(), SIGNED, SIGNER, size=5000)[0] == b"a" * 66560


@pytest.mark.parametrize(
    "body",
    [
        example().replace(b"aaaa", b"aaab", 1),
        example().replace(b"0055", b"0056", 1),
        example().replace(b"b6c6", b"b6c7", 1),
        example().replace(b";chunk-signature=" + EXAMPLE[0][1].encode(), b"", 1),
    ],
)
def test_a_chunk_with_another_signature_is_refused(body: bytes) -> None:
    assert refused(body, SIGNED, SIGNER).code == "SignatureDoesNotMatch"


def with_trailer(value: str) -> bytes:
    """Signed by the letter of the protocol, as no SDK for Python does it."""

    def sign(kind: str, rest: str) -> str:
        key = f"AWS4{SECRET}".encode()
        for part in ("20130524", "us-east-1", "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        text = f"{kind}\n{stamp_of(CLAIM)}\n20130524/us-east-1/s3/aws4_request\n{rest}"
        return hmac.digest(key, text.encode(), "sha256").hex()

    chunk = "AWS4-HMAC-SHA256-PAYLOAD"
    first = sign(chunk, f"{CLAIM.signature}\n{sha(b'')}\n{sha(b'data')}")
    last = sign(chunk, f"{first}\n{sha(b'')}\n{sha(b'')}")
    trailer = f"x-amz-checksum-crc32:{value}\n"
    end = sign("AWS4-HMAC-SHA256-TRAILER", f"{last}\n{sha(trailer.encode())}")
    return (
        f"4;chunk-signature={first}\r\ndata\r\n0;chunk-signature={last}\r\n"
        f"x-amz-checksum-crc32:{CRC}\r\nx-amz-trailer-signature:{end}\r\n\r\n"
    ).encode()


def test_signed_trailers_verify() -> None:
    headers = {**TRAILER, "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"}
    assert take(with_trailer(CRC), headers, SIGNER)[0] == b"data"
    assert refused(with_trailer("AAAA"), headers, SIGNER).code == "SignatureDoesNotMatch"


def test_what_broke_an_upload_off_is_remembered() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"da"
        raise Disconnected

    async def run() -> None:
        upload = Upload(broken(), {"content-length": "4"}, None)
        with pytest.raises(Disconnected):
            [piece async for piece in upload]
        assert isinstance(upload.failure, Disconnected)

    asyncio.run(run())
