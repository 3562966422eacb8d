"""The copy's git directory, and sources that are a commit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from penstock.runner.codebuild.source import SourceError, begin

from .repositories import LONG_AGO, age, commit, copy, git, list_files, snapshot, write

pytestmark = pytest.mark.usefixtures("only_this_configuration", "no_process_or_file_stays_open")


def _plain(repository: Path, tmp_path: Path) -> Path:
    return repository


def _detached(repository: Path, tmp_path: Path) -> Path:
    git(repository, "checkout", "-q", "--detach")
    return repository


def _packed(repository: Path, tmp_path: Path) -> Path:
    git(repository, "gc", "-q")
    return repository


def _linked(repository: Path, tmp_path: Path) -> Path:
    git(repository, "worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    age(tmp_path / "linked")
    return tmp_path / "linked"


def _linked_to_bare(repository: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", "--bare", str(repository), "bare.git")
    git(tmp_path / "bare.git", "worktree", "add", "-q", str(tmp_path / "linked"), "main")
    age(tmp_path / "linked")
    return tmp_path / "linked"


def _split_index(repository: Path, tmp_path: Path) -> Path:
    git(repository, "update-index", "--split-index")
    return repository


def _shallow(repository: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repository}", "shallow")
    git(tmp_path / "shallow", "tag", "-a", "-m", "one", "v1")
    age(tmp_path / "shallow")
    return tmp_path / "shallow"


def _borrowing(repository: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", "--shared", str(repository), "borrowing")
    age(tmp_path / "borrowing")
    return tmp_path / "borrowing"


def _submodule(repository: Path, tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "outer")
    git(tmp_path / "outer", "submodule", "--quiet", "add", str(repository), "inner")
    age(tmp_path / "outer/inner")
    return tmp_path / "outer/inner"


def _odd_path(repository: Path, tmp_path: Path) -> Path:
    return repository.rename(tmp_path / 'odd "name"\n\\ here')


QUESTIONS = (
    ("rev-parse", "HEAD"),
    ("rev-parse", "--abbrev-ref", "HEAD"),
    ("rev-parse", "--is-shallow-repository"),
    ("describe", "--dirty"),
    ("status", "--porcelain"),
    ("diff", "--stat"),
    ("log", "--format=%H %s"),
    ("for-each-ref",),
    ("ls-files", "-s"),
    ("fsck", "--connectivity-only"),
)


class TestTheCopysGitDirectory:
    @pytest.mark.parametrize("self_contained", [False, True])
    @pytest.mark.parametrize(
        "kind",
        [
            *(_plain, _detached, _packed, _linked, _linked_to_bare, _split_index),
            *(_shallow, _borrowing, _submodule, _odd_path),
        ],
    )
    def test_answers_as_the_original(
        self,
        repository: Path,
        tmp_path: Path,
        destination: Path,
        kind: object,
        self_contained: bool,
    ) -> None:
        assert callable(kind)
        folder = kind(repository, tmp_path)
        source = copy(folder, destination, self_contained=self_contained)
        assert source.notes == ()
        assert source.resolved_version == git(folder, "rev-parse", "HEAD")
        assert git(destination, "diff-index", "HEAD") == "", "unchanged without a refresh"
        for question in QUESTIONS:
            assert git(destination, *question) == git(folder, *question), question

    def test_shows_uncommitted_changes(self, repository: Path, destination: Path) -> None:
        write(repository, main_c="edited\n", new_c="new\n")
        git(repository, "add", "new.c")
        copy(repository, destination)
        assert git(destination, "status", "--porcelain") == "M main.c\nA  new.c"
        assert git(destination, "describe", "--dirty").endswith("-dirty")

    def test_notices_a_change_of_equal_size_in_the_second_of_the_index(
        self, repository: Path, destination: Path
    ) -> None:
        write(repository, main_c="int main = 3;\n")
        os.utime(repository / "main.c", (LONG_AGO, LONG_AGO))
        git(repository, "update-index", "main.c")
        os.utime(repository / ".git/index", (LONG_AGO, LONG_AGO))
        write(repository, main_c="int main = 4;\n")
        os.utime(repository / "main.c", (LONG_AGO, LONG_AGO))
        copy(repository, destination)
        assert git(destination, "diff", "--name-only") == "main.c"

    def test_knows_a_branch_without_a_commit(self, tmp_path: Path, destination: Path) -> None:
        git(tmp_path, "init", "-q", "new")
        write(tmp_path / "new", a_c="a")
        source = copy(tmp_path / "new", destination)
        assert source.resolved_version == ""
        assert git(destination, "status", "--porcelain") == "?? a.c"

    def test_keeps_the_object_format(self, tmp_path: Path, destination: Path) -> None:
        git(tmp_path, "init", "-q", "--object-format=sha256", "new")
        write(tmp_path / "new", a_c="a")
        head = commit(tmp_path / "new")
        assert copy(tmp_path / "new", destination).resolved_version == head
        assert git(destination, "rev-parse", "HEAD") == head

    def test_has_the_refs_of_a_reftable(
        self, repository: Path, tmp_path: Path, destination: Path
    ) -> None:
        new = tmp_path / "new"
        try:
            git(tmp_path, "clone", "-q", "--ref-format=reftable", str(repository), "new")
        except subprocess.CalledProcessError:
            pytest.skip("this git is older than reftable")
        source = copy(new, destination)
        assert source.resolved_version == git(new, "rev-parse", "HEAD")
        for question in (("rev-parse", "HEAD"), ("describe", "--dirty"), ("for-each-ref",)):
            assert git(destination, *question) == git(new, *question)

    def test_has_no_credentials_hooks_or_settings_of_the_user(
        self, repository: Path, destination: Path
    ) -> None:
        git(repository, "remote", "add", "origin", "https://ada:s3cret@example.com/a/b.git")
        git(repository, "config", "http.extraHeader", "Authorization: s3cret")
        git(repository, "config", "core.hooksPath", "/somewhere")
        (repository / ".git/hooks/pre-commit").write_text("#!/bin/sh\nexit 1\n")
        source = copy(repository, destination)
        assert source.repo_url == "https://example.com/a/b.git"
        assert git(destination, "remote", "get-url", "origin") == source.repo_url
        assert "s3cret" not in (destination / ".git/config").read_text()
        assert "hookspath" not in (destination / ".git/config").read_text()
        assert not (destination / ".git/hooks").exists()

    def test_is_no_way_to_change_the_original(self, repository: Path, destination: Path) -> None:
        before = snapshot(repository)
        copy(repository, destination)
        write(destination, main_c="built", new_c="new")
        commit(destination, "from the build")
        git(destination, "tag", "v9")
        git(destination, "branch", "built")
        git(destination, "config", "core.bare", "true")
        git(destination, "config", "core.bare", "false")
        git(destination, "reset", "-q", "--hard", "v1")
        git(destination, "gc", "-q", "--prune=now")
        assert snapshot(repository) == before

    def test_needs_nothing_of_the_original_when_self_contained(
        self, repository: Path, destination: Path, tmp_path: Path
    ) -> None:
        borrowing = _borrowing(repository, tmp_path)
        git(tmp_path, "clone", "-q", "--shared", str(borrowing), "twice")
        twice = tmp_path / "twice"
        write(twice, own_c="own")
        head = commit(twice)
        copy(twice, destination, self_contained=True)
        for folder in (repository, borrowing, twice):
            folder.rename(f"{folder}.away")
        assert git(destination, "rev-parse", "HEAD") == head
        assert git(destination, "fsck", "--full") == ""
        links = [p.stat().st_nlink for p in (destination / ".git").rglob("*") if p.is_file()]
        assert set(links) == {1}

    def test_is_left_out_below_the_top_of_the_work_tree(
        self, repository: Path, destination: Path
    ) -> None:
        source = copy(repository / "lib", destination)
        assert list_files(destination) == {"util.c"}
        assert not (destination / ".git").exists()
        assert source.resolved_version == git(repository, "rev-parse", "HEAD")
        assert source.notes == (f"The copy has no .git: build {repository} to have one.",)

    def test_is_left_out_where_the_repository_ignores_the_folder(
        self, repository: Path, destination: Path
    ) -> None:
        write(repository, x_log__a_c="a")
        source = copy(repository / "x.log", destination)
        assert list_files(destination) == {"a.c"}
        assert "ignores" in source.notes[0]


class TestACommit:
    @pytest.mark.parametrize("self_contained", [False, True])
    @pytest.mark.parametrize("revision", ["v1", "HEAD~1", "refs/tags/v1", "main^"])
    def test_is_checked_out_with_head_at_it(
        self, repository: Path, destination: Path, revision: str, self_contained: bool
    ) -> None:
        """CB-113, CB-114: the version as given, and the commit that it leads to."""
        write(repository, main_c="edited", new_c="untracked")
        source = begin(str(repository), commit=revision).prepare(
            str(destination), self_contained=self_contained
        )
        first = git(repository, "rev-parse", "v1^{commit}")
        assert (source.version, source.resolved_version) == (revision, first)
        assert list_files(destination) == {".gitignore", "main.c", "lib/util.c"}
        assert (destination / "main.c").read_text() == "int main;\n"
        assert git(destination, "rev-parse", "HEAD") == first
        assert git(destination, "status", "--porcelain") == ""
        assert git(destination, "describe") == "v1"

    def test_may_be_given_as_codebuild_pins_a_branch(
        self, repository: Path, destination: Path
    ) -> None:
        """CB-151: `refs/heads/main^{sha}`."""
        first = git(repository, "rev-parse", "v1^{commit}")
        pinned = f"refs/heads/main^{{{first}}}"
        source = begin(str(repository), commit=pinned).prepare(str(destination))
        assert (source.version, source.resolved_version) == (pinned, first)

    def test_leaves_the_users_repository_alone(self, repository: Path, destination: Path) -> None:
        write(repository, new_c="staged")
        git(repository, "add", "new.c")
        before = snapshot(repository)
        begin(str(repository), commit="v1").prepare(str(destination))
        assert snapshot(repository) == before

    def test_of_a_subfolder_has_its_files_only(self, repository: Path, destination: Path) -> None:
        source = begin(str(repository / "lib"), commit="v1").prepare(str(destination))
        assert os.listdir(destination) == ["util.c"]
        assert "has no .git" in source.notes[0]

    def test_without_the_subfolder_is_refused(self, repository: Path, destination: Path) -> None:
        write(repository, later__a_c="a")
        with pytest.raises(SourceError, match=r"cannot check out .*:later"):
            begin(str(repository / "later"), commit="v1").prepare(str(destination))
        assert not destination.exists()

    def test_that_is_unknown_is_refused_with_what_to_do(
        self, repository: Path, destination: Path
    ) -> None:
        with pytest.raises(SourceError, match=r"no commit 'v7'.*(?s:.*)git fetch"):
            begin(str(repository), commit="v7").prepare(str(destination))
        assert not destination.exists()

    @pytest.mark.parametrize("revision", ["--help", "-x"])
    def test_is_never_taken_for_an_option(self, repository: Path, revision: str) -> None:
        with pytest.raises(SourceError, match="does not begin with a dash"):
            begin(str(repository), commit=revision)

    def test_needs_a_repository(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match="in no git work tree"):
            begin(str(tmp_path), commit="v1")

    def test_needs_git(self, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(SourceError, match="Install git"):
            begin(str(repository), commit="v1")

    def test_is_not_built_in_place(self, repository: Path) -> None:
        with pytest.raises(SourceError, match="leave out"):
            begin(str(repository), commit="v1", in_place=True)
