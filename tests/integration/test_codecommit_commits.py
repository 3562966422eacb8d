"""Commits, files and folders, as CodeCommit's API reads and makes them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.services.codecommit import CodeCommit

from .commits import Api, commit, put, refused

pytestmark = pytest.mark.anyio


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
