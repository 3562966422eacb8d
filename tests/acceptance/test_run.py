"""`penstock run` as a user meets it: the whole program, real shells, real git."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Project

Lines = Callable[..., list[str]]


def test_a_green_build_exits_0_and_shows_its_phases(project: Project) -> None:
    """CB-001, CB-036: the default is buildspec.yml in the source's root."""
    project.buildspec("echo hello")
    ran = project.run()
    assert ran.code == 0, ran.err
    assert "$ echo hello\nhello\n" in ran.out
    assert re.search(r"SUCCEEDED in \d", ran.out.splitlines()[-1])
    assert "\x1b" not in ran.out


def test_a_red_build_ends_with_command_place_status_and_last_lines(project: Project) -> None:
    """CB-042: the failing command, where it stands, its exit status, the last it printed."""
    spec = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo fine\n"
    project.write("buildspec.yml", spec + "      - echo broken wheel; exit 7\n")
    ran = project.run()
    assert ran.code == 1
    last = ran.out.splitlines()[-4:]
    assert last[0].startswith("FAILED in BUILD")
    assert last[1:] == [
        "  buildspec.yml:6  echo broken wheel; exit 7",
        "  exit status 7",
        "  | broken wheel",
    ]


def test_a_named_buildspec_and_one_in_a_subfolder_run_from_the_source_root(
    project: Project,
) -> None:
    """CB-001, CB-002, CB-027: for that run only."""
    project.write("ci/other.yml", "version: '0.2'\nphases: {build: {commands: [pwd, ls]}}\n")
    ran = project.run("--buildspec", "ci/other.yml")
    assert ran.code == 0
    assert "\nci\n" in ran.out


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "YAML file does not exist"),
        (b"", "empty"),
        (b"version: 0.2\nphases:\n  building:\n    commands: [a]\n", "building"),
        (b"version: 0.3\nphases: {build: {commands: [a]}}\n", "0.3"),
        (b"version: 0.2\nphases:\n\tbuild:\n", "tab"),
        (b"version: 0.2\nphases: {build: {commands: [{echo Step: x}]}}\n", "build"),
        (b"\xff\xfe\xfa", ""),
    ],
)
def test_a_bad_buildspec_exits_2_and_runs_nothing(
    project: Project, content: bytes | None, says: str
) -> None:
    """CB-003, CB-004, CB-006: told with its place, before any command runs."""
    if content is not None:
        project.write("buildspec.yml", content)
    ran = project.run()
    assert ran.code == 2
    assert says in ran.err
    assert "Traceback" not in ran.err
    assert "$ " not in ran.out


def test_a_folder_named_buildspec_yml_is_told_as_one(project: Project) -> None:
    (project.folder / "buildspec.yml").mkdir()
    ran = project.run()
    assert (ran.code, "is a folder" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--buildspce", "x"], "Did you mean --buildspec?"),
        (["--timeout", "soon"], "such as 90s"),
        (["--timeout", "99999999h"], "36h at most"),
        (["--env", "1A=x"], "no name of a variable"),
        (["--env", "NOT_SET_HERE"], "not set here"),
        (["--phase", "deploy"], "one of install"),
        (["--commit", "HEAD"], "no git work tree"),
        (["--log-format", "xml"], "pretty, aws, json"),
        (["--secrets", "missing.env"], "missing.env"),
        (["extra"], "takes no 'extra'"),
    ],
)
def test_bad_usage_exits_2_and_says_what_would_do(
    project: Project, arguments: list[str], says: str
) -> None:
    project.write(
        "buildspec.yml",
        "version: 0.2\nenv: {parameter-store: {A: /a}}\nphases: {build: {commands: [echo]}}\n",
    )
    ran = project.run(*arguments)
    assert ran.code == 2
    assert says in ran.err
    assert "Traceback" not in ran.err


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


def test_breakpoints_are_let_be_without_a_debug_session(project: Project) -> None:
    """CB-183"""
    project.buildspec("codebuild-breakpoint", "codebuild-resume", "echo on")
    ran = project.run()
    assert (ran.code, "\non\n" in ran.out) == (0, True)


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


def test_variables_are_literal_and_each_level_beats_the_one_below(project: Project) -> None:
    """CB-010, CB-011"""
    project.write(
        "buildspec.yml",
        "version: 0.2\nenv:\n  variables: {A: '$HOME/x', B: spec, C: spec}\n"
        "phases: {build: {commands: ['echo \"$A|$B|$C|$D\"']}}\n",
    )
    project.write("more.env", "C=file\nD=file\n")
    ran = project.run("--env", "B=mine", "--env", "D", "--env-file", "more.env", env={"D": "own"})
    assert "$HOME/x|mine|file|own\n" in ran.out


def test_the_callers_other_variables_stay_out(lines_of: Lines, project: Project) -> None:
    """CB-011: what is not on CodeBuild must not make a build green here."""
    project.buildspec('echo "[$MY_TOKEN]"')
    assert "[]\n" in project.run(env={"MY_TOKEN": "x"}).out


def test_agent_variables_have_codebuilds_formats(project: Project) -> None:
    """CB-110, CB-111, CB-112, CB-113"""
    project.buildspec("env")
    out = project.run("--name", "shop", "--env", "CODEBUILD_BUILD_ID=forged").out
    for pattern in (
        r"CODEBUILD_BUILD_ID=shop:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
        r"CODEBUILD_BUILD_ARN=arn:aws:codebuild:us-east-1:\d{12}:build/shop:[0-9a-f-]{36}",
        r"CODEBUILD_BUILD_NUMBER=1",
        r"CODEBUILD_START_TIME=\d{13}",
        r"CODEBUILD_LOG_PATH=[0-9a-f-]{36}",
        r"CODEBUILD_KMS_KEY_ID=arn:aws:kms:us-east-1:\d{12}:alias/aws/s3",
        r"CODEBUILD_CI=true",
        r"CODEBUILD_BUILD_SUCCEEDING=1",
        r"CODEBUILD_SRC_DIR=/.*/src\d+/src",
        r"CODEBUILD_SOURCE_REPO_URL=",
        r"AWS_REGION=us-east-1",
        r"AWS_DEFAULT_REGION=us-east-1",
        r"HOME=/.*",
    ):
        assert re.search(f"^{pattern}$", out, re.MULTILINE), pattern


def test_variables_that_belong_to_other_builds_are_absent(project: Project) -> None:
    """CB-115, CB-116, CB-114: no webhook, no batch, no git."""
    project.buildspec("env")
    out = project.run().out
    assert "CODEBUILD_WEBHOOK" not in out
    assert "CODEBUILD_BATCH" not in out
    assert "CODEBUILD_RESOLVED_SOURCE_VERSION" not in out


def test_succeeding_is_0_after_a_failure(project: Project) -> None:
    """CB-040"""
    project.write(
        "buildspec.yml",
        "version: 0.2\nphases:\n  build:\n    commands: ['false']\n"
        "    finally: ['echo finally=$CODEBUILD_BUILD_SUCCEEDING']\n"
        "  post_build:\n    commands: ['echo post=$CODEBUILD_BUILD_SUCCEEDING']\n",
    )
    out = project.run().out
    assert "finally=0\n" in out
    assert "post=0\n" in out


def test_exported_variables_have_their_last_value(project: Project) -> None:
    """CB-015"""
    project.write(
        "buildspec.yml",
        "version: 0.2\nenv: {exported-variables: [V, W, GONE]}\nphases:\n"
        "  build: {commands: ['V=1', 'export W=\"two words\"']}\n"
        "  post_build: {commands: ['V=2']}\n",
    )
    ran = project.run("--json")
    exported = {one["name"]: one["value"] for one in ran.result["exportedEnvironmentVariables"]}
    assert exported == {"V": "2", "W": "two words"}
    assert "GONE is not set" in ran.err


def test_the_users_working_tree_is_not_touched_and_ignored_files_stay_out(
    project: Project,
) -> None:
    """The source is a clean copy: tracked and unignored files, uncommitted changes included."""
    project.write("kept.txt", "committed")
    project.write(".gitignore", "ignored.txt\n")
    _git(project.folder, "init", "-q")
    _git(project.folder, "add", "-A")
    _git(project.folder, "commit", "-qm", "one")
    project.write("ignored.txt", "x")
    project.write("kept.txt", "changed")
    project.buildspec("cat kept.txt; ls; echo made > new.txt; git rev-parse HEAD")
    ran = project.run("--json")
    assert ran.code == 0, ran.err
    assert "changed" in ran.err
    assert "ignored.txt" not in ran.err
    assert not (project.folder / "new.txt").exists()
    assert ran.result["resolvedSourceVersion"] in ran.err


def test_a_commit_is_built_as_it_was(project: Project) -> None:
    """CB-114, CB-151"""
    project.buildspec("cat file; echo $CODEBUILD_RESOLVED_SOURCE_VERSION")
    project.write("file", "old\n")
    _git(project.folder, "init", "-q")
    _git(project.folder, "add", "-A")
    _git(project.folder, "commit", "-qm", "one")
    head = _git(project.folder, "rev-parse", "HEAD")
    project.write("file", "new\n")
    project.buildspec("exit 9")
    ran = project.run("--commit", "HEAD")
    assert ran.code == 0, ran.err
    assert f"old\n{head}" in ran.out


def test_in_place_builds_in_the_folder_itself(project: Project) -> None:
    project.buildspec("echo made > new.txt; pwd")
    ran = project.run("--in-place")
    assert str(project.folder) in ran.out
    assert (project.folder / "new.txt").read_text() == "made\n"


def _git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_phases_can_be_chosen_and_left_out(project: Project) -> None:
    """CB-036: those left out are entered with nothing to do."""
    project.buildspec("echo b", install=["echo i"], pre_build=["echo p"])
    assert _commands(project.run("--phase", "build")) == ["echo b"]
    assert _commands(project.run("--skip-phase", "install")) == ["echo p", "echo b"]


def _commands(ran: object) -> list[str]:
    return re.findall(r"^\$ (.*)$", getattr(ran, "out", ""), re.MULTILINE)


def test_a_plan_shows_commands_with_their_lines_and_runs_nothing(project: Project) -> None:
    project.write(
        "buildspec.yml", "version: 0.2\nphases:\n  build:\n    commands:\n      - touch /tmp/x\n"
    )
    ran = project.run("--plan")
    assert ran.code == 0
    assert "buildspec.yml:5  $ touch /tmp/x" in ran.out
    plan = json.loads(project.run("--plan", "--json").out)
    assert plan["phases"][2]["commands"][0]["line"] == 5


def test_on_failure_continue_and_retry_are_obeyed(project: Project) -> None:
    """CB-043, CB-044"""
    project.write(
        "buildspec.yml",
        "version: 0.2\nphases:\n"
        "  pre_build: {on-failure: RETRY-2, commands: ['echo x >> n; [ $(wc -l < n) -ge 3 ]']}\n"
        "  build: {on-failure: CONTINUE, commands: ['false']}\n"
        "  post_build: {commands: ['wc -l < n']}\n",
    )
    ran = project.run("--json")
    assert ran.code == 1
    assert ran.phases["PRE_BUILD"] == "SUCCEEDED"
    assert "\n3\n" in ran.err


def _with_runtime(project: Project, runtime: str, version: str) -> None:
    project.write(
        "buildspec.yml",
        "version: 0.2\nphases:\n"
        f"  install: {{runtime-versions: {{{runtime}: '{version}'}},\n"
        "    commands: [python3 --version]}\n",
    )


def test_the_runtime_taken_is_told_and_used(project: Project) -> None:
    """CB-050, CB-123"""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    _with_runtime(project, "python", "$WANTED")
    ran = project.run("--env", f"WANTED={version}")
    assert f"Selecting 'python' runtime version '{version}' based on manual" in ran.out
    assert re.search(rf"^python {re.escape(version)}\S* from \S+", ran.out, re.MULTILINE)
    assert f"\nPython {version}." in ran.out


def test_a_version_that_is_not_here_warns_or_fails_when_asked(project: Project) -> None:
    """CB-050"""
    _with_runtime(project, "python", "2.1")
    ran = project.run()
    assert ran.code == 0
    assert "warning: python 2.1 is not installed" in ran.out
    strict = project.run("--strict-runtimes", "--json")
    assert strict.code == 1
    assert strict.phases["DOWNLOAD_SOURCE"] == "FAILED"


def test_an_unknown_runtime_fails_as_on_codebuild(project: Project) -> None:
    """CB-051"""
    _with_runtime(project, "docker", "20")
    ran = project.run("--json")
    context = ran.result["phases"][0]["contexts"][0]
    assert context["statusCode"] == "YAML_FILE_ERROR"
    assert context["message"].startswith("Unknown runtime named 'docker'. This build image has")


@pytest.mark.skipif(os.geteuid() != 0, reason="run-as needs root")
def test_run_as_chooses_the_user_by_phase(project: Project) -> None:
    """CB-018"""
    project.write(
        "buildspec.yml",
        "version: 0.2\nrun-as: nobody\nphases:\n  pre_build: {commands: ['whoami', 'export X=1']}\n"
        "  build: {run-as: root, commands: ['whoami; echo X=$X']}\n"
        "  post_build: {commands: ['whoami; echo X=$X; cd /; echo $HOME']}\n",
    )
    ran = project.run()
    assert ran.code == 0, ran.out
    assert re.findall(r"^(nobody|root)$", ran.out, re.MULTILINE) == ["nobody", "root", "nobody"]
    assert len(re.findall("^X=1$", ran.out, re.MULTILINE)) == 2


def test_an_unknown_user_fails_the_build_and_says_so(project: Project) -> None:
    """CB-018"""
    project.write(
        "buildspec.yml",
        "version: 0.2\nrun-as: nobody-here\nphases: {build: {commands: [echo]}}\n",
    )
    ran = project.run()
    assert ran.code == 1
    assert "no user 'nobody-here'" in ran.out


def test_the_aws_log_format_has_codebuilds_lines(project: Project) -> None:
    """CB-122, CB-124"""
    project.buildspec("echo hi", "false")
    lines = project.run("--log-format", "aws").out.splitlines()
    stamp = r"\[Container\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} "
    texts = [re.sub(stamp, "", line) for line in lines]
    start = texts.index("Entering phase BUILD")
    assert texts[start : start + 8] == [
        "Entering phase BUILD",
        "Running command echo hi",
        "hi",
        "",
        "Running command false",
        "",
        "Command did not exit successfully false exit status 1",
        "Phase complete: BUILD State: FAILED",
    ]


def test_nothing_is_left_behind(project: Project, tmp_path: Path) -> None:
    own = tmp_path / "own-tmp"
    own.mkdir()
    project.buildspec("mkdir -p deep/er; chmod 555 deep; echo x", "false")
    project.run(env={"TMPDIR": str(own)})
    assert list(own.iterdir()) == []


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


def test_a_full_disk_is_told_as_one_and_the_build_is_red(project: Project, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mount: not allowed here")
    try:
        project.buildspec("head -c 5000000 /dev/zero > big", post_build=["echo x"])
        ran = project.run(env={"TMPDIR": str(small)})
    finally:
        subprocess.run(["umount", str(small)], check=True)
    assert ran.code == 1
    assert "No space left" in ran.out
    assert "fault" not in ran.err


def test_output_that_cannot_be_written_is_told_without_a_traceback(project: Project) -> None:
    project.buildspec("echo x")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            project.command("run"),
            cwd=project.folder,
            env=project.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 3
    assert done.stderr == "penstock: the output cannot be written: No space left on device\n"


def test_a_folder_for_temporary_files_is_a_name_and_never_a_program(project: Project) -> None:
    odd = project.folder.parent / '$(touch pwned)"'
    odd.mkdir()
    project.buildspec("X=1; exit 0", "echo X=$X")
    ran = project.run("--in-place", env={"TMPDIR": str(odd)})
    assert (ran.code, "\nX=1\n" in ran.out) == (0, True)
    assert not (project.folder / "pwned").exists()
