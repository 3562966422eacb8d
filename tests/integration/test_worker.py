"""Builds performed by a worker, its processes and all, on this machine's own shell."""

from __future__ import annotations

import gzip
import re
from uuid import UUID

import pytest

from penstock.state.builds import PhaseType
from penstock.state.recorded_builds import BuildName
from penstock.store.access_keys import find_key
from penstock.store.facts import tell
from penstock.store.projects import invalidate_cache

from .yard import ACCOUNT, REGION, Yard, phases, spec, variables

pytestmark = pytest.mark.anyio


async def test_a_build_is_performed_and_recorded(yard: Yard) -> None:
    """CB-035: its phases; CB-120: its log; CB-111: what its commands are told."""
    commands = ("echo hello $((6 * 7))", "echo $CODEBUILD_BUILD_ID $CODEBUILD_BUILD_NUMBER")
    async with yard.worker():
        document = await yard.built(spec(*commands))
    assert document["buildStatus"] == "SUCCEEDED"
    assert list(phases(document)) == [phase.value for phase in PhaseType]
    assert set(list(phases(document).values())[:-1]) == {"SUCCEEDED"}
    log = await yard.log(document)
    at = log.index("hello 42")
    assert log[at - 1].endswith("Running command echo hello $((6 * 7))")
    assert log[at + 1] == ""
    assert f"{document['id']} 1" in log
    assert next(line for line in log if "Entering phase" in line).endswith("INSTALL")
    assert not list((yard.folder / "builds").iterdir())


async def test_a_command_that_fails_fails_the_build(yard: Yard) -> None:
    """CB-042: the phase says which, and why."""
    async with yard.worker():
        document = await yard.built(spec("exit 3"))
    assert document["buildStatus"] == "FAILED"
    build = next(phase for phase in document["phases"] if phase["phaseType"] == "BUILD")
    assert build["contexts"] == [
        {
            "statusCode": "COMMAND_EXECUTION_ERROR",
            "message": "Error while executing command: exit 3. Reason: exit status 3",
        }
    ]


@pytest.mark.parametrize(
    ("buildspec", "message"),
    [
        ("buildspec.yml", "stat "),
        ("version: 0.2\nphases:\n  built: {}\n", "line 3: "),
    ],
)
async def test_a_bad_buildspec_fails_download_source(
    yard: Yard, buildspec: str, message: str
) -> None:
    """CB-003: and no command runs."""
    async with yard.worker():
        document = await yard.built(buildspec)
    assert document["buildStatus"] == "FAILED"
    assert list(phases(document))[3:] == ["DOWNLOAD_SOURCE", "FINALIZING", "COMPLETED"]
    (context,) = document["phases"][3]["contexts"]
    assert context["statusCode"] == "YAML_FILE_ERROR"
    assert context["message"].startswith(message)


async def test_builds_run_at_the_same_time(yard: Yard) -> None:
    """Each waits for the other."""
    mine, other = f"{yard.folder}/$MINE", f"{yard.folder}/$OTHER"
    await yard.project("web", spec(f"touch {mine}; while [ ! -e {other} ]; do sleep 0.01; done"))
    async with yard.worker(2):
        started = [
            await yard.start("web", environmentVariablesOverride=variables(MINE=a, OTHER=b))
            for a, b in (("a", "b"), ("b", "a"))
        ]
        ended = [await yard.ended(build) for build in started]
    assert [document["buildStatus"] for document in ended] == ["SUCCEEDED"] * 2


async def test_a_build_has_credentials_of_its_role_while_it_runs(yard: Yard) -> None:
    """CB-110; the secret ones do not show in its log (CB-016)."""
    async with yard.store.database.transaction() as connection:
        await tell(connection, "endpoint", "http://127.0.0.1:4545")
    shown = "echo $AWS_ENDPOINT_URL $AWS_REGION; echo secret=$AWS_SECRET_ACCESS_KEY"
    key = f"printenv AWS_ACCESS_KEY_ID > {yard.folder}/key"
    async with yard.worker():
        document = await yard.built(spec(shown, key))
    log = await yard.log(document)
    assert "http://127.0.0.1:4545 us-east-1" in log
    assert "secret=***" in log
    found = await find_key(
        yard.store.database, yard.store.sealer, (yard.folder / "key").read_text().strip()
    )
    assert found is not None
    uuid = document["id"].partition(":")[2]
    assert found.principal.arn == (f"arn:aws:sts::{ACCOUNT}:assumed-role/build/AWSCodeBuild-{uuid}")
    assert found.revoked


async def test_variables_come_from_parameters_and_secrets(yard: Yard) -> None:
    """CB-011, CB-012, CB-013, CB-014: of the project and the buildspec, masked."""
    await yard.ask("ssm", "PutParameter", Name="/a", Value="from-a-parameter", Type="SecureString")
    await yard.ask(
        "secretsmanager", "CreateSecret", Name="db", SecretString='{"password": "hunter-two"}'
    )
    rest = "env:\n  parameter-store:\n    ONE: /a\n    TWO: /absent\n"
    environment = {
        "type": "LINUX_CONTAINER",
        "image": "aws/codebuild/standard:7.0",
        "computeType": "BUILD_GENERAL1_SMALL",
        "environmentVariables": [
            {"name": "TWO", "value": "db:password", "type": "SECRETS_MANAGER"}
        ],
    }
    compared = '[ "$ONE-$TWO" = from-a-parameter-hunter-two ] && echo "$ONE"'
    async with yard.worker():
        document = await yard.built(spec(f"'{compared}'", rest=rest), environment=environment)
    assert document["buildStatus"] == "SUCCEEDED"
    assert "***" in await yard.log(document)


async def test_a_missing_parameter_fails_download_source(yard: Yard) -> None:
    """CB-012"""
    async with yard.worker():
        document = await yard.built(
            spec("true", rest="env:\n  parameter-store:\n    ONE: /absent\n")
        )
    (context,) = document["phases"][3]["contexts"]
    assert context == {
        "statusCode": "Decrypted Variables Error",
        "message": "parameter does not exist: /absent",
    }


@pytest.mark.parametrize("kind", ["S3", "LOCAL"])
async def test_a_cache_is_there_for_the_next_build(yard: Yard, kind: str) -> None:
    """CB-090, CB-096: until it is invalidated."""
    await yard.bucket("caches")
    cache = {"S3": {"type": "S3", "location": "caches/p"}}.get(
        kind, {"type": "LOCAL", "modes": ["LOCAL_CUSTOM_CACHE"]}
    )
    command = "if [ -e kept/file ]; then echo warm; else mkdir kept; touch kept/file; fi"
    buildspec = spec(command, rest="cache:\n  paths: ['kept/**/*']\n")
    await yard.project("web", buildspec, cache=cache)
    async with yard.worker():
        logs = []
        for _ in range(2):
            logs.append(await yard.log(await yard.ended(await yard.start("web"))))
        await invalidate_cache(yard.store.database, ACCOUNT, REGION, "web")
        logs.append(await yard.log(await yard.ended(await yard.start("web"))))
    assert ["warm" in log for log in logs] == [False, True, False]


async def test_a_log_may_go_to_s3_alone(yard: Yard) -> None:
    """CB-120"""
    await yard.bucket("logs")
    config = {
        "cloudWatchLogs": {"status": "DISABLED"},
        "s3Logs": {"status": "ENABLED", "location": "logs/ci"},
    }
    async with yard.worker():
        document = await yard.built(spec("echo there"), logsConfig=config)
    uuid = document["id"].partition(":")[2]
    assert document["logs"]["s3LogsArn"] == f"arn:aws:s3:::logs/ci/{uuid}.gz"
    assert "groupName" not in document["logs"]
    text = gzip.decompress(await yard.read("logs", f"ci/{uuid}.gz")).decode()
    assert "\nthere\n\n" in text


async def test_reports_and_exported_variables_are_recorded(yard: Yard) -> None:
    """CB-015, CB-070"""
    junit = '<testsuite><testcase name=\\"a\\" classname=\\"b\\"/></testsuite>'
    rest = "env:\n  exported-variables: [OUT]\nreports:\n  units:\n    files: [report.xml]\n"
    async with yard.worker():
        document = await yard.built(
            spec(f"\"echo '{junit}' > report.xml\"", "export OUT=value", rest=rest)
        )
    assert document["exportedEnvironmentVariables"] == [{"name": "OUT", "value": "value"}]
    (arn,) = document["reportArns"]
    assert ":report/web-units:" in arn
    assert "web-units: SUCCEEDED, 1 test: 1 succeeded" in "\n".join(await yard.log(document))


async def test_the_log_says_why_a_report_is_incomplete(yard: Yard) -> None:
    """CB-068"""
    rest = "reports:\n  units:\n    files: ['none*']\n"
    async with yard.worker():
        document = await yard.built(spec("true", rest=rest))
    assert document["buildStatus"] == "SUCCEEDED"
    told = "\n".join(await yard.log(document))
    assert "web-units: INCOMPLETE" in told
    assert "no file matches none*" in told


async def test_a_failed_build_is_retried_by_itself(yard: Yard) -> None:
    """CB-139: as often as its limit says, each telling of the next."""
    await yard.project("web", spec("false"), autoRetryLimit=1)
    async with yard.worker():
        first = await yard.ended(await yard.start("web"))
        following = first["autoRetryConfig"]["nextAutoRetry"]
        uuid = UUID(following.rpartition(":")[2])
        second = await yard.ended(BuildName(ACCOUNT, REGION, "web", uuid))
    assert second["autoRetryConfig"] == {
        "autoRetryLimit": 1,
        "autoRetryNumber": 1,
        "previousAutoRetry": first["arn"],
    }
    assert second["buildNumber"] == 2


async def test_a_build_that_cannot_be_begun_does_not_wait_for_ever(yard: Yard) -> None:
    async with yard.worker():
        document = await yard.built(spec("true"), serviceRole="arn:aws:iam::000000000000:role/ ")
    assert document["buildStatus"] == "FAULT"


async def test_a_build_may_not_run_on_a_host_that_is_not_for_builds(yard: Yard) -> None:
    yard.runner = yard.runner._replace(allow_host=False)
    async with yard.worker():
        document = await yard.built(spec("true"))
    assert document["buildStatus"] == "FAILED"
    assert phases(document)["PROVISIONING"] == "FAILED"


@pytest.mark.docker
async def test_a_build_runs_in_a_container_of_its_image(yard: Yard, image: str) -> None:
    """CB-112, CB-164"""
    yard.runner = yard.runner._replace(
        where="container", images={"aws/codebuild/standard:7.0": image}
    )
    async with yard.worker():
        document = await yard.built(spec("pwd", "echo $CODEBUILD_BUILD_IMAGE"))
    log = await yard.log(document)
    assert document["buildStatus"] == "SUCCEEDED", log
    assert any(re.fullmatch(r"/codebuild/output/src\d{9}/src", line) for line in log)
    assert "aws/codebuild/standard:7.0" in log


@pytest.mark.docker
async def test_an_image_that_is_not_there_fails_provisioning(yard: Yard) -> None:
    """CB-042"""
    yard.runner = yard.runner._replace(where="container")
    async with yard.worker():
        document = await yard.built(spec("true"))
    (context,) = document["phases"][2]["contexts"]
    assert context["statusCode"] == "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE"
    assert list(phases(document))[2:] == ["PROVISIONING", "COMPLETED"]
