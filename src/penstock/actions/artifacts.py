"""Artifacts: ZIP files in the pipeline's bucket, passed on byte for byte (CP-080, CP-081)."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

from penstock.actions.acting import call_of
from penstock.actions.contract import Start
from penstock.decide.artifact_keys import place_of, store_of
from penstock.runner.archives import Entry
from penstock.runner.archives.zip_writer import write_zip
from penstock.services.s3.writing import Writing
from penstock.state.pipelines import Artifact
from penstock.store import Store, objects

__all__ = ["fetch_artifact", "pack_folder", "place_of", "put_artifact", "read_file", "store_of"]

PIECE = 1 << 20


async def put_artifact(
    store: Store,
    start: Start,
    output: str,
    body: str | bytes | AsyncIterator[bytes],
    *,
    revision: str = "",
) -> Artifact:
    """Keeps an output artifact: the bytes, or the file of a path. Raises AwsError, OSError."""
    place = place_of(start, output)
    request: dict[str, Any] = {
        "Bucket": place.bucket,
        "Key": place.key,
        "Body": read_file(body) if isinstance(body, str) else body,
        "ContentType": "application/zip",
        "ServerSideEncryption": "aws:kms",
    }
    if key := store_of(start).key_id:
        request["SSEKMSKeyId"] = key
    kept = await Writing(store).put_object(call_of(start, "s3", "PutObject"), request)
    return place._replace(version_id=kept.get("VersionId", ""), revision=revision)


async def fetch_artifact(store: Store, start: Start, artifact: Artifact, path: str) -> None:
    """Puts an artifact's bytes into a new file. Raises AwsError, OSError."""
    version, owner = artifact.version_id or None, start.name.account
    found = await objects.find_object(store, artifact.bucket, artifact.key, version, owner=owner)
    with open(path, "xb") as file:
        async for piece in objects.stream_object(store, found):
            file.write(piece)


async def read_file(path: str) -> AsyncIterator[bytes]:
    """A file piece by piece. Raises OSError."""
    with open(path, "rb") as file:
        while piece := file.read(PIECE):
            yield piece


def pack_folder(folder: str, path: str) -> None:
    """Makes a ZIP file of all that is in a folder; links stay links. Raises ArchiveError."""
    write_zip(sorted(_entries(folder), key=lambda entry: entry.name), path)


def _entries(folder: str) -> list[Entry]:
    found = []
    for parent, folders, files in os.walk(folder):
        linked = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        for name in (*files, *linked):
            source = os.path.join(parent, name)
            link = os.readlink(source) if os.path.islink(source) else ""
            found.append(Entry(source, os.path.relpath(source, folder), link))
    return found
