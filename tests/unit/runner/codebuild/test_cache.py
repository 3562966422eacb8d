from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

import pytest

from penstock.documents.buildspec import CacheAction
from penstock.runner.codebuild.cache import ExpandedCache, invalidate, restore, save
from penstock.runner.codebuild.cache.folder import CacheFolder

PATHS = ("node_modules/**/*",)


class Project:
    """A source folder and a store; the folder of the next build starts empty."""

    def __init__(self, base: Path) -> None:
        self.root = base / "src"
        self.root.mkdir()
        self.store = CacheFolder(str(base / "caches"))
        self.cache = ExpandedCache(PATHS, "web")

    def write(self, **files: str) -> None:
        for name, content in files.items():
            path = self.root / "node_modules" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(content)

    def wipe(self) -> None:
        import shutil

        shutil.rmtree(self.root)
        self.root.mkdir()

    def read(self, name: str) -> str | None:
        path = self.root / "node_modules" / name
        return path.read_text() if path.exists() else None

    def save(self, **keys: Any) -> tuple[str, ...]:
        return save(self.cache._replace(**keys), str(self.root), str, self.store)

    def restore(self, **keys: Any) -> tuple[str, ...]:
        return restore(self.cache._replace(**keys), str(self.root), str, self.store)

    def blobs(self) -> list[Path]:
        return [p for p in Path(self.store.scratch).parent.rglob("*") if p.is_file()]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_the_second_build_sees_the_files_of_the_first(project: Project) -> None:
    """CB-090"""
    assert project.restore() == ("Cache miss: this project has none yet for these paths",)
    project.write(a="1", b="2")
    assert project.save()[0].startswith("Cache saved: the project's cache: 2 files, ")
    project.wipe()
    assert project.restore() == ("Cache hit: the project's cache: 2 files restored",)
    assert (project.read("a"), project.read("b")) == ("1", "2")


def test_without_a_key_a_changed_cache_is_updated(project: Project) -> None:
    """CB-091"""
    project.write(a="1")
    project.save()
    project.write(a="1, changed")
    assert project.save()[0].startswith("Cache saved")
    project.wipe()
    project.restore()
    assert project.read("a") == "1, changed"


def test_without_a_key_an_unchanged_cache_is_not_packed_again(project: Project) -> None:
    project.write(a="1")
    project.save()
    before = os.stat(project.blobs()[0])
    project.wipe()
    project.restore()
    assert project.save() == ("Cache not saved: nothing changed since it was stored",)
    assert os.stat(project.blobs()[0]) == before


def test_a_stored_key_is_never_rewritten(project: Project) -> None:
    """CB-092"""
    project.write(a="first")
    project.save(key="k1")
    project.write(a="second")
    assert project.save(key="k1") == ("Cache not saved: key k1 exists and is never rewritten",)
    project.wipe()
    assert project.restore(key="k1") == ("Cache hit: key k1: 1 files restored",)
    assert project.read("a") == "first"


def test_a_key_matches_as_a_whole(project: Project) -> None:
    """CB-092"""
    project.write(a="1")
    project.save(key="npm-abc")
    assert project.restore(key="npm-a") == ("Cache miss: no key npm-a, for these paths",)


LONG = "npm-" + "é/x" * 100


@pytest.mark.parametrize("length", [199, 200, 201, 300, 400, 401, 1200])
def test_a_long_key_is_kept_and_found_by_itself_and_by_what_it_starts_with(
    project: Project, length: int
) -> None:
    """CB-092"""
    key = "k" * length
    project.write(a="1")
    assert project.save(key=key)[0].startswith(f"Cache saved: key {key}: 1 files")
    assert project.save(key=key) == (f"Cache not saved: key {key} exists and is never rewritten",)
    assert project.restore(key=key) == (f"Cache hit: key {key}: 1 files restored",)
    for prefix in (key[:1], key[:198], key[:-1], key):
        (note,) = project.restore(key=f"other-{key}", fallback_keys=(prefix,))
        assert note.startswith(f"Cache fallback: {key} (")
    assert project.restore(key=key + "k")[0].startswith("Cache miss")
    assert project.restore(key="new", fallback_keys=(key + "k",))[0].startswith("Cache miss")


def test_keys_that_begin_alike_are_not_in_each_others_way(project: Project) -> None:
    """CB-092"""
    keys = [LONG[:length] for length in range(len(LONG), 40, -1)]
    for key in keys:
        project.write(a=key)
        assert project.save(key=key)[0].startswith("Cache saved")
    for key in keys:
        project.restore(key=key)
        assert project.read("a") == key
    assert invalidate("web", project.store) == len(keys)


def test_a_project_may_have_a_long_name(project: Project) -> None:
    """CB-093"""
    project.write(a="1")
    assert project.save(scope="ü" * 100)[0].startswith("Cache saved")
    assert project.restore(scope="ü" * 101)[0].startswith("Cache miss")
    assert project.restore(scope="ü" * 100)[0].startswith("Cache hit")
    assert invalidate("ü" * 99, project.store) == 0
    assert invalidate("ü" * 100, project.store) == 1


def test_fallback_keys_are_tried_in_order_and_the_newest_of_a_prefix_wins(project: Project) -> None:
    """CB-092"""
    for age, key in enumerate(("npm-old", "npm-new", "yarn-x")):
        project.write(a=key)
        project.save(key=key)
        (newest,) = [p for p in project.blobs() if p.name.endswith(key)]
        os.utime(newest, (1000 + age, 1000 + age))
    project.wipe()
    notes = project.restore(key="npm-zzz", fallback_keys=("none-", "npm-", "yarn-"))
    assert notes == (
        "Cache fallback: npm-new (no key npm-zzz; starts with npm-): 1 files restored",
    )
    assert project.read("a") == "npm-new"


def test_the_exact_key_wins_over_fallbacks(project: Project) -> None:
    """CB-092"""
    for key in ("npm-1", "npm-2"):
        project.write(a=key)
        project.save(key=key)
    project.restore(key="npm-1", fallback_keys=("npm-",))
    assert project.read("a") == "npm-1"


def test_a_sixth_fallback_key_is_not_used(project: Project) -> None:
    """CB-092"""
    project.write(a="1")
    project.save(key="sixth-1")
    keys = ("a-", "b-", "c-", "d-", "e-", "sixth-")
    notes = project.restore(key="k", fallback_keys=keys)
    assert notes == (
        "Cache: only the first 5 fallback-keys are used",
        "Cache miss: no key k, nor one that starts with a-, b-, c-, d-, e-, for these paths",
    )


def test_fallback_keys_without_a_key_are_ignored(project: Project) -> None:
    """CB-092"""
    project.write(a="1")
    project.save(key="npm-1")
    notes = project.restore(fallback_keys=("npm-",))
    assert notes[0] == "Cache: fallback-keys are ignored without a key"
    assert notes[1].startswith("Cache miss")


def test_an_action_limits_a_cache_to_one_direction(project: Project) -> None:
    """CB-092"""
    project.write(a="1")
    assert project.save(action=CacheAction.RESTORE) == ()
    assert project.blobs() == []
    assert project.save(action=CacheAction.SAVE)[0].startswith("Cache saved")
    assert project.restore(action=CacheAction.SAVE) == ()
    project.wipe()
    assert project.restore(action=CacheAction.RESTORE)[0].startswith("Cache hit")


def test_other_paths_are_another_cache(project: Project) -> None:
    """CB-093"""
    project.write(a="1")
    project.save(key="k")
    assert project.restore(key="k", paths=(*PATHS, "more/*"))[-1].startswith("Cache miss")


def test_projects_share_a_cache_only_by_their_namespace(project: Project) -> None:
    """CB-093"""
    project.write(a="1")
    project.save(key="k", scope="shared")
    assert project.restore(key="k", scope="other")[0].startswith("Cache miss")
    assert project.restore(key="k", scope="shared")[0].startswith("Cache hit")


def test_an_invalidated_project_starts_cold_and_others_do_not(project: Project) -> None:
    """CB-096"""
    project.write(a="1")
    project.save()
    project.save(key="k")
    project.save(scope="web2")
    assert invalidate("web", project.store) == 2
    assert project.restore()[0].startswith("Cache miss")
    assert project.restore(key="k")[0].startswith("Cache miss")
    assert project.restore(scope="web2")[0].startswith("Cache hit")


@pytest.mark.parametrize("key", ["../../evil", "a/b", "..", "%2F", "ü ñ\n", "x" * 60])
def test_any_key_stays_a_file_of_the_store(project: Project, tmp_path: Path, key: str) -> None:
    project.write(a=key)
    project.save(key=key, scope="../" + key)
    project.wipe()
    assert project.restore(key=key, scope="../" + key)[0].startswith("Cache hit")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["caches", "src"]


def test_a_key_too_long_for_the_store_is_said_and_does_no_harm(project: Project) -> None:
    project.write(a="1")
    assert "File name too long" in project.save(key="k" * 5000)[0]
    assert "File name too long" in project.restore(key="k" * 5000)[0]
    assert project.blobs() == []


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "tail"])
@pytest.mark.parametrize("key", ["", "k"])
def test_a_damaged_cache_is_a_miss_and_restores_nothing(
    project: Project, damage: str, key: str
) -> None:
    project.write(a="1" * 5000)
    project.save(key=key)
    (blob,) = project.blobs()
    data = bytearray(blob.read_bytes())
    if damage == "flipped":
        data[len(data) // 3] ^= 1
    elif damage == "tail":
        data[-1] ^= 1
    blob.write_bytes(data[: {"cut": len(data) - 20, "empty": 0}.get(damage, len(data))])
    project.wipe()
    notes = project.restore(key=key)
    assert notes[0].startswith("Cache damaged, and therefore removed")
    assert notes[1].startswith("Cache miss")
    assert list(project.root.iterdir()) == []
    project.write(a="new")
    assert project.save(key=key)[0].startswith("Cache saved")


def test_a_damaged_exact_cache_gives_way_to_a_fallback(project: Project) -> None:
    project.write(a="fallback")
    project.save(key="npm-1")
    project.write(a="exact")
    project.save(key="npm-2")
    (exact,) = [p for p in project.blobs() if p.name.endswith("npm-2")]
    exact.write_bytes(b"")
    project.wipe()
    notes = project.restore(key="npm-2", fallback_keys=("npm-",))
    assert notes[1].startswith("Cache fallback: npm-1")
    assert project.read("a") == "fallback"


def test_only_the_owner_can_read_a_stored_cache(project: Project) -> None:
    project.write(a="secret")
    project.save()
    assert project.blobs()[0].stat().st_mode & 0o077 == 0


def test_no_paths_and_no_files_are_said(project: Project) -> None:
    assert project.save(paths=()) == ("Cache: no paths specified to be cached",)
    assert project.restore(paths=()) == ("Cache: no paths specified to be cached",)
    assert project.save() == ("Cache not saved: no file matches its paths",)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("~/.npm/**/*", "`~` is not expanded"),
        ("../x/*", "leads out of the source"),
        ("/", "names no"),
    ],
)
def test_a_path_that_cannot_be_cached_is_said_and_the_others_are(
    project: Project, path: str, why: str
) -> None:
    project.write(a="1")
    assert why in project.restore(paths=(path, *PATHS))[0]
    assert project.save(paths=(path, *PATHS))[0].startswith("Cache saved")
    project.wipe()
    notes = project.restore(paths=(path, *PATHS))
    assert (why in notes[0], notes[1].startswith("Cache hit")) == (True, True)


def test_absolute_paths_go_where_the_build_sees_them(project: Project, tmp_path: Path) -> None:
    """CB-090: absolute paths are usual; of a container's, the host reads another place."""
    container = tmp_path / "container"
    (container / "root/.npm/_cacache").mkdir(parents=True)
    (container / "root/.npm/_cacache/x").write_text("x")
    cache = ExpandedCache(("/root/.npm/**/*",), "web")

    def resolve(path: str) -> str:
        return str(container) + path

    assert "1 files" in save(cache, str(project.root), resolve, project.store)[0]
    (container / "root/.npm/_cacache/x").unlink()
    assert "1 files" in restore(cache, str(project.root), resolve, project.store)[0]
    assert (container / "root/.npm/_cacache/x").read_text() == "x"


def test_a_path_that_is_a_folder_means_all_in_it(project: Project) -> None:
    project.write(a="1", b="2")
    assert "2 files" in project.save(paths=("node_modules",))[0]
    project.wipe()
    assert "2 files" in project.restore(paths=("node_modules",))[0]


def test_a_file_under_two_paths_is_kept_once(project: Project) -> None:
    project.write(a="1")
    assert ": 1 files" in project.save(paths=("node_modules/*", "**/*", "node_modules/a"))[0]


def test_links_are_kept_as_they_are(project: Project) -> None:
    """Also those to outside, as virtual environments have: nothing is written through them."""
    project.write(a="1")
    os.symlink("a", project.root / "node_modules/in")
    os.symlink("/usr/bin/env", project.root / "node_modules/out")
    project.save()
    project.wipe()
    project.restore()
    links = [os.readlink(project.root / "node_modules" / name) for name in ("in", "out")]
    assert links == ["a", "/usr/bin/env"]


def test_a_link_in_the_way_is_not_written_through(project: Project, tmp_path: Path) -> None:
    project.write(a="evil")
    project.save()
    project.wipe()
    (tmp_path / "outside").mkdir()
    os.symlink(tmp_path / "outside", project.root / "node_modules")
    notes = project.restore()
    assert "0 files restored" in notes[0]
    assert notes[1].startswith("Cache: not restored: ")
    assert list((tmp_path / "outside").iterdir()) == []


def test_modes_and_times_come_back(project: Project) -> None:
    project.write(run="x")
    path = project.root / "node_modules/run"
    path.chmod(0o751)
    os.utime(path, (0, 1_600_000_000))
    project.save()
    project.wipe()
    project.restore()
    assert (path.stat().st_mode & 0o777, path.stat().st_mtime) == (0o751, 1_600_000_000)


def test_a_file_that_stands_there_is_replaced(project: Project) -> None:
    project.write(a="cached")
    project.save()
    project.write(a="fresh")
    project.restore()
    assert project.read("a") == "cached"


class BrokenStore:
    """A store that cannot be reached."""

    scratch = "/nonexistent"

    def find(self, prefix: str) -> tuple[str, ...]:
        raise PermissionError(13, "Permission denied", prefix)

    def fetch(self, name: str) -> IO[bytes] | None:
        raise PermissionError(13, "Permission denied", name)

    def put(self, name: str, path: str, replace: bool) -> bool:
        raise PermissionError(13, "Permission denied", name)

    def discard(self, name: str) -> None:
        raise PermissionError(13, "Permission denied", name)


def test_a_store_that_fails_never_fails_the_build(project: Project) -> None:
    """CB-090: a first run without access is a miss."""
    project.write(a="1")
    for key in ("", "k"):
        cache = project.cache._replace(key=key)
        (missed,) = restore(cache, str(project.root), str, BrokenStore())
        (unsaved,) = save(cache, str(project.root), str, BrokenStore())
        assert missed.startswith("Cache miss: the store cannot be read: Permission denied")
        assert unsaved.startswith("Cache not saved: Permission denied")
