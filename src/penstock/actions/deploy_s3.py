"""An artifact put into a bucket, as it is or file by file (CP-129)."""

from __future__ import annotations

import asyncio
import mimetypes
import os
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid5

from penstock.actions.acting import call_of, failed_by
from penstock.actions.artifacts import fetch_artifact, read_file
from penstock.actions.contract import Done, Failed, Outcome, Start
from penstock.errors import AwsError
from penstock.runner.archives import DEFAULT_LIMITS, ArchiveError
from penstock.runner.archives.zip_reader import extract_zip
from penstock.services.s3.writing import Writing
from penstock.store import Store

UNKNOWN = "binary/octet-stream"
_OPTIONS = {
    "CannedACL": "ACL",
    "CacheControl": "CacheControl",
    "KMSEncryptionKeyARN": "SSEKMSKeyId",
}


async def start(store: Store, start: Start) -> Outcome:
    asked = start.configuration
    extract = asked.get("Extract", "").lower() == "true"
    key = _filled(asked.get("ObjectKey", ""), start)
    where = f"s3://{asked['BucketName']}/{key}"
    if not extract and not key:
        return Failed("ConfigurationError", "ObjectKey is required where Extract is false")
    ((name, artifact),) = start.inputs.items()
    try:
        with TemporaryDirectory(prefix="penstock-deploy-") as folder:
            packed = os.path.join(folder, "artifact.zip")
            await fetch_artifact(store, start, artifact, packed)
            if extract:
                await _put_files(store, start, packed, key)
            else:
                await _put(store, start, packed, key)
    except AwsError as error:
        return failed_by(error, where)
    except ArchiveError as error:
        return Failed("JobFailed", f"The artifact {name} cannot be extracted: {error}")
    return Done(summary=f"Deployed to {where}")


async def _put_files(store: Store, start: Start, packed: str, prefix: str) -> None:
    """Raises AwsError, ArchiveError."""
    folder = f"{packed}.files"
    await asyncio.to_thread(extract_zip, packed, folder)
    prefix = prefix.strip("/")
    for path, name in await asyncio.to_thread(_checked, folder):
        await _put(store, start, path, f"{prefix}/{name}" if prefix else name)


def _checked(folder: str) -> list[tuple[str, str]]:
    """All of `_files`, before any is put. Raises ArchiveError, also where links make too much."""
    found = list(_files(folder))
    if sum(os.path.getsize(path) for path, _ in found) > DEFAULT_LIMITS.bytes:
        raise ArchiveError(f"its links make more than {DEFAULT_LIMITS.bytes} bytes of it")
    return found


def _files(folder: str) -> Iterator[tuple[str, str]]:
    """Paths and names; a link that leads to a file of the archive is that file. Raises ArchiveError
    for any other: what it leads to may lead back to it."""
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in folders:
            if os.path.islink(os.path.join(parent, name)):
                raise ArchiveError(
                    f"{os.path.relpath(os.path.join(parent, name), folder)} is a link to a folder,"
                    " which S3 cannot have: put the folder itself there"
                )
        for name in sorted(files):
            path = os.path.realpath(os.path.join(parent, name))
            if not os.path.isfile(path) or not path.startswith(os.path.realpath(folder) + os.sep):
                raise ArchiveError(f"{name} is a link that leads to no file of the archive")
            yield path, os.path.relpath(os.path.join(parent, name), folder)


async def _put(store: Store, start: Start, path: str, key: str) -> None:
    """Raises AwsError."""
    asked = start.configuration
    request: dict[str, Any] = {
        "Bucket": asked["BucketName"],
        "Key": key,
        "Body": read_file(path),
        "ContentType": _content_type(key),
    }
    request |= {name: asked[option] for option, name in _OPTIONS.items() if asked.get(option)}
    if "SSEKMSKeyId" in request:
        request["ServerSideEncryption"] = "aws:kms"
    await Writing(store).put_object(call_of(start, "s3", "PutObject"), request)


def _content_type(key: str) -> str:
    return mimetypes.guess_type(key)[0] or UNKNOWN


def _filled(key: str, start: Start) -> str:
    """The same key however often the execution begins."""
    at = f"{start.started:%Y-%m-%d_%H-%M-%S}"
    return key.replace("{datetime}", at).replace("{uuid}", str(uuid5(start.id, "key")))
