"""Where blobs lie: a folder and a bucket keep the same promises."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from penstock.store.blobs import SHARDS, Blobs
from penstock.store.bucket_address import read_s3_url
from penstock.store.storage_error import StorageError

pytestmark = pytest.mark.anyio
DATA = bytes(range(256)) * 20_000  # more than a piece
LARGE = DATA * 4  # more than one request reads or writes
KEYS = {"AWS_ACCESS_KEY_ID": "one", "AWS_SECRET_ACCESS_KEY": "two"}


@pytest.fixture(scope="session")
def s3() -> Iterator[Any]:
    """A client of somebody else's S3, which has a bucket `blobs`."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="one",
        aws_secret_access_key="two",
    )
    client.create_bucket(Bucket="blobs")
    yield client
    client.close()
    server.stop()


@pytest.fixture
def bucket(s3: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a place in that bucket that has nothing in it."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    return f"s3://blobs/{uuid4().hex}?endpoint={s3.meta.endpoint_url}"


@pytest.fixture(params=["folder", "memory:///", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "s3":
        return Blobs(request.getfixturevalue("bucket"))
    return Blobs(str(tmp_path / "blobs") if request.param == "folder" else request.param)


async def pieces(data: bytes, size: int = 70_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def joined(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


@pytest.mark.parametrize("data", [b"", b"few", DATA, LARGE])
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


async def test_a_reader_may_stop_amid_a_blob(blobs: Blobs) -> None:
    key = await blobs.put(pieces(LARGE))
    async for piece in (stream := blobs.stream(key)):
        assert LARGE.startswith(piece)
        break
    await stream.aclose()  # type: ignore[attr-defined]
    assert await blobs.read(key, len(LARGE) - 2) == LARGE[-2:]


async def test_what_breaks_off_leaves_nothing_in_a_bucket(s3: Any, bucket: str) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield LARGE
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError, match="gone"):
        await Blobs(bucket).put(broken())
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="blobs")
    prefix = bucket.split("/")[3].partition("?")[0]
    assert s3.list_objects_v2(Bucket="blobs", Prefix=prefix)["KeyCount"] == 0


async def test_a_bucket_that_is_not_there_is_told_to_callers_in_few_words(bucket: str) -> None:
    blobs = Blobs(bucket.replace("//blobs", "//none"))
    for attempt in (blobs.put(b"data"), blobs.put(pieces(LARGE))):
        with pytest.raises(StorageError) as caught:
            await attempt
        assert (caught.value.code, caught.value.status) == ("ServiceUnavailable", 503)
        assert caught.value.message == "The server's storage cannot be written."
        assert "NoSuchBucket" in str(caught.value)


async def test_a_folder_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path / "blobs"))
    os.rename(tmp_path / "blobs", tmp_path / "elsewhere")
    with pytest.raises(StorageError) as caught:
        await blobs.put(pieces(DATA))
    assert caught.value.message == (
        "The server's storage cannot be written: No such file or directory."
    )
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"cannot be used: .*Not a directory"):
        Blobs(str(tmp_path / "file" / "blobs"))


@pytest.mark.parametrize(
    ("query", "environ", "endpoint", "region"),
    [
        ("", {}, "", "us-east-1"),
        ("", {"AWS_DEFAULT_REGION": "eu-west-1"}, "", "eu-west-1"),
        ("", {"AWS_REGION": "eu-west-3", "AWS_DEFAULT_REGION": "eu-west-1"}, "", "eu-west-3"),
        ("?region=eu-west-2", {"AWS_REGION": "eu-west-1"}, "", "eu-west-2"),
        ("", {"AWS_ENDPOINT_URL": "http://all"}, "http://all", "us-east-1"),
        (
            "",
            {"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_S3": "http://s3"},
            "http://s3",
            "us-east-1",
        ),
        ("?endpoint=http://a:1", {"AWS_ENDPOINT_URL_S3": "http://s3"}, "http://a:1", "us-east-1"),
    ],
)
def test_a_bucket_is_where_its_url_says_and_else_where_the_environment_does(
    query: str, environ: dict[str, str], endpoint: str, region: str
) -> None:
    name, prefix, where = read_s3_url(f"s3://blobs/a/b/{query}", environ)
    assert (name, prefix, where) == ("blobs", "a/b", {"endpoint": endpoint, "region": region})


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("s3:///prefix", "there is no bucket"),
        ("s3://blobs?regoin=x", "regoin is no option of s3://: there are endpoint and region"),
        ("s3://blobs?endpoint=minio:9000", "'minio:9000' is no http:// or https:// URL"),
        ("ftp://blobs", "ftp"),
    ],
)
def test_a_url_that_is_no_buckets_is_told_with_what_is_wrong(url: str, problem: str) -> None:
    with pytest.raises(StorageError, match=f"The storage .* cannot be used: .*{problem}"):
        Blobs(url)


async def test_keys_are_found_in_the_files_of_aws_too(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEYS:
        monkeypatch.delenv(name)
    file = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "ci")
    file.write_text("[ci]\naws_access_key_id = one\naws_secret_access_key = two\n")
    blobs = Blobs(bucket)
    assert await blobs.read(await blobs.put(b"data")) == b"data"
