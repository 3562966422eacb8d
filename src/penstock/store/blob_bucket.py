"""Blobs as objects of a bucket in somebody's cloud."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import obstore
from obstore.exceptions import BaseError, GenericError

from penstock.store.blob_folder import gathered
from penstock.store.bucket_address import open_bucket

PART = 8 << 20
"""Bytes written or read by one request; more is more requests, of which four write at once."""
_WRITING = 4
_OUTSIDE = re.compile("status code: 416|range starting at")


class BlobBucket:
    """S3, GCS or Azure; an object is there when all of it has arrived.

    What the cloud refuses is an OSError, as it is in a folder.
    """

    def __init__(self, url: str) -> None:
        """Raises OSError for what is no bucket's URL."""
        try:
            self._store = open_bucket(url)
        except BaseError as error:
            raise OSError(_said(error)) from None
        except ValueError as error:
            raise OSError(str(error)) from None

    async def put(self, key: str, chunks: bytes | AsyncIterator[bytes]) -> None:
        with _refusals():
            if not isinstance(chunks, bytes):
                pieces = gathered(chunks, PART)
                first = await anext(pieces, b"")
                chunks = _following(first, pieces) if len(first) >= PART else first
            await obstore.put_async(
                self._store, key, chunks, chunk_size=PART, max_concurrency=_WRITING
            )

    async def copy(self, source: str, target: str) -> None:
        with _refusals():
            await obstore.copy_async(self._store, source, target)

    async def read(self, key: str, start: int, length: int | None) -> bytes:
        return b"".join([chunk async for chunk in self.stream(key, start, length)])

    async def stream(self, key: str, start: int, length: int | None) -> AsyncIterator[bytes]:
        """Part by part, and the next while one is used: a reader may be as slow as it likes."""
        with _refusals():
            size, piece = await self._first(key, start, PART if length is None else length)
        end = size if length is None else min(size, start + length)
        while piece:
            start += len(piece)
            following = asyncio.ensure_future(self._part(key, start, end))
            try:
                yield piece
                with _refusals():
                    piece = await following
            finally:
                following.cancel()

    async def _first(self, key: str, start: int, length: int) -> tuple[int, bytes]:
        """The size of the whole, and what a stream begins with."""
        last = start + min(length, PART)
        try:
            if last == start:
                return 0, b""
            found = await obstore.get_async(self._store, key, options={"range": (start, last)})
        except GenericError as error:  # of S3, where there is nothing at the start of a range
            if not _OUTSIDE.search(str(error)):
                raise
            size = (await obstore.head_async(self._store, key))["size"]
            if size > start:
                raise
            return size, b""
        return found.meta["size"], bytes(await found.bytes_async())

    async def _part(self, key: str, start: int, end: int) -> bytes:
        if start >= end:
            return b""
        last = min(end, start + PART)
        return bytes(await obstore.get_range_async(self._store, key, start=start, end=last))

    async def delete(self, key: str) -> None:
        with _refusals(), suppress(FileNotFoundError):
            await obstore.delete_async(self._store, key)

    async def older(self, folder: str, before: datetime) -> list[str]:
        with _refusals():
            return [
                entry["path"]
                async for entries in obstore.list(self._store, folder)
                for entry in entries
                if entry["last_modified"] < before
            ]


async def _following(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except BaseError as error:
        raise OSError(_said(error)) from None


def _said(error: BaseError) -> str:
    """Without the library's own view of it, which goes on for dozens of lines."""
    return str(error).partition("\n\nDebug source")[0].strip()
