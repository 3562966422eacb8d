from __future__ import annotations

import os
from pathlib import Path

import pytest

from penstock.runner.archives import ArchiveError, Entry
from penstock.runner.codebuild.artifact_folder import folder_path, write_folder


def _entry(tmp_path: Path, name: str, content: bytes) -> Entry:
    source = tmp_path / "src" / name
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(content)
    return Entry(str(source), name)


def test_files_are_copied_with_their_modes_times_and_links(tmp_path: Path) -> None:
    entries = [
        _entry(tmp_path, "bin/run", b"#!/bin/sh\n"),
        _entry(tmp_path, "big", os.urandom(3 << 20)),
    ]
    os.chmod(entries[0].source, 0o755)
    os.utime(entries[0].source, (0, 1_600_000_000))
    link = Entry("unused", "bin/link", "run")
    path = write_folder([link, *entries], "team/app", str(tmp_path / "out"))
    assert path == str(tmp_path / "out/team/app")
    copied = os.stat(f"{path}/bin/run")
    assert (copied.st_mode & 0o777, copied.st_mtime) == (0o755, 1_600_000_000)
    assert Path(path, "big").read_bytes() == Path(entries[1].source).read_bytes()
    assert os.readlink(f"{path}/bin/link") == "run"


def test_the_artifact_of_an_earlier_run_is_replaced_as_a_whole(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    write_folder([_entry(tmp_path, "old", b"1")], "app", out)
    path = write_folder([_entry(tmp_path, "new", b"2")], "app", out)
    assert os.listdir(path) == ["new"]
    assert sorted(os.listdir(out)) == [".app.penstock-artifact", "app"]


def test_a_folder_that_is_no_artifact_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "out/src").mkdir(parents=True)
    (tmp_path / "out/src/precious").write_text("mine")
    with pytest.raises(ArchiveError, match="no artifact of an earlier run"):
        write_folder([_entry(tmp_path, "a", b"1")], "src", str(tmp_path / "out"))
    assert (tmp_path / "out/src/precious").read_text() == "mine"


def test_a_failure_keeps_the_earlier_artifact(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    path = write_folder([_entry(tmp_path, "old", b"1")], "app", out)
    with pytest.raises(ArchiveError, match="No such file"):
        write_folder([_entry(tmp_path, "a", b"1"), Entry("/nonexistent", "b")], "app", out)
    assert os.listdir(path) == ["old"]
    assert sorted(os.listdir(out)) == [".app.penstock-artifact", "app"]


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/../b", "/abs", "a//b", "a/", "a\\b", "a\0b"]
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    """CB-085: a name may contain `/`, and that is all."""
    with pytest.raises(ArchiveError, match="artifact name"):
        folder_path(name, str(tmp_path))


def test_a_link_among_the_artifacts_does_not_lead_out(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    os.symlink("/tmp", tmp_path / "out/team")
    with pytest.raises(ArchiveError, match="symbolic link"):
        folder_path("team/app", str(tmp_path / "out"))
