"""S3's objects: put, read, copied, removed, tagged, kept in versions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.errors import AwsError
from penstock.services.s3 import S3
from penstock.state.calls import Call
from penstock.store import Store

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def ask(store: Store, call_of: Callable[..., Call]) -> Ask:
    """Asks for an operation: `await ask("PutObject", Key="k", Body=b"x")`; the bucket is `pond`."""
    service = S3(store)

    async def call(operation: str, *, now: datetime = NOON, **request: Any) -> dict[str, Any]:
        handler = service.handler(operation)
        asked = {"Bucket": "pond", **request}
        return await handler(call_of("s3", operation, now=now), asked) or {}

    await call("CreateBucket")
    return call


async def body_of(answer: dict[str, Any]) -> bytes:
    body = answer["Body"]
    return body if isinstance(body, bytes) else b"".join([piece async for piece in body])


async def pieces(data: bytes, size: int = 60_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def refused(code: str, status: int = 400) -> Any:
    return pytest.raises(AwsError, check=lambda error: (error.code, error.status) == (code, status))


KEYS = ["k", "/lead", "a//b", "../../etc/passwd", "😀/ü", "a b+c%2f", "dir/", "x" * 1024]


@pytest.mark.parametrize("key", KEYS)
async def test_any_utf_8_is_a_key(ask: Ask, key: str) -> None:
    await ask("PutObject", Key=key, Body=b"water")
    assert await body_of(await ask("GetObject", Key=key)) == b"water"


async def test_a_key_of_more_than_1024_bytes_is_too_long(ask: Ask) -> None:
    with refused("KeyTooLongError"):
        await ask("PutObject", Key="ü" * 513, Body=b"")


@pytest.mark.parametrize("size", [0, 1, 8 << 10, (8 << 10) + 1, 70_000, 1 << 20, 3_500_001])
async def test_bytes_of_any_size_come_back_however_they_came(ask: Ask, size: int) -> None:
    data = bytes(i * 7 % 251 for i in range(1000)) * (size // 1000 + 1)
    data = data[:size]
    for body in (data, pieces(data)):
        put = await ask("PutObject", Key="k", Body=body)
        assert put["ETag"] == f'"{md5(data).hexdigest()}"'
        got = await ask("GetObject", Key="k")
        assert (got["ContentLength"], got["ETag"]) == (size, put["ETag"])
        assert await body_of(got) == data


async def test_an_upload_that_breaks_off_leaves_the_object_as_it_was(ask: Ask) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 3_000_000
        raise ConnectionResetError

    await ask("PutObject", Key="k", Body=b"old")
    with pytest.raises(ConnectionResetError):
        await ask("PutObject", Key="k", Body=broken())
    assert await body_of(await ask("GetObject", Key="k")) == b"old"


async def test_headers_metadata_and_tags_come_back(ask: Ask) -> None:
    headers = {
        "ContentType": "text/css",
        "CacheControl": "max-age=5",
        "ContentEncoding": "gzip",
        "ContentDisposition": "inline",
        "ContentLanguage": "de",
        "Expires": NOON,
        "Metadata": {"build": "42"},
        "StorageClass": "STANDARD_IA",
        "WebsiteRedirectLocation": "/other",
    }
    await ask("PutObject", Key="k", Body=b"x", Tagging="a=1&b=two%20words", **headers)
    got = await ask("HeadObject", Key="k")
    assert {name: got[name] for name in headers} == headers
    assert (got["TagCount"], got["ServerSideEncryption"], got["LastModified"]) == (
        *(2, "AES256"),
        NOON,
    )
    tags = await ask("GetObjectTagging", Key="k")
    assert tags["TagSet"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "two words"}]
    override = await ask("GetObject", Key="k", ResponseContentType="text/plain")
    assert override["ContentType"] == "text/plain"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"StorageClass": "COLD"}, "InvalidStorageClass"),
        ({"Metadata": {"a": "x" * 2048}}, "MetadataTooLarge"),
        ({"Tagging": "a=1&a=2"}, "InvalidTag"),
        ({"Tagging": "&".join(f"k{i}=v" for i in range(11))}, "BadRequest"),
        ({"Tagging": "aws:x=1"}, "InvalidTag"),
        ({"ServerSideEncryption": "rot13"}, "InvalidArgument"),
        ({"ContentLength": 6 << 30}, "EntityTooLarge"),
        ({"ACL": "public-read"}, "AccessControlListNotSupported"),
        ({"ObjectLockMode": "GOVERNANCE"}, "InvalidRequest"),
    ],
)
async def test_what_s3_refuses_to_put(ask: Ask, request_: dict[str, Any], code: str) -> None:
    with refused(code):
        await ask("PutObject", Key="k", Body=b"x", **request_)


async def test_keys_of_the_customers_own_are_said_to_be_missing(ask: Ask) -> None:
    with refused("NotImplemented", 501):
        await ask("PutObject", Key="k", Body=b"x", SSECustomerAlgorithm="AES256")


async def test_what_is_not_there_is_not_found(ask: Ask) -> None:
    with refused("NoSuchKey", 404):
        await ask("GetObject", Key="k")
    with refused("NoSuchBucket", 404):
        await ask("GetObject", Bucket="sea", Key="k")
    with refused("NoSuchBucket", 404):
        await ask("PutObject", Bucket="sea", Key="k", Body=b"x")
    with refused("AccessDenied", 403):
        await ask("GetObject", Key="k", ExpectedBucketOwner="111111111111")


RANGES = [
    ("bytes=0-3", "0123", "bytes 0-3/10"),
    ("bytes=7-", "789", "bytes 7-9/10"),
    ("bytes=-3", "789", "bytes 7-9/10"),
    ("bytes=-30", "0123456789", "bytes 0-9/10"),
    ("bytes=8-99", "89", "bytes 8-9/10"),
]


@pytest.mark.parametrize(("text", "data", "range_"), RANGES)
async def test_a_range_is_answered_in_part(ask: Ask, text: str, data: str, range_: str) -> None:
    await ask("PutObject", Key="k", Body=b"0123456789")
    got = await ask("GetObject", Key="k", Range=text)
    assert (got["@status"], got["ContentRange"], got["ContentLength"]) == (206, range_, len(data))
    assert await body_of(got) == data.encode()


async def test_conditions_of_a_read(ask: Ask) -> None:
    put = await ask("PutObject", Key="k", Body=b"x")
    assert (await ask("GetObject", Key="k", IfNoneMatch=put["ETag"]))["@status"] == 304
    assert (await ask("HeadObject", Key="k", IfModifiedSince=NOON))["@status"] == 304
    with refused("PreconditionFailed", 412):
        await ask("GetObject", Key="k", IfMatch='"other"')
    got = await ask("GetObject", Key="k", IfMatch=put["ETag"], IfUnmodifiedSince=NOON - DAY)
    assert await body_of(got) == b"x"


DAY = timedelta(days=1)


async def test_a_conditional_put_lets_exactly_one_of_many_win(ask: Ask) -> None:
    puts = [ask("PutObject", Key="k", Body=b"%d" % i, IfNoneMatch="*") for i in range(8)]
    results = await asyncio.gather(*puts, return_exceptions=True)
    lost = [result for result in results if isinstance(result, AwsError)]
    assert len(lost) == 7
    assert {(error.code, error.status) for error in lost} == {("PreconditionFailed", 412)}


async def test_a_put_on_condition_of_an_etag(ask: Ask) -> None:
    with refused("NoSuchKey", 404):
        await ask("PutObject", Key="k", Body=b"1", IfMatch='"x"')
    first = await ask("PutObject", Key="k", Body=b"1")
    await ask("PutObject", Key="k", Body=b"2", IfMatch=first["ETag"])
    with refused("PreconditionFailed", 412):
        await ask("PutObject", Key="k", Body=b"3" * 9000, IfMatch=first["ETag"])
    assert await body_of(await ask("GetObject", Key="k")) == b"2"
    with refused("PreconditionFailed", 412):
        await ask("DeleteObject", Key="k", IfMatch=first["ETag"])


async def test_checksums_are_given_back_to_those_who_ask(ask: Ask) -> None:
    put = await ask("PutObject", Key="k", Body=b"x", ChecksumCRC32="jSdUfw==")
    assert (put["ChecksumCRC32"], put["ChecksumType"]) == ("jSdUfw==", "FULL_OBJECT")
    assert "ChecksumCRC32" not in await ask("GetObject", Key="k")
    got = await ask("HeadObject", Key="k", ChecksumMode="ENABLED")
    assert got["ChecksumCRC32"] == "jSdUfw=="
    attributes = await ask("GetObjectAttributes", Key="k", ObjectAttributes=["Checksum", "ETag"])
    assert attributes["Checksum"] == {"ChecksumCRC32": "jSdUfw==", "ChecksumType": "FULL_OBJECT"}
    assert attributes["ETag"] == md5(b"x").hexdigest()


@pytest.mark.parametrize("size", [5, 70_000])
async def test_a_copy_has_the_bytes_and_by_default_the_rest_too(ask: Ask, size: int) -> None:
    await ask(
        "PutObject", Key="a b", Body=b"x" * size, Metadata={"m": "1"}, Tagging="t=1", ACL="private"
    )
    copied = await ask("CopyObject", Key="c", CopySource="pond/a%20b")
    assert copied["CopyObjectResult"]["ETag"] == f'"{md5(b"x" * size).hexdigest()}"'
    await ask("DeleteObject", Key="a b")
    got = await ask("GetObject", Key="c")
    assert (await body_of(got), got["Metadata"], got["TagCount"]) == (b"x" * size, {"m": "1"}, 1)
    await ask(
        "CopyObject",
        Key="d",
        CopySource="/pond/c",
        MetadataDirective="REPLACE",
        TaggingDirective="REPLACE",
        ContentType="text/html",
    )
    head = await ask("HeadObject", Key="d")
    assert head["ContentType"] == "text/html"
    assert "Metadata" not in head and "TagCount" not in head


async def test_a_copy_onto_itself_has_to_change_something(ask: Ask) -> None:
    await ask("PutObject", Key="k", Body=b"x")
    with refused("InvalidRequest"):
        await ask("CopyObject", Key="k", CopySource="pond/k")
    await ask("CopyObject", Key="k", CopySource="pond/k", StorageClass="GLACIER_IR")
    assert (await ask("HeadObject", Key="k"))["StorageClass"] == "GLACIER_IR"


async def test_a_copy_has_the_checksum_of_its_source_and_no_other(ask: Ask) -> None:
    await ask("PutObject", Key="k", Body=b"x", ChecksumCRC32="jSdUfw==")
    copied = await ask("CopyObject", Key="c", CopySource="pond/k", ChecksumAlgorithm="CRC32")
    assert copied["CopyObjectResult"]["ChecksumCRC32"] == "jSdUfw=="
    with refused("NotImplemented", 501):
        await ask("CopyObject", Key="c", CopySource="pond/k", ChecksumAlgorithm="SHA256")


async def test_a_copy_on_conditions_of_its_source(ask: Ask) -> None:
    put = await ask("PutObject", Key="k", Body=b"x")
    with refused("PreconditionFailed", 412):
        await ask("CopyObject", Key="c", CopySource="pond/k", CopySourceIfNoneMatch=put["ETag"])
    with refused("InvalidArgument"):
        await ask("CopyObject", Key="c", CopySource="pond")
    with refused("NoSuchKey", 404):
        await ask("CopyObject", Key="c", CopySource="pond/none")


async def test_many_objects_are_removed_at_once(ask: Ask) -> None:
    for key in "abc":
        await ask("PutObject", Key=key, Body=b"x")
    objects = [{"Key": "a"}, {"Key": "none"}, {"Key": "b", "ETag": '"other"'}]
    gone = await ask("DeleteObjects", Delete={"Objects": objects})
    assert sorted(one["Key"] for one in gone["Deleted"]) == ["a", "none"]
    assert [(one["Key"], one["Code"]) for one in gone["Errors"]] == [("b", "PreconditionFailed")]
    listed = await ask("ListObjectsV2")
    assert [one["Key"] for one in listed["Contents"]] == ["b", "c"]
    with refused("MalformedXML"):
        await ask("DeleteObjects", Delete={"Objects": []})


async def enable(ask: Ask, status: str = "Enabled") -> None:
    await ask("PutBucketVersioning", VersioningConfiguration={"Status": status})


async def test_a_deleted_object_is_behind_a_marker(ask: Ask) -> None:
    await enable(ask)
    first = await ask("PutObject", Key="k", Body=b"1")
    second = await ask("PutObject", Key="k", Body=b"2")
    marker = await ask("DeleteObject", Key="k")
    assert marker["DeleteMarker"] and len(marker["VersionId"]) == 32
    with pytest.raises(AwsError) as gone:
        await ask("GetObject", Key="k")
    assert (gone.value.code, gone.value.status) == ("NoSuchKey", 404)
    assert gone.value.members["x-amz-delete-marker"] == "true"
    with refused("MethodNotAllowed", 405):
        await ask("GetObject", Key="k", VersionId=marker["VersionId"])
    old = await ask("GetObject", Key="k", VersionId=first["VersionId"])
    assert (await body_of(old), old["VersionId"]) == (b"1", first["VersionId"])
    with refused("InvalidRequest"):
        source = f"pond/k?versionId={marker['VersionId']}"
        await ask("CopyObject", Key="other", CopySource=source)
    undone = await ask("DeleteObject", Key="k", VersionId=marker["VersionId"])
    assert undone == {"DeleteMarker": True, "VersionId": marker["VersionId"]}
    assert (await ask("GetObject", Key="k"))["VersionId"] == second["VersionId"]


async def test_versions_that_are_not_there(ask: Ask) -> None:
    await enable(ask)
    await ask("PutObject", Key="k", Body=b"1")
    with refused("NoSuchVersion", 404):
        await ask("GetObject", Key="k", VersionId="x" * 32)
    with refused("InvalidArgument"):
        await ask("GetObject", Key="k", VersionId="nonsense")
    assert await ask("DeleteObject", Key="k", VersionId="x" * 32) == {"VersionId": "x" * 32}


async def test_two_puts_at_a_time_keep_both_versions(ask: Ask) -> None:
    await enable(ask)
    puts = await asyncio.gather(*(ask("PutObject", Key="k", Body=b"%d" % i) for i in range(8)))
    listed = await ask("ListObjectVersions")
    assert {one["VersionId"] for one in listed["Versions"]} == {put["VersionId"] for put in puts}
    latest = [one["VersionId"] for one in listed["Versions"] if one["IsLatest"]]
    assert latest == [(await ask("GetObject", Key="k"))["VersionId"]]


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("ab")),
        st.tuples(st.just("delete"), st.sampled_from("ab")),
        st.tuples(st.just("drop"), st.integers(0, 5)),
        st.tuples(st.just("status"), st.sampled_from(["Enabled", "Suspended"])),
    ),
    max_size=12,
)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(operations=OPERATIONS)
async def test_versions_are_those_of_a_model(
    ask: Ask, store: Store, operations: list[tuple[str, Any]]
) -> None:
    await store.database.execute("TRUNCATE object_versions; UPDATE buckets SET versioning = NULL")
    status = None
    model: list[tuple[str, str, bytes | None]] = []  # oldest first: key, version id, body or marker
    for place, (what, which) in enumerate(operations):
        if what == "status":
            status = which
            await enable(ask, which)
        elif what == "drop" and which < len(model):
            key, version, _ = model.pop(which)
            await ask("DeleteObject", Key=key, VersionId=version)
        elif what in ("put", "delete"):
            body = b"%d" % place if what == "put" else None
            request = {"Body": body} if body else {}
            operation = "PutObject" if what == "put" else "DeleteObject"
            answer = await ask(operation, Key=which, **request)
            if status != "Enabled":
                model = [one for one in model if one[:2] != (which, "null")]
            assert answer.get("VersionId") is None if status is None else answer["VersionId"]
            if body or status:
                model.append((which, answer.get("VersionId", "null"), body))
    await _assert_like(ask, model)


async def _assert_like(ask: Ask, model: list[tuple[str, str, bytes | None]]) -> None:
    listed = await ask("ListObjectVersions")
    expected = [one for key in "ab" for one in reversed(model) if one[0] == key]
    latest = {key: [one for one in expected if one[0] == key][:1] for key in "ab"}
    assert [(one["Key"], one["VersionId"]) for one in listed["Versions"]] == [
        (key, version) for key, version, body in expected if body is not None
    ]
    assert [(one["Key"], one["VersionId"]) for one in listed["DeleteMarkers"]] == [
        (key, version) for key, version, body in expected if body is None
    ]
    shown = [*listed["Versions"], *listed["DeleteMarkers"]]
    newest = {(one["Key"], one["VersionId"]) for one in shown if one["IsLatest"]}
    assert newest == {one[:2] for ones in latest.values() for one in ones}
    current = {one[0]: one[2] for ones in latest.values() for one in ones if one[2] is not None}
    keys = (await ask("ListObjectsV2"))["Contents"]
    assert [one["Key"] for one in keys] == sorted(current)
    for key, body in current.items():
        assert await body_of(await ask("GetObject", Key=key)) == body
