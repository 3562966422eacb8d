"""The wire over HTTP: boto3 at one end, uvicorn and the application at the other."""

from __future__ import annotations

import asyncio
import http.client
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest
import uvicorn
from botocore.config import Config
from botocore.exceptions import ClientError

from penstock.errors import not_implemented
from penstock.services.service import Service
from penstock.services.sts import Sts
from penstock.serving.http_protocol import HttpProtocol
from penstock.state.calls import Call, Principal
from penstock.store import Store
from penstock.store.access_keys import IssuedKey, issue_key
from penstock.wire.app import WireApp
from penstock.wire.checksums import ALGORITHMS, encode
from penstock.wire.elsewhere import Receive, Scope, Send
from penstock.wire.identity import Identity

pytestmark = pytest.mark.anyio

ACCOUNT, REGION = "000000000000", "us-east-1"
ALICE = Principal(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/alice", "AIDAALICE")
MEGABYTE = 1 << 20
ANY = IssuedKey("any", "thing", None)


class Shelf(Service):
    """Objects in memory, by key; of those that are called `large` only their length and hash."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.kept: dict[str, bytes] = {}

    async def put_object(self, call: Call, request: dict[str, Any]) -> dict[str, Any]:
        hashed, kept, size = sha256(), [], 0
        async for piece in request["Body"]:
            hashed.update(piece)
            size += len(piece)
            if request["Key"] != "large":
                kept.append(piece)
        assert size == request["ContentLength"]
        self.kept[request["Key"]] = b"".join(kept)
        return {"ETag": f'"{hashed.hexdigest()}"', **request["Body"].checksums}

    async def get_object(self, call: Call, request: dict[str, Any]) -> dict[str, Any]:
        if request["Key"] == "large":
            return {"Body": zeros(200), "ContentLength": 200 * MEGABYTE}
        kept = self.kept[request["Key"]]
        return {"Body": whole(kept), "ContentLength": len(kept), "ContentType": "text/plain"}

    async def list_objects_v2(self, call: Call, request: dict[str, Any]) -> dict[str, Any]:
        return {"Contents": [{"Key": key, "Size": 1} for key in self.kept], "Name": "b"}


class Parameters(Service):
    async def get_parameter(self, call: Call, request: dict[str, Any]) -> dict[str, Any]:
        return {"Parameter": {"Name": request["Name"], "Value": call.principal.arn}}


class Builds(Service):
    async def batch_get_builds(self, call: Call, request: dict[str, Any]) -> dict[str, Any]:
        return {"builds": [{"id": id, "startTime": call.now} for id in request["ids"]]}


class Logs(Service):
    async def start_live_tail(self, call: Call, request: dict[str, Any]) -> dict[str, Any]:
        self.closed = asyncio.Event()
        return {"responseStream": self._events()}

    async def _events(self) -> AsyncIterator[dict[str, Any]]:
        try:
            for number in range(1000):
                yield {"sessionUpdate": {"sessionResults": [{"message": str(number)}]}}
                await asyncio.sleep(0.01)
        finally:
            self.closed.set()


async def zeros(megabytes: int) -> AsyncIterator[bytes]:
    for _ in range(megabytes):
        yield bytes(MEGABYTE)


async def whole(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def nowhere(
    service: str, scope: Scope, receive: Receive, send: Send, principal: Principal, region: str
) -> None:
    raise not_implemented(service)


class Server:
    def __init__(self, port: int, services: dict[str, Any]) -> None:
        self.port = port
        self.services = services

    def client(self, service: str, key: IssuedKey = ANY, **how: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name=REGION,
            aws_access_key_id=key.access_key_id,
            aws_secret_access_key=key.secret_access_key,
            aws_session_token=key.session_token,
            config=Config(inject_host_prefix=False, **how),
        )


@asynccontextmanager
async def serving(store: Store, *, verify: bool = False) -> AsyncIterator[Server]:
    services: dict[str, Any] = {
        "s3": Shelf(store),
        "ssm": Parameters(store),
        "codebuild": Builds(store),
        "logs": Logs(store),
        "sts": Sts(store),
    }
    identity = Identity(store, account=ACCOUNT, region=REGION, verify=verify)
    app = WireApp(services, identity, nowhere)
    config = uvicorn.Config(
        app,
        port=0,
        http=HttpProtocol,
        lifespan="off",
        log_config=None,
        date_header=False,
        server_header=False,
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield Server(server.servers[0].sockets[0].getsockname()[1], services)
    finally:
        server.should_exit = True
        await running


@pytest.fixture
async def server(store: Store) -> AsyncIterator[Server]:
    async with serving(store) as server:
        yield server


@pytest.fixture
async def strict(store: Store) -> AsyncIterator[Server]:
    async with serving(store, verify=True) as server:
        yield server


@pytest.fixture
async def key(store: Store) -> IssuedKey:
    now = datetime.now(UTC)
    async with store.database.transaction() as connection:
        return await issue_key(
            connection, store.sealer, ALICE, now=now, expires=now + timedelta(hours=1)
        )


async def test_boto3_is_answered_in_every_protocol_it_speaks(server: Server) -> None:
    def ask() -> None:
        ssm, sts, builds = (server.client(name) for name in ("ssm", "sts", "codebuild"))
        assert ssm.get_parameter(Name="/a")["Parameter"]["Name"] == "/a"
        assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
        found = builds.batch_get_builds(ids=["a:1"])["builds"][0]
        assert found["startTime"].tzinfo is not None
        with pytest.raises(ClientError) as caught:
            ssm.put_parameter(Name="a", Value="b")
        assert "not implemented: ssm.PutParameter" in str(caught.value)
        assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0

    await asyncio.to_thread(ask)


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
async def test_objects_go_up_and_down_with_their_checksums(server: Server, algorithm: str) -> None:
    def ask() -> None:
        s3 = server.client("s3")
        sums = {"ChecksumAlgorithm": algorithm}
        if algorithm in ("CRC32C", "CRC64NVME"):  # which boto3 alone cannot reckon
            checksum = ALGORITHMS[algorithm.lower()]()
            checksum.update(b"data")
            sums = {f"Checksum{algorithm}": encode(checksum)}
        put = s3.put_object(Bucket="b", Key="a/ b+€", Body=b"data", **sums)
        assert put[f"Checksum{algorithm}"]
        got = s3.get_object(Bucket="b", Key="a/ b+€")
        assert (got["Body"].read(), got["ContentType"]) == (b"data", "text/plain")
        assert s3.list_objects_v2(Bucket="b")["Contents"][0]["Key"] == "a/ b+€"

    await asyncio.to_thread(ask)


async def test_issued_keys_are_verified_and_others_refused(strict: Server, key: IssuedKey) -> None:
    wrong = key._replace(secret_access_key="wrong")

    def ask() -> None:
        ssm = strict.client("ssm", key)
        assert ssm.get_parameter(Name="/a b/ü")["Parameter"]["Value"] == ALICE.arn
        assert strict.client("codebuild", key).batch_get_builds(ids=["a"])["builds"]
        assert strict.client("sts", key).get_caller_identity()["Arn"] == ALICE.arn
        for bad, code in ((wrong, "SignatureDoesNotMatch"), (ANY, "InvalidClientTokenId")):
            with pytest.raises(ClientError) as caught:
                strict.client("ssm", bad).get_parameter(Name="a")
            assert caught.value.response["Error"]["Code"] == code
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            strict.client("s3", wrong).put_object(Bucket="b", Key="k", Body=b"data")

    await asyncio.to_thread(ask)


async def test_uploads_and_links_are_verified(strict: Server, key: IssuedKey) -> None:
    def ask() -> None:
        s3 = strict.client("s3", key, signature_version="s3v4")
        s3.put_object(Bucket="b", Key="a//b/../c ~+", Body=b"data")
        unsigned = strict.client("s3", key, s3={"payload_signing_enabled": False})
        unsigned.put_object(Bucket="b", Key="c", Body=b"data")
        link = s3.generate_presigned_url("get_object", {"Bucket": "b", "Key": "a//b/../c ~+"}, 60)
        assert fetch(link) == (200, b"data")
        assert fetch(link.replace("a//b", "a/b"))[0] == 403
        upload = s3.generate_presigned_url("put_object", {"Bucket": "b", "Key": "new"}, 60)
        assert fetch(upload, "PUT", b"new data")[0] == 200
        assert s3.get_object(Bucket="b", Key="new")["Body"].read() == b"new data"

    await asyncio.to_thread(ask)


def fetch(url: str, method: str = "GET", body: bytes | None = None) -> tuple[int, bytes]:
    host, path = re.fullmatch(r"http://([^/]+)(/.*)", url).groups()  # type: ignore[union-attr]
    connection = http.client.HTTPConnection(host)
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


async def test_who_waits_to_send_a_body_is_told_to_or_that_it_is_over(server: Server) -> None:
    """Else the next request of the connection would be taken for the body that never came."""
    head = "PUT /b/k HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 4\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"{head}\r\n".encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"body")
    taken = await reader.readuntil(b"\r\n\r\n")
    assert taken.startswith(b"HTTP/1.1 200") and b"connection: close" not in taken

    writer.write(f"{head}content-md5: wrong\r\n\r\n".encode())
    refused = await asyncio.wait_for(reader.read(), 10)
    assert refused.startswith(b"HTTP/1.1 400") and b"connection: close" in refused
    assert b"InvalidDigest" in refused
    writer.close()


async def test_a_tail_is_followed_and_ends_with_who_follows_it(server: Server) -> None:
    def ask() -> None:
        logs = server.client("logs")
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g"
        stream = logs.start_live_tail(logGroupIdentifiers=[arn])["responseStream"]
        events = iter(stream)
        found = [next(events)["sessionUpdate"]["sessionResults"][0]["message"] for _ in range(3)]
        assert found == ["0", "1", "2"]
        stream.close()

    await asyncio.to_thread(ask)
    async with asyncio.timeout(5):
        await server.services["logs"].closed.wait()


def peak() -> int:
    """The most memory this process has had since it was last asked, in bytes."""
    status = Path("/proc/self/status").read_text()
    Path("/proc/self/clear_refs").write_text("5")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


def megabytes(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield bytes(MEGABYTE)


def chunks(head: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield head + piece + b"\r\n"
    yield b"0\r\n\r\n"


async def test_objects_of_any_size_pass_in_little_memory(server: Server) -> None:
    """Two hundred megabytes up, as a stream of chunks and plain, and down."""

    def ask() -> None:
        for chunked in (False, True):
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            headers = {"Content-Length": str(200 * MEGABYTE)}
            body = megabytes(200)
            if chunked:
                head = b"%x\r\n" % MEGABYTE
                body = chunks(head, body)
                length = 200 * (MEGABYTE + len(head) + 2) + 5
                headers = {
                    "Content-Length": str(length),
                    "x-amz-decoded-content-length": str(200 * MEGABYTE),
                    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                }
            connection.request("PUT", "/b/large", body, headers)
            response = connection.getresponse()
            assert response.status == 200, response.read()
            connection.close()
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/b/large")
        response = connection.getresponse()
        size = 0
        while piece := response.read(MEGABYTE):
            size += len(piece)
        assert size == 200 * MEGABYTE
        connection.close()

    peak()
    before = peak()
    await asyncio.to_thread(ask)
    assert peak() - before < 40 * MEGABYTE
