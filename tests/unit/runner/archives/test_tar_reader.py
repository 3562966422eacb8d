from __future__ import annotations

import io
import os
import random
import shutil
import stat
import tarfile
from pathlib import Path

import pytest

from penstock.runner.archives import ArchiveError, Limits, UnsafeArchive
from penstock.runner.archives.tar_reader import extract_tar


def _tar(
    path: Path, *members: tuple[str, bytes, bytes, str], format: int = tarfile.PAX_FORMAT
) -> str:
    """Members as (name, type, content, link)."""
    with tarfile.open(path, "w", format=format) as archive:
        for name, kind, content, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(content), link
            archive.addfile(info, io.BytesIO(content))
    return str(path)


def _file(name: str, content: bytes = b"x") -> tuple[str, bytes, bytes, str]:
    return name, tarfile.REGTYPE, content, ""


@pytest.mark.parametrize(
    "members",
    [
        [_file("../evil")],
        [_file("/evil")],
        [_file("a/../../evil")],
        [_file("a\\evil")],
        [("link", tarfile.SYMTYPE, b"", "/etc/passwd")],
        [("link", tarfile.SYMTYPE, b"", "../evil")],
        [("hard", tarfile.LNKTYPE, b"", "/etc/passwd")],
        [("hard", tarfile.LNKTYPE, b"", "../evil")],
        [("hard", tarfile.LNKTYPE, b"", "never packed")],
        [("l", tarfile.SYMTYPE, b"", "good"), ("hard", tarfile.LNKTYPE, b"", "l")],
        [("null", tarfile.CHRTYPE, b"", "")],
        [("disk", tarfile.BLKTYPE, b"", "")],
        [("pipe", tarfile.FIFOTYPE, b"", "")],
        [("odd", b"Z", b"", "")],
        [_file("a"), _file("a")],
        [("a", tarfile.SYMTYPE, b"", "."), _file("a")],
        [("../d", tarfile.DIRTYPE, b"", "")],
    ],
)
def test_an_archive_that_reaches_out_is_refused_whole(
    tmp_path: Path, members: list[tuple[str, bytes, bytes, str]]
) -> None:
    path = _tar(tmp_path / "a.tar", _file("good"), *members)
    with pytest.raises(UnsafeArchive, match=r"a\.tar"):
        extract_tar(path, str(tmp_path / "out"))
    assert [p.name for p in tmp_path.iterdir()] == ["a.tar"]


def test_a_file_below_a_link_of_the_same_archive_goes_nowhere(tmp_path: Path) -> None:
    path = _tar(tmp_path / "a.tar", ("d", tarfile.SYMTYPE, b"", "e"), _file("d/x"))
    with pytest.raises(ArchiveError):
        extract_tar(path, str(tmp_path / "out"))
    assert [p.name for p in tmp_path.iterdir()] == ["a.tar"]


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("suffix", ["", "gz", "zst"])
def test_every_format_and_compression_is_read(tmp_path: Path, format: int, suffix: str) -> None:
    long_name = "d" * 60 + "/" + "n" * 90
    names = ["a", long_name] + ([] if format == tarfile.USTAR_FORMAT else ["ü" * 80])
    members = [_file(name, name.encode() * 300) for name in names]
    path = _tar(
        tmp_path / "a.tar",
        ("d" * 60 + "/", tarfile.DIRTYPE, b"", ""),
        *members,
        ("hard", tarfile.LNKTYPE, b"", "a"),
        ("l", tarfile.SYMTYPE, b"", long_name[:90]),
        format=format,
    )
    if suffix == "gz":
        import gzip

        Path(path).write_bytes(gzip.compress(Path(path).read_bytes()))
    elif suffix == "zst":
        import subprocess

        zstd = shutil.which("zstd")
        if zstd is None:
            pytest.skip("the zstd program is not installed")
        subprocess.run([zstd, "-q", "-f", path, "-o", f"{path}.zst"], check=True)
        os.replace(f"{path}.zst", path)
    extract_tar(path, str(tmp_path / "out"))
    for name in names:
        assert (tmp_path / "out" / name).read_bytes() == name.encode() * 300
    assert (tmp_path / "out/hard").read_bytes() == b"a" * 300
    assert os.readlink(tmp_path / "out/l") == long_name[:90]


def test_set_user_id_is_not_taken_over(tmp_path: Path) -> None:
    info = tarfile.TarInfo("a")
    info.mode = 0o6755
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.addfile(info)
    extract_tar(str(tmp_path / "a.tar"), str(tmp_path / "out"))
    assert stat.S_IMODE(os.stat(tmp_path / "out/a").st_mode) == 0o755


@pytest.mark.parametrize("limits", [Limits(entries=2), Limits(bytes=100)])
def test_more_than_the_limits_is_refused(tmp_path: Path, limits: Limits) -> None:
    path = _tar(tmp_path / "a.tar", *(_file(str(i), b"x" * 50) for i in range(3)))
    with pytest.raises(UnsafeArchive, match="allowed"):
        extract_tar(path, str(tmp_path / "out"), limits)


def test_a_header_that_claims_gigabytes_of_records_is_refused(tmp_path: Path) -> None:
    path = _tar(tmp_path / "a.tar", ("x", tarfile.XHDTYPE, b"9" * (2 << 20), ""))
    with pytest.raises(UnsafeArchive, match="extended header"):
        extract_tar(path, str(tmp_path / "out"))


@pytest.mark.parametrize("length", [300, 700, 1200])
def test_an_archive_that_is_cut_short_leaves_nothing(tmp_path: Path, length: int) -> None:
    path = _tar(tmp_path / "a.tar", _file("a", b"x" * 2000))
    Path(path).write_bytes(Path(path).read_bytes()[:length])
    with pytest.raises(ArchiveError, match="cut short"):
        extract_tar(path, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_damaged_gzip_data_leaves_nothing(tmp_path: Path) -> None:
    import gzip

    path = Path(_tar(tmp_path / "a.tar", _file("a", random.Random(1).randbytes(100_000))))
    data = bytearray(gzip.compress(path.read_bytes()))
    data[len(data) // 2] ^= 255
    path.write_bytes(data)
    with pytest.raises(ArchiveError):
        extract_tar(str(path), str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_bytes_changed_at_random_never_surprise(tmp_path: Path, format: int) -> None:
    """Checksums are mended, so that the changes get past them."""
    path = _tar(
        tmp_path / "good.tar",
        _file("d/a", b"1" * 600),
        _file("ü" * 80, b"2" * 10),
        ("hard", tarfile.LNKTYPE, b"", "d/a"),
        ("l", tarfile.SYMTYPE, b"", "d/a"),
        format=format,
    )
    good = Path(path).read_bytes().rstrip(b"\0")
    good += bytes(-len(good) % 512 + 1024)
    rng = random.Random(11)
    work = tmp_path / "work"
    for _ in range(600):
        data = bytearray(good)
        block = rng.randrange(len(data) // 512) * 512
        data[block + rng.choice([rng.randrange(512), rng.randrange(100, 160)])] = rng.randrange(256)
        if data[block + 257 : block + 262] == b"ustar":
            data[block + 148 : block + 156] = b" " * 8
            data[block + 148 : block + 156] = b"%06o\0 " % sum(data[block : block + 512])
        work.mkdir()
        (work / "a.tar").write_bytes(data)
        try:
            extract_tar(str(work / "a.tar"), str(work / "out"), Limits(100, 1 << 20))
        except ArchiveError:
            assert [p.name for p in work.iterdir()] == ["a.tar"]
        for found in work.rglob("*"):
            assert found.resolve().is_relative_to(work.resolve())
        shutil.rmtree(work)
