"""Projects and source credentials, as the API answers them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from penstock.errors import AwsError
from penstock.services.codebuild import CodeBuild
from penstock.services.codebuild.badges import badge_answer
from penstock.services.codebuild.projects import MAX_PROJECTS
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.projects import find_project
from penstock.store.source_credentials import find_credential

pytestmark = pytest.mark.anyio

ACCOUNT, REGION = "000000000000", "us-east-1"
PREFIX = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:"
PROJECT: dict[str, Any] = {
    "name": "web",
    "source": {"type": "GITHUB", "location": "https://github.com/ada/hello.git"},
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
def codebuild(store: Store) -> CodeBuild:
    return CodeBuild(store)


@pytest.fixture
def call(call_of: Callable[..., Call]) -> Call:
    return call_of("codebuild", "CreateProject")


async def names(codebuild: CodeBuild, call: Call, **request: Any) -> list[str]:
    answer = await codebuild.list_projects(call, request)
    found: list[str] = answer["projects"]
    return found


async def test_a_project_is_answered_with_what_aws_fills_in(
    codebuild: CodeBuild, call: Call
) -> None:
    """CB-131: its ARN, times, and defaults."""
    project = (await codebuild.create_project(call, PROJECT))["project"]
    assert project["arn"] == f"{PREFIX}project/web"
    assert project["created"] == project["lastModified"] == call.now
    assert project["queuedTimeoutInMinutes"] == 480
    assert project["environment"]["environmentVariables"] == [
        {"name": "STAGE", "value": "test", "type": "PLAINTEXT"}
    ]
    got = await codebuild.batch_get_projects(call, {"names": ["web"]})
    assert got == {"projects": [project], "projectsNotFound": []}


async def test_a_name_is_taken_once_in_a_region(
    codebuild: CodeBuild, call: Call, call_of: Callable[..., Call]
) -> None:
    await codebuild.create_project(call, PROJECT)
    with pytest.raises(AwsError) as caught:
        await codebuild.create_project(call, PROJECT)
    assert caught.value.code == "ResourceAlreadyExistsException"
    assert caught.value.message == f"Project already exists: {PREFIX}project/web"
    elsewhere = call_of("codebuild", "CreateProject", region="eu-west-1")
    assert await codebuild.create_project(elsewhere, PROJECT)


async def test_an_account_has_so_many_projects(
    codebuild: CodeBuild, call: Call, store: Store
) -> None:
    """CB-184: 5,000 projects."""
    await store.database.execute(
        "INSERT INTO projects (account, region, name, arn, document, created, modified)"
        " SELECT %s, %s, 'p' || n, 'arn', '{}', now(), now() FROM generate_series(1, %s) AS n",
        (ACCOUNT, REGION, MAX_PROJECTS),
    )
    with pytest.raises(AwsError) as caught:
        await codebuild.create_project(call, PROJECT)
    assert caught.value.code == "AccountLimitExceededException"


async def test_an_update_changes_what_it_names_and_nothing_else(
    codebuild: CodeBuild, call: Call
) -> None:
    created = (await codebuild.create_project(call, {**PROJECT, "description": "old"}))["project"]
    later = call._replace(now=call.now + timedelta(minutes=1))
    request = {"name": "web", "description": "new", "badgeEnabled": True}
    updated = (await codebuild.update_project(later, request))["project"]
    url = updated["badge"].pop("badgeRequestUrl")
    assert url.startswith("http://localhost:4545/_penstock/badges/codebuild?uuid=")
    assert updated == {
        **created,
        "description": "new",
        "badge": {"badgeEnabled": True},
        "lastModified": later.now,
    }


async def test_an_update_that_makes_no_project_changes_nothing(
    codebuild: CodeBuild, call: Call
) -> None:
    created = (await codebuild.create_project(call, PROJECT))["project"]
    request = {"name": "web", "timeoutInMinutes": 9, "source": {"type": "CODEPIPELINE"}}
    with pytest.raises(AwsError, match="CODEPIPELINE"):
        await codebuild.update_project(call, request)
    got = await codebuild.batch_get_projects(call, {"names": ["web"]})
    assert got["projects"] == [created]


async def test_of_updates_at_once_none_is_lost(codebuild: CodeBuild, call: Call) -> None:
    await codebuild.create_project(call, PROJECT)
    changes: list[dict[str, Any]] = [
        {"description": "d"},
        {"timeoutInMinutes": 9},
        {"sourceVersion": "dev"},
    ]
    await asyncio.gather(
        *(codebuild.update_project(call, {"name": "web", **change}) for change in changes)
    )
    (project,) = (await codebuild.batch_get_projects(call, {"names": ["web"]}))["projects"]
    assert all(change.items() <= project.items() for change in changes)


async def test_projects_are_got_by_name_or_arn_in_the_order_asked(
    codebuild: CodeBuild, call: Call
) -> None:
    for name in ("a", "b1", "b2"):
        await codebuild.create_project(call, {**PROJECT, "name": f"web-{name}"})
    elsewhere = "arn:aws:codebuild:eu-west-1:000000000000:project/web-a"
    request = {"names": [f"{PREFIX}project/web-b2", "absent", "web-a", elsewhere]}
    got = await codebuild.batch_get_projects(call, request)
    assert [project["name"] for project in got["projects"]] == ["web-b2", "web-a"]
    assert got["projectsNotFound"] == ["absent", elsewhere]


async def test_a_badge_is_for_whoever_has_its_url(
    codebuild: CodeBuild, call: Call, store: Store
) -> None:
    """CB-175: by its uuid, of a branch or a tag, and only where the project has badges."""
    asked = []

    async def last_status(account: str, region: str, project: str, ref: str | None) -> str:
        asked.append((account, region, project, ref))
        return "SUCCEEDED"

    made = await codebuild.create_project(call, {**PROJECT, "badgeEnabled": True})
    url = urlsplit(made["project"]["badge"]["badgeRequestUrl"])
    ((_, token), (_, branch)) = parse_qsl(url.query)
    assert "passing" in await badge_answer(store, token, last_status, branch=branch)
    await badge_answer(store, token, last_status, tag="v1")
    await badge_answer(store, token, last_status)
    refs = ["refs/heads/main", "refs/tags/v1", None]
    assert asked == [(ACCOUNT, REGION, "web", ref) for ref in refs]
    await codebuild.update_project(call, {"name": "web", "badgeEnabled": False})
    for gone in (token, "x"):
        with pytest.raises(AwsError, match="There is no such badge"):
            await badge_answer(store, gone, last_status)


@pytest.mark.parametrize("order", ["ASCENDING", "DESCENDING"])
@pytest.mark.parametrize("sort_by", ["NAME", "CREATED_TIME", "LAST_MODIFIED_TIME"])
async def test_projects_are_listed_a_hundred_a_page_in_each_order(
    codebuild: CodeBuild, call: Call, store: Store, sort_by: str, order: str
) -> None:
    """CB section 14: 100 a page, by name or a time; equal times are told apart by name."""
    await store.database.execute(
        "INSERT INTO projects (account, region, name, arn, document, created, modified)"
        " SELECT %s, %s, 'p' || n, 'arn', '{}',"
        "  now() + (n / 10) * interval '1 s', now() - n * interval '1 s'"
        " FROM generate_series(1000, 1249) AS n",
        (ACCOUNT, REGION),
    )
    request = {"sortBy": sort_by, "sortOrder": order}
    found: list[str] = []
    sizes: list[int] = []
    token: dict[str, str] = {}
    while True:
        answer = await codebuild.list_projects(call, {**request, **token})
        found += answer["projects"]
        sizes.append(len(answer["projects"]))
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    expected = [f"p{number}" for number in range(1000, 1250)]
    backwards = (order == "DESCENDING") != (sort_by == "LAST_MODIFIED_TIME")
    assert found == (expected[::-1] if backwards else expected)
    assert sizes == [100, 100, 50]


async def test_a_token_that_is_none_of_a_listing_is_refused(
    codebuild: CodeBuild, call: Call
) -> None:
    with pytest.raises(AwsError, match="Invalid nextToken provided"):
        await names(codebuild, call, nextToken="x")


async def test_a_deleted_project_is_gone_and_deleting_again_is_no_error(
    codebuild: CodeBuild, call: Call
) -> None:
    await codebuild.create_project(call, PROJECT)
    await codebuild.delete_project(call, {"name": f"{PREFIX}project/web"})
    await codebuild.delete_project(call, {"name": "web"})
    assert await names(codebuild, call) == []
    with pytest.raises(AwsError) as caught:
        await codebuild.update_project(call, {"name": "web"})
    assert caught.value.code == "ResourceNotFoundException"
    assert caught.value.message == f"Project cannot be found: {PREFIX}project/web"


async def test_an_invalidated_cache_has_another_generation(
    codebuild: CodeBuild, call: Call, store: Store
) -> None:
    """CB-096: the next build starts cold."""
    await codebuild.create_project(call, PROJECT)
    await codebuild.invalidate_project_cache(call, {"projectName": "web"})
    async with store.database.transaction() as connection:
        row = await find_project(connection, ACCOUNT, REGION, "web")
    assert row.cache_generation == 1
    with pytest.raises(AwsError, match="Project cannot be found"):
        await codebuild.invalidate_project_cache(call, {"projectName": "absent"})


async def test_curated_images_are_listed_by_platform(codebuild: CodeBuild, call: Call) -> None:
    """CB-055: the names a project may use."""
    answer = await codebuild.list_curated_environment_images(call, {})
    names = {
        image["name"]
        for platform in answer["platforms"]
        for language in platform["languages"]
        for image in language["images"]
    }
    assert {"aws/codebuild/standard:7.0", "aws/codebuild/amazonlinux-x86_64-standard:5.0"} <= names


async def test_a_credential_is_kept_sealed_and_listed_without_its_token(
    codebuild: CodeBuild, call: Call, store: Store
) -> None:
    request = {"serverType": "GITHUB", "authType": "PERSONAL_ACCESS_TOKEN", "token": "ghp_secret"}
    answer = await codebuild.import_source_credentials(call, request)
    assert answer == {"arn": f"{PREFIX}token/github"}
    assert await codebuild.list_source_credentials(call, {}) == {
        "sourceCredentialsInfos": [
            {
                "arn": f"{PREFIX}token/github",
                "serverType": "GITHUB",
                "authType": "PERSONAL_ACCESS_TOKEN",
            }
        ]
    }
    row = await store.database.fetch_one("SELECT token FROM source_credentials")
    assert row and b"ghp_secret" not in row.token
    found = await find_credential(store.database, store.sealer, ACCOUNT, REGION, "GITHUB")
    assert found and found.token == "ghp_secret"


async def test_a_credential_is_overwritten_unless_that_is_forbidden(
    codebuild: CodeBuild, call: Call, store: Store
) -> None:
    request = {"serverType": "BITBUCKET", "authType": "BASIC_AUTH", "username": "ada"}
    await codebuild.import_source_credentials(call, {**request, "token": "one"})
    await codebuild.import_source_credentials(call, {**request, "token": "two"})
    with pytest.raises(AwsError) as caught:
        await codebuild.import_source_credentials(
            call, {**request, "token": "three", "shouldOverwrite": False}
        )
    assert caught.value.code == "ResourceAlreadyExistsException"
    assert caught.value.message == (
        "Access token with server type BITBUCKET already exists."
        " Delete its source credential and try again."
    )
    async with store.database.transaction() as connection:
        found = await find_credential(connection, store.sealer, ACCOUNT, REGION, "BITBUCKET")
    assert found and (found.username, found.token) == ("ada", "two")


async def test_a_deleted_credential_cannot_be_deleted_again(
    codebuild: CodeBuild, call: Call, store: Store
) -> None:
    request = {"serverType": "GITHUB", "authType": "PERSONAL_ACCESS_TOKEN", "token": "t"}
    arn = await codebuild.import_source_credentials(call, request)
    assert await codebuild.delete_source_credentials(call, arn) == arn
    with pytest.raises(AwsError) as caught:
        await codebuild.delete_source_credentials(call, arn)
    assert caught.value.code == "ResourceNotFoundException"
    assert not await find_credential(store.database, store.sealer, ACCOUNT, REGION, "GITHUB")
