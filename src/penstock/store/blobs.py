"""Bytes too large for rows: objects, artifacts, caches, closed logs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol
from uuid import uuid4

from penstock.store.blob_folder import BlobFolder
from penstock.store.storage_error import StorageError, failed

SHARDS = 256
"""Keys begin with one of as many names, evenly, so that a listing need not be of all of them."""


class BlobPlace(Protocol):
    """Where bytes lie under keys such as `ab/abcdef`. Absent keys raise FileNotFoundError, and a
    place that cannot do what it is asked to another OSError."""

    async def put(self, key: str, chunks: bytes | AsyncIterator[bytes]) -> None: ...

    async def copy(self, source: str, target: str) -> None: ...

    async def read(self, key: str, start: int, length: int | None) -> bytes: ...

    def stream(self, key: str, start: int, length: int | None) -> AsyncIterator[bytes]: ...

    async def delete(self, key: str) -> None:
        """Keys that are gone already are no error."""

    async def older(self, folder: str, before: datetime) -> list[str]: ...


class Blobs:
    """A folder, or a bucket of any S3, GCS or Azure by its URL.

    A blob is written once under a key of its own and never changed, so a row that names it always
    finds the whole of it. Write the blob first, then the row; what no row names may be removed.
    In a folder that holds whatever process dies at whatever moment; a power cut can take blobs of
    the last seconds, as they are not synced to the disk one by one.

    Everything raises StorageError where the folder or bucket is full or out of reach.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self._place = _open(url)
        except OSError as error:
            raise StorageError(url, "cannot be used", error) from None

    async def put(self, chunks: bytes | AsyncIterator[bytes], *, under: str = "") -> str:
        """Keeps the bytes, all of them or none, and returns the new blob's key.

        `under` is the room of who will look for blobs that no row names, `s3/` for example.
        """
        key = _new_key(under)
        await self.put_as(key, chunks)
        return key

    async def put_as(self, key: str, chunks: bytes | AsyncIterator[bytes]) -> None:
        """Keeps the bytes under a key that is known beforehand."""
        source = chunks if isinstance(chunks, bytes) else _Source(chunks)
        try:
            await self._place.put(key, source)
        except OSError as error:
            if isinstance(source, _Source) and source.failure is not None:
                raise source.failure from None
            raise failed(self.url, "cannot be written", error) from None

    async def copy(self, key: str, *, under: str = "") -> str:
        """Another blob of the same bytes; in a folder they are there once. FileNotFoundError."""
        target = _new_key(under)
        with self._failing("cannot be written"):
            await self._place.copy(key, target)
        return target

    async def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """All of a blob or a part of it, for those known to be small. Raises FileNotFoundError."""
        with self._failing("cannot be read"):
            return await self._place.read(key, start, length)

    async def stream(
        self, key: str, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """A blob, or `length` bytes of it, piece by piece. Raises FileNotFoundError."""
        with self._failing("cannot be read"):
            async for piece in self._place.stream(key, start, length):
                yield piece

    async def delete(self, keys: Sequence[str]) -> None:
        """Removes blobs; those that are gone already are no error."""
        with self._failing("cannot be written"):
            for key in keys:
                await self._place.delete(key)

    async def older(self, shard: int, before: datetime, *, under: str) -> list[str]:
        """The keys of one shard of a room whose blobs were written before a time."""
        with self._failing("cannot be read"):
            return await self._place.older(f"{under}{shard:02x}/", before)

    @contextmanager
    def _failing(self, problem: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise failed(self.url, problem, error) from None


class _Source(AsyncIterator[bytes]):
    """Chunks whose own failure is not taken for the storage's."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self.failure: Exception | None = None
        self._chunks = chunks

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._chunks)
        except StopAsyncIteration:
            raise
        except Exception as error:
            self.failure = error
            raise


def _new_key(under: str) -> str:
    unique = uuid4().hex
    return f"{under}{unique[:2]}/{unique}"


def _open(url: str) -> BlobPlace:
    if "://" not in url:
        return BlobFolder(url)
    from penstock.store.blob_bucket import BlobBucket  # which a folder needs not

    return BlobBucket(url)
