"""CodeBuild as an action of a pipeline, with real builds (CP-125)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from penstock.flow import builds
from penstock.state.pipelines import ActionStatus, RunStatus, Stop, Stopping
from penstock.store.objects import find_object
from penstock.worker.actions import start_action

from .mill import Mill, build
from .plant import APPROVE, SOURCE, stage
from .yard import ACCOUNT, REGION, Yard, spec, variables

pytestmark = pytest.mark.anyio

MAKE = """
version: 0.2
env:
  exported-variables: [VERSION]
phases:
  build:
    commands:
      - VERSION=1.$(cat readme.txt | wc -c | tr -d ' ')
      - mkdir out docs; cp readme.txt out/; echo documented > docs/index.txt
artifacts:
  files: ["**/*"]
  base-directory: out
  secondary-artifacts:
    Out: {files: ["**/*"], base-directory: out}
    Docs: {files: ["**/*"], base-directory: docs}
"""


@pytest.fixture
async def mill(yard: Yard) -> Mill:
    mill = Mill(yard)
    await mill.stock()
    return mill


async def test_a_build_of_one_output_makes_its_artifact_and_variables(mill: Mill) -> None:
    """CP-125, CB-111: its initiator is the pipeline; CB-163: what the project says of artifacts
    counts for nothing; CP-081: artifacts are encrypted with the pipeline's key."""
    await mill.project("web", MAKE.partition("  secondary-artifacts")[0])
    run = await mill.played(build("Make", "web", outputs=("Out",)))
    assert run.status == RunStatus.SUCCEEDED
    assert await mill.unzipped(run.artifacts["Out"]) == {"readme.txt": b"hello\n"}
    assert run.variables["Make"] == {"VERSION": "1.6"}
    kept = await find_object(mill.store, *run.artifacts["Out"][:2])
    assert (kept.headers["ServerSideEncryption"], kept.headers["SSEKMSKeyId"]) == (
        "aws:kms", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/s3",
    )  # fmt: skip
    row = (await mill.actions())["Make"]
    asked = await mill.yard.ask("codebuild", "BatchGetBuilds", ids=[row.external_id])
    assert asked["builds"][0]["initiator"] == "codepipeline/app"
    assert asked["builds"][0]["source"]["type"] == "CODEPIPELINE"
    assert asked["builds"][0]["artifacts"]["location"] == (
        f"arn:aws:s3:::artifacts/{run.artifacts['Out'].key}"
    )


LOOK = """
version: 0.2
phases:
  build:
    commands:
      - cat readme.txt $CODEBUILD_SRC_DIR_Docs/index.txt $CODEBUILD_SRC_DIR_Out/readme.txt
      - test "$PWD" = "$CODEBUILD_SRC_DIR"; test -d "$CODEBUILD_SRC_DIR_Out"
      - echo "version $CODEBUILD_SOURCE_VERSION"
      - echo "resolved $CODEBUILD_RESOLVED_SOURCE_VERSION"
      - echo "docs $CODEBUILD_SOURCE_VERSION_Docs $CODEBUILD_RESOLVED_SOURCE_VERSION_Docs."
"""


async def test_several_outputs_become_several_inputs(mill: Mill) -> None:
    """CP-125: 2 in, 2 out and more; CB-113: versions are ARNs; CB-114: and resolved to the
    pipeline's revision, which artifacts of builds have none of."""
    await mill.project("web", MAKE)
    await mill.project("look", LOOK)
    run = await mill.played(
        build("Make", "web", outputs=("Out", "Docs")),
        build("Look", "look", inputs=("App", "Out", "Docs"), PrimarySource="App") | {"runOrder": 2},
    )
    log = await mill.log("Look")
    assert run.status == RunStatus.SUCCEEDED, log
    assert {"hello", "documented"} <= set(log)
    app, docs = (run.artifacts[name] for name in ("App", "Docs"))
    assert f"version arn:aws:s3:::artifacts/{app.key}" in log
    assert f"resolved {run.revisions['Fetch'].id}" in log
    assert f"docs arn:aws:s3:::artifacts/{docs.key} ." in log


async def test_an_output_that_the_buildspec_lacks_fails_who_needs_it(mill: Mill) -> None:
    """CP-125"""
    await mill.project("web", spec("true"))
    run = await mill.played(
        build("Make", "web", outputs=("Out",)),
        build("Use", "web", inputs=("Out",)) | {"runOrder": 2},
    )
    assert run.status == RunStatus.FAILED
    assert (await mill.actions())["Make"].status == ActionStatus.SUCCEEDED
    assert await mill.failure("Use") == (
        "JobFailed", "There is no artifact Out: no action has made it",
    )  # fmt: skip


async def test_the_environment_is_the_actions_of_three_types(mill: Mill) -> None:
    """CP-125, CP-090"""
    ask = mill.yard.ask
    await ask("ssm", "PutParameter", Name="/door", Value="from ssm", Type="String")
    await ask("secretsmanager", "CreateSecret", Name="key", SecretString='{"k": "hid" }')
    await mill.project(
        "web",
        spec("echo $A $B $C", 'test "$D" = hid', "echo $E"),
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": variables(A="project", B="project"),
        },
    )
    given = [
        {"name": "B", "value": "action"},
        {"name": "C", "value": "/door", "type": "PARAMETER_STORE"},
        {"name": "D", "value": "key:k", "type": "SECRETS_MANAGER"},
        {"name": "E", "value": "of #{Src.VersionId}", "type": "PLAINTEXT"},
    ]
    run = await mill.played(build("Make", "web", EnvironmentVariables=json.dumps(given)))
    log = await mill.log("Make")
    assert run.status == RunStatus.SUCCEEDED, log
    assert "project action ***" in log  # a parameter's value is not shown
    assert f"of {run.variables['Src']['VersionId']}" in log


async def refused(mill: Mill, **configuration: Any) -> tuple[str, str]:
    """How an action fails that cannot start a build; no worker is needed for that."""
    await mill.create(stage("Source", SOURCE), stage("Build", build("Make", **configuration)))
    run = await mill.begin()
    await mill.work(times=2)
    assert (await mill.run(run)).status == RunStatus.FAILED
    assert await mill.store.database.fetch("SELECT 1 FROM builds") == []
    return await mill.failure("Make")


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"EnvironmentVariables": "A=1"}, "EnvironmentVariables is to be a JSON array of objects"),
        (
            {"EnvironmentVariables": '[{"name": "CODEBUILD_X", "value": "1"}]'},
            "InvalidInputException: No user environment variables can start with CODEBUILD_",
        ),
        ({"PrimarySource": "Other"}, "PrimarySource Other is none of the input artifacts"),
        ({"CombineArtifacts": "true"}, "CombineArtifacts is for batches"),
        (
            {"project": "gone"},
            f"ResourceNotFoundException: Project cannot be found:"
            f" arn:aws:codebuild:{REGION}:{ACCOUNT}:project/gone",
        ),
        (
            {"BatchEnabled": "true"},
            "InvalidInputException: Invalid input: buildBatchConfig.serviceRole is required",
        ),
    ],
)
async def test_a_configuration_that_cannot_be_fails_the_action(
    mill: Mill, configuration: dict[str, str], words: str
) -> None:
    """CP-125"""
    await mill.project("web", spec("true"))
    code, message = await refused(mill, **{"project": "web", **configuration})
    assert code == "ConfigurationError"
    assert message.startswith(words)


async def test_no_more_builds_are_started_than_the_project_allows(mill: Mill) -> None:
    """CP-125, CB-135"""
    await mill.project("web", spec("true"), concurrentBuildLimit=1)
    await mill.create(
        stage("Source", SOURCE), stage("Build", build("One", "web"), build("Two", "web"))
    )
    await mill.begin()
    await mill.work(times=2)
    rows = await mill.actions()
    assert rows["One"].status == ActionStatus.IN_PROGRESS
    assert await mill.failure("Two") == (
        "JobFailed",
        "AccountLimitExceededException: Cannot have more than 1 active builds for the project",
    )


async def test_a_build_that_fails_fails_the_action_with_its_words(mill: Mill) -> None:
    """CP-125"""
    await mill.project("web", spec("exit 3"))
    run = await mill.played(build("Make", "web"))
    assert run.status == RunStatus.FAILED
    code, message = await mill.failure("Make")
    assert code == "JobFailed"
    assert message.startswith(
        "Build terminated with state: FAILED. Phase: BUILD, Code: COMMAND_EXECUTION_ERROR, Message:"
    )


async def test_an_artifact_that_is_gone_fails_the_build_with_words(mill: Mill) -> None:
    """CP-125"""
    await mill.project("web", spec("true"))
    stages = stage("Ask", APPROVE), stage("Build", build("Make", "web"))
    async with mill.running(*stages) as run:
        await mill.until(run, lambda found: "Ask" in found.stages)
        await mill.store.database.execute("DELETE FROM object_versions WHERE key LIKE 'app/%'")
        await mill.finish((await mill.actions())["Ask"].id)
        await mill.ended(run)
    _, message = await mill.failure("Make")
    assert "Phase: DOWNLOAD_SOURCE" in message
    assert "NoSuchKey" in message


async def test_a_build_that_somebody_stops_fails_the_action(mill: Mill) -> None:
    """CP-125, CB-136"""
    await mill.project("web", spec("sleep 60"))
    async with mill.running(stage("Build", build("Make", "web"))) as run:
        started = await mill.begun(run, "Make")
        await builds.stop(mill.store, started, mill.tick())
        found = await mill.ended(run)
    assert found.status == RunStatus.FAILED
    assert (await mill.failure("Make"))[1].startswith("Build terminated with state: STOPPED")


async def test_an_abandoned_build_goes_on_and_its_end_is_nobodys(mill: Mill) -> None:
    """CP-042"""
    gate = mill.yard.folder / "gate"
    await mill.project("web", spec(f"while ! test -e {gate}; do sleep 0.02; done"))
    async with mill.running(stage("Build", build("Make", "web"))) as run:
        started = await mill.begun(run, "Make")
        await mill.yard.reached(started, "BUILD")
        await mill.happen(Stop(run, Stopping.ABANDON))
        before = (await mill.actions())["Make"]
        gate.touch()
        document = await mill.yard.ended(started)
    assert document["buildStatus"] == "SUCCEEDED"
    assert (await mill.run(run)).status == RunStatus.STOPPED
    after = (await mill.actions())["Make"]
    assert (before.status, after) == (ActionStatus.ABANDONED, before)


async def test_an_action_that_is_started_many_times_at_once_has_one_build(mill: Mill) -> None:
    """CP-125"""
    await mill.project("web", spec("true"))
    await mill.create(stage("Source", SOURCE), stage("Build", build("Make", "web")))
    await mill.begin()
    (fetch,) = await mill.jobs()
    await start_action(mill.store, fetch.action)
    make = (await mill.actions())["Make"].id
    await asyncio.gather(*(start_action(mill.store, make) for _ in range(4)))
    assert len(await mill.store.database.fetch("SELECT 1 FROM builds")) == 1


async def test_a_project_of_another_kind_of_source_builds_the_pipelines(mill: Mill) -> None:
    """CP-125: the project's own source, artifacts and retries do not count (CB-139)."""
    await mill.yard.project(
        "web",
        "",
        source={
            "type": "GITHUB",
            "location": "https://github.com/ada/app.git",
            "buildspec": spec("cat readme.txt", "false"),
        },
        sourceVersion="main",
        autoRetryLimit=2,
    )
    run = await mill.played(build("Make", "web"))
    assert run.status == RunStatus.FAILED
    assert "hello" in await mill.log("Make")
    assert len(await mill.store.database.fetch("SELECT 1 FROM builds")) == 1


async def test_an_action_of_another_region_builds_there(mill: Mill) -> None:
    """CP-125"""
    await mill.project("web", spec("true"))
    make = build("Make", "web") | {"region": "eu-west-1"}
    await mill.create(stage("Source", SOURCE), stage("Build", make))
    await mill.begin()
    await mill.work(times=2)
    code, message = await mill.failure("Make")
    assert (code, "arn:aws:codebuild:eu-west-1:" in message) == ("ConfigurationError", True)


async def test_a_build_that_no_pipeline_started_puts_no_artifact_anywhere(mill: Mill) -> None:
    """CB-163: a location of the project's, or of the request's, counts for nothing."""
    await mill.project("web", MAKE.partition("  secondary-artifacts")[0])
    override = {"type": "CODEPIPELINE", "location": "artifacts", "packaging": "ZIP"}
    async with mill.yard.worker():
        build = await mill.yard.start(
            "web", artifactsOverride=override, sourceTypeOverride="NO_SOURCE"
        )
        document = await mill.yard.ended(build)
    assert document["buildStatus"] == "FAILED"
    found = await mill.store.database.fetch(
        "SELECT 1 FROM object_versions v JOIN buckets b ON b.id = v.bucket"
        " WHERE b.name = 'artifacts'"
    )
    assert found == []


async def test_what_only_the_api_may_ask_is_still_refused_of_such_a_project(mill: Mill) -> None:
    """CB-156"""
    await mill.project("web", spec("true"))
    with pytest.raises(Exception, match="ArtifactsOverride must be set"):
        await mill.yard.ask("codebuild", "StartBuild", projectName="web")
