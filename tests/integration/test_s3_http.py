"""S3 as boto3 finds it: what only shows on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import boto3
import pytest
import uvicorn
from botocore.exceptions import ClientError

from penstock.services import make_service
from penstock.state.calls import Principal
from penstock.store import Store
from penstock.wire.app import WireApp
from penstock.wire.elsewhere import Receive, Scope, Send
from penstock.wire.identity import Identity

pytestmark = pytest.mark.anyio


async def nowhere(
    service: str, scope: Scope, receive: Receive, send: Send, principal: Principal, region: str
) -> None:
    raise AssertionError(f"{service} is asked for, and only S3 is here")


@pytest.fixture
async def s3(store: Store) -> AsyncIterator[Any]:
    """A client of a server that has nothing but S3."""
    identity = Identity(store, account="000000000000", region="us-east-1")
    app = WireApp({"s3": make_service("s3", store)}, identity, nowhere)
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.001)
    port = server.servers[0].sockets[0].getsockname()[1]
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    yield client
    client.close()
    server.should_exit = True
    await task


async def test_a_deleted_object_says_so_in_headers(s3: Any) -> None:
    def story() -> None:
        s3.create_bucket(Bucket="b-1")
        s3.put_bucket_versioning(Bucket="b-1", VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket="b-1", Key="k", Body=b"1")
        marker = s3.delete_object(Bucket="b-1", Key="k")["VersionId"]
        with pytest.raises(ClientError) as caught:
            s3.get_object(Bucket="b-1", Key="k")
        answer = caught.value.response
        assert answer["Error"]["Code"] == "NoSuchKey"
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        assert headers["x-amz-delete-marker"] == "true"
        assert headers["x-amz-version-id"] == marker
        with pytest.raises(ClientError) as caught:
            s3.get_object(Bucket="b-1", Key="k", VersionId=marker)
        answer = caught.value.response["ResponseMetadata"]
        assert (answer["HTTPStatusCode"], answer["HTTPHeaders"]["allow"]) == (405, "DELETE")

    await asyncio.to_thread(story)


async def test_a_range_behind_the_end_tells_the_size(s3: Any) -> None:
    def story() -> None:
        s3.create_bucket(Bucket="b-1")
        s3.put_object(Bucket="b-1", Key="k", Body=b"12345")
        with pytest.raises(ClientError) as caught:
            s3.get_object(Bucket="b-1", Key="k", Range="bytes=9-")
        answer = caught.value.response
        assert answer["Error"]["Code"] == "InvalidRange"
        assert answer["ResponseMetadata"]["HTTPHeaders"]["content-range"] == "bytes */5"

    await asyncio.to_thread(story)
