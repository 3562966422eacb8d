"""Buckets and their policies that stacks make."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.resources.s3.buckets import website_url
from penstock.state.stacks import NotMade
from penstock.store.objects import put_object

from .resource_bench import NOON, Bench
from .resource_bench import bench as bench

pytestmark = pytest.mark.anyio
BUCKET, POLICY = "AWS::S3::Bucket", "AWS::S3::BucketPolicy"
OPEN = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False
)
FULL: dict[str, Any] = {
    "BucketName": "pond",
    "AccessControl": "PublicRead",
    "AccelerateConfiguration": {"AccelerationStatus": "Enabled"},
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [
            {
                "BucketKeyEnabled": "true",
                "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"},
            }
        ]
    },
    "CorsConfiguration": {
        "CorsRules": [
            {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "Id": "all", "MaxAge": "3000"}
        ]
    },
    "IntelligentTieringConfigurations": [{"Id": "a", "Status": "Enabled", "Tierings": []}],
    "LifecycleConfiguration": {
        "Rules": [{"Id": "old", "Status": "Enabled", "ExpirationInDays": 9}]
    },
    "LoggingConfiguration": {"LogFilePrefix": "logs/"},
    "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
    "ObjectLockEnabled": False,
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
    "PublicAccessBlockConfiguration": OPEN,
    "Tags": [{"Key": "a", "Value": "1"}],
    "VersioningConfiguration": {"Status": "Enabled"},
    "WebsiteConfiguration": {
        "IndexDocument": "index.html",
        "ErrorDocument": "error.html",
        "RoutingRules": [
            {
                "RedirectRule": {"ReplaceKeyPrefixWith": "new/"},
                "RoutingRuleCondition": {"KeyPrefixEquals": "old/"},
            }
        ],
    },
}


async def get(bench: Bench, what: str) -> Any:
    answer = await bench.ask("s3", f"Get{what}", Bucket="pond")
    return next(iter(answer.values())) if len(answer) == 1 else answer


async def absent(bench: Bench, *what: str) -> list[str]:
    codes = []
    for one in what:
        with pytest.raises(AwsError) as raised:
            await get(bench, one)
        codes.append(raised.value.code)
    return codes


async def test_a_bucket_has_all_that_its_template_says(bench: Bench) -> None:
    made = await bench.create("Pond", BUCKET, FULL)
    assert made.physical_id == "pond"
    assert made.attributes == {
        "Arn": "arn:aws:s3:::pond",
        "DomainName": "pond.s3.amazonaws.com",
        "RegionalDomainName": "pond.s3.us-east-1.amazonaws.com",
        "DualStackDomainName": "pond.s3.dualstack.us-east-1.amazonaws.com",
        "WebsiteURL": "http://pond.s3-website-us-east-1.localhost:4545",
    }
    assert await get(bench, "BucketVersioning") == "Enabled"
    assert (await get(bench, "BucketEncryption"))["Rules"] == [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"},
            "BucketKeyEnabled": True,
        }
    ]
    assert await get(bench, "BucketCors") == [
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ID": "all", "MaxAgeSeconds": 3000}
    ]
    (rule,) = (await get(bench, "BucketLifecycleConfiguration"))["Rules"]
    assert (rule["ID"], rule["Expiration"]) == ("old", {"Days": 9})
    assert await get(bench, "BucketLogging") == {"TargetBucket": "pond", "TargetPrefix": "logs/"}
    assert await get(bench, "BucketNotificationConfiguration") == {}  # and not absent
    assert await get(bench, "PublicAccessBlock") == OPEN
    assert await get(bench, "BucketOwnershipControls") == {
        "Rules": [{"ObjectOwnership": "ObjectWriter"}]
    }
    assert {tag["Key"]: tag["Value"] for tag in await get(bench, "BucketTagging")} == {
        "a": "1",
        "team": "web",
    }
    site = await get(bench, "BucketWebsite")
    assert site["IndexDocument"] == {"Suffix": "index.html"}
    assert site["RoutingRules"][0]["Condition"] == {"KeyPrefixEquals": "old/"}
    assert await get(bench, "BucketAccelerateConfiguration") == "Enabled"
    grants = (await bench.ask("s3", "GetBucketAcl", Bucket="pond"))["Grants"]
    assert "READ" in [grant["Permission"] for grant in grants]


async def test_what_a_template_no_longer_says_is_as_in_a_new_bucket(bench: Bench) -> None:
    await bench.create("Pond", BUCKET, FULL)
    await bench.update("Pond", {"BucketName": "pond"})
    assert await get(bench, "BucketVersioning") == "Suspended"
    assert (await get(bench, "BucketEncryption"))["Rules"][0][
        "ApplyServerSideEncryptionByDefault"
    ] == {"SSEAlgorithm": "AES256"}
    assert await absent(bench, "BucketCors", "BucketLifecycleConfiguration", "BucketWebsite") == [
        "NoSuchCORSConfiguration",
        "NoSuchLifecycleConfiguration",
        "NoSuchWebsiteConfiguration",
    ]
    for what in ("BucketLogging", "BucketNotificationConfiguration"):
        assert await bench.ask("s3", f"Get{what}", Bucket="pond") == {}
    assert set((await get(bench, "PublicAccessBlock")).values()) == {True}
    assert await get(bench, "BucketOwnershipControls") == {
        "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
    }
    assert await get(bench, "BucketTagging") == [{"Key": "team", "Value": "web"}]
    assert len((await bench.ask("s3", "GetBucketAcl", Bucket="pond"))["Grants"]) == 1
    await bench.delete("Pond")


async def test_names_are_generated_in_lower_case(bench: Bench) -> None:
    made = await bench.create("PondOfTheShop", BUCKET, {})
    assert made.physical_id.startswith("shop-pondoftheshop-")
    again = await bench.create("PondOfTheShop", BUCKET, {}, again=True)
    assert again.physical_id == made.physical_id


async def test_a_bucket_that_is_there_is_somebody_elses_unless_done_again(bench: Bench) -> None:
    await bench.create("Pond", BUCKET, {"BucketName": "pond"})
    assert "'pond' already exists" in await bench.refused("Pond", BUCKET, {"BucketName": "pond"})
    await bench.create("Pond", BUCKET, FULL, again=True)
    assert await get(bench, "BucketVersioning") == "Enabled"


async def test_a_bucket_that_is_not_empty_stays(bench: Bench) -> None:
    await bench.create("Pond", BUCKET, {"BucketName": "pond"})
    await put_object(bench.store, "pond", "fish", b"carp", now=NOON)
    with pytest.raises(AwsError, match="BucketNotEmpty: The bucket you tried to delete is not"):
        await bench.deleted("Pond")


async def test_a_bucket_whose_settings_are_refused_is_there_to_be_deleted(bench: Bench) -> None:
    enforced = {"BucketName": "pond", "AccessControl": "PublicRead"}
    outcome = await bench.created("Pond", BUCKET, enforced)
    assert isinstance(outcome, NotMade)
    assert outcome.physical_id == "pond"
    assert "The bucket does not allow ACLs" in outcome.reason


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"Versioning": True}, "Encountered unsupported property Versioning"),
        ({"ObjectLockEnabled": True}, "not implemented: AWS::S3::Bucket ObjectLockEnabled"),
        (
            {"ReplicationConfiguration": {"Role": "r", "Rules": []}},
            "not implemented: AWS::S3::Bucket ReplicationConfiguration",
        ),
        ({"BucketNamePrefix": "a"}, "not implemented: AWS::S3::Bucket BucketNamePrefix"),
    ],
)
async def test_what_there_is_not_is_refused_by_name(
    bench: Bench, properties: dict[str, Any], told: str
) -> None:
    assert (await bench.refused("Pond", BUCKET, properties)).endswith(told)


@pytest.mark.parametrize("kind", ["Lambda", "Queue", "Topic"])
async def test_notifications_to_others_than_eventbridge_are_refused(
    bench: Bench, kind: str
) -> None:
    notified = {"NotificationConfiguration": {f"{kind}Configurations": [{"Event": "s3:*"}]}}
    reason = await bench.refused("Pond", BUCKET, notified)
    assert reason == (
        f"not implemented: AWS::S3::Bucket NotificationConfiguration {kind}Configurations"
    )


async def test_lifecycle_dates_are_times(bench: Bench) -> None:
    rule = {"Status": "Enabled", "ExpirationDate": "2030-01-01T00:00:00Z", "Prefix": "tmp/"}
    asked = {"BucketName": "pond", "LifecycleConfiguration": {"Rules": [rule]}}
    await bench.create("Pond", BUCKET, asked)
    (found,) = (await get(bench, "BucketLifecycleConfiguration"))["Rules"]
    assert found["Expiration"] == {"Date": datetime(2030, 1, 1, tzinfo=UTC)}
    assert found["Filter"] == {"Prefix": "tmp/"}


async def test_a_policy_is_created_changed_and_deleted(bench: Bench) -> None:
    await bench.create("Pond", BUCKET, {"BucketName": "pond"})
    allow = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::pond/*",
    }
    asked = {"Bucket": "pond", "PolicyDocument": {"Statement": [allow]}}
    made = await bench.create("Policy", POLICY, asked)
    assert made.physical_id == "pond"
    assert await get(bench, "BucketPolicy") == '{"Statement":[' + _dumped(allow) + "]}"
    assert "already exists" in await bench.refused("Policy", POLICY, asked)
    await bench.create("Policy", POLICY, asked, again=True)
    deny = {**allow, "Effect": "Deny"}
    await bench.update("Policy", {"Bucket": "pond", "PolicyDocument": {"Statement": [deny]}})
    assert "Deny" in await get(bench, "BucketPolicy")
    await bench.delete("Policy")
    assert await absent(bench, "BucketPolicy") == ["NoSuchBucketPolicy"]
    await bench.delete("Pond")
    await bench.delete("Policy")  # of a bucket that is gone


def _dumped(statement: dict[str, Any]) -> str:
    import json

    return json.dumps(statement, separators=(",", ":"))


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("", "http://a.s3-website-eu-west-1.amazonaws.com"),
        ("http://127.0.0.1:4545", "http://a.s3-website-eu-west-1.localhost:4545"),
        ("https://aws.example", "https://a.s3-website-eu-west-1.aws.example"),
    ],
)
def test_websites_are_where_this_server_answers_for_them(endpoint: str, url: str) -> None:
    assert website_url("a", "eu-west-1", endpoint) == url
