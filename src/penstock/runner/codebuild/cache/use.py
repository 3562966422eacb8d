"""A build's cache section put to work: expanded by the build's shell, restored, saved."""

from __future__ import annotations

import os

from penstock.documents.buildspec import Cache, CacheAction
from penstock.runner.codebuild.cache import CacheStore, ExpandedCache, restore, save
from penstock.runner.codebuild.ground import Ground
from penstock.runner.codebuild.patterns import has_wildcard
from penstock.runner.codebuild.sinks import Sink
from penstock.runner.shells.contract import HostError


def restore_cache(cache: ExpandedCache, store: CacheStore, sink: Sink, ground: Ground) -> None:
    """Puts the cache back before the first command; what goes wrong is noted, no more."""
    if cache.action is CacheAction.SAVE:
        return
    staging = _Staging(ground)
    try:
        for note in restore(cache, ground.source.path, staging.empty, store):
            sink.note(note)
        staging.hand_over()
    except HostError as error:
        sink.warn(f"The cache is not restored: {error}")


def save_cache(cache: ExpandedCache, store: CacheStore, sink: Sink, ground: Ground) -> None:
    """Stores the cache; the build has ended."""
    if cache.action is CacheAction.RESTORE:
        return
    try:
        for note in save(cache, ground.source.path, _Staging(ground).filled, store):
            sink.note(note)
    except HostError as error:
        sink.warn(f"The cache is not saved: {error}")


def expand_cache(project: str, sink: Sink, ground: Ground) -> ExpandedCache | None:
    """The cache as the build's shell expands it, without what needs no keeping."""
    cache = ground.spec.cache
    if cache is None:
        return None
    try:
        expanded = _expanded(cache, project, ground)
    except ValueError as error:
        sink.warn(f"No cache: {error}")
        return None
    paths = []
    for path in expanded.paths:
        if ground.has(path):
            paths.append(path)
        elif ground.host.outlives(path):
            sink.note(f"Cache: {path} is this machine's own and stays as it is")
        else:  # a whole folder, so that not all that is beside it must be fetched to find it
            paths.append(path if has_wildcard(path) else f"{path.rstrip('/')}/**/*")
    return expanded._replace(paths=tuple(paths)) if paths else None


def _expanded(cache: Cache, project: str, ground: Ground) -> ExpandedCache:
    """Raises ValueError."""
    expand = ground.session.expand
    return ExpandedCache(
        paths=tuple(expand(path.value) for path in cache.paths),
        scope=project,
        key=expand(cache.key or ""),
        fallback_keys=tuple(expand(key.value) for key in cache.fallback_keys),
        action=cache.action,
    )


class _Staging:
    """Stands in, here, for the build's folders that this process cannot reach (a container's)."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._places: dict[str, str] = {}

    def empty(self, path: str) -> str:
        """A place for what is restored; `hand_over` takes it to `path`."""
        if self._ground.has(path):
            return self._ground.here(path)
        if path not in self._places:
            parent = os.path.join(os.path.dirname(self._ground.source.path), "cache")
            self._places[path] = os.path.join(parent, str(len(self._places)))
            os.makedirs(self._places[path])
        return self._places[path]

    def filled(self, path: str) -> str:
        """A place with the files of `path` in it."""
        ground = self._ground
        return ground.here(path) if ground.has(path) else ground.host.fetch(path)

    def hand_over(self) -> None:
        for path, place in self._places.items():
            self._ground.host.put(place, path)
