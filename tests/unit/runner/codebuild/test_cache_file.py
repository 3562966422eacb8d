from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from penstock.runner.archives import ArchiveError, Entry
from penstock.runner.archives.compression import zstd_program
from penstock.runner.codebuild.cache.file import read_cache, read_seal, verify, write_cache
from penstock.runner.codebuild.cache.paths import place

needs_zstd = pytest.mark.skipif(shutil.which("zstd") is None, reason="no zstd program")
CODECS = [pytest.param("zstd", marks=needs_zstd), "gzip"]


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write(base: Path, codec: str, size: int = 100_000) -> Path:
    (base / "f").write_bytes(os.urandom(size // 2) + b"z" * (size - size // 2))
    with _opened(base / "cache") as descriptor:
        entries = [Entry(str(base / "f"), "0/f")]
        write_cache(entries, b"p" * 32, descriptor, zstd_program() if codec == "zstd" else None)
    return base / "cache"


@pytest.mark.parametrize("size", [0, 1000, 5_000_000])
@pytest.mark.parametrize("codec", CODECS)
def test_what_was_written_comes_back(tmp_path: Path, codec: str, size: int) -> None:
    path = _write(tmp_path, codec, size)
    (tmp_path / "root").mkdir()
    with _opened(path) as descriptor:
        verify(descriptor)
        assert read_seal(descriptor).fingerprint == b"p" * 32
        paths = [place("f", str(tmp_path / "root"), str)]
        assert read_cache(descriptor, paths).files == 1
    assert (tmp_path / "root/f").read_bytes() == (tmp_path / "f").read_bytes()


@pytest.mark.parametrize("codec", CODECS)
def test_other_programs_read_a_cache_as_if_it_had_no_seal(tmp_path: Path, codec: str) -> None:
    path = _write(tmp_path, codec)
    with path.open("rb") as file:
        done = subprocess.run([codec, "-dc"], stdin=file, capture_output=True, check=True)
    assert done.stderr == b""
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        assert archive.getnames() == ["0/f"]


@pytest.mark.parametrize("codec", CODECS)
def test_a_change_of_any_byte_is_seen(tmp_path: Path, codec: str) -> None:
    path = _write(tmp_path, codec, 50)
    good = path.read_bytes()
    for at in range(len(good)):
        path.write_bytes(good[:at] + bytes([good[at] ^ 4]) + good[at + 1 :])
        with _opened(path) as descriptor, pytest.raises(ArchiveError):
            verify(descriptor)


@pytest.mark.parametrize("codec", CODECS)
def test_a_cache_cut_anywhere_is_seen(tmp_path: Path, codec: str) -> None:
    path = _write(tmp_path, codec, 50)
    good = path.read_bytes()
    for length in range(len(good)):
        path.write_bytes(good[:length])
        with _opened(path) as descriptor, pytest.raises(ArchiveError):
            verify(descriptor)


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/evil",
        "0/../evil",
        "1/x",
        "9/x",
        "x",
        "0",
        "0/other/x",
        "-1/deps/x",
        "00000000/deps/x",
    ],
)
def test_entries_outside_the_declared_paths_are_left_out(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with tarfile.open(tmp_path / "cache", "w") as archive:
        for entry in (name, "0/x"):
            archive.addfile(tarfile.TarInfo(entry))
    with _opened(tmp_path / "cache") as descriptor:
        restored = read_cache(descriptor, [place("deps/*", str(root), str), "no path"])
    assert restored.files == 1
    assert restored.notes == ("Cache: 1 entries left out: they are not among the cache's paths",)
    assert [str(p.relative_to(root)) for p in root.rglob("*")] == ["deps", "deps/x"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cache", "root"]


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_devices_stop_a_restore(tmp_path: Path, kind: bytes) -> None:
    info = tarfile.TarInfo("0/x")
    info.type = kind
    with tarfile.open(tmp_path / "cache", "w") as archive:
        archive.addfile(info)
    with _opened(tmp_path / "cache") as descriptor, pytest.raises(ArchiveError, match="device"):
        read_cache(descriptor, [place("x", str(tmp_path), str)])


def test_a_hard_link_is_left_out(tmp_path: Path) -> None:
    info = tarfile.TarInfo("0/x")
    info.type, info.linkname = tarfile.LNKTYPE, "/etc/passwd"
    with tarfile.open(tmp_path / "cache", "w") as archive:
        archive.addfile(info)
    with _opened(tmp_path / "cache") as descriptor:
        assert read_cache(descriptor, [place("x", str(tmp_path), str)]).files == 0
    assert not (tmp_path / "x").exists()


def test_gzip_is_what_gzip_says_it_is(tmp_path: Path) -> None:
    path = _write(tmp_path, "gzip")
    assert gzip.decompress(path.read_bytes())[:3] == b"0/f"
