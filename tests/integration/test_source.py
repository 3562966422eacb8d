"""The source of a local build, made from real folders and real git repositories."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.runner.codebuild.source import Source, SourceError, begin

IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
LONG_AGO = 1_500_000_000


@pytest.fixture(autouse=True)
def _only_this_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keeps the developer's own git settings out; local submodules need the `file` protocol."""
    configuration = tmp_path / "gitconfig"
    configuration.write_text(
        '[protocol "file"]\n\tallow = always\n[init]\n\tdefaultBranch = main\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))


@pytest.fixture(autouse=True)
def _no_process_or_file_stays_open() -> Iterator[None]:
    before = os.listdir("/proc/self/fd")
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    assert os.listdir("/proc/self/fd") == before


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


class TestACleanCopyOfTheWorkTree:
    def test_holds_what_is_tracked_or_not_ignored_as_it_is_now(
        self, repository: Path, destination: Path
    ) -> None:
        write(repository, main_c="edited", new_c="untracked", new_log="ignored")
        (repository / "lib/util.c").unlink()
        source = copy(repository, destination)
        assert list_files(destination) == {".gitignore", "main.c", "new.c"}
        assert (destination / "main.c").read_text() == "edited"
        assert source.path == str(destination)
        assert source.notes == ()

    def test_keeps_modes_times_and_links(self, repository: Path, destination: Path) -> None:
        (repository / "main.c").chmod(0o751)
        (repository / "out").symlink_to("/etc")
        (repository / "broken").symlink_to("nowhere")
        os.utime(repository / "main.c", (LONG_AGO, LONG_AGO))
        copy(repository, destination)
        found = (destination / "main.c").stat()
        assert (found.st_mode & 0o7777, found.st_mtime) == (0o751, LONG_AGO)
        assert (destination / "out").readlink() == Path("/etc")
        assert (destination / "broken").readlink() == Path("nowhere")

    def test_gives_no_file_a_setuid_bit(self, repository: Path, destination: Path) -> None:
        (repository / "main.c").chmod(0o4755)
        copy(repository, destination)
        assert (destination / "main.c").stat().st_mode & 0o7777 == 0o755

    def test_shares_no_file_with_the_original(self, repository: Path, destination: Path) -> None:
        os.link(repository / "main.c", repository / "same.c")
        copy(repository, destination)
        (destination / "main.c").write_text("built")
        assert (destination / "same.c").read_text() == "int main = 2;\n"
        assert (repository / "main.c").read_text() == "int main = 2;\n"

    @pytest.mark.parametrize(
        "name", [b"-rf", b" space ", b"new\nline", b"\xff\xfe", "zażółć".encode(), b'"quoted"']
    )
    @pytest.mark.parametrize("tracked", [True, False])
    def test_takes_any_name(
        self, repository: Path, destination: Path, name: bytes, tracked: bool
    ) -> None:
        (repository / os.fsdecode(name)).write_text("odd")
        if tracked:
            commit(repository)
        copy(repository, destination)
        assert (destination / os.fsdecode(name)).read_text() == "odd"

    def test_leaves_out_what_is_no_file_and_says_so(
        self, tmp_path: Path, destination: Path
    ) -> None:
        folder = tmp_path / "plain"
        write(folder, main_c="x")
        os.mkfifo(folder / "pipe")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.path.relpath(folder / "socket"))
        source = copy(folder, destination)
        assert list_files(destination) == {"main.c"}
        assert "no file, folder or link" in source.notes[0]
        assert "'pipe'" in source.notes[0]
        assert "'socket'" in source.notes[0]

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_leaves_out_what_may_not_be_read_and_says_so(
        self, repository: Path, destination: Path
    ) -> None:
        (repository / "main.c").chmod(0)
        source = copy(repository, destination)
        assert source.notes == ("Not copied (permission denied): 'main.c'",)

    def test_writes_nothing_through_a_folder_that_became_a_link(
        self, repository: Path, destination: Path, tmp_path: Path
    ) -> None:
        outside = tmp_path / "outside"
        write(outside, util_c="theirs")
        (repository / "lib/util.c").unlink()
        (repository / "lib").rmdir()
        (repository / "lib").symlink_to(outside)
        copy(repository, destination)
        assert (destination / "lib").readlink() == outside
        assert (outside / "util.c").read_text() == "theirs"
        assert os.listdir(outside) == ["util.c"]

    def test_has_the_files_of_submodules_and_of_repositories_nobody_added(
        self, repository: Path, destination: Path, tmp_path: Path
    ) -> None:
        library = tmp_path / "library"
        library.mkdir()
        git(library, "init", "-q")
        write(library, _gitignore="*.o\n", lib_c="library")
        commit(library)
        git(repository, "submodule", "--quiet", "add", str(library), "vendor/library")
        commit(repository)
        write(repository / "vendor/library", more_c="untracked", lib_o="ignored")
        git(repository, "clone", "-q", str(library), "cloned")
        git(repository, "init", "-q", "empty")
        copy(repository, destination)
        expected = {"lib.c", "more.c", ".gitignore"}
        assert list_files(destination / "vendor/library") == expected
        assert list_files(destination / "cloned") == {"lib.c", ".gitignore"}
        assert (destination / "empty").is_dir()
        assert git(destination, "status", "--short", "vendor") == ""

    def test_has_an_empty_folder_for_a_submodule_that_is_not_there(
        self, repository: Path, destination: Path
    ) -> None:
        commit_id = git(repository, "rev-parse", "HEAD")
        git(repository, "update-index", "--add", "--cacheinfo", f"160000,{commit_id},vendor")
        (repository / "vendor").mkdir()
        copy(repository, destination)
        assert os.listdir(destination / "vendor") == []

    def test_lists_a_file_in_conflict_once(self, repository: Path, destination: Path) -> None:
        git(repository, "checkout", "-q", "-b", "other", "v1")
        write(repository, main_c="other")
        commit(repository)
        with pytest.raises(subprocess.CalledProcessError):
            git(repository, "merge", "main")
        copy(repository, destination)
        assert "<<<<<<<" in (destination / "main.c").read_text()

    def test_of_many_files_is_whole(self, repository: Path, destination: Path) -> None:
        for number in range(3000):
            write(repository, **{f"many__{number % 50}__{number}_txt": str(number)})
        copy(repository, destination)
        assert list_files(destination / "many") == list_files(repository / "many")
        assert (destination / "many/49/2999.txt").read_text() == "2999"

    def test_is_not_confused_by_the_repository_of_a_git_hook(
        self,
        repository: Path,
        destination: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere/.git"))
        monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
        monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
        source = copy(repository, destination)
        assert list_files(destination) == {".gitignore", "main.c", "lib/util.c"}
        assert source.resolved_version

    def test_runs_no_program_that_a_repository_names(
        self, repository: Path, destination: Path, tmp_path: Path
    ) -> None:
        git(repository, "config", "core.fsmonitor", f"touch {tmp_path}/ran; false")
        copy(repository, destination)
        assert not (tmp_path / "ran").exists()


class TestAFolderWithoutGit:
    def test_is_copied_whole_without_starting_git(
        self, tmp_path: Path, destination: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path / "plain"
        write(folder, a_c="a", deep__down__b_log="b", _gitignore="*.log")
        (folder / "empty").mkdir(mode=0o750)
        monkeypatch.setenv("PATH", "/nowhere")
        source = copy(folder, destination)
        assert list_files(destination) == {"a.c", "deep/down/b.log", ".gitignore"}
        assert (destination / "empty").stat().st_mode & 0o777 == 0o750
        assert source == Source(str(destination))

    def test_may_hold_the_copy(self, tmp_path: Path) -> None:
        folder = tmp_path / "plain"
        write(folder, a_c="a", tmp__other_txt="b")
        copy(folder, folder / "tmp/build")
        assert list_files(folder / "tmp/build") == {"a.c", "tmp/other.txt"}

    def test_lets_the_build_write_in_its_read_only_folders(
        self, tmp_path: Path, destination: Path
    ) -> None:
        folder = tmp_path / "plain"
        write(folder, sealed__a_c="a")
        (folder / "sealed").chmod(0o555)
        copy(folder, destination)
        assert (destination / "sealed").stat().st_mode & 0o777 == 0o755

    def test_that_does_not_exist_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match=r"There is no folder .*/missing"):
            begin(str(tmp_path / "missing"))


class TestWhatGitCannotTell:
    def test_without_git_installed_all_files_are_copied(
        self, repository: Path, destination: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        head = git(repository, "rev-parse", "HEAD")
        monkeypatch.setenv("PATH", "/nowhere")
        source = copy(repository, destination)
        assert list_files(destination) == {".gitignore", "main.c", "lib/util.c", "noise.log"}
        assert not (destination / ".git").exists()
        assert source.notes == ("git is not installed: all files were copied, without .git.",)
        assert source.resolved_version == head

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository away")
    def test_a_repository_of_another_owner_is_copied_with_gits_words(
        self, repository: Path, destination: Path
    ) -> None:
        os.chown(repository, 12345, 12345)
        source = copy(repository, destination)
        assert "noise.log" in list_files(destination)
        assert not (destination / ".git").exists()
        assert "safe.directory" in source.notes[0]

    def test_a_git_file_that_leads_nowhere_is_said_so(
        self, tmp_path: Path, destination: Path
    ) -> None:
        folder = tmp_path / "broken"
        write(folder, a_c="a")
        (folder / ".git").write_text("gitdir: /nowhere")
        source = copy(folder, destination)
        assert list_files(destination) == {"a.c"}
        assert "not a git repository: /nowhere" in source.notes[0]

    def test_a_nested_repository_that_git_refuses_is_copied_without_its_git(
        self, repository: Path, destination: Path
    ) -> None:
        git(repository, "init", "-q", "nested")
        write(repository / "nested", a_c="a")
        (repository / "nested/.git/config").write_text("[core]\n\trepositoryformatversion = 99\n")
        source = copy(repository, destination)
        assert list_files(destination / "nested") == {"a.c"}
        assert not (destination / "nested/.git").exists()
        assert "nested" in source.notes[0]


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


class TestInPlace:
    def test_the_folder_itself_is_the_source(self, repository: Path) -> None:
        git(repository, "remote", "add", "origin", "git@example.com:a/b.git")
        before = snapshot(repository)
        source = begin(str(repository), in_place=True).prepare()
        head = git(repository, "rev-parse", "HEAD")
        assert source == Source(str(repository), "", head, "git@example.com:a/b.git")
        assert snapshot(repository) == before


FULL_DISK = """
import sys
from penstock.runner.codebuild.source import SourceError, begin
try:
    begin(sys.argv[1]).prepare(sys.argv[2])
except SourceError as error:
    print(error)
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[list[str]]:
    """A command that runs its arguments where `tmp_path`/disk holds one megabyte."""
    (tmp_path / "disk").mkdir()
    mount = f"mount -t tmpfs -o size=1m none '{tmp_path}/disk' && exec \"$@\""
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    try:
        subprocess.run([*inside, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no mount namespaces here")
    yield inside


class TestFailure:
    def test_of_a_full_disk_is_one_clear_error_and_leaves_nothing(
        self, tmp_path: Path, small_disk: list[str]
    ) -> None:
        folder = tmp_path / "large"
        write(folder, a_txt="a", b_txt="b" * 2_000_000)
        listing = f'"$@"; ls -A {tmp_path}/disk'
        program = [sys.executable, "-c", FULL_DISK, str(folder), f"{tmp_path}/disk/build"]
        done = subprocess.run(
            [*small_disk, "sh", "-c", listing, "sh", *program], capture_output=True, text=True
        )
        assert done.stderr == ""
        assert f"the disk under {tmp_path}/disk is full." in done.stdout
        assert done.stdout.endswith("or build in place.\n")

    def test_of_an_existing_destination_leaves_it_as_it_is(
        self, repository: Path, destination: Path
    ) -> None:
        write(destination, precious_txt="mine")
        with pytest.raises(SourceError, match="File exists"):
            copy(repository, destination)
        assert (destination / "precious.txt").read_text() == "mine"

    def test_a_query_that_nobody_needs_can_be_closed(self, repository: Path) -> None:
        query = begin(str(repository))
        query.close()
        query.close()
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
