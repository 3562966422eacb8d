"""CodeCommit's API, and a repository with a commit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.services.codecommit import CodeCommit
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.facts import tell

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
