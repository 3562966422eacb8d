"""A build's cache: which one to restore, whether to save (CB-090 to CB-093, CB-096).

Without a key a project has one cache, replaced when its files changed. With a key a cache is
written once and kept as it is. Nothing that goes wrong with a cache fails a build; the log tells.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple, Protocol

from penstock.documents.buildspec import CacheAction
from penstock.runner.archives import ArchiveError, new_file, reason
from penstock.runner.codebuild.cache.paths import CachePath, collect, fingerprint, place

MOST_FALLBACK_KEYS = 5
LONGEST_NAME = 200  # of the 255 bytes that a file's name may have
CONTINUED = "+/"
NO_PATHS = "Cache: no paths specified to be cached"


class ExpandedCache(NamedTuple):
    """The buildspec's `cache` with its variables and commands expanded.

    Builds share a cache when `scope` is equal: the project's cacheNamespace, or else its name.
    """

    paths: tuple[str, ...]
    scope: str
    key: str = ""
    fallback_keys: tuple[str, ...] = ()
    action: CacheAction | None = None


class CacheStore(Protocol):
    """Keeps files by name. Every method raises OSError or ArchiveError where the store fails."""

    @property
    def scratch(self) -> str:
        """A folder here in which a file is prepared for `put`."""

    def find(self, prefix: str) -> tuple[str, ...]:
        """Names that start with `prefix`, the newest first."""

    def fetch(self, name: str) -> IO[bytes] | None:
        """The file, opened on a descriptor that can seek; None when there is none (any more)."""

    def put(self, name: str, path: str, replace: bool) -> bool:
        """Takes the file at `path` over, at once; False if it has the name and may not replace."""

    def discard(self, name: str) -> None:
        """Forgets the name, if it is there."""


def restore(
    cache: ExpandedCache, root: str, resolve: Callable[[str], str], store: CacheStore
) -> tuple[str, ...]:
    """Puts back the best cache there is; lines for the build log.

    `root` is the source's folder here, `resolve` turns an absolute path of the build into one here.
    """
    if cache.action is CacheAction.SAVE:
        return ()
    if not cache.paths:
        return (NO_PATHS,)
    paths = [place(path, root, resolve) for path in cache.paths]
    notes = [*_key_complaints(cache), *_path_complaints(paths)]
    try:
        for name, hit in _candidates(cache, store):
            outcome = _restore_one(name, hit, paths, store)
            notes += outcome.notes
            if outcome.found:
                return tuple(notes)
    except (OSError, ArchiveError) as error:
        return (*notes, f"Cache miss: the store cannot be read: {_why(error)}")
    return (*notes, _miss(cache))


def save(
    cache: ExpandedCache, root: str, resolve: Callable[[str], str], store: CacheStore
) -> tuple[str, ...]:
    """Stores the files, unless that changes nothing; lines for the build log."""
    if cache.action is CacheAction.RESTORE:
        return ()
    if not cache.paths:
        return (NO_PATHS,)
    name = _name(cache)
    paths = [place(path, root, resolve) for path in cache.paths]
    complaints = _path_complaints(paths) if cache.action is CacheAction.SAVE else []
    try:
        if cache.key and name in store.find(name):
            return (*complaints, f"Cache not saved: key {cache.key} exists and is never rewritten")
        return (*complaints, *_save(cache, name, paths, store))
    except (OSError, ArchiveError) as error:
        return (*complaints, f"Cache not saved: {_why(error)}")


def invalidate(scope: str, store: CacheStore) -> int:
    """Forgets all of a project's caches, so that its next build starts cold (CB-096); how many."""
    names = store.find(_scope(scope))
    for name in names:
        store.discard(name)
    return len(names)


class _Outcome(NamedTuple):
    found: bool
    notes: tuple[str, ...] = ()


def _restore_one(name: str, hit: str, paths: list[CachePath | str], store: CacheStore) -> _Outcome:
    from penstock.runner.codebuild.cache.file import read_cache, verify

    file = store.fetch(name)
    if file is None:
        return _Outcome(False)
    with file:
        try:
            verify(file.fileno())
        except ArchiveError as error:
            # Even a key's: it would keep a whole one out for good.
            store.discard(name)
            return _Outcome(False, (f"Cache damaged, and therefore removed: {hit}: {error}",))
        try:
            restored = read_cache(file.fileno(), paths)
        except (OSError, ArchiveError) as error:
            return _Outcome(True, (f"Cache restored only in part: {hit}: {_why(error)}",))
    return _Outcome(True, (f"{hit}: {restored.files} files restored", *restored.notes))


def _save(
    cache: ExpandedCache, name: str, paths: list[CachePath | str], store: CacheStore
) -> tuple[str, ...]:
    from penstock.runner.archives.compression import zstd_program
    from penstock.runner.codebuild.cache.file import write_cache

    entries = collect(paths)
    if not entries:
        return ("Cache not saved: no file matches its paths",)
    state = fingerprint(entries)
    if not cache.key and _stored_fingerprint(name, store) == state:
        return ("Cache not saved: nothing changed since it was stored",)
    zstd = zstd_program()
    packed = os.path.join(store.scratch, f"packed-{os.getpid()}-{id(entries)}")
    try:
        with new_file(packed, 0o600) as descriptor:
            write_cache(entries, state, descriptor, zstd)
        size = os.stat(packed).st_size
        if not store.put(name, packed, replace=not cache.key):
            return (f"Cache not saved: another build has stored key {cache.key} meanwhile",)
    finally:
        if os.path.lexists(packed):
            os.unlink(packed)
    how = "" if zstd else ", by gzip: the zstd program, which is faster, is not installed"
    return (f"Cache saved: {_label(cache)}: {len(entries)} files, {size} bytes{how}",)


def _stored_fingerprint(name: str, store: CacheStore) -> bytes:
    from penstock.runner.codebuild.cache.file import read_seal

    file = store.fetch(name)
    if file is None:
        return b""
    with file:
        try:
            return read_seal(file.fileno()).fingerprint
        except ArchiveError:
            return b""


def _candidates(cache: ExpandedCache, store: CacheStore) -> Iterator[tuple[str, str]]:
    """Names in the order CB-092 gives, and how the log calls each."""
    yield _name(cache), f"Cache hit: {_label(cache)}"
    if not cache.key:
        return
    for prefix in cache.fallback_keys[:MOST_FALLBACK_KEYS]:
        start = _name(cache._replace(key=prefix)) if prefix else _versioned(cache) + "key-"
        for name in store.find(start):
            key = _key(cache, name)
            if key != cache.key:
                yield name, f"Cache fallback: {key} (no key {cache.key}; starts with {prefix})"


def _key_complaints(cache: ExpandedCache) -> list[str]:
    if cache.fallback_keys and not cache.key:
        return ["Cache: fallback-keys are ignored without a key"]
    if len(cache.fallback_keys) > MOST_FALLBACK_KEYS:
        return [f"Cache: only the first {MOST_FALLBACK_KEYS} fallback-keys are used"]
    return []


def _path_complaints(paths: list[CachePath | str]) -> list[str]:
    return [f"Cache: {path}" for path in paths if isinstance(path, str)]


def _miss(cache: ExpandedCache) -> str:
    if not cache.key:
        return "Cache miss: this project has none yet for these paths"
    fallbacks = ", ".join(cache.fallback_keys[:MOST_FALLBACK_KEYS])
    tried = f", nor one that starts with {fallbacks}" if fallbacks else ""
    return f"Cache miss: no key {cache.key}{tried}, for these paths"


def _label(cache: ExpandedCache) -> str:
    return f"key {cache.key}" if cache.key else "the project's cache"


def _scope(scope: str) -> str:
    return f"scope-{_quote(scope)}/"


def _versioned(cache: ExpandedCache) -> str:
    """Other paths, another cache (CB-093)."""
    import hashlib

    version = hashlib.sha256("\0".join(cache.paths).encode("utf-8", "surrogateescape"))
    return f"{_scope(cache.scope)}{version.hexdigest()[:32]}/"


def _name(cache: ExpandedCache) -> str:
    return _versioned(cache) + (f"key-{_quote(cache.key)}" if cache.key else "project")


def _key(cache: ExpandedCache, name: str) -> str:
    return _unquote(name.removeprefix(_versioned(cache) + "key-"))


def _quote(text: str) -> str:
    """Safe as a file's name, or if too long for one as folders and a file; a prefix stays a prefix.

    A folder of those ends in `+`, which no quoted text has, so no file is in its way.
    """
    from urllib.parse import quote

    quoted = quote(text, safe="", errors="surrogateescape")
    parts = (quoted[at : at + LONGEST_NAME] for at in range(0, len(quoted), LONGEST_NAME))
    return CONTINUED.join(parts)


def _unquote(quoted: str) -> str:
    from urllib.parse import unquote

    return unquote(quoted.replace(CONTINUED, ""), errors="surrogateescape")


def _why(error: OSError | ArchiveError) -> str:
    return reason(error) if isinstance(error, OSError) else str(error)
