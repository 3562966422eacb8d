"""Where the cache of a build is kept: in S3, or on this machine (CB-090…096)."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from typing import IO

from penstock.decide.artifact_places import split_location
from penstock.errors import AwsError
from penstock.runner.codebuild.cache import CacheStore
from penstock.runner.codebuild.cache.folder import CacheFolder
from penstock.store import objects
from penstock.store.object_removal import Removal, remove
from penstock.worker.artifacts import read_file
from penstock.worker.memory import Memory
from penstock.worker.sources.s3 import fetch_object
from penstock.worker.work import Work


def make_caches(work: Work, memory: Memory) -> CacheStore | None:
    """None where the project has no cache of files."""
    cache = work.effective.get("cache", {"type": "NO_CACHE"})
    if cache["type"] == "S3":
        return ObjectCaches(work, memory, cache["location"], cache.get("cacheNamespace", ""))
    if "LOCAL_CUSTOM_CACHE" in cache.get("modes", ()):
        return CacheFolder(os.path.join(work.cache_folder, "custom"))
    return None


class ObjectCaches:
    """A CacheStore in a bucket, below `location`, the scope of the names and the generation.

    A namespace takes the place of the scope, which is the project: so projects share caches.
    """

    def __init__(self, work: Work, memory: Memory, location: str, namespace: str) -> None:
        self._memory = memory
        self._owner = work.begun.name.account
        self._bucket, prefix = split_location(location)
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._namespace = namespace
        self._generation = work.begun.cache_generation
        self._scope = ""
        self.scratch = work.folder

    def find(self, prefix: str) -> tuple[str, ...]:
        try:
            return self._memory.ask(lambda: self._find(self._key(prefix)))
        except AwsError as error:
            raise _failed(error) from None

    async def _find(self, prefix: str) -> tuple[str, ...]:
        store = self._memory.store
        found = []
        async for key in objects.list_keys(store, self._bucket, prefix, owner=self._owner):
            version = await objects.find_object(store, self._bucket, key, owner=self._owner)
            found.append((version.modified, self._name(key)))
        return tuple(name for _, name in sorted(found, reverse=True))

    def fetch(self, name: str) -> IO[bytes] | None:
        file = tempfile.NamedTemporaryFile(dir=self.scratch)  # noqa: SIM115 (the caller closes it)
        try:
            self._memory.ask(
                lambda: fetch_object(
                    self._memory.store,
                    self._bucket,
                    self._key(name),
                    file.name,
                    owner=self._owner,
                )
            )
        except AwsError as error:
            file.close()
            if error.code == "NoSuchKey":
                return None
            raise _failed(error) from None
        return file

    def put(self, name: str, path: str, replace: bool) -> bool:
        if not replace and name in self.find(name):
            return False
        try:
            self._memory.ask(
                lambda: objects.put_object(
                    self._memory.store,
                    self._bucket,
                    self._key(name),
                    read_file(path),
                    now=datetime.now(UTC),
                    owner=self._owner,
                )
            )
        except AwsError as error:
            raise _failed(error) from None
        os.unlink(path)
        return True

    def discard(self, name: str) -> None:
        removal = Removal(self._key(name))
        try:
            self._memory.ask(
                lambda: remove(
                    self._memory.store,
                    self._bucket,
                    [removal],
                    now=datetime.now(UTC),
                    owner=self._owner,
                )
            )
        except AwsError as error:
            raise _failed(error) from None

    def _key(self, name: str) -> str:
        self._scope, _, rest = name.partition("/")
        return f"{self._prefix}{self._namespace or self._scope}/{self._generation}/{rest}"

    def _name(self, key: str) -> str:
        rest = key.removeprefix(self._prefix).split("/", 2)[2]
        return f"{self._scope}/{rest}"


def _failed(error: AwsError) -> OSError:
    return OSError(None, f"{error.code}: {error.message}")
