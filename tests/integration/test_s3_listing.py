"""S3's listings, held against a listing made the plain way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.errors import AwsError
from penstock.services.s3 import S3
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.objects import list_keys

pytestmark = pytest.mark.anyio
Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def ask(store: Store, call_of: Callable[..., Call]) -> Ask:
    """Asks for an operation: `await ask("ListObjects", Prefix="a")`; the bucket is `pond`."""
    service = S3(store)

    async def call(operation: str, **request: Any) -> dict[str, Any]:
        handler = service.handler(operation)
        return await handler(call_of("s3", operation), {"Bucket": "pond", **request}) or {}

    await call("CreateBucket")
    return call


async def fill(store: Store, keys: list[str], versions: int = 1) -> None:
    """Rows alone: what is listed has no bytes here."""
    await store.database.execute("TRUNCATE object_versions")
    await store.database.execute(
        "INSERT INTO object_versions SELECT b.id, k.key, s.s, lpad(to_hex(s.s), 32, '0'), false,"
        "   false, now(), 1, '', 'STANDARD', '{}', NULL, '{}'"
        " FROM buckets b, unnest(%s::text[]) AS k (key), generate_series(1, %s) AS s (s)",
        (keys, versions),
    )


def plain(keys: list[str], prefix: str, delimiter: str) -> list[str]:
    """Keys and common prefixes in order, from the definition."""
    entries = set()
    for key in keys:
        if key.startswith(prefix):
            head, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
            entries.add(prefix + head + found if found else key)
    return sorted(entries, key=str.encode)


def entries_of(page: dict[str, Any]) -> list[str]:
    keys = [one["Key"] for one in page["Contents"]]
    return keys + [one["Prefix"] for one in page["CommonPrefixes"]]


LISTINGS = given(
    keys=st.lists(st.text("a/b😀", min_size=1, max_size=5), max_size=14, unique=True),
    prefix=st.text("a/", max_size=2),
    delimiter=st.sampled_from(["", "/", "a", "//", "😀"]),
    limit=st.integers(1, 5),
)
FEW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@FEW
@LISTINGS
async def test_pages_of_both_versions_of_the_listing_add_up(
    ask: Ask, store: Store, keys: list[str], prefix: str, delimiter: str, limit: int
) -> None:
    await fill(store, keys, versions=2)
    expected = plain(keys, prefix, delimiter)
    asked = {"Prefix": prefix, "Delimiter": delimiter, "MaxKeys": limit}
    found: list[str] = []
    more: dict[str, str] = {}
    while True:
        page = await ask("ListObjectsV2", **asked, **more)
        found += sorted(entries_of(page), key=str.encode)
        assert page["KeyCount"] == len(entries_of(page)) <= limit
        if not page["IsTruncated"]:
            break
        more = {"ContinuationToken": page["NextContinuationToken"]}
    assert found == expected
    found, more = [], {}
    while True:
        page = await ask("ListObjects", **asked, **more)
        found += sorted(entries_of(page), key=str.encode)
        if not page["IsTruncated"]:
            break
        more = {"Marker": page.get("NextMarker", found[-1])}
    assert found == expected
    if not delimiter:
        assert [key async for key in list_keys(store, "pond", prefix)] == expected


@FEW
@LISTINGS
async def test_pages_of_versions_add_up(
    ask: Ask, store: Store, keys: list[str], prefix: str, delimiter: str, limit: int
) -> None:
    await fill(store, keys, versions=3)
    common = [one for one in plain(keys, prefix, delimiter) if one not in keys or delimiter in one]
    common = [one for one in common if delimiter and delimiter in one[len(prefix) :]]
    found: list[str] = []
    versions: list[tuple[str, str, bool]] = []
    more: dict[str, str] = {}
    while True:
        asked = {"Prefix": prefix, "Delimiter": delimiter, "MaxKeys": limit}
        page = await ask("ListObjectVersions", **asked, **more)
        found += [one["Prefix"] for one in page["CommonPrefixes"]]
        versions += [(one["Key"], one["VersionId"], one["IsLatest"]) for one in page["Versions"]]
        if not page["IsTruncated"]:
            break
        more = {"KeyMarker": page["NextKeyMarker"]}
        if "NextVersionIdMarker" in page:
            more["VersionIdMarker"] = page["NextVersionIdMarker"]
    assert found == common
    alone = [key for key in plain(keys, prefix, delimiter) if key not in common]
    assert versions == [(key, f"{n:032x}", n == 3) for key in alone for n in (3, 2, 1)]


async def test_versions_removed_between_pages_do_not_disturb(ask: Ask, store: Store) -> None:
    await fill(store, ["a", "b"], versions=5)
    seen = 0
    more: dict[str, str] = {}
    while True:
        page = await ask("ListObjectVersions", MaxKeys=2, **more)
        objects = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in page["Versions"]]
        await ask("DeleteObjects", Delete={"Objects": objects})
        seen += len(objects)
        if not page["IsTruncated"]:
            break
        more = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
    assert seen == 10
    await ask("DeleteBucket")


async def test_keys_are_in_the_order_of_their_bytes(ask: Ask, store: Store) -> None:
    keys = ["B", "a", "é", "\ue000", "\U00010000"]
    await fill(store, keys[::-1])
    listed = await ask("ListObjectsV2")
    assert [one["Key"] for one in listed["Contents"]] == keys


async def test_common_prefixes_at_the_end_of_the_alphabet(ask: Ask, store: Store) -> None:
    await fill(store, ["\ud7ff/1", "\ud7ff/2", "\ue000", "\U0010ffff\U0010ffff1"])
    first = await ask("ListObjectsV2", Delimiter="\U0010ffff")
    assert [one["Prefix"] for one in first["CommonPrefixes"]] == ["\U0010ffff"]
    second = await ask("ListObjectsV2", Delimiter="\ud7ff")
    assert [one["Key"] for one in second["Contents"]] == ["\ue000", "\U0010ffff\U0010ffff1"]


async def test_url_encoding_lets_any_key_through(ask: Ask, store: Store) -> None:
    await fill(store, ["a b+c/d\x01", "ü"])
    listed = await ask("ListObjectsV2", EncodingType="url")
    assert [one["Key"] for one in listed["Contents"]] == ["a%20b%2Bc/d%01", "%C3%BC"]
    assert unquote_plus(listed["Contents"][0]["Key"]) == "a b+c/d\x01"


async def test_start_after_and_nothing_at_all(ask: Ask, store: Store) -> None:
    await fill(store, ["a", "b", "c"])
    listed = await ask("ListObjectsV2", StartAfter="a", FetchOwner=True)
    assert [one["Key"] for one in listed["Contents"]] == ["b", "c"]
    assert listed["Contents"][0]["Owner"]["ID"]
    none = await ask("ListObjectsV2", MaxKeys=0)
    assert (none["KeyCount"], none["IsTruncated"]) == (0, False)


async def test_a_token_is_of_one_listing_only(ask: Ask, store: Store) -> None:
    await fill(store, ["a", "b"])
    token = (await ask("ListObjectsV2", MaxKeys=1))["NextContinuationToken"]
    for wrong in ({"Prefix": "b"}, {"Delimiter": "/"}):
        with pytest.raises(AwsError, match="continuation token provided is incorrect"):
            await ask("ListObjectsV2", ContinuationToken=token, **wrong)
    with pytest.raises(AwsError, match="InvalidArgument"):
        await ask("ListObjectsV2", ContinuationToken="made up")
