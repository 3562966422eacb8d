"""Objects that go by a rule, and bytes that nobody needs any more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from penstock.store import Store
from penstock.store.leftovers import collect_blobs
from penstock.store.lifecycle import apply_lifecycle
from penstock.store.objects import find_object, stream_object

from .pond import DAY, NOON, Ask, refused

pytestmark = pytest.mark.anyio


async def rule(ask: Ask, **members: Any) -> None:
    rules = [{"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, **members}]
    await ask("PutBucketLifecycleConfiguration", LifecycleConfiguration={"Rules": rules})


async def test_objects_and_old_versions_expire_on_schedule(
    pond: Ask, store: Store, told: Callable[[], Awaitable[list[Any]]]
) -> None:
    await rule(pond, Expiration={"Days": 30}, NoncurrentVersionExpiration={"NoncurrentDays": 7})
    await pond("PutObject", Key="k", Body=b"1")
    await pond("PutObject", Key="k", Body=b"2" * 9000, now=NOON + DAY)
    await pond("PutObject", Key="young", Body=b"3", now=NOON + 20 * DAY)
    assert await apply_lifecycle(store, NOON + 8 * DAY) == 0
    assert await apply_lifecycle(store, NOON + 9 * DAY) == 1  # the version before
    assert await apply_lifecycle(store, NOON + 32 * DAY) == 1  # the object: a marker
    with refused("NoSuchKey", 404):
        await pond("GetObject", Key="k")
    assert await apply_lifecycle(store, NOON + 40 * DAY) == 1  # what the marker hid
    versions = await pond("ListObjectVersions")
    assert [one["Key"] for one in versions["Versions"]] == ["young"]
    expired = [one.detail for one in await told() if one.detail_type == "Object Deleted"]
    assert {one["reason"] for one in expired} == {"Lifecycle Expiration"}
    assert {one["requester"] for one in expired} == {"s3.amazonaws.com"}


async def test_uploads_are_given_up_and_classes_changed_on_schedule(
    pond: Ask, store: Store
) -> None:
    await rule(
        pond,
        AbortIncompleteMultipartUpload={"DaysAfterInitiation": 2},
        Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"}],
    )
    await pond("CreateMultipartUpload", Key="k")
    await pond("PutObject", Key="large", Body=b"x" * (128 << 10))
    await pond("PutObject", Key="small", Body=b"x")
    assert await apply_lifecycle(store, NOON + 3 * DAY) == 1
    assert (await pond("ListMultipartUploads"))["Uploads"] == []
    assert await apply_lifecycle(store, NOON + 31 * DAY) == 1
    listed = (await pond("ListObjectsV2"))["Contents"]
    assert [one["StorageClass"] for one in listed] == ["STANDARD_IA", "STANDARD"]


async def test_an_object_put_anew_is_not_expired_for_the_old_one(pond: Ask, store: Store) -> None:
    await rule(pond, Expiration={"Days": 1})
    await store.database.execute(  # more than are looked at at a time
        "INSERT INTO object_versions SELECT b.id, 'k' || lpad(n::text, 4, '0'), n,"
        " lpad(n::text, 32, '0'), true, false, %s, 1, '', 'STANDARD', '{}', NULL, '{}'"
        " FROM buckets b, generate_series(0, 1199) AS n",
        (NOON,),
    )
    await store.database.execute("SELECT setval('object_sequence', 1200)")
    await pond("PutObject", Key="k0600", Body=b"new", now=NOON + 3 * DAY)
    assert await apply_lifecycle(store, NOON + 3 * DAY) == 1199
    assert [one["Key"] for one in (await pond("ListObjectsV2"))["Contents"]] == ["k0600"]


async def test_lifecycle_rules_come_back_as_they_were_put(pond: Ask) -> None:
    date = datetime(2026, 4, 1, tzinfo=UTC)
    await rule(pond, Expiration={"Date": date}, Filter={"And": {"Prefix": "a", "Tags": [TAG]}})
    found = await pond("GetBucketLifecycleConfiguration")
    assert found["Rules"] == [
        {
            "ID": "r",
            "Status": "Enabled",
            "Filter": {"And": {"Prefix": "a", "Tags": [TAG]}},
            "Expiration": {"Date": date},
        }
    ]
    await pond("DeleteBucketLifecycle")
    with refused("NoSuchLifecycleConfiguration", 404):
        await pond("GetBucketLifecycleConfiguration")


TAG = {"Key": "t", "Value": "1"}
DAYS = {"Expiration": {"Days": 1}}


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, "InvalidRequest"),
        ({"Status": "On", **DAYS}, "MalformedXML"),
        ({"Expiration": {"Days": 0}}, "InvalidArgument"),
        ({"Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}, "MalformedXML"),
        ({"Expiration": {"Date": NOON}}, "InvalidArgument"),
        ({"Prefix": "a", **DAYS}, "MalformedXML"),
        ({"Filter": {"Prefix": "a", "Tag": TAG}, **DAYS}, "MalformedXML"),
        ({"Filter": {"And": {"Prefix": "a"}}, **DAYS}, "MalformedXML"),
        ({"ID": "x" * 256, **DAYS}, "InvalidArgument"),
        ({"Transitions": [{"Days": 3, "StorageClass": "STANDARD_IA"}]}, "InvalidArgument"),
        ({"Transitions": [{"Days": 3, "StorageClass": "STANDARD"}]}, "MalformedXML"),
        (
            {"Transitions": [{"Days": 9, "StorageClass": "GLACIER"}], "Expiration": {"Days": 9}},
            "InvalidArgument",
        ),
        (
            {"Filter": {"Tag": TAG}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
            "InvalidRequest",
        ),
    ],
)
async def test_lifecycle_rules_that_are_none(pond: Ask, members: dict[str, Any], code: str) -> None:
    with refused(code):
        await rule(pond, **members)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


async def test_freed_bytes_are_kept_for_readers_and_then_removed(
    pond: Ask, store: Store, tmp_path: Path
) -> None:
    await pond("PutObject", Key="k", Body=b"1" * 9000)
    old = await find_object(store, "pond", "k")
    await pond("PutObject", Key="k", Body=b"2" * 9000)
    assert b"".join([piece async for piece in stream_object(store, old)]) == b"1" * 9000
    assert await collect_blobs(store, NOON + timedelta(minutes=9)) == 0
    assert await collect_blobs(store, NOON + timedelta(minutes=11)) == 1
    assert len(files(tmp_path / "blobs")) == 1
    assert (await pond("GetObject", Key="k"))["Body"] == b"2" * 9000


async def test_blobs_whose_writer_died_are_removed_within_hours_and_no_other(
    pond: Ask, store: Store, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    await pond("PutObject", Key="k", Body=b"x" * 9000, now=now)
    await store.blobs.put(b"log", under="logs/")
    stray = [await store.blobs.put(b"stray", under="s3/") for _ in range(20)]
    incoming = tmp_path / "blobs" / "incoming"
    (incoming / "dead").write_bytes(b"half, of a version before")
    (incoming / "writer").mkdir()
    (incoming / "writer" / "dead").write_bytes(b"half")
    minutes = [timedelta(minutes=minute) for minute in range(256)]
    assert sum([await collect_blobs(store, now + minute) for minute in minutes]) == 0
    later = now + 2 * DAY
    assert sum([await collect_blobs(store, later + minute) for minute in minutes]) == len(stray)
    assert len(files(tmp_path / "blobs")) == 2
    assert list(incoming.iterdir()) == []
    assert (await pond("GetObject", Key="k"))["Body"] == b"x" * 9000
    await pond("PutObject", Key="k", Body=b"y" * 9000, now=later)
