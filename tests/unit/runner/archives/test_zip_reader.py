from __future__ import annotations

import io
import os
import random
import stat
import zipfile
from pathlib import Path

import pytest

from penstock.runner.archives import ArchiveError, Limits, UnsafeArchive
from penstock.runner.archives.zip_reader import extract_zip


def _zip(path: Path, *entries: tuple[str, bytes, int]) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, mode in entries:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = mode << 16
            archive.writestr(info, data)
    return str(path)


REGULAR = stat.S_IFREG | 0o644
LINK = stat.S_IFLNK | 0o777


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "entries",
    [
        [("../evil", b"x", REGULAR)],
        [("/evil", b"x", REGULAR)],
        [("a/../../evil", b"x", REGULAR)],
        [("a\\..\\evil", b"x", REGULAR)],
        [("link", b"/etc/passwd", LINK)],
        [("link", b"../evil", LINK)],
        [("d/link", b"../../evil", LINK)],
        [("link", b"a" * 5000, LINK)],
        [("null", b"", stat.S_IFCHR | 0o666)],
        [("disk", b"", stat.S_IFBLK | 0o666)],
        [("pipe", b"", stat.S_IFIFO | 0o666)],
        [("socket", b"", stat.S_IFSOCK | 0o666)],
        [("a", b"1", REGULAR), ("a", b"2", REGULAR)],
        [("a", b".", LINK), ("a", b"2", REGULAR)],
        [("a", b"1", REGULAR), ("./a", b"2", REGULAR)],
    ],
)
def test_an_archive_that_reaches_out_is_refused_whole(
    tmp_path: Path, entries: list[tuple[str, bytes, int]]
) -> None:
    path = _zip(tmp_path / "a.zip", ("good", b"good", REGULAR), *entries)
    with pytest.raises(UnsafeArchive, match=r"a\.zip"):
        extract_zip(path, str(tmp_path / "out"))
    assert [p.name for p in tmp_path.iterdir()] == ["a.zip"]


def test_a_file_below_a_link_of_the_same_archive_goes_nowhere(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    path = _zip(tmp_path / "a.zip", ("d", b"e", LINK), ("d/x", b"x", REGULAR))
    with pytest.raises(ArchiveError):
        extract_zip(path, str(tmp_path / "out"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip", "outside"]


def test_a_name_with_nul_is_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", ("aXb", b"x", REGULAR))
    data = Path(path).read_bytes().replace(b"aXb", b"a\0b")
    Path(path).write_bytes(data)
    with pytest.raises(UnsafeArchive, match="NUL"):
        extract_zip(path, str(tmp_path / "out"))


@pytest.mark.parametrize(
    ("limits", "match"), [(Limits(entries=2), "3 entries"), (Limits(bytes=100), "bytes")]
)
def test_more_than_the_limits_is_refused(tmp_path: Path, limits: Limits, match: str) -> None:
    path = _zip(tmp_path / "a.zip", *((str(i), b"x" * 50, REGULAR) for i in range(3)))
    with pytest.raises(UnsafeArchive, match=match):
        extract_zip(path, str(tmp_path / "out"), limits)


def test_a_bomb_that_lies_about_its_size_stops_at_the_lie(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", ("zeros", bytes(50_000_000), REGULAR))
    data = Path(path).read_bytes().replace((50_000_000).to_bytes(4, "little"), b"\x10\0\0\0")
    Path(path).write_bytes(data)
    with pytest.raises(ArchiveError, match="longer than it says"):
        extract_zip(path, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_entries_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", *((f"f{i}", os.urandom(1000), REGULAR) for i in range(9)))
    data = bytearray(Path(path).read_bytes())
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 42 : at + 46] = bytes(4)  # every entry begins at the first one's header
        data[at + 20 : at + 24] = (8000).to_bytes(4, "little")
        at = data.find(b"PK\x01\x02", at + 1)
    Path(path).write_bytes(bytes(data))
    with pytest.raises(UnsafeArchive, match="overlap"):
        extract_zip(path, str(tmp_path / "out"))


def test_a_wrong_checksum_leaves_nothing(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a", b"precious content")
    data = (tmp_path / "a.zip").read_bytes().replace(b"precious", b"precioux")
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(ArchiveError, match="checksum"):
        extract_zip(str(tmp_path / "a.zip"), str(tmp_path / "out"))
    assert [p.name for p in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive at all" * 100])
def test_what_is_no_zip_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(ArchiveError, match="damaged"):
        extract_zip(str(tmp_path / "a.zip"), str(tmp_path / "out"))


def test_set_user_id_is_not_taken_over(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", ("a", b"x", stat.S_IFREG | 0o6755))
    extract_zip(path, str(tmp_path / "out"))
    assert stat.S_IMODE(os.stat(tmp_path / "out/a").st_mode) == 0o755


def test_folders_and_stored_entries_and_streams_are_read(tmp_path: Path) -> None:
    class Unseekable(io.RawIOBase):
        """Makes zipfile write sizes behind the data, as programs do that stream."""

        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.data += data
            return len(data)

    out = Unseekable()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("dir/", b"")
        archive.writestr("dir/empty/", b"")
        archive.writestr("stored", b"s" * 100)
        archive.writestr("packed", b"p" * 100_000, zipfile.ZIP_DEFLATED)
    (tmp_path / "a.zip").write_bytes(out.data)
    extract_zip(str(tmp_path / "a.zip"), str(tmp_path / "out"))
    assert (tmp_path / "out/dir/empty").is_dir()
    assert (tmp_path / "out/stored").read_bytes() == b"s" * 100
    assert (tmp_path / "out/packed").read_bytes() == b"p" * 100_000


def test_bytes_changed_at_random_never_surprise(tmp_path: Path) -> None:
    """Whatever the bytes: unpacked or refused, and nothing beside the target."""
    path = _zip(
        tmp_path / "good.zip",
        *((f"d{i}/f{i}", random.Random(i).randbytes(20) * 5, REGULAR) for i in range(5)),
        ("link", b"d1/f1", LINK),
    )
    good = Path(path).read_bytes()
    work = tmp_path / "work"
    rng = random.Random(7)
    for round_number in range(600):
        data = bytearray(good[: rng.randrange(len(good))] if round_number % 10 == 0 else good)
        for _ in range(rng.randrange(1, 4)):
            if data:
                data[rng.randrange(len(data))] = rng.randrange(256)
        work.mkdir()
        (work / "a.zip").write_bytes(data)
        try:
            extract_zip(str(work / "a.zip"), str(work / "out"), Limits(100, 1 << 20))
        except ArchiveError:
            assert [p.name for p in work.iterdir()] == ["a.zip"]
        else:
            assert sorted(p.name for p in work.iterdir()) == ["a.zip", "out"]
        for found in work.rglob("*"):
            assert found.resolve().is_relative_to(work.resolve())
        _clear(work)


def _clear(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder)
