"""Repositories that stacks make (TG-135)."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.state.stacks import NotMade
from penstock.store.buckets import create_bucket
from penstock.store.facts import tell
from penstock.store.objects import put_object

from .resource_bench import ACCOUNT, NOON, REGION, Bench
from .resource_bench import bench as bench

pytestmark = pytest.mark.anyio
REPOSITORY = "AWS::CodeCommit::Repository"
APP: dict[str, Any] = {"RepositoryName": "app"}
CODE = {**APP, "Code": {"S3": {"Bucket": "seed", "Key": "app.zip"}, "BranchName": "trunk"}}
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:pushes"


@pytest.fixture
async def hosted(bench: Bench, tmp_path: Path) -> None:
    async with bench.store.database.transaction() as connection:
        await tell(connection, "repositories", str(tmp_path / "hosted"))
        await tell(connection, "region", REGION)


async def seed(bench: Bench, files: dict[str, bytes]) -> None:
    await create_bucket(bench.store.database, "seed", ACCOUNT, REGION, {}, NOON)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o755 if name.endswith(".sh") else 0o644) << 16
            archive.writestr(info, data)
    await put_object(bench.store, "seed", "app.zip", buffer.getvalue(), now=NOON)


async def file(bench: Bench, path: str) -> Any:
    return await bench.ask(
        "codecommit", "GetFile", repositoryName="app", filePath=path, commitSpecifier="trunk"
    )


async def test_a_repository_is_created_changed_and_deleted(bench: Bench, hosted: None) -> None:
    trigger = {"Name": "t", "DestinationArn": TOPIC, "Events": ["all"]}
    asked = {
        **APP,
        "RepositoryDescription": "the app",
        "Tags": [{"Key": "a", "Value": "1"}],
        "Triggers": [trigger],
    }
    made = await bench.create("App", REPOSITORY, asked)
    assert made.attributes == {
        "Arn": f"arn:aws:codecommit:{REGION}:{ACCOUNT}:app",
        "CloneUrlHttp": "http://127.0.0.1:4545/git/app",
        "CloneUrlSsh": "ssh://git-codecommit.us-east-1.amazonaws.com/v1/repos/app",
        "Name": "app",
        "RepositoryId": made.physical_id,
    }
    found = await bench.ask("codecommit", "GetRepository", repositoryName="app")
    assert found["repositoryMetadata"]["repositoryId"] == made.physical_id
    assert found["repositoryMetadata"]["repositoryDescription"] == "the app"
    triggers = await bench.ask("codecommit", "GetRepositoryTriggers", repositoryName="app")
    assert triggers["triggers"][0]["destinationArn"] == TOPIC

    changed = await bench.update("App", {"RepositoryName": "web"})
    assert changed.physical_id == made.physical_id
    assert changed.attributes["Name"] == "web"
    found = await bench.ask("codecommit", "GetRepository", repositoryName="web")
    assert "repositoryDescription" not in found["repositoryMetadata"]
    triggers = await bench.ask("codecommit", "GetRepositoryTriggers", repositoryName="web")
    assert triggers["triggers"] == []
    arn = changed.attributes["Arn"]
    tags = await bench.ask("codecommit", "ListTagsForResource", resourceArn=arn)
    assert tags["tags"] == {"team": "web"}
    await bench.delete("App")
    with pytest.raises(AwsError, match="RepositoryDoesNotExistException"):
        await bench.ask("codecommit", "GetRepository", repositoryName="web")


async def test_the_files_of_an_archive_are_the_first_commit(bench: Bench, hosted: None) -> None:
    await seed(bench, {"a.txt": b"one", "deep/run.sh": b"true", ".gitignore": b"*.log\n",
                       "kept.log": b"", "crlf.txt": b"a\r\n"})  # fmt: skip
    await bench.create("App", REPOSITORY, CODE)
    assert (await file(bench, "a.txt"))["fileContent"] == b"one"
    assert (await file(bench, "deep/run.sh"))["fileMode"] == "EXECUTABLE"
    assert (await file(bench, "kept.log"))["fileContent"] == b""
    assert (await file(bench, "crlf.txt"))["fileContent"] == b"a\r\n"
    branch = await bench.ask("codecommit", "GetBranch", repositoryName="app", branchName="trunk")
    commit = branch["branch"]["commitId"]
    about = await bench.ask("codecommit", "GetCommit", repositoryName="app", commitId=commit)
    assert (about["commit"]["parents"], about["commit"]["message"]) == ([], "Initial commit")

    await bench.create("App", REPOSITORY, CODE, again=True)
    after = await bench.ask("codecommit", "GetBranch", repositoryName="app", branchName="trunk")
    assert after["branch"]["commitId"] == commit
    await bench.update("App", {**CODE, "Code": {"S3": {"Bucket": "x", "Key": "y"}}})


async def test_more_files_than_one_request_takes(bench: Bench, hosted: None) -> None:
    await seed(bench, {f"{number}.txt": b"x" for number in range(150)})
    await bench.create("App", REPOSITORY, CODE)
    assert (await file(bench, "149.txt"))["fileContent"] == b"x"


async def test_an_archive_that_is_none_leaves_a_repository_to_be_deleted(
    bench: Bench, hosted: None
) -> None:
    outcome = await bench.created("App", REPOSITORY, CODE)
    assert isinstance(outcome, NotMade)
    assert "bucket does not exist" in outcome.reason
    assert outcome.physical_id
    await create_bucket(bench.store.database, "seed", ACCOUNT, REGION, {}, NOON)
    await put_object(bench.store, "seed", "app.zip", b"no archive", now=NOON)
    outcome = await bench.created("App", REPOSITORY, CODE, again=True)
    assert isinstance(outcome, NotMade)
    assert "Code.S3: " in outcome.reason


async def test_a_repository_of_somebody_else_is_refused(bench: Bench, hosted: None) -> None:
    await bench.create("App", REPOSITORY, APP)
    assert "already exists" in await bench.refused("App", REPOSITORY, APP)
    told = await bench.refused("New", REPOSITORY, {**APP, "RepositoryName": "new", "Branch": "a"})
    assert told.endswith("Encountered unsupported property Branch")
