"""Bytes too large for rows: objects, artifacts, caches, closed logs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

CHUNK = 1 << 20  # bytes, of what is read


class Blobs:
    """A folder, or a bucket of any S3, GCS or Azure by its URL.

    A blob is written once under a key of its own and never changed, so a row that names it always
    finds the whole of it. Write the blob first, then the row; what no row names may be removed.
    """

    def __init__(self, url: str) -> None:
        self._store = _open(url)

    async def put(self, chunks: bytes | AsyncIterator[bytes]) -> str:
        """Keeps the bytes, all of them or none, and returns the new blob's key."""
        unique = uuid4().hex
        key = f"{unique[:2]}/{unique}"
        await obstore.put_async(self._store, key, chunks)
        return key

    async def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """All of a blob or a part of it, for those known to be small. Raises FileNotFoundError."""
        if length is None:
            whole = await obstore.get_async(self._store, key)
            data = bytes(await whole.bytes_async())
            return data[start:] if start else data
        return bytes(await obstore.get_range_async(self._store, key, start=start, length=length))

    async def stream(
        self, key: str, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """A blob, or `length` bytes of it, piece by piece. Raises FileNotFoundError."""
        end = (await obstore.head_async(self._store, key))["size"]
        end = end if length is None else min(end, start + length)
        whole = await obstore.get_async(
            self._store, key, options={"range": (start, end)} if end > start else None
        )
        if end > start:
            async for chunk in whole.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)

    async def delete(self, keys: Sequence[str]) -> None:
        """Removes blobs; those that are gone already are no error."""
        for key in keys:
            try:
                await obstore.delete_async(self._store, key)
            except FileNotFoundError:
                pass


def _open(url: str) -> ObjectStore:
    if "://" in url:
        return from_url(url)
    os.makedirs(url, mode=0o700, exist_ok=True)
    return LocalStore(url)
