"""The codebuild-hash-files program in real shells (CB-094)."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import penstock.runner.codebuild.patterns as patterns

TOOL = Path(patterns.__file__).parent / "tools/codebuild-hash-files"
SHELLS = [
    pytest.param(shell, marks=pytest.mark.skipif(shutil.which(shell[0]) is None, reason=shell[0]))
    for shell in (["dash"], ["bash"], ["bash", "--posix"], ["busybox", "sh"])
]
FILES = (
    "package-lock.json",
    "a.txt",
    "b c.txt",
    ".hidden/x",
    "src/a.txt",
    "src/deep/a.txt",
    "src/deep/b.js",
    "[id].js",
    "é.md",
    "we$ird^(.+)'\".js",
    "back\\slash",
    "-n",
)
GLOBS = (
    "package-lock.json",
    "./a.txt",
    "*",
    "**/*",
    "**",
    "*.txt",
    "**/*.txt",
    "src/*",
    "src/**/*",
    "src/**/deep/*",
    "*/*",
    "*/deep/?.js",
    "[id].js",
    "[*].js",
    "we$ird^(.+)'\".js",
    "we$*(.+)*",
    "back\\*",
    "-*",
    "é*",
    "a/../src/a.*",
    ".hidden/**",
    "src",
    "to-src/*",
    "to-outside/*",
    "to-outside/secret",
    "link",
    "lin?",
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("hash")
    (base / "outside").mkdir()
    (base / "outside/secret").write_text("secret")
    root = base / "src"
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"content of {name}")
    os.symlink("src", root / "to-src")
    os.symlink("../outside", root / "to-outside")
    os.symlink("a.txt", root / "link")
    os.symlink("nothing", root / "dangling")
    return root


def _run(
    shell: list[str], root: Path, *globs: str, path: str = ""
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": path or os.environ["PATH"], "CODEBUILD_SRC_DIR": str(root)}
    command = [*shell, str(TOOL), *globs]
    return subprocess.run(command, env=environment, capture_output=True, text=True, cwd="/")


def _expected(root: Path, *globs: str) -> str:
    """What patterns.py selects, hashed as the program does: the names, then each file's hash."""
    found = {name for glob in globs for name in patterns.find(str(root), glob)}
    names = sorted(os.fsencode(name) for name in found if (root / name).is_file())
    hashes = [hashlib.sha256((root / os.fsdecode(name)).read_bytes()).hexdigest() for name in names]
    text = b"".join(line + b"\n" for line in [*names, *map(str.encode, hashes)])
    return hashlib.sha256(text).hexdigest() if names else ""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("glob", GLOBS)
def test_the_program_selects_what_the_patterns_select(
    tree: Path, shell: list[str], glob: str
) -> None:
    """CB-094, CB-080"""
    done = _run(shell, tree, glob)
    expected = _expected(tree, glob)
    assert (done.stdout.strip(), done.returncode) == (expected, 0 if expected else 1)


parts = st.sampled_from(["*", "**", "a*", "*.txt", "src", "deep", "s*c", "?.txt", "*e*p"])


@settings(max_examples=40, deadline=None)
@given(st.lists(parts, min_size=1, max_size=4).map("/".join))
def test_any_glob_selects_what_the_patterns_select(tree: Path, glob: str) -> None:
    assert _run(["sh"], tree, glob).stdout.strip() == _expected(tree, glob)


def test_several_globs_count_each_file_once_in_any_order(tree: Path) -> None:
    """CB-094"""
    one = _run(["sh"], tree, "src/**/*", "*.txt", "a.txt").stdout
    other = _run(["sh"], tree, "*.txt", "src/**/*").stdout
    assert one == other != ""


@pytest.mark.parametrize("change", ["content", "name", "more"])
def test_the_hash_changes_with_the_files(tmp_path: Path, change: str) -> None:
    """CB-094: stable, and changes."""
    (tmp_path / "a").write_text("1")
    first = _run(["sh"], tmp_path, "*").stdout
    assert _run(["sh"], tmp_path, "*").stdout == first
    if change == "content":
        (tmp_path / "a").write_text("2")
    elif change == "name":
        (tmp_path / "a").rename(tmp_path / "b")
    else:
        (tmp_path / "b").write_text("")
    assert _run(["sh"], tmp_path, "*").stdout != first


def test_times_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    first = _run(["sh"], tmp_path, "*").stdout
    os.utime(tmp_path / "a", (0, 0))
    assert _run(["sh"], tmp_path, "*").stdout == first


@pytest.mark.parametrize(
    ("globs", "message"),
    [
        (["nope"], "no file matches: nope"),
        (["*.zzz", "q/*"], "no file matches: *.zzz q/*"),
        (["../src/../x"], "../src/../x is outside the source directory"),
        (["/etc/passwd"], "/etc/passwd is outside the source directory"),
        ([], "usage: codebuild-hash-files <glob>..."),
    ],
)
def test_it_says_why_there_is_no_hash(tree: Path, globs: list[str], message: str) -> None:
    done = _run(["sh"], tree, *globs)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"codebuild-hash-files: {message}")
    assert done.stderr.count("\n") == 1


def test_an_absolute_glob_inside_the_source_counts(tree: Path) -> None:
    assert _run(["sh"], tree, f"{tree}/src/*").stdout == _run(["sh"], tree, "src/*").stdout != ""


@pytest.mark.skipif(shutil.which("busybox") is None, reason="no busybox")
def test_busybox_programs_give_the_same_hash(tree: Path, tmp_path: Path) -> None:
    """CB-094: as in images made from Alpine."""
    busybox = str(shutil.which("busybox"))
    for name in ("awk", "find", "sed", "sort", "tr", "xargs", "sha256sum", "cut", "sh"):
        os.symlink(busybox, tmp_path / name)
    globs = ("src/**/*", "*.md", "we*", "package-lock.json")
    alone = _run(["busybox", "sh"], tree, *globs, path=f"{tmp_path}:{os.path.dirname(busybox)}")
    assert alone.stdout.strip() == _expected(tree, *globs)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_cannot_be_read_is_no_reason_for_another_hash(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "a").chmod(0)
    done = _run(["sh"], tmp_path, "a")
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.skipif(shutil.which("shasum") is None, reason="no shasum")
def test_shasum_stands_in_for_sha256sum(tree: Path, tmp_path: Path) -> None:
    for name in ("awk", "find", "sed", "sort", "tr", "xargs", "cut", "sh", "shasum", "perl", "env"):
        os.symlink(str(shutil.which(name)), tmp_path / name)
    done = _run([str(tmp_path / "sh")], tree, "src/**/*", path=str(tmp_path))
    assert done.stdout.strip() == _expected(tree, "src/**/*")


def test_glob_search_prints_the_files_that_are_hashed(tree: Path) -> None:
    """CB-103: what samples give to codebuild-tests-run as its search."""
    from penstock.runner.codebuild.patterns import find

    search = str(Path(TOOL).with_name("codebuild-glob-search"))
    env = {"PATH": os.environ["PATH"], "CODEBUILD_SRC_DIR": str(tree)}
    done = subprocess.run([search, "src/**/*"], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == list(find(str(tree), "src/**/*"))
    none = subprocess.run([search, "*.none"], env=env, capture_output=True, text=True, check=False)
    assert (none.returncode, none.stdout) == (1, "")
    assert none.stderr.startswith("codebuild-glob-search: no file matches: *.none")
