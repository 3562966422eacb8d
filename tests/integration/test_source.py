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

from .repositories import LONG_AGO, commit, copy, git, list_files, snapshot, write

pytestmark = pytest.mark.usefixtures("only_this_configuration", "no_process_or_file_stays_open")


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
        query.close()  # and no process stays, as after every test here
