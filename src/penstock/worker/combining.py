"""The artifacts of a batch's builds put together (CB-106)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from penstock.decide.artifact_places import artifact_key, is_zip, location_arn
from penstock.decide.batch_artifacts import Combining
from penstock.errors import AwsError
from penstock.flow.batch_artifacts import find_combining, record_combined
from penstock.runner.archives import ArchiveError, Entry
from penstock.runner.archives.zip_reader import extract_zip
from penstock.runner.archives.zip_writer import write_zip
from penstock.runner.codebuild.source.removing import remove
from penstock.state.builds import PhaseContext
from penstock.state.recorded_builds import Place
from penstock.store import Store, objects
from penstock.store.build_batches import combining_alone
from penstock.worker.artifacts import encryption_of, metadata_of, read_file, sums_of
from penstock.worker.patience import patiently
from penstock.worker.sources.s3 import fetch_object


async def combine(store: Store, folder: str, batch: UUID) -> None:
    """Combines and ends a batch, unless somebody else does; `folder` is where builds have theirs.

    May be done again: the same objects are put. What a killed worker leaves is removed with the
    folders of its builds.
    """
    async with combining_alone(store.database, batch) as alone:
        work = await find_combining(store, batch) if alone else None
        if work is None:
            return
        own = os.path.join(folder, str(batch))
        outcome: Place | PhaseContext | None
        try:
            outcome = await _Combination(store, work, own).make()
        except AwsError as error:
            outcome = PhaseContext("CLIENT_ERROR", f"{error.code}: {error.message}")
        except (ArchiveError, OSError) as error:
            outcome = PhaseContext("CLIENT_ERROR", str(error))
        finally:
            await asyncio.to_thread(remove, own)
        await patiently(lambda: record_combined(store, work, outcome, datetime.now(UTC)))


class _Combination:
    def __init__(self, store: Store, work: Combining, folder: str) -> None:
        self._store = store
        self._work = work
        self._folder = folder

    async def make(self) -> Place | None:
        """Raises AwsError, ArchiveError, OSError."""
        await asyncio.to_thread(remove, self._folder)
        os.makedirs(self._folder, 0o700)
        entries: dict[str, Entry] = {}
        for number, part in enumerate(self._work.parts):
            path = os.path.join(self._folder, str(number))
            packed = f"{path}.zip"
            await fetch_object(
                self._store, part.bucket, part.key, packed, owner=self._work.name.account
            )
            await asyncio.to_thread(extract_zip, packed, path)
            os.unlink(packed)
            entries |= await asyncio.to_thread(files_below, path)
        check_names(entries)
        return await self._put(entries) if self._work.parts else None

    async def _put(self, entries: Mapping[str, Entry]) -> Place:
        name, settings = self._work.name, self._work.artifacts
        bucket = settings["location"]
        key = artifact_key(settings, name.project, str(name.uuid))
        if is_zip(settings):
            return await self._put_zip(entries, bucket, key)
        for entry in entries.values():
            target = f"{key}/{entry.name}" if key else entry.name
            await self._put_file(entry.source, bucket, target, metadata_of(name.arn))
        return Place("", location_arn(bucket, key))

    async def _put_zip(self, entries: Mapping[str, Entry], bucket: str, key: str) -> Place:
        path = os.path.join(self._folder, "artifact.zip")
        await asyncio.to_thread(write_zip, entries.values(), path)
        sums = await asyncio.to_thread(sums_of, path)
        metadata = metadata_of(self._work.name.arn, *sums)
        await self._put_file(path, bucket, key, metadata, "application/zip")
        return Place("", location_arn(bucket, key), *sums)

    async def _put_file(
        self,
        path: str,
        bucket: str,
        key: str,
        metadata: Mapping[str, str],
        content_type: str = "binary/octet-stream",
    ) -> None:
        await objects.put_object(
            self._store,
            bucket,
            key,
            read_file(path),
            now=datetime.now(UTC),
            content_type=content_type,
            metadata=metadata,
            encryption=encryption_of(self._work.artifacts),
            owner=self._work.name.account,
        )


def files_below(folder: str) -> dict[str, Entry]:
    """All files and links below a folder, by their names."""
    found = {}
    for parent, folders, files in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        for leaf in (*files, *links):
            path = os.path.join(parent, leaf)
            name = os.path.relpath(path, folder)
            found[name] = Entry(path, name, os.readlink(path) if os.path.islink(path) else "")
    return found


def check_names(names: Mapping[str, Entry]) -> None:
    """Raises ArchiveError where a file of one build is a folder of another."""
    for name in names:
        parent = os.path.dirname(name)
        while parent:
            if parent in names:
                raise ArchiveError(f"{parent} is a file in one build, and a folder in another")
            parent = os.path.dirname(parent)
