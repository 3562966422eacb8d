"""S3's buckets, what is set on them, and what comes of it: events, expiry, websites."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.services.s3 import S3
from penstock.services.s3.website import website_answer
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.leftovers import collect_blobs
from penstock.store.lifecycle import apply_lifecycle
from penstock.store.objects import find_object, put_object, stream_object

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def ask(store: Store, call_of: Callable[..., Call]) -> Ask:
    """Asks for an operation: `await ask("GetBucketAcl")`, of the bucket `pond`."""
    service = S3(store)

    async def call(
        operation: str, *, now: datetime = NOON, region: str = "us-east-1", **request: Any
    ) -> dict[str, Any]:
        handler = service.handler(operation)
        asked = {"Bucket": "pond", **request}
        return await handler(call_of("s3", operation, now=now, region=region), asked) or {}

    return call


@pytest.fixture
async def pond(ask: Ask) -> Ask:
    await ask("CreateBucket")
    return ask


def refused(code: str, status: int = 400) -> Any:
    return pytest.raises(AwsError, check=lambda error: (error.code, error.status) == (code, status))


def located(constraint: str) -> dict[str, Any]:
    return {"CreateBucketConfiguration": {"LocationConstraint": constraint}}


@pytest.mark.parametrize(
    ("region", "request_", "location"),
    [
        ("us-east-1", {}, ""),
        ("us-east-1", located("eu-west-1"), "eu-west-1"),
        ("eu-west-1", located("EU"), "eu-west-1"),
        ("ap-south-1", located("ap-south-1"), "ap-south-1"),
    ],
)
async def test_where_a_bucket_is(
    ask: Ask, region: str, request_: dict[str, Any], location: str
) -> None:
    made = await ask("CreateBucket", region=region, **request_)
    assert made["Location"] == "/pond"
    assert (await ask("GetBucketLocation"))["LocationConstraint"] == location
    assert (await ask("HeadBucket"))["BucketRegion"] == (location or "us-east-1")


@pytest.mark.parametrize(
    ("region", "request_", "code"),
    [
        ("eu-west-1", {}, "IllegalLocationConstraintException"),
        ("eu-west-1", located("eu-west-2"), "IllegalLocationConstraintException"),
        ("us-east-1", located("us-east-1"), "InvalidLocationConstraint"),
        ("us-east-1", located("atlantis"), "InvalidLocationConstraint"),
    ],
)
async def test_where_a_bucket_cannot_be(
    ask: Ask, region: str, request_: dict[str, Any], code: str
) -> None:
    with refused(code):
        await ask("CreateBucket", region=region, **request_)


async def test_making_a_bucket_again(ask: Ask, store: Store) -> None:
    await ask("CreateBucket")
    assert (await ask("CreateBucket"))["Location"] == "/pond"
    with refused("BucketAlreadyOwnedByYou", 409):
        await ask("CreateBucket", region="eu-west-1", **located("eu-west-1"))
    await store.database.execute("UPDATE buckets SET account = '111111111111'")
    with refused("BucketAlreadyExists", 409):
        await ask("CreateBucket")
    with refused("AccessDenied", 403):
        await ask("ListObjectsV2")
    with refused("AccessDenied", 403):
        await ask("PutObject", Key="k", Body=b"x")
    assert (await ask("ListBuckets"))["Buckets"] == []


async def test_only_an_empty_bucket_is_removed(pond: Ask, store: Store) -> None:
    await pond("PutObject", Key="k", Body=b"x")
    with refused("BucketNotEmpty", 409):
        await pond("DeleteBucket")
    await pond("DeleteObject", Key="k")
    upload = (await pond("CreateMultipartUpload", Key="k"))["UploadId"]
    await pond("UploadPart", Key="k", UploadId=upload, PartNumber=1, Body=b"x")
    await pond("DeleteBucket")
    with refused("NoSuchBucket", 404):
        await pond("HeadBucket")
    assert len(await store.database.fetch("SELECT * FROM freed_blobs")) == 1


async def test_buckets_are_listed_in_pages(ask: Ask) -> None:
    for name in ("aaa", "bbb", "bbc"):
        await ask("CreateBucket", Bucket=name)
    first = await ask("ListBuckets", MaxBuckets=2)
    assert [one["Name"] for one in first["Buckets"]] == ["aaa", "bbb"]
    rest = await ask("ListBuckets", ContinuationToken=first["ContinuationToken"])
    assert [one["Name"] for one in rest["Buckets"]] == ["bbc"]
    assert len((await ask("ListBuckets", Prefix="bb"))["Buckets"]) == 2
    with refused("InvalidArgument"):
        await ask("ListBuckets", ContinuationToken="x")


SETTINGS: list[tuple[str, dict[str, Any], str, dict[str, Any], str, str]] = [
    (
        "PutBucketCors",
        {
            "CORSConfiguration": {
                "CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]
            }
        },
        "GetBucketCors",
        {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]},
        "DeleteBucketCors",
        "NoSuchCORSConfiguration",
    ),
    (
        "PutBucketTagging",
        {"Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}},
        "GetBucketTagging",
        {"TagSet": [{"Key": "a", "Value": "b"}]},
        "DeleteBucketTagging",
        "NoSuchTagSet",
    ),
    (
        "PutBucketWebsite",
        {"WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"}}},
        "GetBucketWebsite",
        {"IndexDocument": {"Suffix": "index.html"}},
        "DeleteBucketWebsite",
        "NoSuchWebsiteConfiguration",
    ),
    (
        "PutPublicAccessBlock",
        {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
        "GetPublicAccessBlock",
        {
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "IgnorePublicAcls": False,
                "BlockPublicPolicy": False,
                "RestrictPublicBuckets": False,
            }
        },
        "DeletePublicAccessBlock",
        "NoSuchPublicAccessBlockConfiguration",
    ),
    (
        "PutBucketOwnershipControls",
        {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}},
        "GetBucketOwnershipControls",
        {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}},
        "DeleteBucketOwnershipControls",
        "OwnershipControlsNotFoundError",
    ),
]


@pytest.mark.parametrize(("put", "request_", "get", "answer", "delete", "code"), SETTINGS)
async def test_what_is_set_is_given_back_until_it_is_removed(
    pond: Ask,
    put: str,
    request_: dict[str, Any],
    get: str,
    answer: dict[str, Any],
    delete: str,
    code: str,
) -> None:
    await pond(put, **request_)
    assert await pond(get) == answer
    await pond(delete)
    with refused(code, 404):
        await pond(get)


async def test_encryption_by_default(pond: Ask) -> None:
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/mine"}
    rules = [{"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": True}]
    configuration = {"ServerSideEncryptionConfiguration": {"Rules": rules}}
    await pond("PutBucketEncryption", **configuration)
    assert await pond("GetBucketEncryption") == configuration
    put = await pond("PutObject", Key="k", Body=b"x")
    told = {
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": "alias/mine",
        "BucketKeyEnabled": True,
    }
    assert put == {"ETag": put["ETag"], **told}
    assert (await pond("HeadObject", Key="k")).items() >= told.items()
    assert (await pond("CreateMultipartUpload", Key="k")).items() >= told.items()
    asked = await pond("PutObject", Key="k", Body=b"x", ServerSideEncryption="AES256")
    assert asked["ServerSideEncryption"] == "AES256"
    await pond("DeleteBucketEncryption")
    assert (await pond("PutObject", Key="k", Body=b"x"))["ServerSideEncryption"] == "AES256"


def policy(principal: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::pond/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


async def test_a_public_policy_is_blocked_until_that_is_turned_off(pond: Ask) -> None:
    with refused("AccessDenied", 403):
        await pond("PutBucketPolicy", Policy=policy("*"))
    await pond("PutBucketPolicy", Policy=policy({"AWS": "arn:aws:iam::000000000000:root"}))
    assert not (await pond("GetBucketPolicyStatus"))["PolicyStatus"]["IsPublic"]
    await pond("PutPublicAccessBlock", PublicAccessBlockConfiguration={})
    await pond("PutBucketPolicy", Policy=policy("*"))
    assert (await pond("GetBucketPolicy"))["Policy"] == policy("*")
    assert (await pond("GetBucketPolicyStatus"))["PolicyStatus"]["IsPublic"]
    await pond("DeleteBucketPolicy")
    with refused("NoSuchBucketPolicy", 404):
        await pond("GetBucketPolicy")


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"Statement": []}', policy("*").replace("pond", "x")]
)
async def test_a_policy_that_is_none(pond: Ask, text: str) -> None:
    with refused("MalformedPolicy"):
        await pond("PutBucketPolicy", Policy=text)


async def test_acls_where_ownership_allows_them(pond: Ask) -> None:
    with refused("AccessControlListNotSupported"):
        await pond("PutBucketAcl", ACL="public-read")
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    await pond("PutBucketOwnershipControls", OwnershipControls=controls)
    with refused("AccessDenied", 403):
        await pond("PutBucketAcl", ACL="public-read")
    await pond("DeletePublicAccessBlock")
    await pond("PutBucketAcl", ACL="public-read")
    grants = (await pond("GetBucketAcl"))["Grants"]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL", "READ"]
    await pond("PutObject", Key="k", Body=b"x", GrantRead='id="abc", uri="http://x"')
    grants = (await pond("GetObjectAcl", Key="k"))["Grants"]
    assert [one["Grantee"]["Type"] for one in grants] == ["CanonicalUser", "Group"]
    await pond("PutObjectAcl", Key="k", ACL="private")
    assert len((await pond("GetObjectAcl", Key="k"))["Grants"]) == 1


async def test_the_small_settings(pond: Ask) -> None:
    assert await pond("GetBucketRequestPayment") == {"Payer": "BucketOwner"}
    await pond("PutBucketRequestPayment", RequestPaymentConfiguration={"Payer": "Requester"})
    assert await pond("GetBucketRequestPayment") == {"Payer": "Requester"}
    assert await pond("GetBucketAccelerateConfiguration") == {}
    status = {"Status": "Enabled"}
    await pond("PutBucketAccelerateConfiguration", AccelerateConfiguration=status)
    assert await pond("GetBucketAccelerateConfiguration") == status
    logging = {"LoggingEnabled": {"TargetBucket": "pond", "TargetPrefix": "l/"}}
    await pond("PutBucketLogging", BucketLoggingStatus=logging)
    assert await pond("GetBucketLogging") == logging
    logging["LoggingEnabled"]["TargetBucket"] = "sea"
    with refused("InvalidTargetBucketForLogging"):
        await pond("PutBucketLogging", BucketLoggingStatus=logging)
    with refused("ReplicationConfigurationNotFoundError", 404):
        await pond("GetBucketReplication")


async def test_notifications_to_others_than_eventbridge_are_said_to_be_missing(pond: Ask) -> None:
    queue = {"QueueArn": "arn:aws:sqs:us-east-1:000000000000:q", "Events": ["s3:ObjectCreated:*"]}
    with refused("NotImplemented", 501):
        await pond(
            "PutBucketNotificationConfiguration",
            NotificationConfiguration={"QueueConfigurations": [queue]},
        )


@pytest.fixture
async def told(pond: Ask, store: Store) -> Callable[[], Awaitable[list[Any]]]:
    """The events so far, of a bucket that keeps versions."""
    configuration: dict[str, Any] = {"EventBridgeConfiguration": {}}
    await pond("PutBucketNotificationConfiguration", NotificationConfiguration=configuration)
    assert await pond("GetBucketNotificationConfiguration") == configuration
    await pond("PutBucketVersioning", VersioningConfiguration={"Status": "Enabled"})

    async def events() -> list[Any]:
        return await store.database.fetch("SELECT * FROM events ORDER BY sequence")

    return events


async def test_eventbridge_hears_of_objects(
    pond: Ask, told: Callable[[], Awaitable[list[Any]]]
) -> None:
    put = await pond("PutObject", Key="k", Body=b"x")
    (event,) = await told()
    assert (event.source, event.detail_type, event.at) == ("aws.s3", "Object Created", NOON)
    assert (event.account, event.region, event.resources) == (
        *("000000000000", "us-east-1"),
        ["arn:aws:s3:::pond"],
    )
    sequencer = event.detail["object"].pop("sequencer")
    assert int(sequencer, 16) > 0
    assert event.detail.pop("request-id")
    assert event.detail == {
        "version": "0",
        "bucket": {"name": "pond"},
        "object": {
            "key": "k",
            "size": 1,
            "etag": put["ETag"].strip('"'),
            "version-id": put["VersionId"],
        },
        "requester": "000000000000",
        "reason": "PutObject",
    }
    await pond("CopyObject", Key="c", CopySource="pond/k")
    await pond("PutObjectTagging", Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    await pond("DeleteObject", Key="k")
    await pond("DeleteObjects", Delete={"Objects": [{"Key": "k", "VersionId": put["VersionId"]}]})
    upload = (await pond("CreateMultipartUpload", Key="m"))["UploadId"]
    part = await pond("UploadPart", Key="m", UploadId=upload, PartNumber=1, Body=b"x")
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    await pond(
        "CompleteMultipartUpload", Key="m", UploadId=upload, MultipartUpload={"Parts": parts}
    )
    rest = (await told())[1:]
    assert [(one.detail_type, one.detail.get("reason")) for one in rest] == [
        ("Object Created", "CopyObject"),
        ("Object Tags Added", None),
        ("Object Deleted", "DeleteObject"),
        ("Object Deleted", "DeleteObject"),
        ("Object Created", "CompleteMultipartUpload"),
    ]
    kinds = [one.detail["deletion-type"] for one in rest[2:4]]
    assert kinds == ["Delete Marker Created", "Permanently Deleted"]
    sequencers = [one.detail["object"]["sequencer"] for one in (rest[0], rest[2], rest[4])]
    assert sequencers == sorted(sequencers)


async def test_a_put_that_is_refused_is_not_told(
    pond: Ask, told: Callable[[], Awaitable[list[Any]]]
) -> None:
    await pond("PutObject", Key="k", Body=b"x")
    with refused("PreconditionFailed", 412):
        await pond("PutObject", Key="k", Body=b"x", IfNoneMatch="*")
    await pond("DeleteObject", Key="none", VersionId="x" * 32)
    assert len(await told()) == 1


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
    (tmp_path / "blobs" / "incoming" / "dead").write_bytes(b"half")
    minutes = [timedelta(minutes=minute) for minute in range(256)]
    assert sum([await collect_blobs(store, now + minute) for minute in minutes]) == 0
    later = now + 2 * DAY
    assert sum([await collect_blobs(store, later + minute) for minute in minutes]) == len(stray)
    assert len(files(tmp_path / "blobs")) == 2
    assert (await pond("GetObject", Key="k"))["Body"] == b"x" * 9000


async def site(ask: Ask, **configuration: Any) -> None:
    await ask(
        "PutBucketWebsite",
        WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}, **configuration},
    )


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/", 200, b"home"),
        ("/app.js", 200, b"code"),
        ("/docs", 302, b""),
        ("/docs/", 200, b"docs"),
        ("/deep/link", 404, b"home"),
        ("/moved", 301, b""),
    ],
)
async def test_a_single_page_application(
    pond: Ask, store: Store, path: str, status: int, body: bytes
) -> None:
    await site(pond, ErrorDocument={"Key": "index.html"})
    for key, text in (("index.html", b"home"), ("app.js", b"code"), ("docs/index.html", b"docs")):
        await put_object(store, "pond", key, text, now=NOON, content_type="text/html")
    await pond("PutObject", Key="moved", Body=b"", WebsiteRedirectLocation="/elsewhere")
    answer = await website_answer(store, "pond", path)
    assert (answer.status, b"".join([piece async for piece in answer.body])) == (status, body)
    location = {302: "/docs/", 301: "/elsewhere"}.get(status)
    assert answer.headers.get("location") == location


async def test_routing_rules_and_error_pages(pond: Ask, store: Store) -> None:
    by_prefix = {
        "Condition": {"KeyPrefixEquals": "old/"},
        "Redirect": {"ReplaceKeyPrefixWith": "new/", "HttpRedirectCode": "302"},
    }
    on_error = {
        "Condition": {"HttpErrorCodeReturnedEquals": "404", "KeyPrefixEquals": "gone"},
        "Redirect": {"HostName": "example.com", "Protocol": "https", "ReplaceKeyWith": "sorry"},
    }
    await site(pond, RoutingRules=[by_prefix, on_error])
    answer = await website_answer(store, "pond", "/old/a b")
    assert (answer.status, answer.headers["location"]) == (302, "/new/a%20b")
    answer = await website_answer(store, "pond", "/gone/x")
    assert (answer.status, answer.headers["location"]) == (301, "https://example.com/sorry")
    answer = await website_answer(store, "pond", "/<none>")
    page = b"".join([piece async for piece in answer.body])
    assert answer.status == 404 and b"NoSuchKey" in page and b"&lt;none&gt;" in page
    answer = await website_answer(store, "sea", "/")
    assert answer.status == 404
    await pond(
        "PutBucketWebsite",
        WebsiteConfiguration={"RedirectAllRequestsTo": {"HostName": "example.com"}},
    )
    answer = await website_answer(store, "pond", "/a")
    assert (answer.status, answer.headers["location"]) == (301, "http://example.com/a")


@pytest.mark.parametrize(
    "configuration",
    [
        {"IndexDocument": {"Suffix": "a/b"}},
        {"ErrorDocument": {"Key": ""}},
        {"RoutingRules": [{"Redirect": {"HttpRedirectCode": "200"}}]},
        {"RoutingRules": [{"Redirect": {"ReplaceKeyWith": "a", "ReplaceKeyPrefixWith": "b"}}]},
        {"RedirectAllRequestsTo": {"HostName": "x"}},
    ],
)
async def test_website_configurations_that_are_none(
    pond: Ask, configuration: dict[str, Any]
) -> None:
    with pytest.raises(AwsError):
        await site(pond, **configuration)


async def test_removing_the_latest_version_of_a_website_brings_the_old_one_back(
    pond: Ask, store: Store
) -> None:
    await pond("PutBucketVersioning", VersioningConfiguration={"Status": "Enabled"})
    await site(pond)
    first = await put_object(store, "pond", "index.html", b"1", now=NOON)
    second = await put_object(store, "pond", "index.html", os.urandom(9000), now=NOON)
    assert first.version_id and second.version_id
    await pond("DeleteObject", Key="index.html", VersionId=second.version_id)
    answer = await website_answer(store, "pond", "/")
    assert b"".join([piece async for piece in answer.body]) == b"1"
