"""Commands as an action of a pipeline, with real builds (CP-126)."""

from __future__ import annotations

import pytest

from penstock.state.pipelines import RunStatus
from penstock.store.objects import find_object

from .mill import Mill, build, commands
from .plant import ACCOUNT, REGION, stage
from .yard import Yard

pytestmark = pytest.mark.anyio


@pytest.fixture
async def mill(yard: Yard) -> Mill:
    mill = Mill(yard)
    await mill.stock()
    return mill


async def test_commands_run_in_the_first_input_and_make_one_output(mill: Mill) -> None:
    """CP-126"""
    first = commands(
        "First", "cat readme.txt", "mkdir out; echo 1 > out/a.txt; echo 2 > out/b.log",
        outputArtifacts=[{"name": "Out", "files": ["out/*.txt"]}],
    )  # fmt: skip
    second = commands("Second", "test -f readme.txt; cat $CODEBUILD_SRC_DIR_Out/out/a.txt")
    second["inputArtifacts"] += [{"name": "Out"}]
    run = await mill.played(first, second | {"runOrder": 2})
    assert run.status == RunStatus.SUCCEEDED, await mill.log("Second")
    assert await mill.unzipped(run.artifacts["Out"]) == {"out/a.txt": b"1\n"}
    assert "1" in await mill.log("Second")


async def test_the_log_is_in_the_pipelines_group(mill: Mill) -> None:
    """CP-126"""
    await mill.played(commands("Run", "cat readme.txt"))
    row = (await mill.actions())["Run"]
    project, _, stream = row.external_id.rpartition(":")
    assert project == "codepipeline.app"
    group = "/aws/codepipeline/app"
    place = f"log-group:{group}:log-stream:{stream}"
    assert row.log_stream_arn == f"arn:aws:logs:{REGION}:{ACCOUNT}:{place}"
    named = {"groupName": group, "streamName": stream}
    assert "hello" in await mill.yard.log({"logs": named})


async def test_the_environment_has_texts_references_and_secrets(mill: Mill) -> None:
    """CP-126, CP-090"""
    asked = {"Name": "key", "SecretString": '{"k": "hidden"}'}
    await mill.yard.ask("secretsmanager", "CreateSecret", **asked)
    run = await mill.played(
        commands(
            "Run", 'echo "of $VERSION"', 'test "$KEY" = hidden; echo "key $KEY"',
            environmentVariables=[
                {"name": "VERSION", "value": "#{Src.VersionId}!"},
                {"name": "KEY", "value": "key:k", "type": "SECRETS_MANAGER"},
            ],
        )
    )  # fmt: skip
    log = await mill.log("Run")
    assert run.status == RunStatus.SUCCEEDED, log
    assert f"of {run.variables['Src']['VersionId']}!" in log
    assert "key ***" in log


async def test_output_variables_are_referred_to_by_later_actions(mill: Mill) -> None:
    """CP-126, CP-091"""
    first = commands("First", "A=1; export B='two words'", "C=3", outputVariables=["A", "B"])
    second = commands(
        "Second", 'echo "$GIVEN."',
        environmentVariables=[{"name": "GIVEN", "value": "#{First.A} #{First.B}"}], runOrder=2,
    )  # fmt: skip
    run = await mill.played(first, second)
    assert run.variables["First"] == {"A": "1", "B": "two words"}
    assert "1 two words." in await mill.log("Second")


async def test_a_reference_to_nothing_fails_the_action(mill: Mill) -> None:
    """CP-093"""
    first = commands("First", "true", outputVariables=["A"])
    second = commands(
        "Second", "true",
        environmentVariables=[{"name": "GIVEN", "value": "#{First.B}"}], runOrder=2,
    )  # fmt: skip
    await mill.played(first, second)
    code, message = await mill.failure("Second")
    assert code == "ConfigurationError"
    assert message.endswith("could not be resolved: Action name=Second")


async def test_a_command_that_fails_fails_the_action(mill: Mill) -> None:
    """CP-126: exit 1"""
    run = await mill.played(commands("Run", "echo before", "exit 1", "echo after"))
    assert run.status == RunStatus.FAILED
    code, message = await mill.failure("Run")
    assert code == "JobFailed"
    assert message.startswith("Build terminated with state: FAILED. Phase: BUILD")
    log = await mill.log("Run")
    assert ("before" in log, "after" in log) == (True, False)


async def test_a_build_of_commands_is_looked_up_by_its_id_and_has_no_project(mill: Mill) -> None:
    """CP-126"""
    await mill.played(commands("Run", "true"))
    row = (await mill.actions())["Run"]
    asked = await mill.yard.ask("codebuild", "BatchGetBuilds", ids=[row.external_id])
    assert asked["builds"][0]["timeoutInMinutes"] == 55
    assert (await mill.yard.ask("codebuild", "ListProjects"))["projects"] == []


async def test_other_actions_take_what_commands_made(mill: Mill) -> None:
    """CP-125, CP-126"""
    await mill.project("web", "version: 0.2\nphases: {build: {commands: [cat made.txt]}}\n")
    made = commands(
        "Make", "echo made > made.txt", outputArtifacts=[{"name": "Out", "files": ["made.txt"]}]
    )
    stages = stage("Make", made), stage("Use", build("Use", "web", inputs=("Out",)))
    async with mill.running(*stages) as run:
        found = await mill.ended(run)
    assert "made" in await mill.log("Use")
    place = found.artifacts["Out"]
    assert (await find_object(mill.store, place.bucket, place.key)).size > 0
