"""Repositories and branches, as CodeCommit's API answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.services.codecommit import branches as branches_module
from penstock.services.codecommit import repositories as repositories_module
from penstock.store import Store
from penstock.store.repositories import find_repository

from .commits import ACCOUNT, REGION, Api, refused

pytestmark = pytest.mark.anyio


# Repositories


async def test_a_repository_is_made_and_described(api: Api) -> None:
    made = await api("create_repository", repositoryDescription="mine", tags={"team": "a"})
    about = made["repositoryMetadata"]
    assert about["Arn"] == f"arn:aws:codecommit:{REGION}:{ACCOUNT}:app"
    assert about["cloneUrlHttp"] == "http://localhost:4545/git/app"
    assert about["repositoryDescription"] == "mine"
    assert "defaultBranch" not in about
    assert (await api("get_repository"))["repositoryMetadata"] == about
    assert await refused(api("create_repository")) == "RepositoryNameExistsException"
    elsewhere = await api("create_repository", region="eu-west-1")
    assert elsewhere["repositoryMetadata"]["cloneUrlHttp"].endswith("/git/eu-west-1/app")


@pytest.mark.parametrize("name", ["a.git", "a b", "a/b", "ä", "..", ".", "x" * 101])
async def test_names_that_no_repository_may_have_are_refused(api: Api, name: str) -> None:
    """TG-135"""
    asked = api("create_repository", repositoryName=name)
    assert await refused(asked) == "InvalidRepositoryNameException"


async def test_repositories_are_listed_page_by_page_in_both_orders(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repositories_module, "PAGE", 2)
    for name in ("b", "c", "a", "B", "d"):
        await api("create_repository", repositoryName=name)

    async def names(**request: Any) -> list[str]:
        found: list[str] = []
        token: dict[str, str] = {}
        while True:
            page = await api("list_repositories", **request, **token)
            found += [one["repositoryName"] for one in page["repositories"]]
            if "nextToken" not in page:
                return found
            token = {"nextToken": page["nextToken"]}

    assert await names() == ["B", "a", "b", "c", "d"]
    assert await names(order="descending") == ["d", "c", "b", "a", "B"]
    assert sorted(await names(sortBy="lastModifiedDate", order="descending")) == [*"Babcd"]
    assert await refused(api("list_repositories", nextToken="x")) == (
        "InvalidContinuationTokenException"
    )
    found = await api("batch_get_repositories", repositoryNames=["a", "z", "a"])
    assert [one["repositoryName"] for one in found["repositories"]] == ["a"]
    assert found["repositoriesNotFound"] == ["z"]


async def test_a_repository_is_renamed_with_all_that_is_in_it(api: Api, app: str) -> None:
    await api("create_repository", repositoryName="other")
    clash = api("update_repository_name", oldName="app", newName="other")
    assert await refused(clash) == "RepositoryNameExistsException"
    await api("update_repository_name", oldName="app", newName="new")
    assert await refused(api("get_repository")) == "RepositoryDoesNotExistException"
    branch = await api("get_branch", repositoryName="new", branchName="main")
    assert branch["branch"] == {"branchName": "main", "commitId": app}
    await api("update_repository_description", repositoryName="new", repositoryDescription="x")
    found = await api("get_repository", repositoryName="new")
    assert found["repositoryMetadata"]["repositoryDescription"] == "x"


async def test_a_deleted_repository_leaves_nothing(
    api: Api, app: str, store: Store, tmp_path: Path
) -> None:
    found = await find_repository(store.database, ACCOUNT, REGION, "app")
    assert found is not None
    assert await api("delete_repository") == {"repositoryId": str(found.id)}
    assert await api("delete_repository") == {}
    assert list((tmp_path / "hosted").iterdir()) == []
    assert await store.database.fetch("SELECT 1 FROM repository_leftovers") == []
    await api("create_repository")
    assert (await api("list_branches"))["branches"] == []


async def test_repositories_are_tagged(api: Api, app: str) -> None:
    arn = f"arn:aws:codecommit:{REGION}:{ACCOUNT}:app"
    await api("tag_resource", resourceArn=arn, tags={"a": "1", "b": "2"})
    await api("untag_resource", resourceArn=arn, tagKeys=["a"])
    assert (await api("list_tags_for_resource", resourceArn=arn))["tags"] == {"b": "2"}
    bad = api("list_tags_for_resource", resourceArn="arn:aws:s3:::app")
    assert await refused(bad) == "InvalidResourceArnException"
    many = {str(number): "" for number in range(51)}
    assert await refused(api("tag_resource", resourceArn=arn, tags=many)) == "TooManyTagsException"


# Branches


async def test_branches_are_made_listed_and_removed(
    api: Api, app: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(branches_module, "PAGE", 2)
    for name in ("a", "b/c", "z"):
        await api("create_branch", branchName=name, commitId=app)
    first = await api("list_branches")
    rest = await api("list_branches", nextToken=first["nextToken"])
    assert first["branches"] + rest["branches"] == ["a", "b/c", "main", "z"]
    again = api("create_branch", branchName="a", commitId=app)
    assert await refused(again) == "BranchNameExistsException"
    unknown = api("create_branch", branchName="q", commitId="0" * 40)
    assert await refused(unknown) == "CommitDoesNotExistException"
    gone = await api("delete_branch", branchName="a")
    assert gone == {"deletedBranch": {"branchName": "a", "commitId": app}}
    assert await api("delete_branch", branchName="a") == {}
    assert await refused(api("get_branch", branchName="a")) == "BranchDoesNotExistException"
    told = await store.database.fetch("SELECT detail FROM events ORDER BY sequence")
    assert [(row.detail["event"], row.detail["referenceName"]) for row in told] == [
        ("referenceCreated", "main"), ("referenceCreated", "a"), ("referenceCreated", "b/c"),
        ("referenceCreated", "z"), ("referenceDeleted", "a"),
    ]  # fmt: skip


async def test_a_name_that_no_file_can_have_is_not_said_to_be_there(api: Api, app: str) -> None:
    asked = api("create_branch", branchName="x" * 255, commitId=app)
    with pytest.raises(AwsError, match=r"InvalidBranchNameException: .* too long"):
        await asked
    await api("create_branch", branchName="x" * 250, commitId=app)


@pytest.mark.parametrize("name", ["", "-x", "a..b", "a b", "a~1", "x.lock", "/a", "a//b", "HEAD"])
async def test_names_that_no_branch_may_have_are_refused(api: Api, app: str, name: str) -> None:
    asked = api("create_branch", branchName=name, commitId=app)
    assert await refused(asked) == "InvalidBranchNameException"


async def test_the_default_branch_is_another_and_stays(api: Api, app: str) -> None:
    """TG-135"""
    assert await refused(api("delete_branch", branchName="main")) == (
        "DefaultBranchCannotBeDeletedException"
    )
    unknown = api("update_default_branch", defaultBranchName="x")
    assert await refused(unknown) == "BranchDoesNotExistException"
    await api("create_branch", branchName="next", commitId=app)
    await api("update_default_branch", defaultBranchName="next")
    assert (await api("get_repository"))["repositoryMetadata"]["defaultBranch"] == "next"
    await api("delete_branch", branchName="main")
    assert (await api("get_file", filePath="readme.md"))["commitId"] == app
