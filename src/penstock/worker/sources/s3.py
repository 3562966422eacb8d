"""Sources in S3: an archive, or all objects below a prefix (CB-150, CB-151)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from penstock.decide.artifact_places import split_location
from penstock.errors import AwsError
from penstock.runner.archives import ArchiveError, Folder, safe_name, write_all
from penstock.runner.archives.zip_reader import extract_zip
from penstock.runner.codebuild.source import Source
from penstock.store import Store, objects
from penstock.worker.memory import Memory
from penstock.worker.patience import patiently
from penstock.worker.refusal import refused, refused_by
from penstock.worker.work import Work


def fetch_s3(
    work: Work, memory: Memory, source: Mapping[str, Any], version: str, path: str
) -> Source:
    """Raises Refused."""
    bucket, key = split_location(source["location"])
    account = work.begun.name.account
    try:
        if key.endswith("/"):
            os.mkdir(path)
            memory.call(_fetch_folder(memory.store, bucket, key, path, account))
        else:
            packed = f"{path}.zip"
            memory.ask(
                lambda: fetch_object(
                    memory.store, bucket, key, packed, owner=account, version=version or None
                )
            )
            extract_zip(packed, path)
            os.unlink(packed)
    except AwsError as error:
        raise refused_by(error, f"{bucket}/{key}") from None
    except (ArchiveError, OSError) as error:
        raise refused(f"{bucket}/{key}: {error}") from None
    return Source(path, version=version, repo_url=f"s3://{bucket}/{key}")


async def fetch_object(
    store: Store, bucket: str, key: str, path: str, *, owner: str, version: str | None = None
) -> None:
    """Raises AwsError, OSError."""
    found = await objects.find_object(store, bucket, key, version, owner=owner)
    with open(path, "wb") as file:
        async for piece in objects.stream_object(store, found):
            file.write(piece)


async def _fetch_folder(store: Store, bucket: str, prefix: str, path: str, owner: str) -> None:
    """Raises AwsError, ArchiveError for keys that lead elsewhere, OSError."""
    with Folder(path) as folder:
        for key in await patiently(lambda: _keys(store, bucket, prefix, owner)):
            relative = key.removeprefix(prefix)
            if not relative or relative.endswith("/"):
                continue
            found = await patiently(partial(objects.find_object, store, bucket, key, owner=owner))
            descriptor = folder.create(safe_name(relative))
            try:
                os.fchmod(descriptor, 0o644)
                async for piece in objects.stream_object(store, found):
                    write_all(descriptor, piece)
            finally:
                os.close(descriptor)


async def _keys(store: Store, bucket: str, prefix: str, owner: str) -> list[str]:
    return [key async for key in objects.list_keys(store, bucket, prefix, owner=owner)]
