"""The `aws-chunked` encoding: pieces with their length, perhaps signed, and trailers.

400;chunk-signature=<hex>\\r\\n<1024 bytes>\\r\\n … 0;chunk-signature=<hex>\\r\\n<trailers>\\r\\n
"""

from __future__ import annotations

import hmac
import re
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import NamedTuple

from penstock.errors import AwsError
from penstock.wire.sigv4 import EMPTY_HASH, Claim, sign, stamp_of

_LINE = 8192  # bytes; of a chunk's head or a trailer
_HEAD = re.compile(rb"([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?[ \t]*")
_SIGNATURE = "x-amz-trailer-signature"


class ChunkSigner(NamedTuple):
    """Signs chunk after chunk: each signature goes into the next one's."""

    secret: str
    claim: Claim

    def of_chunk(self, previous: str, digest: str) -> str:
        return self._sign("AWS4-HMAC-SHA256-PAYLOAD", f"{previous}\n{EMPTY_HASH}\n{digest}")

    def of_trailer(self, previous: str, text: str) -> str:
        digest = sha256(text.encode()).hexdigest()
        return self._sign("AWS4-HMAC-SHA256-TRAILER", f"{previous}\n{digest}")

    def _sign(self, kind: str, rest: str) -> str:
        text = f"{kind}\n{stamp_of(self.claim)}\n{self.claim.scope}\n{rest}"
        return sign(self.secret, self.claim, text)


class Chunks:
    """Decodes while it is iterated over; afterwards `trailers` has what came after the last chunk.

    Raises AwsError: IncompleteBody or InvalidRequest for what is not this encoding,
    SignatureDoesNotMatch where there is a `signer`; by then some of a bad chunk has been given out.
    """

    def __init__(self, pieces: AsyncIterator[bytes], signer: ChunkSigner | None) -> None:
        self.trailers: dict[str, str] = {}
        self._pieces = pieces
        self._signer = signer
        self._previous = signer.claim.signature if signer else ""
        self._held = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            size, signature = _read_head(await self._line())
            digest = sha256()
            async for piece in self._take(size):
                if self._signer:
                    digest.update(piece)
                yield piece
            if self._signer:
                wanted = self._signer.of_chunk(self._previous, digest.hexdigest())
                self._check(wanted, signature)
            if size == 0:
                break
            if await self._line():
                raise _broken("a chunk is longer than it says")
        await self._read_trailers()

    async def _read_trailers(self) -> None:
        while line := await self._line():
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon:
                raise _broken("a trailer has no colon")
            self.trailers[name.strip().lower()] = value.strip()
        signature = self.trailers.pop(_SIGNATURE, None)
        if self._signer and self.trailers:
            text = "".join(f"{name}:{value}\n" for name, value in self.trailers.items())
            self._check(self._signer.of_trailer(self._previous, text), signature)
        if self._held or await anext(self._pieces, b""):
            raise _broken("there is more after the end")

    def _check(self, wanted: str, signature: str | None) -> None:
        if not hmac.compare_digest(wanted.encode(), (signature or "").encode()):
            raise AwsError(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided.",
                403,
            )
        self._previous = wanted

    async def _more(self) -> bytes:
        try:
            return await anext(self._pieces)
        except StopAsyncIteration:
            raise AwsError(
                "IncompleteBody",
                "The request body terminated unexpectedly",
            ) from None

    async def _line(self) -> bytes:
        while (end := self._held.find(b"\r\n")) < 0:
            if len(self._held) > _LINE:
                raise _broken("a line is too long")
            self._held += await self._more()
        line, self._held = self._held[:end], self._held[end + 2 :]
        return line

    async def _take(self, size: int) -> AsyncIterator[bytes]:
        while size:
            piece, self._held = self._held or await self._more(), b""
            if len(piece) > size:
                piece, self._held = piece[:size], piece[size:]
            size -= len(piece)
            yield piece


def _read_head(line: bytes) -> tuple[int, str | None]:
    found = _HEAD.fullmatch(line)
    if not found:
        raise _broken("a chunk has no length")
    return int(found[1], 16), found[2].decode() if found[2] else None


def _broken(what: str) -> AwsError:
    return AwsError("InvalidRequest", f"The body is not aws-chunked: {what}.")
