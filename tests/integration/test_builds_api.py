"""Builds, as the API answers them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from penstock.errors import AwsError
from penstock.services.codebuild import CodeBuild
from penstock.state.calls import Call
from penstock.store import Store

pytestmark = pytest.mark.anyio

ACCOUNT, REGION = "000000000000", "us-east-1"
PREFIX = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:"
PROJECT: dict[str, Any] = {
    "name": "web",
    "source": {"type": "GITHUB", "location": "https://github.com/ada/hello.git"},
    "sourceVersion": "main",
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {
        "type": "LINUX_CONTAINER",
        "image": "aws/codebuild/standard:7.0",
        "computeType": "BUILD_GENERAL1_SMALL",
        "environmentVariables": [{"name": "STAGE", "value": "test"}],
    },
    "serviceRole": f"arn:aws:iam::{ACCOUNT}:role/build",
}


@pytest.fixture
async def codebuild(store: Store, call: Call) -> AsyncIterator[CodeBuild]:
    service = CodeBuild(store)
    await service.create_project(call, PROJECT)
    yield service


@pytest.fixture
def call(call_of: Callable[..., Call]) -> Call:
    return call_of("codebuild", "StartBuild")


async def start(codebuild: CodeBuild, call: Call, **request: Any) -> dict[str, Any]:
    answer = await codebuild.start_build(call, {"projectName": "web", **request})
    build: dict[str, Any] = answer["build"]
    return build


async def end(store: Store) -> None:
    await store.database.execute("UPDATE builds SET stage = 'ENDED', ended = now()")


async def test_a_started_build_is_in_progress(codebuild: CodeBuild, call: Call) -> None:
    """CB-121, CB-131, CB-132"""
    build = await start(codebuild, call)
    assert build["id"].startswith("web:")
    assert build["arn"] == f"{PREFIX}build/{build['id']}"
    assert (build["buildNumber"], build["buildStatus"]) == (1, "IN_PROGRESS")
    assert (build["buildComplete"], build["currentPhase"]) == (False, "QUEUED")
    assert build["startTime"] == call.now
    assert build["initiator"] == "root"
    assert build["sourceVersion"] == "main"
    assert [phase["phaseType"] for phase in build["phases"]] == ["SUBMITTED", "QUEUED"]
    assert build["logs"]["cloudWatchLogsArn"].endswith(":log-group:null:log-stream:null")
    got = await codebuild.batch_get_builds(call, {"ids": [build["id"]]})
    assert got == {"builds": [build], "buildsNotFound": []}


async def test_overrides_are_of_this_build_only(codebuild: CodeBuild, call: Call) -> None:
    """CB-002, CB-011"""
    variables = [{"name": "STAGE", "value": "prod"}, {"name": "MORE", "value": "1"}]
    build = await start(
        codebuild,
        call,
        environmentVariablesOverride=variables,
        imageOverride="other",
        timeoutInMinutesOverride=7,
    )
    assert build["environment"]["image"] == "other"
    assert build["timeoutInMinutes"] == 7
    assert [one["value"] for one in build["environment"]["environmentVariables"]] == ["prod", "1"]
    assert (await start(codebuild, call))["environment"]["image"] == "aws/codebuild/standard:7.0"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"projectName": "absent"}, "ResourceNotFoundException"),
        ({"timeoutInMinutesOverride": 4}, "InvalidInputException"),
        ({"sourceTypeOverride": "SVN"}, "InvalidInputException"),
        ({"sourceTypeOverride": "NO_SOURCE", "buildspecOverride": ""}, "InvalidInputException"),
        ({"sourceVersion": "--upload-pack=sh"}, "InvalidInputException"),
        ({"idempotencyToken": "t" * 65}, "InvalidInputException"),
        (
            {"environmentVariablesOverride": [{"name": "CODEBUILD_X", "value": ""}]},
            "InvalidInputException",
        ),
        ({"debugSessionEnabled": True}, "NotImplemented"),
    ],
)
async def test_a_build_that_cannot_be_is_refused(
    codebuild: CodeBuild, call: Call, request_: dict[str, Any], code: str
) -> None:
    with pytest.raises(AwsError) as refused:
        await start(codebuild, call, **request_)
    assert refused.value.code == code
    assert await codebuild.list_builds(call, {}) == {"ids": []}


async def test_a_project_of_a_pipeline_needs_artifacts(codebuild: CodeBuild, call: Call) -> None:
    """CB-156"""
    of_pipeline = {"type": "CODEPIPELINE"}
    await codebuild.create_project(
        call, {**PROJECT, "name": "piped", "source": of_pipeline, "artifacts": of_pipeline}
    )
    with pytest.raises(AwsError, match="ArtifactsOverride must be set when using artifacts type"):
        await start(codebuild, call, projectName="piped")


async def test_a_token_stands_for_the_same_build(codebuild: CodeBuild, call: Call) -> None:
    """CB-138: for five minutes, and for the same parameters only."""
    build = await start(codebuild, call, idempotencyToken="t", imageOverride="a")
    assert await start(codebuild, call, idempotencyToken="t", imageOverride="a") == build
    with pytest.raises(AwsError, match="parameter mismatch"):
        await start(codebuild, call, idempotencyToken="t", imageOverride="b")
    assert (await start(codebuild, call, idempotencyToken="T"))["buildNumber"] == 2
    later = call._replace(now=call.now + timedelta(minutes=6))
    assert (await start(codebuild, later, idempotencyToken="t"))["buildNumber"] == 3


async def test_a_project_runs_no_more_builds_than_it_may(
    codebuild: CodeBuild, call: Call, store: Store
) -> None:
    """CB-135"""
    await codebuild.update_project(call, {"name": "web", "concurrentBuildLimit": 1})
    await start(codebuild, call)
    with pytest.raises(AwsError) as refused:
        await start(codebuild, call)
    assert refused.value.code == "AccountLimitExceededException"
    await end(store)
    assert (await start(codebuild, call))["buildNumber"] == 2


async def test_a_retry_is_a_new_build_like_the_old(codebuild: CodeBuild, call: Call) -> None:
    """CB-137"""
    first = await start(codebuild, call, imageOverride="other", sourceVersion="side")
    second = (await codebuild.retry_build(call, {"id": first["id"]}))["build"]
    assert second["id"] != first["id"]
    assert second["buildNumber"] == 2
    assert second["environment"] == first["environment"]
    assert second["sourceVersion"] == "side"
    with pytest.raises(AwsError) as refused:
        await codebuild.retry_build(call, {"id": f"web:{uuid4()}"})
    assert refused.value.code == "ResourceNotFoundException"


async def test_a_build_in_the_queue_is_stopped_at_once(codebuild: CodeBuild, call: Call) -> None:
    """CB-136: and a second time is no error."""
    build = await start(codebuild, call)
    for _ in range(2):
        stopped = (await codebuild.stop_build(call, {"id": build["arn"]}))["build"]
        assert (stopped["buildStatus"], stopped["buildComplete"]) == ("STOPPED", True)
    with pytest.raises(AwsError) as refused:
        await codebuild.stop_build(call, {"id": f"web:{uuid4()}"})
    assert refused.value.code == "ResourceNotFoundException"
    with pytest.raises(AwsError, match="Invalid build ID"):
        await codebuild.stop_build(call, {"id": "web"})


async def test_builds_are_got_by_id_or_arn(codebuild: CodeBuild, call: Call) -> None:
    builds = [await start(codebuild, call) for _ in range(2)]
    absent, elsewhere = f"web:{uuid4()}", f"other:{builds[0]['id'].partition(':')[2]}"
    asked = [builds[1]["arn"], absent, builds[0]["id"], elsewhere]
    got = await codebuild.batch_get_builds(call, {"ids": asked})
    assert got["builds"] == [builds[1], builds[0]]
    assert got["buildsNotFound"] == [absent, elsewhere]


async def test_only_builds_that_have_ended_are_deleted(
    codebuild: CodeBuild, call: Call, store: Store
) -> None:
    """CB-140; a later build has the next number all the same (CB-131)."""
    old = await start(codebuild, call)
    await end(store)
    running = await start(codebuild, call)
    absent = f"web:{uuid4()}"
    answer = await codebuild.batch_delete_builds(call, {"ids": [old["id"], running["id"], absent]})
    assert answer["buildsDeleted"] == [old["arn"]]
    assert answer["buildsNotDeleted"] == [
        {"id": running["id"], "statusCode": "BUILD_IN_PROGRESS"},
        {"id": absent, "statusCode": "NOT_FOUND"},
    ]
    assert (await start(codebuild, call))["buildNumber"] == 3


async def test_builds_are_listed_page_by_page(
    codebuild: CodeBuild, call: Call, store: Store
) -> None:
    """By number or time, the newest first unless asked otherwise."""
    await store.database.execute(
        "INSERT INTO builds (id, account, region, project, number, stage, status, document,"
        " effective, variables, cache_generation, submitted, queued_until)"
        " SELECT gen_random_uuid(), %s, %s, 'web', n, 'ENDED', 'SUCCEEDED', %s, '{}', '{}', 0,"
        "   %s + n * interval '1 s', now() FROM generate_series(1, 150) n",
        (ACCOUNT, REGION, Jsonb({}), call.now),
    )
    rows = await store.database.fetch("SELECT id FROM builds ORDER BY number")
    numbers = {f"web:{row.id}": number for number, row in enumerate(rows, 1)}
    for operation in (codebuild.list_builds, codebuild.list_builds_for_project):
        for order, expected in (("DESCENDING", range(150, 0, -1)), ("ASCENDING", range(1, 151))):
            request = {"projectName": "web", "sortOrder": order}
            first = await operation(call, request)
            second = await operation(call, {**request, "nextToken": first["nextToken"]})
            assert len(first["ids"]) == 100
            assert [numbers[one] for one in first["ids"] + second["ids"]] == list(expected)
            assert "nextToken" not in second
    with pytest.raises(AwsError) as refused:
        await codebuild.list_builds(call, {"nextToken": "nonsense"})
    assert refused.value.code == "InvalidInputException"
    with pytest.raises(AwsError) as refused:
        await codebuild.list_builds_for_project(call, {"projectName": "absent"})
    assert refused.value.code == "ResourceNotFoundException"
