"""Completion, in the shells themselves."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..needs import lacking
from .conftest import SECONDS, Project

LINES = [
    ("penstock pipel", ["pipelines"]),
    ("penstock appro", ["approve"]),
    ("penstock git-", ["git-url"]),
    ("penstock pipelines --wat", ["--watch"]),
    ("penstock pipelines --until app", ["approval"]),
    ("penstock run --log-format js", ["json"]),
    ("penstock run --a", ["--artifacts", "--aws"]),
    ("penstock transition --re", ["--reason"]),
]


def script(project: Project, shell: str) -> Path:
    if shutil.which(shell) is None:
        raise lacking(f"{shell} is not installed")
    ran = project.penstock("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    return project.write(f"completion.{shell}", ran.out)


@pytest.mark.parametrize(("line", "found"), LINES)
def test_bash_completes(project: Project, line: str, found: list[str]) -> None:
    path = script(project, "bash")
    asking = (
        f"source {path}; COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1));"
        ' _penstock; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    ran = subprocess.run(
        ["bash", "--norc", "-euc", asking], capture_output=True, text=True, check=True
    )
    assert (sorted(ran.stdout.split()), ran.stderr) == (found, "")


@pytest.mark.parametrize(("line", "found"), LINES)
def test_fish_completes(project: Project, line: str, found: list[str]) -> None:
    path = script(project, "fish")
    ran = subprocess.run(
        ["fish", "--no-config", "-c", f"source {path}; complete -C '{line}'"],
        env=project.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    offered = sorted(text.split("\t")[0] for text in ran.stdout.splitlines())
    assert (offered, ran.stderr) == (found, "")


@contextmanager
def terminal(*command: str, env: dict[str, str]) -> Iterator[int]:
    """The other end of the terminal that a program is on."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True
    ) as process:
        os.close(theirs)
        try:
            yield ours
        finally:
            process.kill()
            os.close(ours)


def heard(ours: int, text: str) -> str:
    """What a terminal shows, until it shows some text."""
    shown, end = "", time.monotonic() + SECONDS
    while text not in shown:
        assert select.select([ours], [], [], max(0, end - time.monotonic()))[0], shown
        shown += os.read(ours, 4096).decode(errors="replace")
    return shown


@pytest.mark.parametrize(("line", "found"), [one for one in LINES if len(one[1]) == 1])
def test_zsh_completes(project: Project, line: str, found: list[str]) -> None:
    path = script(project, "zsh")
    env = project.environment({"TERM": "dumb", "PS1": "", "ZDOTDIR": str(project.home)})
    with terminal("zsh", "-f", "-i", env=env) as ours:
        os.write(
            ours, f"autoload -Uz compinit; compinit -u -D; source {path}; echo re''ady\n".encode()
        )
        heard(ours, "ready\r\n")
        os.write(ours, f"{line}\t".encode())
        heard(ours, line.rpartition(" ")[0] + " " + found[0])


def test_completion_knows_each_command(project: Project) -> None:
    from penstock.cli import COMMANDS

    ran = project.penstock("completion", "bash")
    assert all(f" {command}) names='" in ran.out for command in COMMANDS)
    assert sys.executable not in ran.out
