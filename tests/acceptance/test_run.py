"""`penstock run` as a user meets it: the whole program, real shells, real git."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Project


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


def test_breakpoints_are_let_be_without_a_debug_session(project: Project) -> None:
    """CB-183"""
    project.buildspec("codebuild-breakpoint", "codebuild-resume", "echo on")
    ran = project.run()
    assert (ran.code, "\non\n" in ran.out) == (0, True)


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
