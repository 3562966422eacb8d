"""Bytes on their way in: counted, hashed and kept, never all of them in memory."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import NamedTuple

from penstock.store.blob_folder import PIECE, gathered
from penstock.store.blobs import Blobs

INLINE = 8 << 10
"""Bytes of an object that is kept in its row: a little faster than a file, and a file fewer."""
ROOM = "s3/"


class Content(NamedTuple):
    """The bytes of an object: in `data`, in a blob, or in the parts of an upload."""

    size: int
    etag: str
    data: bytes | None = None
    blob: str | None = None
    upload: int | None = None


async def receive(
    blobs: Blobs, body: bytes | AsyncIterator[bytes], *, inline: int = INLINE
) -> Content:
    """Keeps the bytes; those of more than `inline` in a blob that no row names yet."""
    if isinstance(body, bytes):
        return await _keep(blobs, body, inline)
    first, size = [], 0
    async for piece in body:
        first.append(piece)
        size += len(piece)
        if size >= PIECE:
            break
    else:
        return await _keep(blobs, b"".join(first), inline)
    digest = _Digest()
    blob = await blobs.put(digest.passing(b"".join(first), gathered(body)), under=ROOM)
    return Content(digest.size, await digest.result(), blob=blob)


async def _keep(blobs: Blobs, data: bytes, inline: int) -> Content:
    etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if len(data) <= inline:
        return Content(len(data), etag, data=data)
    return Content(len(data), etag, blob=await blobs.put(data, under=ROOM))


class _Digest:
    """MD5 of pieces passing by, taken in a thread while the next one is on its way."""

    def __init__(self) -> None:
        self.size = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._running: asyncio.Future[None] | None = None

    async def passing(self, first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        await self._add(first)
        yield first
        async for piece in rest:
            await self._add(piece)
            yield piece

    async def _add(self, piece: bytes) -> None:
        if self._running:
            await self._running
        self.size += len(piece)
        loop = asyncio.get_running_loop()
        self._running = loop.run_in_executor(None, self._md5.update, piece)

    async def result(self) -> str:
        if self._running:
            await self._running
        return self._md5.hexdigest()
