"""The bodies of S3's requests: decoded and checked while they come."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple

from penstock.errors import AwsError, not_implemented
from penstock.wire.checksums import ALGORITHMS, Checksum, encode
from penstock.wire.chunks import Chunks, ChunkSigner
from penstock.wire.sigv4 import UNSIGNED

_PREFIX = "x-amz-checksum-"
_NOT_CHECKSUMS = {"algorithm", "mode", "type"}


class Watch(NamedTuple):
    """A checksum that is taken, and the header or trailer that says what it must be."""

    name: str
    checksum: Checksum
    wanted: str | None


class Upload(AsyncIterator[bytes]):
    """A body whose pieces one iterates over, once.

    The last thing that happens before the end is that it is checked: length, hash, checksums,
    trailers. So who has come to the end has all of it and nothing else, and who was interrupted
    by an exception (AwsError, Disconnected) keeps nothing. That exception stays in `failure`, as
    what is in between may wrap it.

    `length` is the decoded one. After the end `checksums` has those that the client gave, by the
    model's member names (`ChecksumCRC32`).
    """

    def __init__(
        self, pieces: AsyncIterator[bytes], headers: Mapping[str, str], signer: ChunkSigner | None
    ) -> None:
        self.failure: Exception | None = None
        self.checksums: dict[str, str] = {}
        self.chunked = is_chunked(headers)
        self.length = _length(headers, chunked=self.chunked)
        self._chunks = Chunks(pieces, signer) if self.chunked else None
        self._pieces = aiter(self._chunks or pieces)
        self._watches = _watches(headers)
        self._size = 0
        self._ended = False

    def __aiter__(self) -> Upload:
        return self

    async def __anext__(self) -> bytes:
        if self._ended:
            raise StopAsyncIteration
        try:
            piece = await anext(self._pieces, None)
            if piece is None:
                self._ended = True
                self._check()
        except Exception as error:
            self.failure = error
            raise
        if piece is None:
            raise StopAsyncIteration
        self._size += len(piece)
        for watch in self._watches:
            watch.checksum.update(piece)
        return piece

    def _check(self) -> None:
        if self.length is not None and self._size != self.length:
            raise AwsError(
                "IncompleteBody",
                "You did not provide the number of bytes specified by the Content-Length HTTP"
                " header",
            )
        for name, checksum, wanted in self._watches:
            if name == "x-amz-content-sha256":
                _check_hash(checksum.digest().hex(), wanted or "")
                continue
            found = encode(checksum)
            wanted = self._trailer(name) if wanted is None else wanted
            if found != wanted:
                raise _bad_digest(name)
            if name != "content-md5":
                self.checksums[_member(name)] = found

    def _trailer(self, name: str) -> str:
        trailers = self._chunks.trailers if self._chunks else {}
        if name not in trailers:
            raise AwsError("MalformedTrailerError", f"The request has no trailer {name}.")
        return trailers[name]


def is_chunked(headers: Mapping[str, str]) -> bool:
    return headers.get("x-amz-content-sha256", "").startswith("STREAMING-") or (
        "aws-chunked" in headers.get("content-encoding", "")
    )


def _length(headers: Mapping[str, str], *, chunked: bool) -> int | None:
    text = headers.get("x-amz-decoded-content-length" if chunked else "content-length")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise AwsError("InvalidArgument", f"Invalid length: {text}")
    return int(text)


def _watches(headers: Mapping[str, str]) -> list[Watch]:
    found = []
    expected = headers.get("x-amz-content-sha256", UNSIGNED)
    if expected != UNSIGNED and not expected.startswith("STREAMING-"):
        found.append(Watch("x-amz-content-sha256", hashlib.sha256(), expected))
    if "content-md5" in headers:
        found.append(_watch("content-md5", "md5", headers["content-md5"]))
    for name, value in headers.items():
        algorithm = name.removeprefix(_PREFIX)
        if algorithm != name and algorithm not in _NOT_CHECKSUMS:
            found.append(_watch(name, algorithm, value))
    trailer = headers.get("x-amz-trailer", "").strip().lower()
    if trailer.startswith(_PREFIX):
        found.append(_watch(trailer, trailer.removeprefix(_PREFIX), None))
    return found


def _watch(name: str, algorithm: str, wanted: str | None) -> Watch:
    if algorithm not in ALGORITHMS:
        raise not_implemented(f"s3 checksums of {algorithm}")
    checksum = ALGORITHMS[algorithm]()
    if wanted is not None:
        try:
            right = len(b64decode(wanted, validate=True)) == len(checksum.digest())
        except ValueError:
            right = False
        if not right and name == "content-md5":
            raise AwsError("InvalidDigest", "The Content-MD5 you specified was invalid.")
        if not right:
            raise AwsError("InvalidRequest", f"Value for {name} header is invalid.")
    return Watch(name, checksum, wanted)


def _check_hash(found: str, wanted: str) -> None:
    if found != wanted:
        raise AwsError(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
            members={
                "ClientComputedContentSHA256": wanted,
                "S3ComputedContentSHA256": found,
            },
        )


def _bad_digest(name: str) -> AwsError:
    what = "Content-MD5" if name == "content-md5" else name.removeprefix(_PREFIX).upper()
    return AwsError("BadDigest", f"The {what} you specified did not match the calculated checksum.")


def _member(name: str) -> str:
    return f"Checksum{name.removeprefix(_PREFIX).upper()}"
