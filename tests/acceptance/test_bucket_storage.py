"""A whole server that keeps its blobs in a bucket. The bucket is another Penstock's, which has
every request signed."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import zipfile
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from botocore.exceptions import ClientError

BUCKET = "theirs"
DATA = os.urandom(1 << 20) * 20
Install = Callable[..., Any]
Until = Callable[..., Any]


@pytest.fixture
def cloud(install: Install) -> Any:
    """The server whose bucket `blobs` it is."""
    up = install("--no-worker", "--verify", "true").start()
    up.client("s3").create_bucket(Bucket="blobs")
    return up


def url(cloud: Any, prefix: str = "/some/prefix") -> str:
    return f"s3://blobs{prefix}?endpoint={cloud.endpoint}&region=us-east-1"


def keys(cloud: Any) -> dict[str, str]:
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return {name: value for name, value in cloud.variables.items() if name in names}


def make(install: Install, cloud: Any, *options: str) -> Any:
    """A server with its blobs in the cloud's bucket, not started yet."""
    made = install("--storage", url(cloud), "--runner-where", "host", *options)
    made.extra = keys(cloud)
    return made


@pytest.fixture
def server(install: Install, cloud: Any) -> Any:
    return make(install, cloud).start()


def stored(cloud: Any) -> list[str]:
    pages = cloud.client("s3").get_paginator("list_objects_v2").paginate(Bucket="blobs")
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def test_objects_go_into_the_bucket_and_come_back(server: Any, cloud: Any) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="one", Body=DATA)
    s3.upload_fileobj(io.BytesIO(DATA), BUCKET, "parts")
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource=f"{BUCKET}/one")
    s3.copy_object(Bucket=BUCKET, Key="whole", CopySource=f"{BUCKET}/parts")
    s3.delete_object(Bucket=BUCKET, Key="one")
    for key in ("parts", "copy", "whole"):
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == DATA
        ranged = s3.get_object(Bucket=BUCKET, Key=key, Range="bytes=9000000-9000009")
        assert ranged["Body"].read() == DATA[9_000_000:9_000_010]
    listed = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert {(one["Key"], one["Size"]) for one in listed} == {
        (key, len(DATA)) for key in ("parts", "copy", "whole")
    }
    assert all(key.startswith("some/prefix/") for key in stored(cloud))
    assert not (server.data / "blobs").exists()


def project(server: Any, buildspec: dict[str, Any], source: str = "", **members: Any) -> str:
    """`source` is the place of an archive in S3."""
    name = f"web-{uuid4().hex[:8]}"
    text = json.dumps({"version": 0.2, **buildspec})
    place = {"type": "S3", "location": source} if source else {"type": "NO_SOURCE"}
    server.client("codebuild").create_project(
        name=name,
        source={**place, "buildspec": text},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole="arn:aws:iam::000000000000:role/build",
        **{"artifacts": {"type": "NO_ARTIFACTS"}, **members},
    )
    return name


def run(server: Any, until: Until, name: str, seconds: float = 60) -> dict[str, Any]:
    codebuild = server.client("codebuild")
    build = codebuild.start_build(projectName=name)["build"]["id"]

    def ended() -> dict[str, Any] | None:
        [found] = codebuild.batch_get_builds(ids=[build])["builds"]
        return found if found["buildComplete"] else None

    found: dict[str, Any] = until(ended, seconds)
    return found


def said(server: Any, build: dict[str, Any]) -> list[str]:
    page = server.client("logs").get_log_events(
        logGroupName=build["logs"]["groupName"],
        logStreamName=build["logs"]["streamName"],
        startFromHead=True,
    )
    return [event["message"] for event in page["events"]]


def test_what_builds_keep_goes_there_too(server: Any, cloud: Any, until: Until) -> None:
    """CB-090, CB-160: artifacts, caches, sources, logs in S3, and those that are closed."""
    s3 = server.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    with zipfile.ZipFile(packed := io.BytesIO(), "w") as archive:
        archive.writestr("given", os.urandom(100_000))
    s3.put_object(Bucket=BUCKET, Key="source.zip", Body=packed.getvalue())
    name = project(
        server,
        {
            "phases": {
                "build": {
                    "commands": [
                        "cat kept/* 2>/dev/null | wc -c",
                        "mkdir -p kept && head -c 100000 /dev/urandom > kept/noise",
                        "echo there is $(wc -c < given)",
                    ]
                }
            },
            "artifacts": {"files": ["kept/*", "given"]},
            "cache": {"paths": ["kept/*"]},
        },
        source=f"{BUCKET}/source.zip",
        artifacts={"type": "S3", "location": BUCKET, "packaging": "ZIP", "name": "out.zip"},
        cache={"type": "S3", "location": f"{BUCKET}/cache"},
        logsConfig={
            "cloudWatchLogs": {"status": "ENABLED"},
            "s3Logs": {"status": "ENABLED", "location": f"{BUCKET}/logs"},
        },
    )
    first, second = (run(server, until, name) for _ in range(2))
    for build, cached in ((first, "0"), (second, "100000")):
        assert build["buildStatus"] == "SUCCEEDED", said(server, build)
        lines = said(server, build)
        assert "there is 100000" in lines
        assert cached in lines
    body = s3.get_object(Bucket=BUCKET, Key="out.zip")["Body"].read()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ["given", "kept/noise"]
    with psycopg.connect(server.database) as connection:
        row = connection.execute("SELECT blob FROM log_chunks WHERE blob IS NOT NULL").fetchone()
    assert row is not None
    assert f"some/prefix/{row[0]}" in stored(cloud)


def test_a_bucket_that_is_away_is_told_and_all_is_well_when_it_is_back(
    server: Any, cloud: Any, until: Until
) -> None:
    s3 = server.client("s3", retries={"total_max_attempts": 1}, read_timeout=120)
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="kept", Body=DATA)
    kept = {"type": "S3", "location": BUCKET, "packaging": "ZIP", "name": "out.zip"}
    commands = {"build": {"commands": ["head -c 100000 /dev/urandom > noise"]}}
    name = project(server, {"phases": commands, "artifacts": {"files": ["noise"]}}, artifacts=kept)
    cloud.kill()
    attempts: list[Callable[[], Any]] = [
        lambda: s3.put_object(Bucket=BUCKET, Key="new", Body=DATA),
        lambda: s3.get_object(Bucket=BUCKET, Key="kept", Range="bytes=0-9"),
    ]
    for attempt in attempts:
        with pytest.raises(ClientError) as refused:
            attempt()
        answer = refused.value.response
        assert answer["Error"]["Code"] == "ServiceUnavailable"
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
    # Each of what it keeps there is tried for 25 s, in steps that are drawn by lot.
    failed = run(server, until, name, seconds=180)
    assert failed["buildStatus"] == "FAILED"
    [told] = [phase for phase in failed["phases"] if phase["phaseType"] == "UPLOAD_ARTIFACTS"]
    assert "ServiceUnavailable: The server's storage" in told["contexts"][0]["message"]
    assert "Traceback" not in server.log
    cloud.start()
    assert s3.get_object(Bucket=BUCKET, Key="kept")["Body"].read() == DATA
    assert run(server, until, name)["buildStatus"] == "SUCCEEDED"


def up(server: Any) -> subprocess.CompletedProcess[str]:
    """A start that is expected to fail."""
    server.home.mkdir(exist_ok=True)
    return subprocess.run(
        server.command("up", "--port", str(server.port), *server._options),
        env=server.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "SignatureDoesNotMatch"),
        ({"AWS_ACCESS_KEY_ID": "AKIANOBODY"}, "InvalidAccessKeyId"),
    ],
)
def test_keys_that_are_no_good_end_it_with_what_the_bucket_says(
    install: Install, cloud: Any, change: dict[str, str], problem: str
) -> None:
    server = make(install, cloud, "--no-worker")
    server.extra |= change
    ended = up(server)
    assert ended.returncode == 1
    assert re.search(f"penstock up: .*cannot be read: .*{problem}", ended.stderr, re.DOTALL)
    assert "Traceback" not in ended.stderr


def test_one_bucket_is_not_for_two_databases(install: Install, server: Any, cloud: Any) -> None:
    ended = up(make(install, cloud, "--no-worker"))
    assert ended.returncode == 1
    assert "is that of another database" in ended.stderr
    elsewhere = install("--storage", url(cloud, "/other"), "--no-worker")
    elsewhere.extra = keys(cloud)
    elsewhere.start()
