"""The program `codebuild-tests-run`, under each shell that an image may have as /bin/sh."""

from __future__ import annotations

import shutil
import subprocess
from itertools import chain
from pathlib import Path

import pytest

import penstock.runner.codebuild

PROGRAM = Path(penstock.runner.codebuild.__path__[0]) / "tools" / "codebuild-tests-run"
SHELLS = [words for words in (["dash"], ["bash"], ["busybox", "sh"]) if shutil.which(words[0])]
FIND = "cat names"


@pytest.fixture(params=SHELLS, ids=lambda words: words[0])
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Shell:
    return Shell(request.param, tmp_path)


class Shell:
    def __init__(self, words: list[str], folder: Path) -> None:
        self.words = words
        self.folder = folder

    def names(self, *names: str) -> None:
        (self.folder / "names").write_text("".join(f"{name}\n" for name in names))

    def run(
        self, *arguments: str, shard: tuple[int, int] | None = None
    ) -> subprocess.CompletedProcess[str]:
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
        if shard:
            env |= {"PENSTOCK_SHARD": str(shard[0]), "PENSTOCK_SHARDS": str(shard[1])}
        return subprocess.run(
            [*self.words, str(PROGRAM), *arguments],
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    def shares(self, count: int, strategy: str = "equal-distribution") -> list[list[str]]:
        """The files of each of `count` shards."""
        words = ("--test-command", "printf '%s\\n'", "--files-search", FIND)
        runs = (
            self.run(*words, "--sharding-strategy", strategy, shard=(number, count))
            for number in range(1, count + 1)
        )
        return [run.stdout.splitlines() for run in runs]


@pytest.mark.parametrize("strategy", ["equal-distribution", "stability"])
@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("files", [1, 3, 4, 9])
def test_the_shares_are_all_files_each_in_one_of_them(
    shell: Shell, strategy: str, count: int, files: int
) -> None:
    """CB-103"""
    names = [f"test {number}_é.py" for number in range(files)]
    shell.names(*names)
    shares = shell.shares(count, strategy)
    assert sorted(chain.from_iterable(shares)) == sorted(names)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_equal_distribution_cuts_the_sorted_files_into_chunks_that_differ_by_one_at_most(
    shell: Shell, count: int
) -> None:
    """CB-103"""
    shell.names("c", "a", "Z", "b", "a", "e", "d")
    shares = shell.shares(count)
    assert list(chain.from_iterable(shares)) == ["Z", "a", "b", "c", "d", "e"]
    sizes = [len(share) for share in shares]
    assert max(sizes) - min(sizes) <= 1


def test_with_stability_a_new_file_moves_no_other_and_a_new_shard_only_takes(shell: Shell) -> None:
    """CB-103"""
    names = [f"src/part{number % 7}/test_case_{number}.py" for number in range(200)]
    shell.names(*names)
    before = [set(share) for share in shell.shares(4, "stability")]
    assert all(30 <= len(share) <= 70 for share in before)
    shell.names(*names, "src/part3/test_new.py")
    for old, new in zip(before, shell.shares(4, "stability"), strict=True):
        assert set(new) - {"src/part3/test_new.py"} == old
    shell.names(*names)
    more = [set(share) for share in shell.shares(5, "stability")]
    assert all(new <= old for old, new in zip(before, more[:4], strict=True))


def test_every_shell_makes_the_same_shares(tmp_path: Path) -> None:
    """CB-103: else a file would run in two builds, or in none."""
    shells = [Shell(words, tmp_path) for words in SHELLS]
    shells[0].names(*(f"tests/test_{number}_ü.py" for number in range(40)))
    assert all(s.shares(3, "stability") == shells[0].shares(3, "stability") for s in shells)


def test_outside_a_fanout_all_files_are_run_in_one_command(shell: Shell) -> None:
    """CB-103"""
    shell.names("b", "a b", "c*")
    assert shell.run("--test-command=printf '<%s>'", f"--files-search={FIND}").stdout == (
        "<a b><b><c*>"
    )


@pytest.mark.parametrize("command", ["sh -c 'exit 7'", "true; test 1 -eq 2 || sh -c 'exit 7'"])
def test_the_exit_status_is_the_test_commands(shell: Shell, command: str) -> None:
    """CB-103"""
    shell.names("a")
    assert shell.run("--test-command", command, "--files-search", FIND).returncode == 7


def test_a_command_may_take_the_files_from_the_variable_instead(shell: Shell) -> None:
    """CB-103: then none are appended. The variable has a file a line, for programs as well."""
    shell.names("b", "a b")
    command = '(printf "%s" "$CODEBUILD_CURRENT_SHARD_FILES" | tr "\\n" ,)\n'
    ran = shell.run("--test-command", command, "--files-search", FIND)
    assert ran.stdout == "a b,b"
    ran = shell.run("--test-command", "env true; env; : \n ", "--files-search", FIND)
    assert "CODEBUILD_CURRENT_SHARD_FILES=a b\nb\n" in ran.stdout


def test_more_names_than_fit_into_a_variable_still_reach_the_command(shell: Shell) -> None:
    """CB-103"""
    shell.names(*(f"{'long' * 20}{number}" for number in range(3000)))
    ran = shell.run("--test-command", "sh -c 'echo $#' sh", "--files-search", FIND)
    assert (ran.returncode, ran.stdout) == (0, "3000\n")


def test_a_shard_without_files_runs_nothing(shell: Shell) -> None:
    """CB-103: a test command without files would run all tests."""
    shell.names("a")
    ran = shell.run("--test-command", "echo has run", "--files-search", FIND, shard=(2, 2))
    assert (ran.returncode, ran.stdout) == (0, "")
    assert "shard 2 of 2 has no files" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "shard", "says"),
    [
        ((), None, "--test-command is missing"),
        (("--test-command", "echo has run"), None, "--files-search is missing"),
        (("--test-command",), None, "--test-command needs a value"),
        (("--test-command", "echo has run", "--files-search", "true"), None, "no file was found"),
        (("--test-command", "echo has run", "--files-search", "exit 3"), None, "search for files"),
        (("--test-command", "x", "--files-search", FIND), (3, 2), "there are shards 1 to 2"),
        (
            ("--sharding-strategy", "luck", "--test-command", "x", "--files-search", FIND),
            None,
            "lu",
        ),
        (("--all",), None, "there is no --all"),
    ],
)
def test_what_cannot_be_run_says_why_and_fails(
    shell: Shell, arguments: tuple[str, ...], shard: tuple[int, int] | None, says: str
) -> None:
    """CB-103"""
    shell.names("a")
    ran = shell.run(*arguments, shard=shard)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert says in ran.stderr
