"""S3's multipart uploads."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from hashlib import md5, sha256
from typing import Any
from zlib import crc32

import pytest

from penstock.errors import AwsError
from penstock.services.s3 import S3
from penstock.state.calls import Call
from penstock.store import Store

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Ask = Callable[..., Awaitable[dict[str, Any]]]
FIVE = os.urandom(5 << 20)
BODIES = [FIVE, FIVE[::-1], b"the end"]
WHOLE = b"".join(BODIES)


@pytest.fixture
async def ask(store: Store, call_of: Callable[..., Call]) -> Ask:
    """Asks for an operation: `await ask("ListParts", UploadId=…)`; of the object `pond/k`."""
    service = S3(store)

    async def call(operation: str, **request: Any) -> dict[str, Any]:
        handler = service.handler(operation)
        asked = {"Bucket": "pond", "Key": "k", **request}
        return await handler(call_of("s3", operation, now=NOON), asked) or {}

    await call("CreateBucket")
    return call


async def body_of(answer: dict[str, Any]) -> bytes:
    body = answer["Body"]
    return body if isinstance(body, bytes) else b"".join([piece async for piece in body])


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 60_000):
        yield data[start : start + 60_000]


def refused(code: str, status: int = 400) -> Any:
    return pytest.raises(AwsError, check=lambda error: (error.code, error.status) == (code, status))


async def begin(ask: Ask, **request: Any) -> str:
    return str((await ask("CreateMultipartUpload", **request))["UploadId"])


async def send(ask: Ask, upload: str, bodies: list[bytes]) -> list[dict[str, Any]]:
    parts = []
    for number, body in enumerate(bodies, 1):
        put = await ask("UploadPart", UploadId=upload, PartNumber=number, Body=pieces(body))
        parts.append({"PartNumber": number, "ETag": put["ETag"]})
    return parts


async def complete(ask: Ask, upload: str, parts: list[dict[str, Any]], **more: Any) -> Any:
    return await ask(
        "CompleteMultipartUpload", UploadId=upload, MultipartUpload={"Parts": parts}, **more
    )


@pytest.fixture
async def assembled(ask: Ask) -> dict[str, Any]:
    upload = await begin(ask, Metadata={"m": "1"}, ContentType="text/css", Tagging="t=1")
    done: dict[str, Any] = await complete(ask, upload, await send(ask, upload, BODIES))
    return done


async def test_an_object_of_parts(ask: Ask, assembled: dict[str, Any]) -> None:
    digests = b"".join(md5(body).digest() for body in BODIES)
    assert assembled["ETag"] == f'"{md5(digests).hexdigest()}-3"'
    got = await ask("GetObject")
    assert (got["ETag"], got["ContentLength"]) == (assembled["ETag"], len(WHOLE))
    assert (got["Metadata"], got["ContentType"], got["TagCount"]) == ({"m": "1"}, "text/css", 1)
    assert await body_of(got) == WHOLE


@pytest.mark.parametrize(
    ("start", "last"), [(0, 4), (5242870, 5242890), (5242880, 10485766), (3, 10485764)]
)
async def test_ranges_across_parts(
    ask: Ask, assembled: dict[str, Any], start: int, last: int
) -> None:
    got = await ask("GetObject", Range=f"bytes={start}-{last}")
    assert await body_of(got) == WHOLE[start : last + 1]


async def test_parts_by_number(ask: Ask, assembled: dict[str, Any]) -> None:
    got = await ask("GetObject", PartNumber=3)
    assert (await body_of(got), got["PartsCount"], got["@status"]) == (b"the end", 3, 206)
    assert got["ContentRange"] == f"bytes {10 << 20}-{(10 << 20) + 6}/{(10 << 20) + 7}"
    with refused("InvalidPartNumber", 416):
        await ask("HeadObject", PartNumber=4)
    with refused("InvalidRequest"):
        await ask("GetObject", PartNumber=1, Range="bytes=0-1")
    attributes = await ask("GetObjectAttributes", ObjectAttributes=["ObjectParts", "ObjectSize"])
    assert attributes["ObjectParts"] == {"TotalPartsCount": 3}
    assert attributes["ObjectSize"] == len(WHOLE)


async def test_a_copy_of_an_object_of_parts_is_of_one_piece(
    ask: Ask, assembled: dict[str, Any]
) -> None:
    copied = await ask("CopyObject", Key="c", CopySource="pond/k")
    assert copied["CopyObjectResult"]["ETag"] == f'"{md5(WHOLE).hexdigest()}"'
    assert await body_of(await ask("GetObject", Key="c")) == WHOLE


async def test_parts_copied_from_objects(ask: Ask) -> None:
    await ask("PutObject", Key="source", Body=pieces(WHOLE))
    upload = await begin(ask)
    asked = {"UploadId": upload, "CopySource": "pond/source"}
    whole = await ask("UploadPartCopy", PartNumber=1, **asked)
    range_ = await ask("UploadPartCopy", PartNumber=2, CopySourceRange="bytes=1-3", **asked)
    parts = [
        {"PartNumber": number, "ETag": one["CopyPartResult"]["ETag"]}
        for number, one in enumerate((whole, range_), 1)
    ]
    await complete(ask, upload, parts)
    assert await body_of(await ask("GetObject")) == WHOLE + WHOLE[1:4]
    with refused("NoSuchUpload", 404):
        await ask("UploadPartCopy", PartNumber=1, **asked)


async def test_a_range_to_copy_has_to_be_inside_of_the_source(ask: Ask) -> None:
    await ask("PutObject", Key="source", Body=b"0123456789")
    upload = await begin(ask)
    for text in ("bytes=5-10", "bytes=5-", "5-6", "bytes=-2"):
        with refused("InvalidArgument"):
            await ask(
                "UploadPartCopy",
                UploadId=upload,
                PartNumber=1,
                CopySource="pond/source",
                CopySourceRange=text,
            )


async def test_what_an_upload_is_not_completed_of(ask: Ask) -> None:
    upload = await begin(ask)
    parts = await send(ask, upload, [b"small", b"x"])
    with refused("EntityTooSmall"):
        await complete(ask, upload, parts)
    with refused("InvalidPartOrder"):
        await complete(ask, upload, parts[::-1])
    with refused("InvalidPart"):
        await complete(ask, upload, [{"PartNumber": 1, "ETag": parts[1]["ETag"]}])
    with refused("InvalidPart"):
        await complete(ask, upload, [{"PartNumber": 7, "ETag": parts[1]["ETag"]}])
    with refused("MalformedXML"):
        await complete(ask, upload, [])
    with refused("InvalidRequest"):
        await complete(ask, upload, parts[:1], MpuObjectSize=1)
    with refused("InvalidArgument"):
        await ask("UploadPart", UploadId=upload, PartNumber=10_001, Body=b"x")
    await complete(ask, upload, parts[:1])
    assert await body_of(await ask("GetObject")) == b"small"
    with refused("NoSuchUpload", 404):
        await complete(ask, upload, parts[:1])


async def test_an_upload_completed_on_a_condition_that_fails_goes_on(ask: Ask) -> None:
    upload = await begin(ask)
    parts = await send(ask, upload, [b"new"])
    await ask("PutObject", Body=b"old")
    with refused("PreconditionFailed", 412):
        await complete(ask, upload, parts, IfNoneMatch="*")
    assert len((await ask("ListParts", UploadId=upload))["Parts"]) == 1


async def test_a_part_sent_again_takes_the_place_of_the_first(ask: Ask, store: Store) -> None:
    upload = await begin(ask)
    await send(ask, upload, [b"first"])
    await complete(ask, upload, await send(ask, upload, [b"second"]))
    assert await body_of(await ask("GetObject")) == b"second"
    assert len(await store.database.fetch("SELECT * FROM freed_blobs")) == 1


async def test_parts_are_listed_in_pages(ask: Ask) -> None:
    upload = await begin(ask, StorageClass="STANDARD_IA")
    await send(ask, upload, [b"1", b"22", b"333"])
    first = await ask("ListParts", UploadId=upload, MaxParts=2)
    assert [part["Size"] for part in first["Parts"]] == [1, 2]
    assert (first["IsTruncated"], first["NextPartNumberMarker"]) == (True, 2)
    rest = await ask("ListParts", UploadId=upload, PartNumberMarker=2)
    assert [part["PartNumber"] for part in rest["Parts"]] == [3]
    assert (rest["IsTruncated"], rest["StorageClass"]) == (False, "STANDARD_IA")


async def test_uploads_are_listed_in_pages_with_prefixes_rolled_up(ask: Ask) -> None:
    ids = [await begin(ask, Key=key) for key in ("a/1", "a/2", "b", "b", "c")]
    found: list[str] = []
    more: dict[str, str] = {}
    while True:
        page = await ask("ListMultipartUploads", Delimiter="/", MaxUploads=1, **more)
        found += [one["UploadId"] for one in page["Uploads"]]
        found += [one["Prefix"] for one in page["CommonPrefixes"]]
        if not page["IsTruncated"]:
            break
        markers = {"KeyMarker": "NextKeyMarker", "UploadIdMarker": "NextUploadIdMarker"}
        more = {name: page[following] for name, following in markers.items()}
    assert found == ["a/", *ids[2:]]
    await ask("AbortMultipartUpload", Key="c", UploadId=ids[4])
    left = await ask("ListMultipartUploads", Prefix="c")
    assert left["Uploads"] == []
    with refused("NoSuchUpload", 404):
        await ask("AbortMultipartUpload", Key="c", UploadId=ids[4])


async def test_checksums_of_parts_make_one_of_the_whole(ask: Ask) -> None:
    """That of SHA-256 is of the parts' own, that of a CRC is the one of all the bytes."""
    ways: list[tuple[str, str, Callable[[bytes], bytes]]] = [
        ("SHA256", "COMPOSITE", lambda data: sha256(data).digest()),
        ("CRC32", "FULL_OBJECT", lambda data: crc32(data).to_bytes(4, "big")),
    ]
    for algorithm, kind, digest in ways:
        member = f"Checksum{algorithm}"
        upload = await begin(ask, ChecksumAlgorithm=algorithm, ChecksumType=kind)
        parts = []
        for number, body in enumerate(BODIES, 1):
            checksum = {member: b64encode(digest(body)).decode()}
            put = await ask(
                "UploadPart", UploadId=upload, PartNumber=number, Body=pieces(body), **checksum
            )
            parts.append({"PartNumber": number, "ETag": put["ETag"], **checksum})
        if kind == "COMPOSITE":
            plain = [{name: part[name] for name in ("PartNumber", "ETag")} for part in parts]
            with refused("InvalidRequest", 400):
                await complete(ask, upload, plain)
        done = await complete(ask, upload, parts)
        if kind == "COMPOSITE":
            joined = digest(b"".join(digest(body) for body in BODIES))
            expected = f"{b64encode(joined).decode()}-3"
        else:
            expected = b64encode(digest(WHOLE)).decode()
        assert (done[member], done["ChecksumType"]) == (expected, kind)
        asked = {"ObjectAttributes": ["ObjectParts"], "MaxParts": 2}
        shown = (await ask("GetObjectAttributes", **asked))["ObjectParts"]
        assert [part[member] for part in shown["Parts"]] == [part[member] for part in parts[:2]]
        assert (shown["IsTruncated"], shown["NextPartNumberMarker"]) == (True, 2)
