"""Repositories, branches and what is in them, as CodeCommit's API answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.services.codecommit import CodeCommit
from penstock.services.codecommit import branches as branches_module
from penstock.services.codecommit import repositories as repositories_module
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.facts import tell
from penstock.store.repositories import find_repository

pytestmark = pytest.mark.anyio

ACCOUNT, REGION = "000000000000", "us-east-1"
Api = Callable[..., Any]


@pytest.fixture
async def api(store: Store, tmp_path: Path, call_of: Callable[..., Call]) -> Api:
    """Calls an operation: `await api("get_branch", branchName="main")`, of `app` if of none."""
    async with store.database.transaction() as connection:
        await tell(connection, "repositories", str(tmp_path / "hosted"))
        await tell(connection, "region", REGION)
    service = CodeCommit(store)

    async def ask(operation: str, region: str = REGION, **request: Any) -> Any:
        if "repositoryName" not in request and operation not in WITHOUT_NAME:
            request["repositoryName"] = "app"
        call = call_of("codecommit", operation, region=region)
        return await getattr(service, operation)(call, request)

    return ask


WITHOUT_NAME = (
    "list_repositories", "batch_get_repositories", "update_repository_name", "tag_resource",
    "untag_resource", "list_tags_for_resource",
)  # fmt: skip


@pytest.fixture
async def app(api: Api) -> str:
    """The repository app with three files; gives its commit."""
    await api("create_repository")
    made = await api(
        "create_commit",
        branchName="main",
        authorName="Ada",
        email="ada@example.com",
        commitMessage="first\n",
        putFiles=[
            {"filePath": "readme.md", "fileContent": b"read me"},
            {"filePath": "/src/run.sh", "fileContent": b"true", "fileMode": "EXECUTABLE"},
            {"filePath": "src/deep/größe", "fileContent": "ß".encode()},
        ],
    )
    found: str = made["commitId"]
    return found


async def refused(asked: Any) -> str:
    """The code of the error."""
    with pytest.raises(AwsError) as found:
        await asked
    return found.value.code


async def commit(api: Api, parent: str | None, branch: str = "main", **request: Any) -> str:
    extra = {} if parent is None else {"parentCommitId": parent}
    made = await api("create_commit", branchName=branch, **extra, **request)
    found: str = made["commitId"]
    return found


def put(path: str, content: bytes = b"x", **entry: Any) -> dict[str, Any]:
    return {"putFiles": [{"filePath": path, "fileContent": content, **entry}]}


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


# Commits, files, folders


async def test_commits_are_read(api: Api, app: str) -> None:
    found = (await api("get_commit", commitId=app))["commit"]
    assert (found["message"], found["parents"]) == ("first\n", [])
    assert found["author"] == {
        "name": "Ada", "email": "ada@example.com", "date": "1772366400 +0000"
    }  # fmt: skip
    second = await commit(api, app, **put("a"))
    both = await api("batch_get_commits", commitIds=[second, app, "0" * 40, "x"])
    assert [one["commitId"] for one in both["commits"]] == [second, app]
    assert both["commits"][0]["parents"] == [app]
    assert [one["errorCode"] for one in both["errors"]] == ["CommitIdDoesNotExistException"] * 2
    assert await refused(api("get_commit", commitId="main")) == "InvalidCommitIdException"
    assert await refused(api("get_commit", commitId=found["treeId"])) == (
        "CommitIdDoesNotExistException"
    )


async def test_files_are_read_by_commit_branch_or_neither(api: Api, app: str) -> None:
    for specifier in (None, "main", app, "refs/heads/main", "HEAD"):
        named = {} if specifier is None else {"commitSpecifier": specifier}
        found = await api("get_file", filePath="/src/run.sh", **named)
        assert (found["fileContent"], found["fileMode"], found["fileSize"], found["commitId"]) == (
            b"true", "EXECUTABLE", 4, app
        )  # fmt: skip
    assert (await api("get_blob", blobId=found["blobId"]))["content"] == b"true"
    assert await refused(api("get_file", filePath="src")) == "FileDoesNotExistException"
    assert await refused(api("get_file", filePath="*.md")) == "FileDoesNotExistException"
    assert await refused(api("get_file", filePath="../x")) == "InvalidPathException"
    for expression in ("nope", "main~0", "main:readme.md", "--all", "@{0}"):
        asked = api("get_file", filePath="readme.md", commitSpecifier=expression)
        assert await refused(asked) == "CommitDoesNotExistException", expression
    assert await refused(api("get_blob", blobId="0" * 40)) == "BlobIdDoesNotExistException"
    assert await refused(api("get_blob", blobId="HEAD")) == "InvalidBlobIdException"


async def test_folders_are_read(api: Api, app: str) -> None:
    await commit(api, app, **put("link", b"readme.md", fileMode="SYMLINK"))
    top = await api("get_folder", folderPath="/")
    assert [one["relativePath"] for one in top["files"]] == ["readme.md"]
    assert [one["absolutePath"] for one in top["symbolicLinks"]] == ["link"]
    assert [one["absolutePath"] for one in top["subFolders"]] == ["src"]
    deep = await api("get_folder", folderPath="src/deep/", commitSpecifier=app)
    assert [one["absolutePath"] for one in deep["files"]] == ["src/deep/größe"]
    assert await refused(api("get_folder", folderPath="readme.md")) == (
        "FolderDoesNotExistException"
    )


async def test_differences_are_told_page_by_page(api: Api, app: str) -> None:
    second = await commit(
        api, app,
        putFiles=[{"filePath": "new", "fileContent": b"n"},
                  {"filePath": "readme.md", "fileContent": b"changed"}],
        deleteFiles=[{"filePath": "src/run.sh"}],
    )  # fmt: skip
    asked = {"beforeCommitSpecifier": app, "afterCommitSpecifier": "main"}
    first = await api("get_differences", **asked, MaxResults=2)
    rest = await api("get_differences", **asked, MaxResults=2, NextToken=first["NextToken"])
    found = first["differences"] + rest["differences"]
    paths = [(one.get("afterBlob") or one["beforeBlob"])["path"] for one in found]
    assert paths == ["new", "readme.md", "src/run.sh"]
    assert [one["changeType"] for one in found] == ["A", "M", "D"]
    assert found[2]["beforeBlob"]["mode"] == "100755"
    assert "NextToken" not in rest
    from_nothing = await api("get_differences", afterCommitSpecifier=second)
    assert len(from_nothing["differences"]) == 3
    below = await api("get_differences", **asked, afterPath="src")
    assert [one["changeType"] for one in below["differences"]] == ["D"]
    moved = await api("get_differences", **asked, beforePath="src/deep", afterPath="src")
    assert {one["changeType"] for one in moved["differences"]} == {"A", "D"}
    nowhere = api("get_differences", **asked, afterPath="nowhere")
    assert await refused(nowhere) == "PathDoesNotExistException"


# Commits made


async def test_a_commit_adds_changes_moves_and_removes(api: Api, app: str) -> None:
    made = await api(
        "create_commit",
        branchName="main",
        parentCommitId=app,
        putFiles=[
            {"filePath": "new", "fileContent": b""},
            {"filePath": "bin/run", "sourceFile": {"filePath": "src/run.sh", "isMove": True}},
        ],
        deleteFiles=[{"filePath": "src/deep/größe"}],
        setFileModes=[{"filePath": "readme.md", "fileMode": "EXECUTABLE"}],
        keepEmptyFolders=True,
    )
    assert [one["absolutePath"] for one in made["filesAdded"]] == [
        "bin/run", "new", "src/.gitkeep", "src/deep/.gitkeep"
    ]  # fmt: skip
    assert [one["absolutePath"] for one in made["filesUpdated"]] == ["readme.md"]
    assert [one["absolutePath"] for one in made["filesDeleted"]] == ["src/deep/größe", "src/run.sh"]
    run = await api("get_file", filePath="bin/run")
    assert (run["fileMode"], run["fileContent"]) == ("EXECUTABLE", b"true")
    assert (await api("get_branch", branchName="main"))["branch"]["commitId"] == made["commitId"]


async def test_a_parent_has_to_be_the_tip(api: Api, app: str) -> None:
    """TG-135"""
    second = await commit(api, app, **put("a"))
    for parent, code in (
        (None, "ParentCommitIdRequiredException"),
        (app, "ParentCommitIdOutdatedException"),
        ("0" * 40, "ParentCommitDoesNotExistException"),
        ("main", "InvalidParentCommitIdException"),
    ):
        assert await refused(commit(api, parent, **put("b"))) == code
    assert await refused(commit(api, second, "x", **put("b"))) == "BranchDoesNotExistException"


async def test_of_commits_at_once_one_wins(api: Api, app: str) -> None:
    ends = await asyncio.gather(
        *(commit(api, app, **put(f"file-{number}")) for number in range(5)),
        return_exceptions=True,
    )
    lost = [end.code for end in ends if isinstance(end, AwsError)]
    assert lost == ["ParentCommitIdOutdatedException"] * 4


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({}, "FileEntryRequiredException"),
        (put("readme.md", b"read me"), "NoChangeException"),
        (put("readme.md/x"), "DirectoryNameConflictsWithFileNameException"),
        (put("src"), "FileNameConflictsWithDirectoryNameException"),
        (put(".git/config"), "InvalidPathException"),
        (put("a//b"), "InvalidPathException"),
        (put("a\nb"), "InvalidPathException"),
        ({"putFiles": [*put("a")["putFiles"], *put("a/b")["putFiles"]]},
         "FileNameConflictsWithDirectoryNameException"),
        ({**put("a"), "deleteFiles": [{"filePath": "/a"}]}, "SamePathRequestException"),
        ({"putFiles": [{"filePath": "a"}]}, "SourceFileOrContentRequiredException"),
        ({"putFiles": [{"filePath": "a", "fileContent": b"", "sourceFile": {"filePath": "b"}}]},
         "FileContentAndSourceFileSpecifiedException"),
        ({"putFiles": [{"filePath": "a", "sourceFile": {"filePath": "b"}}]},
         "FileDoesNotExistException"),
        ({"deleteFiles": [{"filePath": "nowhere"}]}, "FileDoesNotExistException"),
        ({"setFileModes": [{"filePath": "src", "fileMode": "NORMAL"}]},
         "FileDoesNotExistException"),
        ({"putFiles": [put(str(number))["putFiles"][0] for number in range(101)]},
         "MaximumFileEntriesExceededException"),
        (put("a", b"x" * (6 << 20) + b"x"), "FileContentSizeLimitExceededException"),
        ({**put("a"), "email": "a\nb"}, "InvalidEmailException"),
        ({**put("a"), "authorName": "x" * 256}, "NameLengthExceededException"),
    ],
)  # fmt: skip
async def test_commits_that_cannot_be_made_are_refused(
    api: Api, app: str, request_: dict[str, Any], code: str
) -> None:
    assert await refused(commit(api, app, **request_)) == code
    assert (await api("get_branch", branchName="main"))["branch"]["commitId"] == app


@pytest.mark.parametrize(
    "path",
    [".GIT/config", "a/.git./x", "git~1/x", "x" * 200_000, "/".join("a" * 2000)],
)
async def test_a_path_that_git_does_not_take_is_refused_and_not_left_out(
    api: Api, app: str, path: str
) -> None:
    asked = api("put_file", branchName="main", parentCommitId=app, filePath=path, fileContent=b"x")
    assert await refused(asked) == "InvalidPathException"
    assert (await api("get_branch", branchName="main"))["branch"]["commitId"] == app


async def test_many_long_paths_are_committed_at_once(api: Api, app: str) -> None:
    folders = "/".join("d" * 200 for _ in range(15))
    paths = (f"{number}/{folders}/f" for number in range(100))
    files = [{"filePath": path, "fileContent": b"x"} for path in paths]
    made = await commit(api, app, putFiles=files)
    found = await api("get_folder", commitSpecifier=made, folderPath=f"99/{folders}")
    assert [one["relativePath"] for one in found["files"]] == ["f"]


async def test_names_as_long_as_a_request_name_nothing(api: Api, app: str) -> None:
    long = "x" * 200_000
    asked = api("get_folder", folderPath="/", commitSpecifier=long)
    assert await refused(asked) == "CommitDoesNotExistException"
    assert await refused(api("get_folder", folderPath=long)) == "InvalidPathException"


async def test_single_files_are_put_and_removed(api: Api, app: str) -> None:
    made = await api(
        "put_file", branchName="main", filePath="a/b", fileContent=b"1", parentCommitId=app,
        commitMessage="put", name="Bob <x>",
    )  # fmt: skip
    found = (await api("get_commit", commitId=made["commitId"]))["commit"]
    assert (found["author"]["name"], found["author"]["email"]) == ("Bob  x", "")
    assert (await api("get_blob", blobId=made["blobId"]))["content"] == b"1"
    tip = made["commitId"]
    same = api("put_file", branchName="main", filePath="a/b", fileContent=b"1", parentCommitId=tip)
    assert await refused(same) == "SameFileContentException"
    gone = await api("delete_file", branchName="main", filePath="a/b", parentCommitId=tip)
    assert (gone["filePath"], gone["blobId"]) == ("a/b", made["blobId"])
    assert [
        one["absolutePath"] for one in (await api("get_folder", folderPath="/"))["subFolders"]
    ] == ["src"]


async def test_what_is_not_there_says_so(api: Api, app: str) -> None:
    service = CodeCommit(None)  # type: ignore[arg-type]
    with pytest.raises(AwsError, match="CreatePullRequest"):
        service.handler("CreatePullRequest")


# Triggers


TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"


def trigger(**entry: Any) -> dict[str, Any]:
    return {"name": "t", "destinationArn": TOPIC, "events": ["all"], "branches": [], **entry}


async def test_triggers_are_replaced_and_told_of_what_they_are_about(
    api: Api, app: str, store: Store
) -> None:
    """TG-138"""
    await api("put_repository_triggers", triggers=[trigger(name="old")])
    triggers = [
        trigger(name="all", customData="mine"),
        trigger(name="made", events=["createReference"]),
        trigger(name="main", branches=["main"], events=["updateReference", "deleteReference"]),
    ]
    made = await api("put_repository_triggers", triggers=triggers)
    found = await api("get_repository_triggers")
    assert found == {"configurationId": made["configurationId"], "triggers": triggers}
    await api("create_branch", branchName="x", commitId=app)
    second = await commit(api, app, **put("a"))
    jobs = await store.database.fetch("SELECT args FROM procrastinate_jobs ORDER BY id")
    records = [row.args["message"]["Records"][0] for row in jobs]
    assert [(one["eventTriggerName"], one["codecommit"]["references"]) for one in records] == [
        ("all", [{"commit": app, "ref": "refs/heads/x", "created": True}]),
        ("made", [{"commit": app, "ref": "refs/heads/x", "created": True}]),
        ("all", [{"commit": second, "ref": "refs/heads/main"}]),
        ("main", [{"commit": second, "ref": "refs/heads/main"}]),
    ]
    assert records[0]["customData"] == "mine"
    assert records[0]["eventSourceARN"] == f"arn:aws:codecommit:{REGION}:{ACCOUNT}:app"
    assert json.dumps(jobs[0].args)


@pytest.mark.parametrize(
    ("triggers", "code"),
    [
        ([trigger(name=str(number)) for number in range(11)],
         "MaximumRepositoryTriggersExceededException"),
        ([trigger(), trigger()], "InvalidRepositoryTriggerNameException"),
        ([trigger(destinationArn="arn:aws:sqs:us-east-1:0:x")],
         "InvalidRepositoryTriggerDestinationArnException"),
        ([trigger(destinationArn=TOPIC.replace(REGION, "eu-west-1"))],
         "InvalidRepositoryTriggerRegionException"),
        ([trigger(events=["push"])], "InvalidRepositoryTriggerEventsException"),
        ([trigger(events=[])], "RepositoryTriggerEventsListRequiredException"),
        ([trigger(branches=["a..b"])], "InvalidRepositoryTriggerBranchNameException"),
    ],
)  # fmt: skip
async def test_triggers_that_cannot_be_are_refused(
    api: Api, app: str, triggers: list[dict[str, Any]], code: str
) -> None:
    assert await refused(api("put_repository_triggers", triggers=triggers)) == code
