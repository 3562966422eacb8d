"""Blobs as objects of a bucket in somebody's cloud."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime

import obstore
from obstore.store import from_url

CHUNK = 1 << 20  # bytes, of what is read


class BlobBucket:
    """S3, GCS or Azure; an object is there when all of it has arrived."""

    def __init__(self, url: str) -> None:
        self._store = from_url(url)

    async def put(self, key: str, chunks: bytes | AsyncIterator[bytes]) -> None:
        await obstore.put_async(self._store, key, chunks)

    async def copy(self, source: str, target: str) -> None:
        await obstore.copy_async(self._store, source, target)

    async def read(self, key: str, start: int, length: int | None) -> bytes:
        return b"".join([chunk async for chunk in self.stream(key, start, length)])

    async def stream(self, key: str, start: int, length: int | None) -> AsyncIterator[bytes]:
        there = (await obstore.head_async(self._store, key))["size"]
        end = there if length is None else min(there, start + length)
        if end > start:
            found = await obstore.get_async(self._store, key, options={"range": (start, end)})
            async for chunk in found.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)

    async def delete(self, key: str) -> None:
        with suppress(FileNotFoundError):
            await obstore.delete_async(self._store, key)

    async def older(self, folder: str, before: datetime) -> list[str]:
        return [
            entry["path"]
            async for entries in obstore.list(self._store, folder)
            for entry in entries
            if entry["last_modified"] < before
        ]
