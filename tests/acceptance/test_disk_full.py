"""Disks that are full: of the storage, of builds, of all that a server has."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from .conftest import Installation, until

BUCKET = "artifacts"
REASON = "The server's storage cannot be written: No space left on device."
Install = Callable[..., Installation]
Mount = Callable[[Path, str], Path]


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Mounts a small disk on a folder; skipped where that cannot be done."""
    with ExitStack() as stack:

        def small(folder: Path, size: str) -> Path:
            folder.mkdir(parents=True)
            command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "penstock-test", str(folder)]
            if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
                pytest.skip("mount: only root may, and not everywhere")
            end = ["umount", "--lazy", str(folder)]
            stack.callback(subprocess.run, end, check=True)
            return folder

        yield small


def fill(disk: Path, leave: int = 0) -> Path:
    """A file that takes all there is, but so many bytes."""
    there = os.statvfs(disk)
    filler = disk / "filler"
    with open(filler, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, there.f_bavail * there.f_frsize - leave)
    return filler


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def once(installation: Installation, service: str) -> Any:
    return installation.client(service, retries={"total_max_attempts": 1})


def refusal(call: Callable[[], Any]) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as refused:
        call()
    answer = refused.value.response
    error, status = answer["Error"], answer["ResponseMetadata"]["HTTPStatusCode"]
    return error["Code"], status, error["Message"]


def test_a_full_storage_refuses_objects_and_parts_and_keeps_nothing_of_them(
    install: Install, mount: Mount, tmp_path: Path
) -> None:
    disk = mount(tmp_path / "disk", "16m")
    up = install("--no-worker", "--storage", str(disk / "blobs")).start()
    s3 = once(up, "s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="kept", Body=b"k" * (4 << 20))
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    part = {"Bucket": BUCKET, "Key": "parts", "UploadId": upload, "PartNumber": 1}
    before = files(disk)
    full = ("ServiceUnavailable", 503, REASON)
    large = b"x" * (13 << 20)
    assert refusal(lambda: s3.put_object(Bucket=BUCKET, Key="kept", Body=large)) == full
    assert refusal(lambda: s3.upload_part(**part, Body=large)) == full
    filler = fill(disk)
    assert refusal(lambda: s3.put_object(Bucket=BUCKET, Key="new", Body=b"n" * 20_000)) == full
    filler.unlink()
    assert files(disk) == before
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["kept"]
    assert s3.get_object(Bucket=BUCKET, Key="kept")["Body"].read() == b"k" * (4 << 20)
    tag = s3.upload_part(**part, Body=b"p" * (5 << 20))["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
    del part["PartNumber"]
    s3.complete_multipart_upload(**part, MultipartUpload=parts)
    assert s3.head_object(Bucket=BUCKET, Key="parts")["ContentLength"] == 5 << 20
    assert "Traceback" not in up.log


def run(up: Installation, name: str) -> dict[str, Any]:
    codebuild = up.client("codebuild")
    build = codebuild.start_build(projectName=name)["build"]["id"]

    def ended() -> dict[str, Any] | None:
        [found] = codebuild.batch_get_builds(ids=[build])["builds"]
        return dict(found) if found["buildComplete"] else None

    return until(ended)


def contexts(build: dict[str, Any], phase: str) -> str:
    [found] = [one for one in build["phases"] if one["phaseType"] == phase]
    return " ".join(context["message"] for context in found["contexts"])


def told(build: dict[str, Any]) -> str:
    """Why it has failed, in whichever phase."""
    found = [context for phase in build["phases"] for context in phase.get("contexts", [])]
    return " ".join(context["message"] for context in found)


def make_project(up: Installation, *commands: str, source: str = "") -> str:
    """It keeps what is in `out`."""
    up.client("s3").create_bucket(Bucket=BUCKET)
    name = f"web-{uuid4().hex[:8]}"
    spec = {
        "version": 0.2,
        "phases": {"build": {"commands": list(commands)}},
        "artifacts": {"files": ["out/*"]},
    }
    place = {"type": "S3", "location": source} if source else {"type": "NO_SOURCE"}
    up.client("codebuild").create_project(
        name=name,
        source={**place, "buildspec": json.dumps(spec)},
        artifacts={"type": "S3", "location": BUCKET, "packaging": "ZIP", "name": "out.zip"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole="arn:aws:iam::000000000000:role/build",
    )
    return name


def test_a_build_fails_whose_artifact_does_not_fit(
    install: Install, mount: Mount, tmp_path: Path
) -> None:
    disk = mount(tmp_path / "disk", "16m")
    up = install("--runner-where", "host", "--storage", str(disk / "blobs")).start()
    name = make_project(up, "mkdir out && head -c 9000000 /dev/urandom > out/noise")
    filler = fill(disk, leave=2 << 20)
    failed = run(up, name)
    assert failed["buildStatus"] == "FAILED"
    reason = f"{BUCKET}/out.zip: ServiceUnavailable: {REASON}"
    assert reason in contexts(failed, "UPLOAD_ARTIFACTS")
    assert up.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
    assert not files(disk / "blobs" / "incoming")
    filler.unlink()
    assert run(up, name)["buildStatus"] == "SUCCEEDED"
    assert "Traceback" not in up.log


def test_builds_fail_with_the_reason_where_their_own_folder_is_full(
    install: Install, mount: Mount, tmp_path: Path
) -> None:
    disk = mount(tmp_path / "disk", "16m")
    up = install("--runner-where", "host", "--runner-folder", str(disk / "builds")).start()
    with zipfile.ZipFile(packed := BytesIO(), "w") as archive:
        archive.writestr("noise", os.urandom(3 << 20))
    unpacked = make_project(up, "mkdir out && cp noise out", source=f"{BUCKET}/source.zip")
    up.client("s3").put_object(Bucket=BUCKET, Key="source.zip", Body=packed.getvalue())
    archived = make_project(up, "mkdir out && head -c 9000000 /dev/urandom > out/noise")
    written = make_project(up, "mkdir out && head -c 20000000 /dev/urandom > out/noise")
    full = "No space left on device"

    filler = fill(disk, leave=4 << 20)
    failed = run(up, unpacked)
    assert failed["buildStatus"] == "FAILED"
    assert full in contexts(failed, "DOWNLOAD_SOURCE")
    filler.unlink()

    failed = run(up, archived)
    assert failed["buildStatus"] == "FAILED"
    assert full in contexts(failed, "UPLOAD_ARTIFACTS")
    assert run(up, written)["buildStatus"] == "FAILED"

    until(lambda: not files(disk))  # what it had written has been removed
    filler = fill(disk)
    failed = run(up, unpacked)
    assert (failed["buildStatus"], full in told(failed)) == ("FAILED", True)
    filler.unlink()
    assert run(up, unpacked)["buildStatus"] == "SUCCEEDED"
    assert "Traceback" not in up.log


def test_a_server_whose_whole_disk_is_full_goes_on_when_there_is_room(
    install: Install, mount: Mount
) -> None:
    up = install("--no-worker")
    disk = mount(up.data, "200m")
    up.start()
    ssm = once(up, "ssm")
    ssm.put_parameter(Name="/kept", Type="String", Value="kept")
    filler = fill(disk)
    refused = until(lambda: _refused(ssm))
    assert refused == ("ServiceUnavailable", 503)
    filler.unlink()
    until(lambda: _put(ssm, "/after"))
    assert ssm.get_parameter(Name="/kept")["Parameter"]["Value"] == "kept"
    assert ssm.get_parameter(Name="/after")["Parameter"]["Value"] == "x" * 4096
    assert "failed\nTraceback" not in up.log


def _refused(ssm: Any) -> tuple[str, int] | None:
    """How a call was refused at last, for want of room for its row."""
    try:
        ssm.put_parameter(Name=f"/{uuid4().hex}", Type="String", Value="x" * 4096)
    except ClientError as error:
        answer = error.response
        return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]
    return None


def _put(ssm: Any, name: str) -> bool:
    try:
        ssm.put_parameter(Name=name, Type="String", Value="x" * 4096, Overwrite=True)
    except (ClientError, BotoCoreError):
        return False
    return True
