from __future__ import annotations

import os
from pathlib import Path

import pytest

from penstock.runner.codebuild.cache.folder import CacheFolder


@pytest.fixture
def store(tmp_path: Path) -> CacheFolder:
    return CacheFolder(str(tmp_path / "caches"))


def _put(store: CacheFolder, name: str, content: bytes, replace: bool = False) -> bool:
    path = Path(store.scratch, "new")
    path.write_bytes(content)
    return store.put(name, str(path), replace)


def _fetch(store: CacheFolder, name: str) -> bytes | None:
    file = store.fetch(name)
    if file is None:
        return None
    with file:
        return file.read()


def test_an_empty_store_has_nothing(store: CacheFolder) -> None:
    assert (store.find("a/"), store.fetch("a/b")) == ((), None)
    store.discard("a/b")


def test_a_name_is_replaced_only_when_asked(store: CacheFolder) -> None:
    """CB-092"""
    assert _put(store, "a/k", b"1")
    assert not _put(store, "a/k", b"2")
    assert _fetch(store, "a/k") == b"1"
    assert _put(store, "a/k", b"3", replace=True)
    assert _fetch(store, "a/k") == b"3"


def test_names_are_found_by_prefix_newest_first(store: CacheFolder, tmp_path: Path) -> None:
    for age, name in enumerate(("a/npm-1", "a/npm-3", "a/npm-2", "a/yarn", "ab/npm-9")):
        _put(store, name, b"")
        os.utime(tmp_path / "caches" / name, (age, age))
    assert store.find("a/npm-") == ("a/npm-2", "a/npm-3", "a/npm-1")
    assert store.find("a/") == ("a/yarn", "a/npm-2", "a/npm-3", "a/npm-1")


def test_an_open_file_survives_its_replacement(store: CacheFolder) -> None:
    _put(store, "a", b"old")
    file = store.fetch("a")
    assert file is not None
    with file:
        _put(store, "a", b"new", replace=True)
        store.discard("a")
        assert file.read() == b"old"
