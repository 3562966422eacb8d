"""S3's buckets, what is set on them, and what comes of it: events, expiry, websites."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from penstock.store import Store

from .pond import NOON, Ask, refused

pytestmark = pytest.mark.anyio


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
