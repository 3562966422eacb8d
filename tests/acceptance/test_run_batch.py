"""`penstock run --batch` as a user meets it: real builds, real processes."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .conftest import Project, Ran

Batch = dict[str, Any]


def write(project: Project, batch: Batch, *commands: str, name: str = "buildspec.yml") -> None:
    phases = {"build": {"commands": list(commands)}}
    project.write(name, json.dumps({"version": 0.2, "batch": batch, "phases": phases}))


def task(identifier: str, **settings: Any) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in settings.items()}
    return {"identifier": identifier, **named}


def variables(**values: str) -> dict[str, Any]:
    return {"variables": values}


def lines_of(ran: Ran, identifier: str) -> list[str]:
    start = f"{identifier} | "
    return [line.removeprefix(start) for line in ran.out.splitlines() if line.startswith(start)]


def statuses(ran: Ran) -> dict[str, str | None]:
    return {build["identifier"]: build["buildStatus"] for build in ran.result["builds"]}


def test_a_graph_runs_in_the_order_of_its_dependencies(project: Project) -> None:
    """CB-100, CB-101"""
    graph = [task("c", depend_on=["a", "b"]), task("b", depend_on=["a"]), task("a")]
    write(project, {"build-graph": graph}, "echo I am $CODEBUILD_BATCH_BUILD_IDENTIFIER")
    ran = project.run("--batch", "-j", "4")
    assert ran.code == 0, ran.out + ran.err
    said = re.findall(r"^(\w) \| I am (\w)$", ran.out, re.MULTILINE)
    assert said == [("a", "a"), ("b", "b"), ("c", "c")]


def test_each_build_has_its_own_buildspec_variables_identifier_and_copy(project: Project) -> None:
    """CB-101, CB-116: a task's variables beat those of the buildspec and of the whole batch."""
    other = task("two", buildspec="ci/two.yml", env=variables(NAME="of two"))
    write(project, {"build-list": [task("one"), other]}, "echo $NAME", "touch made", "ls made")
    project.write(
        "ci/two.yml",
        "version: 0.2\nenv: {variables: {NAME: of the file, KEPT: kept}}\nphases:\n  build:\n"
        "    commands:\n      - echo $NAME, $KEPT, $CODEBUILD_BATCH_BUILD_IDENTIFIER\n"
        "      - test ! -e made\n",
    )
    ran = project.run("--batch", "-j", "1", "--env", "NAME=of the batch")
    assert ran.code == 0, ran.out + ran.err
    assert "of the batch" in lines_of(ran, "one")
    assert "of two, kept, two" in lines_of(ran, "two")
    assert not (project.folder / "made").exists()


def test_without_a_batch_there_is_no_batch_identifier(project: Project) -> None:
    """CB-116"""
    write(project, {"build-list": [task("one")]}, "echo [${CODEBUILD_BATCH_BUILD_IDENTIFIER-none}]")
    assert "\n[none]\n" in project.run().out


def test_a_matrix_builds_every_combination(project: Project) -> None:
    """CB-102: 2 x 3 = 6"""
    dynamic = {"env": {"variables": {"OS": ["x", "y"], "PY": ["3.11", "3.12", "3.13"]}}}
    write(project, {"build-matrix": {"dynamic": dynamic}}, "echo has $OS-$PY")
    ran = project.run("--batch")
    assert ran.code == 0, ran.out + ran.err
    found = re.findall(r"^(\S+) \| has (\S+)$", ran.out, re.MULTILINE)
    assert sorted(found) == [
        (f"OS_{system}-PY_{version}", f"{system}-{version}")
        for system in ("x", "y")
        for version in ("3.11", "3.12", "3.13")
    ]


@pytest.mark.parametrize("strategy", ["equal-distribution", "stability"])
def test_the_builds_of_a_fanout_share_the_tests_among_them(project: Project, strategy: str) -> None:
    """CB-103: every file in one shard, none in two."""
    for number in range(7):
        project.write(f"tests/test_{number}.py", "")
    command = (
        "codebuild-tests-run --test-command 'printf \"test: %s\\n\"' "
        f"--files-search 'find tests -name \"test_*\"' --sharding-strategy {strategy}"
    )
    write(project, {"build-fanout": {"parallelism": 3}}, command)
    ran = project.run("--batch")
    assert ran.code == 0, ran.out + ran.err
    found = re.findall(r"^(\S+) \| test: (\S+)$", ran.out, re.MULTILINE)
    assert sorted(file for _, file in found) == [f"tests/test_{number}.py" for number in range(7)]
    if strategy == "equal-distribution":
        sizes = [len([1 for shard, _ in found if shard == f"shard_{n}"]) for n in (1, 2, 3)]
        assert sizes == [3, 2, 2]


WAITING = "test $CODEBUILD_BATCH_BUILD_IDENTIFIER != slow || { read line <$FIFO; sleep 60; }"
FAILING = "test $CODEBUILD_BATCH_BUILD_IDENTIFIER != bad || { echo go >$FIFO; exit 3; }"


@pytest.fixture
def fifo(tmp_path: Path) -> str:
    """By which one build tells another that it has come so far."""
    path = str(tmp_path / "fifo")
    os.mkfifo(path)
    return path


def test_fast_fail_stops_the_builds_that_run_and_starts_no_others(
    project: Project, fifo: str
) -> None:
    """CB-100"""
    builds = [task("slow"), task("bad"), task("late")]
    write(project, {"fast-fail": True, "build-list": builds}, WAITING, FAILING)
    began = time.monotonic()
    ran = project.run("--batch", "-j", "2", "--json", "--env", f"FIFO={fifo}")
    assert time.monotonic() - began < 30
    assert ran.code == 1
    assert statuses(ran) == {"slow": "STOPPED", "bad": "FAILED", "late": None}
    assert ran.result["buildBatchStatus"] == "FAILED"


def test_without_fast_fail_all_other_builds_run_to_their_end(project: Project, fifo: str) -> None:
    """CB-100"""
    builds = [task("slow"), task("bad"), task("late")]
    write(project, {"build-list": builds}, WAITING.replace("sleep 60", "echo done"), FAILING)
    ran = project.run("--batch", "-j", "2", "--json", "--env", f"FIFO={fifo}")
    assert ran.code == 1
    assert statuses(ran) == {"slow": "SUCCEEDED", "bad": "FAILED", "late": "SUCCEEDED"}


def test_a_task_with_ignored_failure_fails_neither_batch_nor_dependants(project: Project) -> None:
    """CB-101, CB-105"""
    graph = [
        task("flaky", ignore_failure=True, env=variables(CODE="1")),
        task("next", depend_on=["flaky"], env=variables(CODE="0")),
    ]
    write(project, {"fast-fail": True, "build-graph": graph}, "exit $CODE")
    ran = project.run("--batch")
    assert ran.code == 0
    assert re.search(r"^flaky  ✗ FAILED \S+ s \(ignored\)$", ran.out, re.MULTILINE)
    assert re.search(r"^next   ✓ SUCCEEDED", ran.out, re.MULTILINE)
    assert re.fullmatch(r"SUCCEEDED in \S+ s: 1 of 2 builds succeeded", ran.out.splitlines()[-1])


def test_a_failed_task_fails_the_batch_and_its_dependants_do_not_run(project: Project) -> None:
    """CB-042, CB-101, CB-105: the summary has what a single build's end has."""
    graph = [
        task("unit", buildspec="unit.yml"),
        task("deploy", depend_on=["unit"]),
        task("announce", depend_on=["deploy"]),
    ]
    write(project, {"build-graph": graph}, "echo deployed")
    spec = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo broken wheel; exit 7\n"
    project.write("unit.yml", spec)
    ran = project.run("--batch")
    assert ran.code == 1
    assert "deployed" not in ran.out
    summary = ran.out.partition("\n\n")[2].splitlines()
    assert re.match(r"unit      ✗ FAILED \d", summary[0])
    assert summary[1:5] == [
        "deploy    – not run: unit did not succeed",
        "announce  – not run: deploy did not succeed",
        "",
        "unit",
    ]
    assert summary[6:9] == [
        "  unit.yml:5  echo broken wheel; exit 7",
        "  exit status 7",
        "  | broken wheel",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "YAML file does not exist: ci/unit.yml"),
        ("version: 0.2\nphases: {biuld: {}}\n", "ci/unit.yml is not a buildspec that CodeBuild"),
    ],
)
def test_a_buildspec_that_cannot_be_read_fails_its_task_alone(
    project: Project, content: str | None, says: str
) -> None:
    """CB-003, CB-101"""
    if content is not None:
        project.write("ci/unit.yml", content)
    builds = [task("unit", buildspec="ci/unit.yml"), task("other")]
    write(project, {"build-list": builds}, "echo fine")
    ran = project.run("--batch", "--json")
    assert ran.code == 1
    unit, other = ran.result["builds"]
    assert (unit["buildStatus"], other["buildStatus"]) == ("FAILED", "SUCCEEDED")
    phase = unit["phases"][0]
    assert (phase["phaseType"], phase["phaseStatus"]) == ("DOWNLOAD_SOURCE", "FAILED")
    assert phase["contexts"][0]["statusCode"] == "YAML_FILE_ERROR"
    assert says in phase["contexts"][0]["message"]


@pytest.mark.parametrize(
    ("batch", "options", "says"),
    [
        ({"build-graph": [task("a", depend_on=["b"])]}, (), "`b` is no task of this batch"),
        ({"build-fanout": {"parallelism": 101}}, (), "the batch has 101 builds"),
        ({"build-list": []}, (), "no builds"),
        ({"build-list": [task("../up")]}, (), "the identifier '../up'"),
        ({"build-list": [task("a")]}, ("-j", "0"), "--jobs 0"),
        ({"build-list": [task("a")]}, ("--in-place",), "--in-place"),
        ({"build-list": [task("a")]}, ("--debug",), "--debug"),
    ],
)
def test_a_batch_that_cannot_run_is_refused_before_anything_runs(
    project: Project, batch: Batch, options: tuple[str, ...], says: str
) -> None:
    """CB-100, CB-101, CB-105"""
    write(project, batch, "echo has run")
    ran = project.run("--batch", *options)
    assert ran.code == 2
    assert says in ran.err
    assert "has run" not in ran.out


def test_a_buildspec_without_a_batch_says_so(project: Project) -> None:
    """CB-100"""
    project.buildspec("echo has run")
    ran = project.run("--batch")
    assert (ran.code, ran.out) == (2, "")
    assert "buildspec.yml has no `batch` section" in ran.err


def test_the_result_has_the_shape_of_the_api(project: Project) -> None:
    """CB-104"""
    graph = [task("a", ignore_failure=True), task("b", depend_on=["a"])]
    write(project, {"build-graph": graph}, "true")
    ran = project.run("--batch", "--json", "--name", "web")
    result = ran.result
    arn = r"arn:aws:codebuild:us-east-1:000000000000"
    assert re.fullmatch(rf"{arn}:build-batch/web:[0-9a-f-]{{36}}", result["arn"])
    assert result["buildBatchStatus"] == "SUCCEEDED"
    phases = {phase["phaseType"]: phase.get("phaseStatus") for phase in result["phases"]}
    assert phases == {
        "SUBMITTED": "SUCCEEDED",
        "DOWNLOAD_BATCHSPEC": "SUCCEEDED",
        "IN_PROGRESS": "SUCCEEDED",
        "COMBINE_ARTIFACTS": "SUCCEEDED",
        "SUCCEEDED": None,
    }
    source, a, b = result["buildGroups"]
    assert (source["identifier"], "dependsOn" in source) == ("DOWNLOAD_SOURCE", False)
    assert (a["dependsOn"], a["ignoreFailure"]) == ([], True)
    assert (b["dependsOn"], b["ignoreFailure"], b["priorBuildSummaryList"]) == (["a"], False, [])
    assert re.match(rf"{arn}:build/web:[0-9a-f-]{{36}}$", b["currentBuildSummary"]["arn"])
    assert b["currentBuildSummary"]["buildStatus"] == "SUCCEEDED"
    assert "a | $ true" in ran.err


def test_the_artifacts_of_each_build_are_in_a_folder_of_its_name(
    project: Project, tmp_path: Path
) -> None:
    """CB-106"""
    builds = [task("one", env=variables(X="1")), task("two", env=variables(X="2"))]
    spec = {
        "version": 0.2,
        "batch": {"build-list": builds},
        "phases": {"build": {"commands": ["echo $X >made"]}},
        "artifacts": {"files": ["made"], "name": "out"},
    }
    project.write("buildspec.yml", json.dumps(spec))
    ran = project.run("--batch", "--artifacts", str(tmp_path / "kept"))
    assert ran.code == 0, ran.out + ran.err
    found = {
        str(path.relative_to(tmp_path / "kept")): path.read_text()
        for path in (tmp_path / "kept").rglob("made")
    }
    assert found == {"one/out/made": "1\n", "two/out/made": "2\n"}


def test_secrets_are_masked_in_every_build_of_a_batch(project: Project) -> None:
    """CB-016"""
    project.write("secrets.env", "/app/key=swordfish-and-more\n")
    spec = {
        "version": 0.2,
        "batch": {"build-list": [task("one"), task("two")]},
        "env": {"parameter-store": {"KEY": "/app/key"}},
        "phases": {"build": {"commands": ["echo key $KEY"]}},
    }
    project.write("buildspec.yml", json.dumps(spec))
    ran = project.run("--batch", "--secrets", "secrets.env")
    assert ran.code == 0, ran.out + ran.err
    assert "swordfish-and-more" not in ran.out
    assert ran.out.count("| key ***") == 2


def test_the_builds_of_a_batch_all_build_what_was_there_when_it_began(project: Project) -> None:
    """CB-101: a graph may take hours, in which the folder is worked on."""
    project.write("file", "before\n")
    graph = [task("first"), task("second", depend_on=["first"])]
    write(project, {"build-graph": graph}, "cat file", f"echo after >{project.folder}/file")
    ran = project.run("--batch")
    assert "before" in lines_of(ran, "first")
    assert "before" in lines_of(ran, "second")


def test_the_builds_of_a_commit_know_it(project: Project) -> None:
    """CB-113, CB-114"""
    write(project, {"build-list": [task("a")]}, "echo at $CODEBUILD_RESOLVED_SOURCE_VERSION", "ls")
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@example.com"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], cwd=project.folder, check=True)
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=project.folder, text=True)
    project.write("untracked", "")
    ran = project.run("--batch", "--commit", "HEAD")
    assert f"at {head.strip()}" in lines_of(ran, "a")
    assert "untracked" not in lines_of(ran, "a")


def test_a_json_log_stays_json_and_tells_which_build_each_event_is_of(project: Project) -> None:
    """CB-100"""
    write(project, {"build-list": [task("one"), task("two")]}, "echo hello")
    ran = project.run("--batch", "--log-format", "json")
    events = [json.loads(line) for line in ran.out.splitlines()]
    hellos = {event["identifier"] for event in events if event.get("text") == "hello\n"}
    assert hellos == {"one", "two"}
    ends = {e["identifier"]: e["status"] for e in events if e["event"] == "build_ended"}
    assert ends == {"one": "SUCCEEDED", "two": "SUCCEEDED"}


def test_lines_of_builds_that_print_at_once_are_never_mixed(project: Project) -> None:
    """CB-100"""
    text = "x" * 150
    builds = [task(name) for name in ("a", "b", "c")]
    loop = f"i=0; while [ $i -lt 2000 ]; do echo $i {text}; printf 'open '; i=$((i + 1)); done"
    write(project, {"build-list": builds}, loop)
    ran = project.run("--batch", "-j", "3")
    for name in "abc":
        printed = [line for line in lines_of(ran, name) if text in line]
        assert [line.removeprefix("open ") for line in printed[-1999:]] == [
            f"{number} {text}" for number in range(1, 2000)
        ]


# Ends before the end


def running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Started:
    """A batch of two builds that hang, both started; `pids` are theirs and of what they started."""

    def __init__(self, process: subprocess.Popen[str], pids: dict[str, list[int]]) -> None:
        self.process = process
        self.pids = pids

    def rest(self) -> str:
        out, _ = self.process.communicate(timeout=60)
        return out

    def left(self) -> list[int]:
        return [pid for pids in self.pids.values() for pid in pids if running(pid)]


@contextmanager
def hanging(project: Project, *options: str) -> Iterator[Started]:
    hang = "trap '' TERM INT; sleep 300 & echo pids $PPID $! end; wait; sleep 300"
    write(project, {"build-list": [task("a"), task("b")]}, hang)
    with subprocess.Popen(
        project.command("run", "--batch", "-j", "2", *options),
        cwd=project.folder,
        env=project.environment({"TMPDIR": str(project.home)}),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        pids: dict[str, list[int]] = {}
        while len(pids) < 2:
            line = process.stdout.readline()
            assert line, "the batch ended without a word"
            if found := re.match(r"(\w) \| pids (\d+) (\d+) end", line):
                pids[found[1]] = [int(found[2]), int(found[3])]
        try:
            yield Started(process, pids)
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_batch_stops_all_builds_within_two_seconds(
    project: Project, number: signal.Signals
) -> None:
    """CB-136: nothing they started lives on, and nothing is left behind."""
    with hanging(project) as batch:
        began = time.monotonic()
        batch.process.send_signal(number)
        summary = batch.rest()
        assert time.monotonic() - began < 2
        assert batch.process.returncode == 130
        assert batch.left() == []
    assert "a  ■ STOPPED" in summary
    assert summary.splitlines()[-1].startswith("STOPPED in")
    assert not list(project.home.glob("penstock-*"))


def test_a_timeout_ends_each_build_with_all_it_started(project: Project) -> None:
    """CB-136"""
    with hanging(project, "--timeout", "3s") as batch:
        summary = batch.rest()
        assert batch.process.returncode == 1
        assert batch.left() == []
    assert re.search(r"^a  ✗ TIMED_OUT [34]\.\d s$", summary, re.MULTILINE)
    assert re.search(r"^b  ✗ TIMED_OUT [34]\.\d s$", summary, re.MULTILINE)
    assert summary.splitlines()[-1].startswith("FAILED in")


def test_a_build_whose_process_dies_is_a_fault_and_leaves_nothing_running(
    project: Project,
) -> None:
    """CB-041"""
    with hanging(project) as batch:
        os.kill(batch.pids["a"][0], signal.SIGKILL)
        assert batch.process.stdout is not None
        while "a | ✗ FAULT" not in (line := batch.process.stdout.readline()):
            assert line, "the batch ended without a word"
        assert not running(batch.pids["a"][1])
        assert running(batch.pids["b"][1])
        batch.process.terminate()
        assert "its process died before the build was over" in batch.rest()


def test_a_batch_that_is_killed_takes_its_builds_along(project: Project) -> None:
    """CB-136"""
    with hanging(project) as batch:
        everything = [os.pidfd_open(pid) for pids in batch.pids.values() for pid in pids]
        batch.process.kill()
        ended = [select.select([descriptor], [], [], 10)[0] for descriptor in everything]
        for descriptor in everything:
            os.close(descriptor)
    assert all(ended)
