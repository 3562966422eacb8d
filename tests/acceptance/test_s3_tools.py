"""The calls that other tools make of S3 and STS, as they were seen to make them.

`sam package` of AWS SAM CLI 1.170, `cdk-assets publish`, and object_store, which many programs
written in Rust keep their bytes with. All are signed, and the server checks that.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import obstore
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from obstore.store import S3Store

from .conftest import Installation

SAM = "sam-bucket"
CDK = "cdk-hnb659fds-assets-000000000000-us-east-1"
ROLE = "arn:aws:iam::000000000000:role/cdk-hnb659fds-file-publishing-role-000000000000-us-east-1"
REGION = "us-east-1"


@pytest.fixture(scope="module")
def server() -> Iterator[Installation]:
    with tempfile.TemporaryDirectory(prefix="penstock-") as folder:
        found = Installation(Path(folder), "--no-worker", "--verify", "true").start()
        for bucket in (SAM, CDK):
            found.client("s3").create_bucket(Bucket=bucket)
        yield found
        found.end()


@pytest.mark.parametrize("size", [139, 9 << 20])
def test_sam_package_uploads_what_is_not_there_yet(server: Installation, size: int) -> None:
    s3 = server.client("s3", retries={"total_max_attempts": 1})
    code = os.urandom(size)
    place = {"Bucket": SAM, "Key": f"prefix/{hashlib.md5(code).hexdigest()}"}
    with pytest.raises(ClientError) as absent:
        s3.head_object(**place)
    assert absent.value.response["Error"]["Code"] == "404"
    s3.upload_fileobj(
        io.BytesIO(code),
        place["Bucket"],
        place["Key"],
        ExtraArgs={"ServerSideEncryption": "AES256"},
        Config=TransferConfig(multipart_threshold=8 << 20),
    )
    there = s3.head_object(**place)
    assert (there["ContentLength"], there["ServerSideEncryption"]) == (size, "AES256")
    assert s3.get_object(**place)["Body"].read() == code


def test_cdk_assets_publishes_as_the_role_of_the_bootstrap_stack(server: Installation) -> None:
    sts = server.client("sts")
    assert sts.get_caller_identity()["Account"] == "000000000000"
    keys = sts.assume_role(RoleArn=ROLE, RoleSessionName="cdk-assets-root")["Credentials"]
    s3 = boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        region_name=REGION,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    assert s3.get_bucket_location(Bucket=CDK)["LocationConstraint"] is None
    looked = {"Bucket": CDK, "Prefix": "asset.zip", "MaxKeys": 1}
    assert "Contents" not in s3.list_objects_v2(**looked)
    encryption = s3.get_bucket_encryption(Bucket=CDK)["ServerSideEncryptionConfiguration"]
    [rule] = encryption["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    code = os.urandom(1000)
    digest = base64.b64encode(hashlib.sha256(code).digest()).decode()
    answer = s3.put_object(
        Bucket=CDK,
        Key="asset.zip",
        Body=code,
        ContentType="application/zip",
        ServerSideEncryption="AES256",
        ChecksumAlgorithm="SHA256",
        ChecksumSHA256=digest,
    )
    assert answer["ChecksumSHA256"] == digest
    [found] = s3.list_objects_v2(**looked)["Contents"]
    assert (found["Key"], found["Size"]) == ("asset.zip", 1000)


def test_paths_may_end_in_a_slash_and_flags_in_an_equals_sign(server: Installation) -> None:
    """As the SDK for JavaScript writes them: /BUCKET/?location="""
    variables = server.variables
    keys = Credentials(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"])
    for query, told in (("location=", "LocationConstraint"), ("encryption=", "SSEAlgorithm")):
        signed = AWSRequest("GET", f"{server.endpoint}/{CDK}/?{query}")
        signed.headers["x-amz-content-sha256"] = hashlib.sha256(b"").hexdigest()
        SigV4Auth(keys, "s3", REGION).add_auth(signed)
        with urlopen(Request(signed.url, headers=dict(signed.headers))) as answer:
            assert told in answer.read().decode()


def test_object_store_copies_without_saying_how_long_nothing_is(server: Installation) -> None:
    variables = server.variables
    store: Any = S3Store(
        SAM,
        endpoint=server.endpoint,
        region=REGION,
        access_key_id=variables["AWS_ACCESS_KEY_ID"],
        secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        client_options={"allow_http": True},
    )

    async def story() -> None:
        await obstore.put_async(store, "a", b"bytes")
        await obstore.copy_async(store, "a", "b")
        await obstore.rename_async(store, "b", "c")
        found = await obstore.get_async(store, "c")
        assert bytes(await found.bytes_async()) == b"bytes"

    asyncio.run(story())
