from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.runner.codebuild.source.removing import DEEP, remove


def dig(top: Path, levels: int) -> None:
    """Makes folders within folders, deeper than any path may be long."""
    folder = os.open(top, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("deeper", dir_fd=folder)
        inner = os.open("deeper", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(os.open("file", os.O_CREAT, dir_fd=folder))
    os.close(folder)


class TestRemoving:
    def test_a_missing_path_is_no_error(self, tmp_path: Path) -> None:
        remove(str(tmp_path / "missing"))

    def test_never_follows_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "precious").mkdir()
        (tmp_path / "precious/file").touch()
        (tmp_path / "tree").mkdir()
        (tmp_path / "tree/link").symlink_to(tmp_path / "precious")
        (tmp_path / "top").symlink_to(tmp_path / "precious")
        remove(str(tmp_path / "tree"))
        remove(str(tmp_path / "top"))
        assert sorted(os.listdir(tmp_path)) == ["precious"]
        assert os.listdir(tmp_path / "precious") == ["file"]

    @pytest.mark.parametrize("mode", [0, 0o111, 0o444, 0o555])
    def test_takes_folders_that_are_closed_to_us(self, tmp_path: Path, mode: int) -> None:
        (tmp_path / "tree/sealed/inner").mkdir(parents=True)
        (tmp_path / "tree/sealed/inner/file").touch()
        for folder in ("tree/sealed/inner", "tree/sealed", "tree"):
            (tmp_path / folder).chmod(mode)
        remove(str(tmp_path / "tree"))
        assert os.listdir(tmp_path) == []

    @pytest.mark.parametrize("levels", [DEEP - 1, DEEP, DEEP + 1, 3000])
    def test_takes_any_depth(self, tmp_path: Path, levels: int) -> None:
        (tmp_path / "tree").mkdir()
        dig(tmp_path / "tree", levels)
        remove(str(tmp_path / "tree"))
        assert os.listdir(tmp_path) == []

    def test_leaves_what_is_mounted_and_names_it(self, tmp_path: Path) -> None:
        (tmp_path / "tree/mounted").mkdir(parents=True)
        (tmp_path / "tree/file").touch()
        mount = f"mount -t tmpfs none {tmp_path}/tree/mounted && touch {tmp_path}/tree/mounted/a"
        inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
        if subprocess.run([*inside, mount], capture_output=True).returncode != 0:
            pytest.skip("no mount namespaces here")
        program = (
            "import sys; from penstock.runner.codebuild.source.removing import remove; "
            "remove(sys.argv[1])"
        )
        script = f'{mount}; "$@"; ls {tmp_path}/tree/mounted'
        command = [sys.executable, "-c", program, str(tmp_path / "tree")]
        done = subprocess.run([*inside, script, "sh", *command], capture_output=True, text=True)
        assert "a file system is mounted there ('mounted' and 0 more)" in done.stderr
        assert done.stdout == "a\n"
        assert os.listdir(tmp_path / "tree") == ["mounted"]
