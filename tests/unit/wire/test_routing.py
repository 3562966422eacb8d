"""A request says in one of many ways which service and which operation it is for."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.wire.catalogue import catalogue, signing_name
from penstock.wire.request import Head
from penstock.wire.routing import find_operation, find_service


def head_of(method: str = "POST", path: str = "/", query: str = "", **headers: str) -> Head:
    """Underscores in names of headers stand for hyphens."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Head(
        {
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost:4545"), *raw],
        }
    )


def signed(name: str) -> str:
    return f"AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/{name}/aws4_request, Signature=a"


@pytest.mark.parametrize(
    ("head", "form", "expected"),
    [
        (head_of(authorization=signed("ssm")), {}, "ssm"),
        (head_of(authorization=signed("monitoring")), {}, "cloudwatch"),
        (head_of(authorization=signed("email")), {"Version": "2010-12-01"}, "ses"),
        (head_of(authorization=signed("ses")), {"Version": "2010-12-01"}, "ses"),
        (head_of(path="/v2/email/identities", authorization=signed("ses")), {}, "sesv2"),
        (head_of(authorization=signed("codeconnections")), {}, "codeconnections"),
        (head_of(authorization=signed("codestar-connections")), {}, "codestar-connections"),
        (
            head_of(authorization=signed("elasticloadbalancing")),
            {"Version": "2015-12-01"},
            "elbv2",
        ),
        (
            head_of(authorization=signed("elasticloadbalancing")),
            {"Version": "2012-06-01"},
            "elb",
        ),
        (head_of(authorization=signed("rds")), {"Version": "2014-10-31"}, "rds"),
        (
            head_of(authorization=signed("dynamodb"), x_amz_target="DynamoDBStreams_20120810.A"),
            {},
            "dynamodbstreams",
        ),
        (
            head_of(authorization=signed("dynamodb"), x_amz_target="DynamoDB_20120810.A"),
            {},
            "dynamodb",
        ),
        (head_of(x_amz_target="AmazonSSM.GetParameter"), {}, "ssm"),
        (
            head_of(
                path="/service/CodeBuild_20161006/operation/ListBuilds",
                smithy_protocol="rpc-v2-cbor",
            ),
            {},
            "codebuild",
        ),
        (head_of(), {"Action": "GetCallerIdentity", "Version": "2011-06-15"}, "sts"),
        (head_of("GET", query="Action=ListTopics&Version=2010-03-31"), {}, "sns"),
        (head_of("GET", "/2015-03-31/functions", authorization=signed("lambda")), {}, "lambda"),
        (head_of("GET", "/v2/apis", authorization=signed("apigateway")), {}, "apigatewayv2"),
        (head_of("GET", "/restapis", authorization=signed("apigateway")), {}, "apigateway"),
        (head_of("GET", "/bucket/key", authorization=signed("s3")), {}, "s3"),
        (
            head_of(
                "GET",
                "/v20180820/accesspoint",
                authorization=signed("s3"),
                x_amz_account_id="000000000000",
            ),
            {},
            "s3control",
        ),
        (
            head_of(
                "GET", "/b/k", query="X-Amz-Credential=AK%2F2026%2Fus-east-1%2Fs3%2Faws4_request"
            ),
            {},
            "s3",
        ),
        (head_of("GET", "/bucket/key"), {}, "s3"),
    ],
)
def test_services(head: Head, form: dict[str, str], expected: str) -> None:
    assert find_service(head, form) == expected


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "expected"),
    [
        ("GET", "/", "", {}, "ListBuckets"),
        ("GET", "/b", "", {}, "ListObjects"),
        ("GET", "/b/", "", {}, "ListObjects"),
        ("GET", "/b", "list-type=2&prefix=a", {}, "ListObjectsV2"),
        ("GET", "/b", "location", {}, "GetBucketLocation"),
        ("GET", "/b", "versions", {}, "ListObjectVersions"),
        ("GET", "/b", "uploads=", {}, "ListMultipartUploads"),
        ("GET", "/b", "notification", {}, "GetBucketNotificationConfiguration"),
        ("GET", "/b", "inventory", {}, "ListBucketInventoryConfigurations"),
        ("GET", "/b", "inventory&id=1", {}, "GetBucketInventoryConfiguration"),
        ("PUT", "/b", "", {}, "CreateBucket"),
        ("HEAD", "/b", "", {}, "HeadBucket"),
        ("POST", "/b", "delete", {}, "DeleteObjects"),
        ("PUT", "/b/a/b//c/", "", {}, "PutObject"),
        ("PUT", "/b/k", "", {"x_amz_copy_source": "/b/k2"}, "CopyObject"),
        ("PUT", "/b/k", "partNumber=1&uploadId=u", {}, "UploadPart"),
        (
            "PUT",
            "/b/k",
            "partNumber=1&uploadId=u",
            {"x_amz_copy_source": "/b/k2"},
            "UploadPartCopy",
        ),
        ("GET", "/b/k", "uploadId=u", {}, "ListParts"),
        ("GET", "/b/k", "x-id=GetObject", {}, "GetObject"),
        ("GET", "/b/k", "tagging", {}, "GetObjectTagging"),
        ("DELETE", "/b/k", "", {}, "DeleteObject"),
        ("DELETE", "/b/k", "uploadId=u", {}, "AbortMultipartUpload"),
        ("POST", "/b/k", "uploads", {}, "CreateMultipartUpload"),
        ("POST", "/b/k", "uploadId=u", {}, "CompleteMultipartUpload"),
    ],
)
def test_operations_of_s3(
    method: str, path: str, query: str, headers: dict[str, str], expected: str
) -> None:
    head = head_of(method, path, query, **headers)
    assert find_operation(head, "s3", {}, path).operation == expected


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/b/a%20b", "a b"),
        ("/b/a+b", "a+b"),
        ("/b//a", "/a"),
        ("/b/a/", "a/"),
        ("/b/a%2Fb/../c", "a/b/../c"),
        ("/b/%E2%82%AC", "€"),
    ],
)
def test_keys_are_what_stands_after_the_bucket(path: str, key: str) -> None:
    labels = find_operation(head_of("GET", path), "s3", {}, path).labels
    assert labels == {"Bucket": "b", "Key": key}


@pytest.mark.parametrize(
    ("service", "head", "form", "code"),
    [
        ("ssm", head_of(x_amz_target="AmazonSSM.Get"), {}, "UnknownOperationException"),
        ("ssm", head_of(), {}, "UnknownOperationException"),
        ("sts", head_of(), {"Action": "Get"}, "InvalidAction"),
        ("s3", head_of("PATCH", "/b"), {}, "MethodNotAllowed"),
        ("s3", head_of("GET", "/b/%FF"), {}, "InvalidURI"),
        ("lambda", head_of("GET", "/nowhere"), {}, "UnknownOperationException"),
    ],
)
def test_what_no_model_has_is_refused(service: str, head: Head, form: Any, code: str) -> None:
    with pytest.raises(AwsError) as caught:
        find_operation(head, service, form, head.path)
    assert caught.value.code == code


def test_every_model_is_in_the_catalogue() -> None:
    from botocore.loaders import Loader

    assert set(catalogue().metadata) == set(Loader().list_available_services("service-2"))


@pytest.mark.parametrize(("service", "name"), [("cloudwatch", "monitoring"), ("sesv2", "ses")])
def test_signing_names(service: str, name: str) -> None:
    assert signing_name(service) == name
