"""Archives beside the programs that others read and write them with, and on a full disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.runner.archives import Entry
from penstock.runner.archives.tar_reader import extract_tar
from penstock.runner.archives.zip_reader import extract_zip
from penstock.runner.archives.zip_writer import write_zip
from penstock.runner.codebuild.cache import ExpandedCache, restore, save
from penstock.runner.codebuild.cache.folder import CacheFolder
from penstock.runner.codebuild.patterns import find


def needs(program: str) -> pytest.MarkDecorator:
    missing = shutil.which(program) is None
    return pytest.mark.skipif(missing, reason=f"no {program} program")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name, size in {"a": 0, "b/c": 10, "b/dé f": 100_000, "big": 9 << 20}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(os.urandom(size // 2) + b"x" * (size - size // 2))
    (root / "b/c").chmod(0o755)
    return root


def _pack(tree: Path, path: Path) -> None:
    write_zip([Entry(str(tree / name), name) for name in find(str(tree), "**/*")], str(path))


def _same(one: Path, other: Path) -> bool:
    return subprocess.run(["diff", "-r", one, other], capture_output=True).returncode == 0


@needs("unzip")
def test_unzip_finds_no_fault_and_restores_the_tree(tree: Path, tmp_path: Path) -> None:
    _pack(tree, tmp_path / "a.zip")
    os.symlink("b/c", tree / "link")
    subprocess.run(["unzip", "-tq", tmp_path / "a.zip"], check=True, capture_output=True)
    subprocess.run(["unzip", "-q", tmp_path / "a.zip", "-d", tmp_path / "out"], check=True)
    os.symlink("b/c", tmp_path / "out/link")
    assert _same(tree, tmp_path / "out")
    assert (tmp_path / "out/b/c").stat().st_mode & 0o777 == 0o755
    assert int((tmp_path / "out/big").stat().st_mtime) == int((tree / "big").stat().st_mtime)


@needs("unzip")
def test_unzip_reads_a_file_larger_than_32_bits(tmp_path: Path) -> None:
    size = (4 << 30) + 12345
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(size)
    write_zip([Entry(str(tmp_path / "huge"), "huge")], str(tmp_path / "a.zip"))
    listed = subprocess.run(
        ["unzip", "-Zl", tmp_path / "a.zip"], check=True, capture_output=True, text=True
    )
    assert str(size) in listed.stdout


@needs("zip")
def test_what_zip_packs_is_unpacked(tree: Path, tmp_path: Path) -> None:
    os.symlink("b/c", tree / "link")
    subprocess.run(["zip", "-qry", tmp_path / "a.zip", "."], cwd=tree, check=True)
    extract_zip(str(tmp_path / "a.zip"), str(tmp_path / "out"))
    assert _same(tree, tmp_path / "out")


@pytest.mark.parametrize("options", [["--format=gnu"], ["--format=posix"], ["--format=v7"]])
def test_what_tar_packs_is_unpacked(tree: Path, tmp_path: Path, options: list[str]) -> None:
    os.symlink("b/c", tree / "link")
    os.link(tree / "b/c", tree / "b/hard")
    command = ["tar", *options, "-cf", str(tmp_path / "a.tar"), "-C", str(tree), "."]
    done = subprocess.run(command, capture_output=True)
    if done.returncode:
        pytest.skip("this tar does not know the format")
    extract_tar(str(tmp_path / "a.tar"), str(tmp_path / "out"))
    assert _same(tree, tmp_path / "out")


@needs("zstd")
def test_tar_and_zstd_read_a_cache(tree: Path, tmp_path: Path) -> None:
    store = CacheFolder(str(tmp_path / "caches"))
    save(ExpandedCache(("**/*",), "p"), str(tree), str, store)
    (name,) = store.find("scope-p/")
    (tmp_path / "out").mkdir()
    command = 'zstd -dc "$1" | tar -x -C "$2"'
    subprocess.run(
        ["sh", "-c", command, "sh", tmp_path / "caches" / name, tmp_path / "out"], check=True
    )
    assert _same(tree, tmp_path / "out/0")


FULL_DISK = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
from penstock.runner.archives import ArchiveError, Entry
"""


def _limited(code: str, *arguments: object, path: str | None = None) -> str:
    """Runs code that can write no file beyond 1 MiB, as on a disk that fills up; what it prints."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    if path is not None:
        environment["PATH"] = path
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK + code, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_zip_that_does_not_fit_leaves_nothing(tree: Path, tmp_path: Path) -> None:
    code = """
from penstock.runner.archives.zip_writer import write_zip
try:
    write_zip([Entry(sys.argv[1], "big")], sys.argv[2])
except ArchiveError as error:
    print(error)
"""
    (tmp_path / "out").mkdir()
    said = _limited(code, tree / "big", tmp_path / "out/a.zip")
    assert "cannot write" in said
    assert list((tmp_path / "out").iterdir()) == []


def test_an_artifact_folder_that_does_not_fit_leaves_nothing(tree: Path, tmp_path: Path) -> None:
    code = """
from penstock.runner.codebuild.artifact_folder import write_folder
try:
    write_folder([Entry(sys.argv[1], "big")], "app", sys.argv[2])
except ArchiveError as error:
    print(error)
"""
    (tmp_path / "out").mkdir()
    assert "cannot fill" in _limited(code, tree / "big", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("with_zstd", [pytest.param(True, marks=needs("zstd")), False])
def test_a_cache_that_does_not_fit_is_said_and_leaves_nothing(
    tree: Path, tmp_path: Path, with_zstd: bool
) -> None:
    code = """
from penstock.runner.codebuild.cache import ExpandedCache, save
from penstock.runner.codebuild.cache.folder import CacheFolder
print(*save(ExpandedCache(("big",), "p"), sys.argv[1], str, CacheFolder(sys.argv[2])))
"""
    path = None if with_zstd else "/nonexistent"
    said = _limited(code, tree, tmp_path / "caches", path=path)
    assert said.startswith("Cache not saved: ")
    assert [p for p in (tmp_path / "caches").rglob("*") if p.is_file()] == []


def test_without_the_zstd_program_a_cache_is_gzip_and_the_log_says_so(
    tree: Path, tmp_path: Path
) -> None:
    code = """
from penstock.runner.codebuild.cache import ExpandedCache, save
from penstock.runner.codebuild.cache.folder import CacheFolder
print(*save(ExpandedCache(("b/**/*",), "p"), sys.argv[1], str, CacheFolder(sys.argv[2])))
"""
    said = _limited(code, tree, tmp_path / "caches", path="/nonexistent")
    assert "by gzip: the zstd program, which is faster, is not installed" in said
    (tmp_path / "new").mkdir()
    cache = ExpandedCache(("b/**/*",), "p")
    restore(cache, str(tmp_path / "new"), str, CacheFolder(str(tmp_path / "caches")))
    assert _same(tree / "b", tmp_path / "new/b")


@needs("zstd")
def test_a_zstd_cache_without_the_program_is_said(tree: Path, tmp_path: Path) -> None:
    store = CacheFolder(str(tmp_path / "caches"))
    save(ExpandedCache(("a",), "p"), str(tree), str, store)
    code = """
from penstock.runner.codebuild.cache import ExpandedCache, restore
from penstock.runner.codebuild.cache.folder import CacheFolder
print(*restore(ExpandedCache(("a",), "p"), sys.argv[1], str, CacheFolder(sys.argv[2])))
"""
    (tmp_path / "new").mkdir()
    said = _limited(code, tmp_path / "new", tmp_path / "caches", path="/nonexistent")
    assert "install the zstd program" in said
    assert list((tmp_path / "new").iterdir()) == []
