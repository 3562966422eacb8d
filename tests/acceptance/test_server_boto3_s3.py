"""boto3 and S3: pages, waiters, transfers, addresses."""

from __future__ import annotations

import io
import os
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError, WaiterError

from .boto import code_of, listed, pages_of, status_of

MB = 1 << 20


@pytest.mark.parametrize("versions", ["list_objects", "list_objects_v2", "list_object_versions"])
def test_pages_of_objects(s3: Any, bucket: str, versions: str) -> None:
    keys = [f"a/{number}" for number in range(5)]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    member = "Versions" if "versions" in versions else "Contents"
    found = listed(pages_of(s3, versions, Bucket=bucket), member)
    assert [item["Key"] for item in found] == keys
    s3.put_object(Bucket=bucket, Key="b/1", Body=b"")
    s3.put_object(Bucket=bucket, Key="c", Body=b"")
    pages = pages_of(s3, versions, 1, Bucket=bucket, Delimiter="/")
    assert [item["Prefix"] for item in listed(pages, "CommonPrefixes")] == ["a/", "b/"]


def test_pages_of_buckets_uploads_and_parts(s3: Any, bucket: str) -> None:
    s3.create_bucket(Bucket=f"{bucket}-2")
    names = [item["Name"] for item in listed(pages_of(s3, "list_buckets", 1), "Buckets")]
    assert {bucket, f"{bucket}-2"} <= set(names)
    uploads = [
        s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"] for key in ("a", "b", "b")
    ]
    found = listed(pages_of(s3, "list_multipart_uploads", 1, Bucket=bucket), "Uploads")
    assert sorted(item["UploadId"] for item in found) == sorted(uploads)
    part = {"Bucket": bucket, "Key": "a", "UploadId": uploads[0]}
    for number in (1, 2, 3):
        s3.upload_part(**part, PartNumber=number, Body=b"x")
    found = listed(pages_of(s3, "list_parts", 1, **part), "Parts")
    assert [item["PartNumber"] for item in found] == [1, 2, 3]


def test_waiters_of_s3(s3: Any, bucket: str) -> None:
    once = {"Delay": 0, "MaxAttempts": 1}
    place = {"Bucket": bucket, "Key": "k"}
    s3.get_waiter("bucket_exists").wait(Bucket=bucket, WaiterConfig=once)
    s3.get_waiter("bucket_not_exists").wait(Bucket=f"{bucket}-not", WaiterConfig=once)
    s3.get_waiter("object_not_exists").wait(**place, WaiterConfig=once)
    with pytest.raises(WaiterError):
        s3.get_waiter("object_exists").wait(**place, WaiterConfig=once)
    s3.put_object(**place, Body=b"")
    s3.get_waiter("object_exists").wait(**place, WaiterConfig=once)


def test_the_transfer_manager_sends_and_gets_in_parts(s3: Any, bucket: str) -> None:
    body = os.urandom(20 * MB)
    config = TransferConfig(multipart_threshold=5 * MB, multipart_chunksize=5 * MB)
    s3.upload_fileobj(io.BytesIO(body), bucket, "big", Config=config)
    head = s3.head_object(Bucket=bucket, Key="big")
    assert head["ContentLength"] == len(body)
    assert head["ETag"].endswith('-4"')
    back = io.BytesIO()
    s3.download_fileobj(bucket, "big", back, Config=config)
    assert back.getvalue() == body
    s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "copy", Config=config)
    assert s3.head_object(Bucket=bucket, Key="copy")["ContentLength"] == len(body)


def test_a_body_is_read_as_it_comes(s3: Any, bucket: str) -> None:
    body = os.urandom(3 * MB)
    s3.put_object(Bucket=bucket, Key="k", Body=io.BytesIO(body), Metadata={"a": "b"})
    found = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes=10-{2 * MB}")
    assert found["ContentRange"] == f"bytes 10-{2 * MB}/{3 * MB}"
    assert b"".join(found["Body"].iter_chunks(65536)) == body[10 : 2 * MB + 1]
    with s3.get_object(Bucket=bucket, Key="k")["Body"] as stream:
        assert stream.read(10) == body[:10]


@pytest.mark.parametrize(
    "key",
    [
        "grüße/日本.txt",
        "🚀",
        "../up",
        "a/../../b",
        "/",
        "//a//",
        ".",
        "a b+c%20&d=e?f#g",
        "k" * 1024,
    ],
)
def test_any_key_is_a_key(s3: Any, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    with urlopen(s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key})) as answer:
        assert answer.read() == key.encode()
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]})
    assert [item["Key"] for item in done["Deleted"]] == [key]


def test_conditional_writes(s3: Any, bucket: str) -> None:
    place = {"Bucket": bucket, "Key": "k"}
    first = s3.put_object(**place, Body=b"1", IfNoneMatch="*")["ETag"]
    for condition in ({"IfNoneMatch": "*"}, {"IfMatch": '"0"'}):
        with pytest.raises(ClientError) as refused:
            s3.put_object(**place, Body=b"2", **condition)
        assert (code_of(refused), status_of(refused)) == ("PreconditionFailed", 412)
    s3.put_object(**place, Body=b"3", IfMatch=first)
    with pytest.raises(ClientError) as refused:
        s3.get_object(**place, IfMatch=first)
    assert status_of(refused) == 412
    assert s3.get_object(**place)["Body"].read() == b"3"


def at_loopback(url: str) -> tuple[str, str]:
    """The URL with an address in place of a name below localhost, and the Host header of the name.

    Such names lead to the loopback (RFC 6761), but not every system resolves them.
    """
    parts = urlsplit(url)
    return parts._replace(netloc=f"127.0.0.1:{parts.port}").geturl(), parts.netloc


def test_a_bucket_in_the_host_name(installation: Any, s3: Any, bucket: str) -> None:
    def send(request: Any, **_: Any) -> None:
        request.url, request.headers["Host"] = at_loopback(request.url)

    style = {"addressing_style": "virtual"}
    virtual = installation.client("s3", host="s3.localhost", s3=style)
    virtual.meta.events.register("before-send", send)
    virtual.put_object(Bucket=bucket, Key="a/b", Body=b"virtual")
    assert s3.get_object(Bucket=bucket, Key="a/b")["Body"].read() == b"virtual"
    url = virtual.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a/b"})
    assert url.startswith(f"http://{bucket}.s3.localhost:{installation.port}/a/b?")
    address, host = at_loopback(url)
    with urlopen(Request(address, headers={"Host": host})) as answer:
        assert answer.read() == b"virtual"


def test_a_presigned_post_is_refused(s3: Any, bucket: str) -> None:
    post = s3.generate_presigned_post(bucket, "k")
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(post["url"], b"--x--", form))
    with refused.value as answer:
        assert (answer.status, b"MethodNotAllowed" in answer.read()) == (405, True)
