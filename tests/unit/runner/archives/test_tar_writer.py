from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.runner.archives import ArchiveError, Entry
from penstock.runner.archives.tar_reader import TarStream
from penstock.runner.archives.tar_writer import write_tar


def _written(entries: list[Entry]) -> io.BytesIO:
    out = io.BytesIO()
    write_tar(entries, out)
    out.seek(0)
    return out


def test_the_standard_library_reads_what_was_written(tmp_path: Path) -> None:
    contents = {"empty": b"", "exact": b"e" * 512, "big": os.urandom(3 << 20), "n" * 150: b"long"}
    entries = []
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
        entries.append(Entry(str(tmp_path / name), f"dir/{name}"))
    os.chmod(tmp_path / "exact", 0o750)
    os.utime(tmp_path / "exact", (0, 1_600_000_000))
    os.symlink("t" * 130, tmp_path / "link")
    entries.append(Entry(str(tmp_path / "link"), "link", "t" * 130))
    with tarfile.open(fileobj=_written(entries)) as archive:
        for name, data in contents.items():
            member = archive.extractfile(f"dir/{name}")
            assert member is not None
            assert member.read() == data
        exact = archive.getmember("dir/exact")
        assert (exact.mode, exact.mtime) == (0o750, 1_600_000_000)
        assert archive.getmember("link").linkname == "t" * 130


@given(
    name=st.text("aé/ ", min_size=1, max_size=120).map(lambda text: f"x{text}x" * 2),
    size=st.integers(0, 3000),
)
def test_names_and_sizes_come_back(name: str, size: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as base:
        Path(base, "f").write_bytes(b"z" * size)
        stream = _written([Entry(f"{base}/f", name), Entry(f"{base}/f", "second")])
        assert [(member.name, member.size) for member in TarStream(stream)] == [
            (name, size),
            ("second", size),
        ]


@pytest.mark.parametrize("make", ["missing", "folder", "link", "pipe"])
def test_what_is_no_file_any_more_fails(tmp_path: Path, make: str) -> None:
    source = tmp_path / "src"
    if make == "folder":
        source.mkdir()
    elif make == "link":
        source.symlink_to("/etc/passwd")
    elif make == "pipe":
        os.mkfifo(source)
    with pytest.raises(ArchiveError, match="cannot pack"):
        _written([Entry(str(source), "x")])
