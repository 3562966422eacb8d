from __future__ import annotations

import os
import stat
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.runner.archives import ArchiveError, Entry
from penstock.runner.archives.zip_reader import extract_zip
from penstock.runner.archives.zip_writer import PIECE_BYTES, write_zip


def _tree(root: Path, files: dict[str, bytes]) -> list[Entry]:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return [Entry(str(root / name), name) for name in sorted(files)]


def test_the_standard_library_reads_what_was_written(tmp_path: Path) -> None:
    files = {
        "empty": b"",
        "text.txt": b"hello " * 1000,
        "noise": os.urandom(5000),
        "deep/ü ñ.txt": b"x",
        "pieces": os.urandom(PIECE_BYTES) + b"a" * (2 * PIECE_BYTES + 7),
        "exact": b"b" * (2 * PIECE_BYTES),
    }
    entries = _tree(tmp_path / "src", files)
    write_zip(entries, str(tmp_path / "a.zip"))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files
        assert archive.namelist() == sorted(files)


def test_modes_times_and_links_are_kept(tmp_path: Path) -> None:
    """CB-086: a symbolic link is an entry of its own, with the mode of one."""
    entries = _tree(tmp_path / "src", {"run.sh": b"#!/bin/sh\n"})
    os.chmod(tmp_path / "src/run.sh", 0o751)
    os.utime(tmp_path / "src/run.sh", (0, 1_600_000_000))
    os.symlink("run.sh", tmp_path / "src/link")
    write_zip([*entries, Entry(str(tmp_path / "src/link"), "link", "run.sh")], str(tmp_path / "a"))
    with zipfile.ZipFile(tmp_path / "a") as archive:
        run, link = archive.infolist()
        assert run.date_time == time.gmtime(1_600_000_000)[:6]
        assert (stat.S_ISLNK(link.external_attr >> 16), archive.read("link")) == (True, b"run.sh")
    extract_zip(str(tmp_path / "a"), str(tmp_path / "out"))
    info = os.stat(tmp_path / "out/run.sh")
    assert (stat.S_IMODE(info.st_mode), info.st_mtime) == (0o751, 1_600_000_000)
    assert os.readlink(tmp_path / "out/link") == "run.sh"


@pytest.mark.parametrize("mtime", [0, 86_400, 5_000_000_000])
def test_times_that_zip_cannot_say_do_no_harm(tmp_path: Path, mtime: int) -> None:
    entries = _tree(tmp_path / "src", {"a": b"a"})
    os.utime(tmp_path / "src/a", (mtime, mtime))
    write_zip(entries, str(tmp_path / "a.zip"))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert 1980 <= archive.infolist()[0].date_time[0] <= 2107


def test_the_same_files_give_the_same_bytes_with_any_number_of_threads(tmp_path: Path) -> None:
    entries = _tree(tmp_path / "src", {f"f{i}": bytes([i]) * 300_000 for i in range(20)})
    for threads in (1, 2, 5):
        write_zip(entries, str(tmp_path / f"{threads}.zip"), threads)
    assert len({(tmp_path / f"{threads}.zip").read_bytes() for threads in (1, 2, 5)}) == 1


@given(data=st.binary(max_size=300), repeat=st.integers(1, 200), name=st.text("aü/. ~", min_size=1))
def test_any_content_comes_back(data: bytes, repeat: int, name: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as base:
        Path(base, "source").write_bytes(data * repeat)
        write_zip([Entry(f"{base}/source", f"x{name}x")], f"{base}/a.zip")
        with zipfile.ZipFile(f"{base}/a.zip") as archive:
            assert archive.read(f"x{name}x") == data * repeat


def test_more_entries_than_16_bits_count_use_zip64(tmp_path: Path) -> None:
    """One source under 70,000 names: the directory's limit is about entries, not files."""
    (tmp_path / "f").write_bytes(b"x")
    entries = [Entry(str(tmp_path / "f"), f"{i:05}") for i in range(70_000)]
    write_zip(entries, str(tmp_path / "a.zip"))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert len(archive.infolist()) == 70_000
        assert archive.read("69999") == b"x"


def test_a_name_that_is_no_utf8_keeps_its_bytes(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    entries = _tree(tmp_path / "src", {name: b"x"})
    write_zip(entries, str(tmp_path / "a.zip"))
    extract_zip(str(tmp_path / "a.zip"), str(tmp_path / "out"))
    assert os.listdir(tmp_path / "out") == [name]


@pytest.mark.parametrize("make", ["missing", "folder", "pipe", "link"])
def test_what_is_no_file_any_more_fails_and_leaves_nothing(tmp_path: Path, make: str) -> None:
    source = tmp_path / "src"
    if make == "folder":
        source.mkdir()
    elif make == "pipe":
        os.mkfifo(source)
    elif make == "link":
        source.symlink_to("/etc/passwd")
    (tmp_path / "out").mkdir()
    with pytest.raises(ArchiveError, match="cannot pack"):
        write_zip([Entry(str(source), "x")], str(tmp_path / "out/a.zip"))
    assert list((tmp_path / "out").iterdir()) == []
