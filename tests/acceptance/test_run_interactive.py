"""`penstock run` with a person at it: a terminal, --debug, --watch."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from .conftest import Project

PATIENCE = 20.0


class Person:
    """A penstock in a terminal, and somebody who reads and types there."""

    def __init__(self, project: Project, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            project.command(*arguments),
            cwd=project.folder,
            env=project.environment({"TERM": "xterm"}),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # the session's own
        )
        os.close(slave)
        self.seen = ""

    def reads(self, text: str) -> str:
        """Waits for `text`; what was shown up to it and not read before."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.seen:
            if not select.select([self._master], [], [], deadline - time.monotonic())[0]:
                raise AssertionError(f"{text!r} never came; seen: {self.seen!r}")
            try:
                self.seen += os.read(self._master, 65536).decode("utf-8", "replace")
            except OSError:  # the other end has gone
                raise AssertionError(f"{text!r} never came; seen: {self.seen!r}") from None
        before, _, self.seen = self.seen.partition(text)
        return before

    def types(self, text: str) -> None:
        os.write(self._master, text.encode())

    def leaves(self) -> int:
        """Waits for the end of the program, reading on; its exit code."""
        while self.process.poll() is None:
            if select.select([self._master], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self._master, 65536).decode("utf-8", "replace")
                except OSError:
                    break
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE)
        os.close(self._master)


@pytest.fixture
def person(project: Project) -> Iterator[Callable[..., Person]]:
    made = []

    def start(*arguments: str) -> Person:
        made.append(Person(project, *arguments))
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_debug_opens_a_shell_in_the_commands_place_and_retries_it(
    project: Project, person: Callable[..., Person]
) -> None:
    project.write(
        "buildspec.yml",
        "version: 0.2\nenv: {shell: bash}\nphases: {build: {commands: ["
        "'mkdir sub; cd sub; export A=1; B=2', 'test -f ready', 'echo went on $B']}}\n",
    )
    someone = person("run", "--debug")
    someone.reads("buildspec.yml:3")
    someone.reads("Leave it with exit.")
    someone.reads("(build)")
    someone.types("touch ready; echo A=$A B=$B in ${PWD##*/}\n")
    someone.reads("A=1 B=2 in sub\r\n")
    someone.types("exit\n")
    someone.reads("give up (g)?")
    someone.types("r\n")
    someone.reads("went on 2")
    someone.reads("SUCCEEDED")
    assert someone.leaves() == 0


def test_debug_given_up_is_a_red_build(project: Project, person: Callable[..., Person]) -> None:
    project.buildspec("exit 4", post_build=["echo post ran"])
    someone = person("run", "--debug")
    someone.reads("$ ")
    someone.reads("(build)")
    someone.types("exit\n")
    someone.reads("give up (g)?")
    someone.types("g\n")
    someone.reads("post ran")
    someone.reads("exit status 4")
    assert someone.leaves() == 1


def test_debug_without_a_terminal_opens_no_shell(project: Project) -> None:
    project.buildspec("false")
    ran = project.run("--debug")
    assert ran.code == 1
    assert "no terminal" in ran.out


def test_a_terminal_shows_the_phase_at_work_and_how_long_it_has_taken(
    project: Project, person: Callable[..., Person]
) -> None:
    project.buildspec("mkfifo f; echo begun; read x < f")
    someone = person("run")
    someone.reads("begun")
    shown = someone.reads("1.")  # a second has passed on the live line
    assert "● BUILD" in shown
    assert "\r\x1b[K" in shown


def test_ctrl_c_in_a_terminal_stops_the_build(
    project: Project, person: Callable[..., Person]
) -> None:
    """CB-136"""
    project.buildspec("echo begun; sleep 987657", post_build=["echo never"])
    someone = person("run")
    someone.reads("begun\r\n")
    os.killpg(someone.process.pid, signal.SIGINT)
    someone.reads("STOPPED")
    assert someone.leaves() == 130
    assert "never" not in someone.seen


def test_watch_runs_again_when_a_file_changes(
    project: Project, person: Callable[..., Person]
) -> None:
    project.write("value", "one\n")
    project.buildspec("echo value=$(cat value)")
    someone = person("run", "--watch")
    someone.reads("value=one")
    someone.reads("waiting for a change")
    project.write("value", "two\n")
    someone.reads("value=two")
    someone.reads("waiting for a change")
    os.killpg(someone.process.pid, signal.SIGINT)
    assert someone.leaves() == 130
    assert re.search("Interrupted", someone.seen)
