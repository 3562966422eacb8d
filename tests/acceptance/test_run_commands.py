"""Commands of a build, and the shell they run in."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from .conftest import Project

Lines = Callable[..., list[str]]


def test_directory_exports_and_plain_variables_carry_across_commands_and_phases(
    project: Project,
) -> None:
    """CB-026, CB-027"""
    project.write("sub/file", "")
    project.buildspec(
        'echo "X=$X Y=$Y"',
        "ls",
        "sh -c 'echo exported $Y'",
        pre_build=["X=1", "export Y=2", "cd sub"],
    )
    ran = project.run()
    assert "X=1 Y=2\n" in ran.out
    assert "\nfile\n" in ran.out
    assert "exported 2\n" in ran.out


def test_version_0_1_gives_each_command_a_fresh_shell(project: Project) -> None:
    """CB-005"""
    project.write(
        "buildspec.yml",
        "version: 0.1\nphases:\n  build:\n    commands:\n"
        '      - mkdir d; cd d; X=1\n      - echo "[$X]"; basename "$PWD"\n',
    )
    ran = project.run()
    assert "[]\nsrc\n" in ran.out


def test_a_multi_line_command_is_one_and_has_its_last_statements_status(project: Project) -> None:
    """CB-028"""
    project.buildspec("false\ntrue", "echo after")
    ran = project.run("--log-format", "aws")
    assert ran.code == 0
    assert ran.out.count("Running command") == 2


def test_exit_0_ends_its_command_and_the_state_is_kept(lines_of: Lines) -> None:
    """CB-026: a command that ends the shell hands directory and variables on."""
    assert lines_of("A=1; export B=2; cd /; exit 0", 'echo "$A $B $PWD"') == ["1 2 /"]


def test_exec_ends_its_command_and_what_was_before_is_kept(lines_of: Lines) -> None:
    """CB-026"""
    assert lines_of("A=1", "exec echo replaced", 'echo "[$A]"') == ["replaced", "[1]"]


def test_a_killed_shell_fails_its_command_and_post_build_has_another(project: Project) -> None:
    """CB-038: 137 is 128 + SIGKILL."""
    project.buildspec("kill -9 $$", post_build=["echo still here"])
    ran = project.run("--json")
    assert ran.result["failure"]["exitStatus"] == 137
    assert "still here" in ran.err


def test_a_missing_program_exits_127(project: Project) -> None:
    """CB-029: at line 4, as CodeBuild has three lines of its own above."""
    project.buildspec("no-such-program-here")
    ran = project.run("--json")
    assert ran.result["failure"]["exitStatus"] == 127
    assert re.search(r"script\.sh: (line )?4: .*not found", ran.result["failure"]["output"])


def test_the_shell_is_sh_unless_env_shell_says_bash(project: Project) -> None:
    """CB-017"""
    if os.path.basename(os.path.realpath("/bin/sh")) == "bash":
        pytest.skip("this machine's sh is bash")
    project.buildspec("[[ a == a ]]")
    assert project.run().code == 1
    project.write(
        "buildspec.yml",
        "version: 0.2\nenv: {shell: bash}\nphases: {build: {commands: ['[[ a == a ]]']}}\n",
    )
    assert project.run().code == 0


def test_nothing_printed_or_written_can_fake_an_answer(project: Project) -> None:
    """Control data travels on descriptors that a command has not got."""
    project.buildspec(
        "for fd in 0 1 2 3 4 5 6 7 8 9; do (echo 0 >&$fd) 2>/dev/null; done; false",
        post_build=["echo $CODEBUILD_BUILD_SUCCEEDING"],
    )
    ran = project.run("--json")
    assert ran.result["failure"]["exitStatus"] == 1
    assert ran.phases["BUILD"] == "FAILED"


def test_bytes_pass_as_they_were_printed(project: Project) -> None:
    project.buildspec(r"printf 'a\000b\377c\n'")
    done = subprocess.run(
        project.command("run"), cwd=project.folder, env=project.environment(), capture_output=True
    )
    assert b"a\x00b\xffc\n" in done.stdout


def test_a_command_of_ten_megabytes_runs(lines_of: Lines) -> None:
    text = ": " + "x" * 10_000_000 + "\necho done"
    assert lines_of(text) == ["done"]


def test_a_background_job_outlives_its_command_and_not_its_build(project: Project) -> None:
    """CB-031"""
    project.buildspec("nohup sleep 987654 &", "kill -0 $! && echo alive")
    ran = project.run()
    assert ran.code == 0
    assert "alive" in ran.out
    assert _running("sleep 987654") == []


def test_the_time_limit_ends_everything_a_build_started(project: Project) -> None:
    """CB-133: TIMED_OUT, and a child in a session of its own is gone too."""
    project.buildspec("setsid sleep 987655 & echo pid=$!; sleep 60", post_build=["echo never"])
    began = time.monotonic()
    ran = project.run("--timeout", "3s", "--json")
    assert time.monotonic() - began < 3 + 2
    assert ran.code == 1
    assert ran.result["buildStatus"] == "TIMED_OUT"
    assert ran.phases["BUILD"] == "TIMED_OUT"
    assert "never" not in ran.err
    assert _running("sleep 987655") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_tree_and_runs_nothing_more(
    project: Project, number: signal.Signals
) -> None:
    """CB-136: STOPPED, no later phase."""
    project.buildspec(
        "trap '' INT TERM; echo ready; sleep 987656; echo next line", post_build=["echo never"]
    )
    process = subprocess.Popen(
        project.command("run"),
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    while b"ready" not in process.stdout.readline():
        pass
    process.send_signal(number)
    began = time.monotonic()
    out, _ = process.communicate(timeout=10)
    assert time.monotonic() - began < 2
    assert process.returncode == 130
    assert b"never" not in out
    assert b"next line" not in out
    assert b"STOPPED" in out
    assert _running("sleep 987656") == []


def _running(command: str) -> list[str]:
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in listing.stdout.splitlines() if line == command]


def test_a_command_out_of_time_does_not_reach_its_next_line(project: Project) -> None:
    """CB-133: its sleep ends within the grace that a closing shell has."""
    project.buildspec("sleep 3.5; touch " + str(project.folder / "reached"))
    assert project.run("--timeout", "3s").code == 1
    assert not (project.folder / "reached").exists()


@pytest.mark.parametrize("hostile", [r"IFS='\n'", "IFS=.n", "continue", "break"])
def test_no_command_makes_later_ones_vanish(project: Project, hostile: str) -> None:
    """CB-025, CB-026: a build that runs nothing more must not be green."""
    project.buildspec(hostile, "echo reached; false")
    ran = project.run()
    assert (ran.code, "\nreached\n" in ran.out) == (1, True)


def test_a_trap_of_the_builds_does_not_lose_its_state(lines_of: Lines) -> None:
    """CB-026"""
    assert lines_of("export A=1; cd /", "trap 'echo bye' EXIT; exit 0", 'echo "$A $PWD"') == [
        "bye",
        "1 /",
    ]
