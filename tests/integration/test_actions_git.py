"""Commits as sources: of hosted repositories, behind connections, and of GitHub (CP-121…123)."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from penstock.actions.git_sources import (
    CloneReference,
    Remote,
    read_reference,
    remote_environment,
    write_reference,
)
from penstock.actions.source_connection import commit_url
from penstock.services.codecommit import CodeCommit
from penstock.services.codeconnections import CodeConnections
from penstock.services.secretsmanager import SecretsManager
from penstock.state.calls import Call
from penstock.state.pipelines import Override, Run
from penstock.store import Store
from penstock.store.facts import tell

from .plant import APPROVE, Plant, action, stage

pytestmark = pytest.mark.anyio

ATTRIBUTES = b"secret export-ignore\n* text eol=crlf\nversion export-subst\n"


@pytest.fixture
async def plant(store: Store, tmp_path: Path) -> Plant:
    async with store.database.transaction() as connection:
        await tell(connection, "repositories", str(tmp_path / "hosted"))
        await tell(connection, "region", "us-east-1")
        await tell(connection, "endpoint", "http://127.0.0.1:1")
    plant = Plant(store)
    await plant.bucket("artifacts", versioned=True)
    return plant


@pytest.fixture
async def tip(plant: Plant, call_of: Callable[..., Call]) -> str:
    """The hosted repository app, whose main has one commit; its id."""
    service, call = CodeCommit(plant.store), call_of("codecommit", "CreateCommit")
    await service.create_repository(call, {"repositoryName": "app"})
    files = {".gitattributes": ATTRIBUTES, "secret": b"here\n", "version": b"$Format:%H$\n",
             "src/run.sh": b"true\n"}  # fmt: skip
    made = await service.create_commit(
        call,
        {
            "repositoryName": "app",
            "branchName": "main",
            "commitMessage": "Fix the door\n\nIt was open.\n",
            "putFiles": [
                {"filePath": path, "fileContent": content, "fileMode": "EXECUTABLE"}
                for path, content in files.items()
            ],
        },
    )
    found: str = made["commitId"]
    return found


def hosted(**configuration: str) -> dict[str, Any]:
    asked: Any = {"RepositoryName": "app", "BranchName": "main", **configuration}
    return {
        **action("Fetch", "CodeCommit", category="Source", outputs=("App",), **asked),
        "namespace": "Src",
    }


async def played(plant: Plant, source: dict[str, Any], **asked: Any) -> Run:
    if not await plant.store.database.fetch("SELECT 1 FROM pipelines"):
        await plant.create(stage("Source", source), stage("Ask", APPROVE))
    run = await plant.begin(**asked)
    await plant.work(times=2)
    return await plant.run(run)


async def failure(plant: Plant, source: dict[str, Any], **asked: Any) -> tuple[str, str]:
    await played(plant, source, **asked)
    row = (await plant.actions())["Fetch"]
    return row.error["code"], row.error["message"]


async def unzipped(plant: Plant, run: Run) -> dict[str, bytes]:
    artifact = run.artifacts["App"]
    with zipfile.ZipFile(io.BytesIO(await plant.read(artifact.bucket, artifact.key))) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name[-1] != "/"}


async def test_a_hosted_commit_is_a_zip_of_all_its_files_as_they_are(
    plant: Plant, tip: str
) -> None:
    """CP-121"""
    run = await played(plant, hosted())
    assert run.revisions["Fetch"].id == tip
    assert run.revisions["Fetch"].summary == "Fix the door\n\nIt was open."
    assert run.variables["Src"] == {
        "RepositoryName": "app",
        "BranchName": "main",
        "CommitId": tip,
        "CommitMessage": "Fix the door\n\nIt was open.",
        "AuthorDate": "2026-03-01T12:00:00Z",
        "CommitterDate": "2026-03-01T12:00:00Z",
    }
    assert await unzipped(plant, run) == {
        ".gitattributes": ATTRIBUTES, "secret": b"here\n", "version": b"$Format:%H$\n",
        "src/run.sh": b"true\n",
    }  # fmt: skip
    first = await plant.read("artifacts", run.artifacts["App"].key)
    again = await played(plant, hosted())
    assert await plant.read("artifacts", again.artifacts["App"].key) == first


async def test_a_start_may_ask_for_another_commit(
    plant: Plant, tip: str, call_of: Callable[..., Call]
) -> None:
    """CP-102"""
    await CodeCommit(plant.store).put_file(
        call_of("codecommit", "PutFile"),
        {"repositoryName": "app", "branchName": "main", "filePath": "new", "fileContent": b"",
         "parentCommitId": tip},
    )  # fmt: skip
    run = await played(plant, hosted(), overrides=(Override("Fetch", "COMMIT_ID", tip),))
    assert run.revisions["Fetch"].id == tip
    assert "new" not in await unzipped(plant, run)


@pytest.mark.parametrize(
    ("configuration", "overrides", "code"),
    [
        ({"RepositoryName": "other"}, (), "ConfigurationError"),
        ({"BranchName": "other"}, (), "RevisionUnavailable"),
        ({}, (Override("Fetch", "COMMIT_ID", "0" * 40),), "RevisionUnavailable"),
        ({}, (Override("Fetch", "COMMIT_ID", "--all"),), "ConfigurationError"),
        ({}, (Override("Fetch", "S3_OBJECT_KEY", "x"),), "ConfigurationError"),
    ],
)
async def test_what_is_not_there_fails_the_action(
    plant: Plant, tip: str, configuration: dict[str, str], overrides: Any, code: str
) -> None:
    found, message = await failure(plant, hosted(**configuration), overrides=overrides)
    assert found == code
    assert message


async def test_a_reference_says_where_builds_clone_from(plant: Plant, tip: str) -> None:
    """CP-121"""
    run = await played(plant, hosted(OutputArtifactFormat="CODEBUILD_CLONE_REF"))
    (content,) = (await unzipped(plant, run)).values()
    assert json.loads(content) == {
        "type": "CODECOMMIT",
        "location": "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/app",
        "commit": tip,
        "branch": "main",
        "connection": "",
    }


def test_only_references_are_read_as_such(tmp_path: Path) -> None:
    reference = CloneReference("GITHUB", "https://x", "c", "main", "arn")
    path = tmp_path / "reference.zip"
    write_reference(reference, str(path))
    assert read_reference(str(path)) == reference
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more", "")
    assert read_reference(str(path)) is None
    path.write_bytes(b"no zip")
    assert read_reference(str(path)) is None


# Elsewhere


@pytest.fixture
def elsewhere(tmp_path: Path) -> str:
    """The repository ada/app, a bare one on this disk; the id of its first commit of two."""
    folder = tmp_path / "work"
    for words in (
        ("init", "-q", "-b", "main", str(folder)),
        ("-C", str(folder), "commit", "-q", "--allow-empty", "-m", "first"),
        ("-C", str(folder), "commit", "-q", "--allow-empty", "-m", "second"),
        ("clone", "-q", "--bare", str(folder), str(tmp_path / "ada/app.git")),
    ):
        who = ("-c", "user.name=Ada", "-c", "user.email=a@b")
        subprocess.run(("git", *who, *words), check=True)
    return subprocess.check_output(
        ("git", "-C", str(folder), "rev-parse", "HEAD~1"), text=True
    ).strip()


async def connect(plant: Plant, call_of: Callable[..., Call], place: str | None) -> str:
    """The ARN of a connection to GitHub, whose repositories are at `place`."""
    if place is not None:
        async with plant.store.database.transaction() as connection:
            await tell(connection, "connections", {"GitHub": place})
            await tell(connection, "connection_tokens", {"GitHub": "hub"})
    secret = {"Name": "hub", "SecretString": "s3cr3t", "ClientRequestToken": "x" * 32}
    call = call_of("secretsmanager", "CreateSecret")
    await SecretsManager(plant.store).create_secret(call, secret)
    made = await CodeConnections(plant.store).create_connection(
        call_of("codestar-connections", "CreateConnection"),
        {"ConnectionName": "hub", "ProviderType": "GitHub"},
    )
    arn: str = made["ConnectionArn"]
    return arn


def connected(arn: str, repository: str = "ada/app", branch: str = "main") -> dict[str, Any]:
    asked: Any = {"ConnectionArn": arn, "FullRepositoryId": repository, "BranchName": branch}
    return {
        **action("Fetch", "CodeStarSourceConnection", category="Source", outputs=("App",), **asked),
        "namespace": "Src",
    }


async def test_a_commit_behind_a_connection_is_fetched(
    plant: Plant, elsewhere: str, tmp_path: Path, call_of: Callable[..., Call]
) -> None:
    """CP-122"""
    arn = await connect(plant, call_of, f"{tmp_path}/{{repository}}.git")
    run = await played(plant, connected(arn))
    revision, variables = run.revisions["Fetch"], run.variables["Src"]
    assert json.loads(revision.summary) == {"ProviderType": "GitHub", "CommitMessage": "second"}
    assert variables.items() >= {
        "FullRepositoryName": "ada/app", "BranchName": "main", "CommitId": revision.id,
        "CommitMessage": "second", "ConnectionArn": arn,
    }.items()  # fmt: skip
    assert set(variables) == {
        "FullRepositoryName", "BranchName", "CommitId", "CommitMessage", "AuthorDate",
        "ConnectionArn",
    }  # fmt: skip
    old = await played(
        plant, connected(arn), overrides=(Override("Fetch", "COMMIT_ID", elsewhere),)
    )
    assert old.revisions["Fetch"].id == elsewhere


@pytest.mark.parametrize(
    ("repository", "branch", "code"),
    [
        ("ada/other", "main", "RevisionUnavailable"),
        ("ada/app", "other", "RevisionUnavailable"),
        ("../ada/app", "main", "ConfigurationError"),
        ("ada/../../etc", "main", "ConfigurationError"),
        ("app", "main", "ConfigurationError"),
        ("ada/app", "--upload-pack=x", "ConfigurationError"),
    ],
)
async def test_repositories_that_cannot_be_fetched_fail_the_action(
    plant: Plant,
    elsewhere: str,
    tmp_path: Path,
    call_of: Callable[..., Call],
    repository: str,
    branch: str,
    code: str,
) -> None:
    arn = await connect(plant, call_of, f"{tmp_path}/{{repository}}.git")
    assert (await failure(plant, connected(arn, repository, branch)))[0] == code


async def test_a_password_in_the_setting_stands_in_no_message(
    plant: Plant, call_of: Callable[..., Call]
) -> None:
    place = "http://ada:s3same@127.0.0.1:1/{repository}.git"
    code, message = await failure(plant, connected(await connect(plant, call_of, place)))
    assert (code, "s3same" in message) == ("RevisionUnavailable", False)
    assert commit_url(place, "1") == "http://127.0.0.1:1/{repository}/commit/1"


async def test_connections_that_were_made_elsewhere_may_have_a_stand_in(
    plant: Plant, elsewhere: str, tmp_path: Path
) -> None:
    """CP-122: their ARNs are in the templates of teams"""
    async with plant.store.database.transaction() as connection:
        await tell(connection, "connections", {"*": f"{tmp_path}/{{repository}}.git"})
    arn = "arn:aws:codeconnections:eu-west-1:123456789012:connection/0f6a"
    run = await played(plant, connected(arn))
    assert run.variables["Src"]["CommitMessage"] == "second"
    assert run.variables["Src"]["ConnectionArn"] == arn


async def test_a_pending_connection_says_what_to_set(
    plant: Plant, call_of: Callable[..., Call]
) -> None:
    """CP-122"""
    arn = await connect(plant, call_of, None)
    code, message = await failure(plant, connected(arn))
    assert (code, "GitHub" in message) == ("ConfigurationError", True)
    unknown = await failure(plant, connected(arn + "x"))
    assert unknown[0] == "ConfigurationError"


async def test_a_repository_that_never_answers_is_waited_for_until_the_deadline(
    plant: Plant, call_of: Callable[..., Call]
) -> None:
    """CP-055: else a few of these would keep a worker from starting anything."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        place = f"git://127.0.0.1:{mute.getsockname()[1]}/{{repository}}"
        source = connected(await connect(plant, call_of, place))
        await plant.create(stage("Source", source), stage("Ask", APPROVE))
        await plant.begin()
        await plant.store.database.execute(
            "UPDATE action_executions SET deadline = %s", (plant.now + timedelta(seconds=3),)
        )
        await plant.work()
    row = (await plant.actions())["Fetch"]
    assert "has timed out" in row.error["message"]
    assert not [one for one in psutil.Process().children(recursive=True) if one.name() == "git"]


def test_tokens_stand_in_no_argument_and_go_to_their_host_alone() -> None:
    remote = Remote("https://example.com/ada/app.git", "x-access-token", "s3cr3t")
    given = remote_environment(remote, {"PATH": "/bin", "GIT_DIR": "/elsewhere"})
    assert "GIT_DIR" not in given
    assert given["GIT_CONFIG_KEY_2"] == "credential.https://example.com.helper"
    assert [name for name, value in given.items() if "s3cr3t" in value] == ["PENSTOCK_GIT_TOKEN"]
    local = remote_environment(Remote("/srv/app.git", "x", "s3cr3t"), {})
    assert "s3cr3t" not in local.values()


async def test_a_commit_on_github_is_fetched_with_the_actions_token(
    plant: Plant, elsewhere: str, tmp_path: Path
) -> None:
    """CP-123"""
    async with plant.store.database.transaction() as connection:
        await tell(connection, "connections", {"GitHub": f"{tmp_path}/{{repository}}.git"})
    asked: Any = {"Owner": "ada", "Repo": "app", "Branch": "main", "OAuthToken": "s3cr3t"}
    source = action(
        "Fetch", "GitHub", category="Source", owner="ThirdParty", outputs=("App",), **asked
    )
    run = await played(plant, {**source, "namespace": "Src"})
    variables = run.variables["Src"]
    page = f"https://github.com/ada/app/commit/{variables['CommitId']}"
    assert variables["CommitUrl"] == run.revisions["Fetch"].url == page
    assert run.revisions["Fetch"].summary == "second"
