"""What a rehearsal takes for the source: the files as they are, committed or not."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from penstock.cli.rehearsal.working_tree import (
    BRANCH,
    TreeError,
    commit_tree,
    pack_tree,
    push_tree,
)


def git(folder: Path, *words: str) -> str:
    me = ("-c", "user.name=me", "-c", "user.email=me@localhost")
    done = subprocess.run(
        ["git", *me, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with a change, a new file, a removed and an ignored one."""
    folder = tmp_path / "app"
    folder.mkdir()
    git(folder, "init", "-q")
    for name in ("kept", "changed", "removed", "sub/below"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("committed\n")
    (folder / ".gitignore").write_text("ignored\n")
    (folder / "run.sh").write_text("true\n")
    (folder / "run.sh").chmod(0o755)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    (folder / "changed").write_text("changed\n")
    (folder / "new \n file").write_text("new\n")
    (folder / "ignored").write_text("ignored\n")
    (folder / "removed").unlink()
    os.symlink("kept", folder / "link")
    return folder


FILES = {".gitignore", "changed", "kept", "link", "new \n file", "run.sh", "sub/below"}


def names(repository: Path, commit: str = BRANCH) -> set[str]:
    listed = git(repository, "ls-tree", "-r", "-z", "--name-only", commit)
    return set(filter(None, listed.split("\0")))


def test_what_is_not_committed_is_there_and_what_is_ignored_is_not(
    tree: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.git"
    before = git(tree, "status", "--porcelain")
    commit = commit_tree(str(tree), str(own))
    assert names(own, commit) == FILES
    assert git(own, "show", f"{commit}:changed") == "changed"
    assert git(own, "ls-tree", commit, "run.sh").startswith("100755")
    assert git(own, "ls-tree", commit, "link").startswith("120000")
    assert git(tree, "status", "--porcelain") == before
    assert git(tree, "rev-list", "--all", "--count") == "1"


def test_a_folder_of_a_repository_is_a_source_of_its_own(tree: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.git"
    assert names(own, commit_tree(str(tree / "sub"), str(own))) == {"below"}


def test_a_folder_without_git_is_taken_whole(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / ".gitignore").write_text("ignored\n")
    (folder / "ignored").write_text("there\n")
    own = tmp_path / "own.git"
    assert names(own, commit_tree(str(folder), str(own))) == {".gitignore", "ignored"}


def test_the_tree_is_packed_and_pushed(tree: Path, tmp_path: Path) -> None:
    own, there = tmp_path / "own.git", tmp_path / "there.git"
    commit = commit_tree(str(tree), str(own))
    pack_tree(str(own), str(tmp_path / "app.zip"))
    with zipfile.ZipFile(tmp_path / "app.zip") as archive:
        assert {name for name in archive.namelist() if not name.endswith("/")} == FILES
    git(tmp_path, "init", "-q", "--bare", str(there))
    push_tree(str(own), str(there), "main")
    push_tree(str(own), str(there), "feature/x")
    assert git(there, "rev-parse", "main") == git(there, "rev-parse", "feature/x") == commit


def test_variables_of_another_repository_are_not_heeded(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a hook of git's."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    own = tmp_path / "own.git"
    commit = commit_tree(str(tree), str(own))
    monkeypatch.undo()
    assert names(own, commit) == FILES


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TreeError, match="nowhere is no folder"):
        commit_tree(str(tmp_path / "nowhere"), str(tmp_path / "own.git"))


def test_history_and_tags_are_behind_what_has_not_been_committed(
    tree: Path, tmp_path: Path
) -> None:
    """For builds that ask `git describe`, or what has changed since."""
    git(tree, "tag", "v1.0.0")
    first = git(tree, "rev-parse", "HEAD")
    own, there = tmp_path / "own.git", tmp_path / "there.git"
    commit_tree(str(tree), str(own))
    git(tmp_path, "init", "-q", "--bare", str(there))
    push_tree(str(own), str(there), "main")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "-b", "main", f"file://{there}", str(clone))
    assert git(clone, "rev-parse", "HEAD~1") == first
    assert git(clone, "describe", "--tags").startswith("v1.0.0-1-g")
    assert "changed" in git(clone, "diff", "--name-only", "HEAD~1").splitlines()


def test_where_nothing_has_changed_it_is_the_last_commit(tree: Path, tmp_path: Path) -> None:
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "second")
    git(tree, "tag", "-a", "v2", "-m", "two")
    own = tmp_path / "own.git"
    assert commit_tree(str(tree), str(own)) == git(tree, "rev-parse", "HEAD")
    assert git(own, "describe", BRANCH) == "v2"
    assert names(own) == FILES


@pytest.mark.parametrize("how", [("--depth", "1"), ("--filter=blob:none",)])
def test_of_a_clone_in_part_only_the_files_are_taken(
    tree: Path, tmp_path: Path, how: tuple[str, ...]
) -> None:
    git(tree, "commit", "-qam", "second")
    git(tree, "config", "uploadpack.allowFilter", "true")
    shallow, own = tmp_path / "shallow", tmp_path / "own.git"
    git(tmp_path, "clone", "-q", *how, f"file://{tree}", str(shallow))
    commit = commit_tree(str(shallow), str(own))
    assert git(own, "rev-list", "--count", commit) == "1"


def test_a_repository_without_a_commit_has_files_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "file").write_text("there\n")
    own = tmp_path / "own.git"
    assert names(own, commit_tree(str(folder), str(own))) == {"file"}
