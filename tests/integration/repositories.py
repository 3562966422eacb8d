"""Git repositories that tests build, and what is in a folder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from penstock.runner.codebuild.source import Source, begin

IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
LONG_AGO = 1_500_000_000


@pytest.fixture
def only_this_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keeps the developer's own git settings out; local submodules need the `file` protocol."""
    configuration = tmp_path / "gitconfig"
    configuration.write_text(
        '[protocol "file"]\n\tallow = always\n[init]\n\tdefaultBranch = main\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))


@pytest.fixture
def no_process_or_file_stays_open() -> Iterator[None]:
    """Beside those of other tests: a zombie is a child too, until somebody waits for it."""
    files, children = os.listdir("/proc/self/fd"), set(psutil.Process().children())
    yield
    assert set(psutil.Process().children()) <= children
    assert os.listdir("/proc/self/fd") == files


def git(folder: Path | str, *arguments: str) -> str:
    command = ["git", *IDENTITY, *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def commit(folder: Path, message: str = "change") -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits, the first tagged v1; an ignored file; all files older than this second."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    write(folder, _gitignore="*.log\n", main_c="int main;\n", lib__util_c="int util;\n")
    commit(folder, "first")
    git(folder, "tag", "-a", "-m", "one", "v1")
    write(folder, main_c="int main = 2;\n", noise_log="ignored")
    commit(folder, "second")
    age(folder)
    return folder


def age(folder: Path) -> None:
    for path in list_files(folder):
        os.utime(folder / path, (LONG_AGO, LONG_AGO), follow_symlinks=False)
    git(folder, "update-index", "--refresh")


def list_files(folder: Path) -> set[str]:
    """All files and links below a folder, apart from the git directory."""
    return {
        str((Path(top) / name).relative_to(folder))
        for top, folders, names in os.walk(folder)
        for name in [*names, *(f for f in folders if (Path(top) / f).is_symlink())]
        if ".git" not in Path(top).relative_to(folder).parts and name != ".git"
    }


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything that a build could have changed in a folder: modes, times and contents."""
    return {
        str(path): (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "build"


def copy(folder: Path, destination: Path, **options: bool) -> Source:
    return begin(str(folder)).prepare(str(destination), **options)
