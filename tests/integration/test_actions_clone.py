"""Artifacts that say where builds clone from, and builds that do (CP-121, CP-122)."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from penstock.services.codecommit import CodeCommit
from penstock.services.codeconnections import CodeConnections
from penstock.state.calls import Call
from penstock.state.pipelines import RunStatus
from penstock.store.facts import tell

from .hosting import serving
from .mill import Mill, build, commands
from .plant import Document, action, stage
from .yard import Yard, spec

pytestmark = pytest.mark.anyio

LOOK = spec(
    "git log --format=subject:%s",
    "git status --porcelain --branch; git remote get-url origin",
    'test "$(git rev-parse HEAD)" = $CODEBUILD_RESOLVED_SOURCE_VERSION',
    "cat file; ls -a $CODEBUILD_SRC_DIR",
)
SPEAK = {"OutputArtifactFormat": "CODEBUILD_CLONE_REF"}
CODECOMMIT = "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/app"


@pytest.fixture
async def mill(yard: Yard) -> Mill:
    mill = Mill(yard)
    await mill.stock()
    return mill


@pytest.fixture
async def hosted(mill: Mill, tmp_path: Path, call_of: Callable[..., Call]) -> AsyncIterator[str]:
    """A server that hosts the repository app, whose main has two commits; the second's id."""
    async with serving(mill.store) as url:
        async with mill.store.database.transaction() as connection:
            await tell(connection, "repositories", str(tmp_path / "hosted"))
            await tell(connection, "region", "us-east-1")
            await tell(connection, "endpoint", url)
        service, call = CodeCommit(mill.store), call_of("codecommit", "CreateCommit")
        await service.create_repository(call, {"repositoryName": "app"})
        tip: dict[str, str] = {}
        for message in ("first", "second"):
            file = {"filePath": "file", "fileContent": f"{message}\n".encode()}
            asked: Any = {
                "repositoryName": "app", "branchName": "main", "commitMessage": message,
                "putFiles": [file], **tip,
            }  # fmt: skip
            made = await service.create_commit(call, asked)
            tip = {"parentCommitId": made["commitId"]}
        yield tip["parentCommitId"]


def source(**configuration: str) -> Document:
    asked: Any = {"RepositoryName": "app", "BranchName": "main", **SPEAK, **configuration}
    return action("Fetch", "CodeCommit", category="Source", outputs=("App",), **asked)


async def played(mill: Mill, fetch: Document, *actions: Document) -> Any:
    await mill.create(stage("Source", fetch), stage("Build", *actions))
    run = await mill.begin()
    async with mill.yard.worker():
        return await mill.ended(run)


async def test_a_build_clones_all_history_at_the_commit(mill: Mill, hosted: str) -> None:
    """CP-121"""
    await mill.project("look", LOOK)
    run = await played(mill, source(), build("Look", "look"))
    log = await mill.log("Look")
    assert run.status == RunStatus.SUCCEEDED, log
    assert {"subject:first", "subject:second", "second", "file", ".git"} <= set(log)
    assert CODECOMMIT in log
    external = (await mill.actions())["Look"].external_id
    asked = await mill.yard.ask("codebuild", "BatchGetBuilds", ids=[external])
    assert asked["builds"][0]["resolvedSourceVersion"] == hosted


async def test_a_secondary_input_is_cloned_too(mill: Mill, hosted: str) -> None:
    """CP-121"""
    fetch = action(
        "Other", "S3", category="Source", outputs=("Zip",),
        S3Bucket="source", S3ObjectKey="app.zip",
    )  # fmt: skip
    await mill.project("look", spec("cat readme.txt; git -C $CODEBUILD_SRC_DIR_App log --oneline"))
    await mill.create(
        stage("Source", source(), fetch),
        stage("Build", build("Look", "look", inputs=("Zip", "App"), PrimarySource="Zip")),
    )
    run = await mill.begin()
    async with mill.yard.worker():
        await mill.ended(run)
    log = await mill.log("Look")
    assert "hello" in log
    assert any(line.endswith(" second") for line in log)


async def test_only_codebuild_takes_a_reference(mill: Mill, hosted: str) -> None:
    """CP-121"""
    await mill.bucket("site")
    deploy = action("Copy", "S3", inputs=("App",), BucketName="site", Extract="true")
    await played(mill, source(), deploy, commands("Run", "true"))
    for name in ("Copy", "Run"):
        code, message = await mill.failure(name)
        assert code == "ConfigurationError"
        assert message.startswith("App: this artifact only says where to clone a commit from")
        assert message.endswith("give its source action the format CODE_ZIP")


# Behind connections


@pytest.fixture
async def repository(tmp_path: Path) -> Path:
    """The repository ada/app, a bare one on this disk."""
    folder, who = tmp_path / "work", ("-c", "user.name=Ada", "-c", "user.email=a@b")
    subprocess.run(("git", "init", "-q", "-b", "main", str(folder)), check=True)
    (folder / "file").write_text("elsewhere\n")
    for words in (
        ("-C", str(folder), "add", "file"),
        ("-C", str(folder), "commit", "-q", "-m", "first"),
        ("clone", "-q", "--bare", str(folder), str(tmp_path / "ada/app.git")),
    ):
        subprocess.run(("git", *who, *words), check=True)
    return folder


async def connect(mill: Mill, call_of: Callable[..., Call], place: str) -> str:
    """The ARN of a connection to GitHub, whose repositories are at `place`, and its token."""
    async with mill.store.database.transaction() as connection:
        await tell(connection, "connections", {"GitHub": place})
        await tell(connection, "connection_tokens", {"GitHub": "hub"})
    await mill.yard.ask(
        "secretsmanager", "CreateSecret", Name="hub", SecretString="s3cr3t",
        ClientRequestToken="x" * 32,
    )  # fmt: skip
    made = await CodeConnections(mill.store).create_connection(
        call_of("codestar-connections", "CreateConnection"),
        {"ConnectionName": "hub", "ProviderType": "GitHub"},
    )
    arn: str = made["ConnectionArn"]
    return arn


async def test_a_commit_behind_a_connection_is_cloned(
    mill: Mill, repository: Path, tmp_path: Path, call_of: Callable[..., Call]
) -> None:
    """CP-122"""
    arn = await connect(mill, call_of, f"{tmp_path}/{{repository}}.git")
    asked: Any = {
        "ConnectionArn": arn, "FullRepositoryId": "ada/app", "BranchName": "main", **SPEAK,
    }  # fmt: skip
    fetch = action(
        "Fetch", "CodeStarSourceConnection", category="Source", outputs=("App",), **asked
    )
    await mill.project("look", LOOK)
    run = await played(mill, fetch, build("Look", "look"))
    log = await mill.log("Look")
    assert run.status == RunStatus.SUCCEEDED, log
    assert {"subject:first", "elsewhere"} <= set(log)


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, list[str]]]:
    """A server that lets nobody in, and the passwords that it was given."""
    given: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        given.extend(
            base64.b64decode(line.split()[2]).decode()
            for line in request.splitlines()
            if line.lower().startswith("authorization: basic ")
        )
        writer.write(
            b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\n"
            b"Content-Length: 0\r\nConnection: close\r\n\r\n"
        )
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", given


async def forged(mill: Mill, **reference: str) -> str:
    """How a build fails whose input another build has written to be a reference."""
    given = {"type": "GITHUB", "commit": "1" * 40, "branch": "main", **reference}
    written = json.dumps({"location": "", **given}).replace('"', '\\"')
    await mill.project(
        "forge",
        json.dumps(
            {
                "version": 0.2,
                "phases": {"build": {"commands": [f'echo "{written}" > penstock-clone.json']}},
                "artifacts": {"files": ["penstock-clone.json"]},
            }
        ),
    )
    await mill.project("look", LOOK)
    await mill.played(
        build("Forge", "forge", outputs=("Out",)),
        build("Look", "look", inputs=("Out",)) | {"runOrder": 2},
    )
    return (await mill.failure("Look"))[1]


async def test_the_token_of_a_connection_goes_to_its_repositories_alone(
    mill: Mill, call_of: Callable[..., Call]
) -> None:
    """CP-122"""
    async with listening() as (url, given), listening() as (other, stolen):
        arn = await connect(mill, call_of, f"{url}/{{repository}}.git")
        message = await forged(mill, location=f"{url}/ada/app.git", connection=arn)
        assert set(given) == {"x-access-token:s3cr3t"}
        assert "git fetch failed" in message
        assert "s3cr3t" not in message
        mill.name = mill.name._replace(name="other")
        await mill.store.database.execute("DELETE FROM projects")
        await mill.store.database.execute("DELETE FROM pipelines")
        message = await forged(mill, location=f"{other}/ada/app.git", connection=arn)
        assert "is no repository of the connection hub" in message
        assert stolen == []


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("/srv/app.git", "is no repository of CodeCommit"),
        ("ext::sh -c touch% x", "is no repository of CodeCommit"),
        (f"{CODECOMMIT}/../../x", "is no repository of CodeCommit"),
    ],
)
async def test_a_reference_leads_to_no_file_and_no_program(
    mill: Mill, location: str, words: str
) -> None:
    """CP-121"""
    assert words in await forged(mill, location=location, connection="")


async def test_a_connection_leads_out_of_its_place_to_nothing(
    mill: Mill, repository: Path, tmp_path: Path, call_of: Callable[..., Call]
) -> None:
    """CP-122"""
    arn = await connect(mill, call_of, f"{tmp_path}/ada/{{repository}}.git")
    message = await forged(mill, location=f"{tmp_path}/ada/../ada/app.git", connection=arn)
    assert "is no repository of the connection hub" in message
