"""Properties whose values are not what their type's schema says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from penstock.errors import AwsError
from penstock.resources.contract import Job, StackName, Task, TaskAction
from penstock.resources.property_types import check_property_types
from penstock.state.calls import Principal

STACK = StackName("000000000000", "us-east-1", "app", UUID(int=1))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BUCKET, ROLE, TOPIC = "AWS::S3::Bucket", "AWS::IAM::Role", "AWS::SNS::Topic"
NOTHING: Any = None


def job(type: str, properties: Any) -> Job:
    task = Task(UUID(int=2), TaskAction.CREATE, "R", type, properties)
    nobody = Principal("", "", "")
    return Job(task, STACK, properties, {}, {}, nobody, NOTHING, NOTHING, NOON)


@pytest.mark.parametrize(
    ("type", "properties"),
    [
        (BUCKET, {"BucketName": 7, "VersioningConfiguration": {"Status": "Enabled"}}),
        (BUCKET, {"PublicAccessBlockConfiguration": {"BlockPublicAcls": "true"}}),
        (BUCKET, {"LifecycleConfiguration": {"Rules": [{"ExpirationInDays": "3"}]}}),
        (ROLE, {"AssumeRolePolicyDocument": {"Statement": []}}),
        (ROLE, {"AssumeRolePolicyDocument": '{"Statement": []}'}),
        ("Custom::Anything", {"ServiceToken": "x", "Free": [{"a": [1]}]}),
        ("AWS::No::Type", {"A": []}),
        (BUCKET, {"NoSuchProperty": []}),
    ],
)
def test_plain_values_are_one_another_s(type: str, properties: Any) -> None:
    check_property_types(job(type, properties))


@pytest.mark.parametrize(
    ("type", "properties", "told"),
    [
        (BUCKET, {"BucketName": ["a"]}, "#/BucketName: expected type: String, found: JSONArray"),
        (
            BUCKET,
            {"Tags": {"a": "b"}},
            "#/Tags: expected type: JSONArray, found: JSONObject",
        ),
        (
            BUCKET,
            {"LifecycleConfiguration": {"Rules": ["no"]}},
            "#/LifecycleConfiguration/Rules/0: expected type: JSONObject, found: String",
        ),
        (TOPIC, {"Subscription": 7}, "#/Subscription: expected type: JSONArray, found: Integer"),
        (
            ROLE,
            {"Policies": [True, 1.5]},
            "#/Policies/0: expected type: JSONObject, found: Boolean\n"
            "#/Policies/1: expected type: JSONObject, found: Number",
        ),
    ],
)
def test_all_that_is_of_another_type_is_told(type: str, properties: Any, told: str) -> None:
    with pytest.raises(AwsError) as raised:
        check_property_types(job(type, properties))
    assert raised.value.message == (
        f"Properties validation failed for resource R with message:\n{told}"
    )
