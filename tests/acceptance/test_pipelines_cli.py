"""The commands about pipelines, on a server that is up."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Ran
from .mill import Mill
from .mill import mill as mill

COMMANDS = ("start", "approve", "reject", "retry", "rollback", "stop", "transition", "pipelines")


def test_a_pipeline_is_watched_until_somebody_has_to_approve_and_then_to_its_end(
    mill: Mill,
) -> None:
    mill.make("Ask")
    waiting = mill.watch("--until", "approval")
    assert waiting.code == 0, waiting.err
    assert "✓ Source/Fetch" in waiting.out
    assert "● Gate/Ask" in waiting.out and "waits for an approval" in waiting.out
    shown = mill.good("pipelines", mill.name)
    assert "Gate/Ask waits for an approval in" in shown and f"penstock approve {mill.name}" in shown
    assert mill.good("approve", mill.name, "-m", "looks right") == "Gate/Ask Approved"
    ended = mill.watch()
    assert ended.code == 0, ended.err
    assert "✓ Deploy/Copy" in ended.out and "CreatePipeline" in ended.out.splitlines()[-1]
    assert mill.site() == "one"
    assert "no approval to answer" in mill.bad("approve", mill.name)


def test_watching_tells_json_a_line_at_a_time(mill: Mill) -> None:
    mill.make()
    ran = mill.watch("--json")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0
    assert lines[-1]["status"] == "Succeeded" and "pipelineExecutionId" in lines[-1]
    assert {line["actionName"] for line in lines[:-1]} == {"Fetch", "Copy"}


def test_a_rejected_approval_fails_its_stage_which_is_retried(mill: Mill) -> None:
    """CP-060"""
    mill.make("Ask")
    mill.watch("--until", "approval")
    rejected = mill.json("reject", mill.name, "--summary", "no")
    assert rejected["status"] == "Rejected" and rejected["actionName"] == "Ask"
    assert mill.watch().code == 1
    again = mill.json("retry", mill.name)
    assert again["stageName"] == "Gate"
    mill.watch("--until", "approval")
    run = mill.json("pipelines", mill.name)["executions"][0]["pipelineExecutionId"]
    assert again["pipelineExecutionId"] == run
    assert mill.json("approve", mill.name, "Ask", "--execution", run[:8])["status"] == "Approved"
    assert mill.watch("--execution", run[:8]).code == 0


def test_of_several_approvals_the_action_is_named(mill: Mill) -> None:
    mill.make("Ask", "Tell")
    mill.watch("--until", "approval")
    # Both are asked for at once, but one after another is recorded.
    while "Tell" not in mill.good("pipelines", mill.name).partition("waits for")[2]:
        pass
    said = mill.bad("approve", mill.name)
    assert "several approvals wait" in said and "Gate/Ask" in said and "Gate/Tell" in said
    assert "action None" in mill.bad("approve", mill.name, "None")
    assert mill.good("approve", mill.name, "Tell") == "Gate/Tell Approved"
    assert mill.good("approve", mill.name) == "Gate/Ask Approved"
    assert mill.watch().code == 0


def test_in_parallel_mode_approvals_are_those_of_executions(mill: Mill) -> None:
    """CP-061"""
    mill.make("Ask", mode="PARALLEL")
    first = mill.runs()[0]["pipelineExecutionId"]
    mill.watch("--until", "approval")
    second = mill.good("start", mill.name)
    assert mill.watch("--execution", second, "--until", "approval").code == 0
    said = mill.bad("approve", mill.name)
    assert f"Gate/Ask in {first[:8]}" in said and f"Gate/Ask in {second[:8]}" in said
    mill.good("reject", mill.name, "--execution", first)
    assert mill.good("approve", mill.name) == "Gate/Ask Approved"
    assert mill.watch("--execution", second).code == 0
    assert mill.watch("--execution", first).code == 1


def test_a_failed_action_is_retried_once_what_was_wrong_is_mended(mill: Mill) -> None:
    """CP-046"""
    mill.make(target=False)
    failed = mill.watch()
    assert failed.code == 1
    assert "✗ Deploy/Copy" in failed.out
    assert f"{mill.name}-out" in mill.good("pipelines", mill.name)
    mill.bucket(f"{mill.name}-out")
    run = mill.good("retry", mill.name, "Deploy", "--all").removeprefix("Deploy again, in ")
    assert mill.watch().code == 0
    assert [one["pipelineExecutionId"] for one in mill.runs()] == [run]
    assert "no stage" in mill.bad("retry", mill.name)
    assert "no stage None" in mill.bad("retry", mill.name, "None")


def test_a_stage_is_rolled_back_to_an_earlier_execution(mill: Mill) -> None:
    """CP-070"""
    mill.make()
    assert mill.watch().code == 0
    first = mill.runs()[0]["pipelineExecutionId"]
    mill.put("two")
    second = mill.good("start", mill.name)
    assert mill.watch().code == 0 and mill.site() == "two"
    back = mill.good("rollback", mill.name, "Deploy", "--to", first[:8])
    assert back not in (first, second)
    assert mill.watch().code == 0 and mill.site() == "one"
    assert "no execution zzz" in mill.bad("rollback", mill.name, "Deploy", "--to", "zzz")
    mill.bad("rollback", mill.name, "None", "--to", first)
    mill.bad("rollback", mill.name, "Deploy", code=2)


def test_a_start_has_variables_and_revisions(mill: Mill) -> None:
    """CP-095, CP-102"""
    mill.make()
    assert mill.watch().code == 0
    old = mill.s3.list_object_versions(Bucket=f"{mill.name}-in")["Versions"][0]["VersionId"]
    mill.put("two")
    run = mill.json("start", mill.name, "--variable", "WHO=Bob", "--revision", f"Fetch=s3:{old}")[
        "pipelineExecutionId"
    ]
    assert mill.watch().code == 0 and mill.site() == "one"
    got = mill.pipelines.get_pipeline_execution(pipelineName=mill.name, pipelineExecutionId=run)
    assert got["pipelineExecution"]["variables"] == [{"name": "WHO", "resolvedValue": "Bob"}]
    assert "no variable named NONE" in mill.bad("start", mill.name, "--variable", "NONE=1")
    assert "NAME=VALUE" in mill.bad("start", mill.name, "--variable", "WHO", code=2)
    assert "None" in mill.bad("start", mill.name, "--revision", "None=abc")


def test_an_execution_is_stopped(mill: Mill) -> None:
    """CP-041"""
    mill.make("Ask")
    mill.watch("--until", "approval")
    run = mill.good("stop", mill.name, "--abandon", "--reason", "enough")
    watched = mill.watch()
    assert watched.code == 1 and "■" in watched.out
    assert mill.runs()[0]["pipelineExecutionId"] == run
    assert mill.runs()[0]["stopTrigger"] == {"reason": "enough"}
    mill.bad("stop", mill.name, run[:8])
    assert "no execution zzz" in mill.bad("stop", mill.name, "zzz")


def test_a_transition_is_closed_and_opened(mill: Mill, until: Callable[..., Any]) -> None:
    """CP-034"""
    mill.make()
    mill.watch()
    off = mill.good("transition", "disable", mill.name, "Deploy", "-m", "not on Fridays")
    assert off == "the transition into Deploy: disabled"
    mill.put("two")
    mill.good("start", mill.name)
    until(lambda: "waiting: " in mill.good("pipelines", mill.name))
    assert "closed: not on Fridays" in mill.good("pipelines", mill.name)
    shown = mill.json("transition", "enable", mill.name, "Deploy")
    assert shown == {"stageName": "Deploy", "enabled": True}
    assert mill.watch().code == 0 and mill.site() == "two"
    assert "it has Source, Deploy" in mill.bad("transition", "disable", mill.name, "None")
    mill.bad("transition", "toggle", mill.name, "Deploy", code=2)


def test_pipelines_are_listed(mill: Mill) -> None:
    mill.make()
    (line,) = [one for one in mill.good("pipelines").splitlines() if mill.name in one]
    assert "v1" in line and "V2" in line and "QUEUED" in line
    assert mill.name in [one["name"] for one in mill.json("pipelines")]
    mill.watch()
    shown = mill.json("pipelines", mill.name, "--limit", "1")
    assert [one["stageName"] for one in shown["stageStates"]] == ["Source", "Deploy"]
    assert len(shown["executions"]) == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_a_pipeline_that_is_not_is_said_to_be_none(mill: Mill, command: str) -> None:
    words = {
        "rollback": ("none", "Deploy", "--to", "x"),
        "transition": ("enable", "none", "Deploy"),
    }.get(command, ("none",))
    assert mill.bad(command, *words) == (
        f"penstock {command}: there is no pipeline none: `penstock pipelines` lists them\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        *((command,) for command in COMMANDS if command != "pipelines"),
        ("pipelines", "--watch"),
        ("pipelines", "a", "b"),
        ("pipelines", "a", "--limit", "none"),
        ("pipelines", "a", "--limit", "0"),
        ("pipelines", "a", "--until", "dawn"),
        ("pipelines", "a", "--until", "approval"),
        ("git-url",),
        ("triggers",),
        ("triggers", "explain", "a"),
        ("triggers", "tell", "a", "b"),
        ("completion",),
        ("completion", "tcsh"),
    ],
)
def test_command_lines_that_make_no_sense_are_refused(mill: Mill, words: tuple[str, ...]) -> None:
    done = mill(*words) if words[0] != "completion" else _plain(mill, *words)
    assert done.code == 2
    assert done.err.startswith(f"penstock {words[0]}: ")


def _plain(mill: Mill, *words: str) -> Ran:
    """Of a command that has no --data."""
    command = mill.installation.command()[:3]
    done = subprocess.run(
        [*command, *words], env=mill.installation.environment, capture_output=True, text=True
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_commands_go_to_the_server_that_is_named(mill: Mill, tmp_path: Path) -> None:
    mill.make()
    variables = mill.installation.variables
    done = _plain(mill, "pipelines", "--data", str(tmp_path / "none"))
    assert done.code == 1 and "penstock up" in done.err
    env = mill.installation.environment | variables
    command = [*mill.installation.command()[:3], "pipelines", mill.name]
    assert subprocess.run(command, env=env, capture_output=True).returncode == 0
    dead = mill("pipelines", "--endpoint", "http://127.0.0.1:1", env=variables)
    assert dead.code == 1 and "127.0.0.1:1" in dead.err
