"""Where blobs lie: a folder and a bucket keep the same promises."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from penstock.store.blobs import SHARDS, Blobs

pytestmark = pytest.mark.anyio
DATA = bytes(range(256)) * 20_000  # more than a piece


@pytest.fixture(params=["folder", "memory:///"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return Blobs(str(tmp_path / "blobs") if request.param == "folder" else request.param)


async def pieces(data: bytes, size: int = 70_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def joined(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


@pytest.mark.parametrize("data", [b"", b"few", DATA])
async def test_a_blob_comes_back_whole_and_in_part(blobs: Blobs, data: bytes) -> None:
    for key in (await blobs.put(data), await blobs.put(pieces(data))):
        assert await blobs.read(key) == data
        assert await blobs.read(key, 1, 9) == data[1:10]
        assert await joined(blobs.stream(key)) == data
        assert await joined(blobs.stream(key, 2, 300_000)) == data[2:300_002]
        assert await joined(blobs.stream(key, len(data), 5)) == b""


async def test_a_blob_that_breaks_off_leaves_nothing(blobs: Blobs, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield DATA
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await blobs.put(broken())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_a_copy_outlives_what_it_was_made_of(blobs: Blobs) -> None:
    key = await blobs.put(b"data")
    copy = await blobs.copy(key)
    await blobs.delete([key, key])
    assert await blobs.read(copy) == b"data"
    for gone in (blobs.read(key), joined(blobs.stream(key)), blobs.copy(key)):
        with pytest.raises(FileNotFoundError):
            await gone


async def test_old_blobs_are_found_shard_by_shard_in_their_room_only(blobs: Blobs) -> None:
    await blobs.put(b"elsewhere")
    keys = [await blobs.put(b"x", under="s3/") for _ in range(5)]
    keys.append(await blobs.copy(keys[0], under="s3/"))
    now = datetime.now(UTC)
    found, young = [], []
    for shard in range(SHARDS):
        found += await blobs.older(shard, now + timedelta(minutes=1), under="s3/")
        young += await blobs.older(shard, now - timedelta(minutes=1), under="s3/")
    assert (sorted(found), young) == (sorted(keys), [])
