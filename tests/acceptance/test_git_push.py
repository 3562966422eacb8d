"""Hosted repositories on a whole server: the aws CLI, git, its credential helper, builds, kills."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from ..needs import lacking
from .conftest import Installation

AWS = os.environ.get("AWS_CLI_V1") or shutil.which("aws")
HELPER = "!f() { %s codecommit credential-helper get --ignore-host-check; }; f"
ROLE = "arn:aws:iam::000000000000:role/build"
BUILDSPEC = (
    "version: 0.2\nphases:\n  build:\n    commands:\n      - cat greeting\n      - git log -1\n"
)


class Worktree:
    """A git work tree, and the programs that are run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q", "-b", "main")

    def commit(self, **files: str) -> str:
        for name, text in files.items():
            (self.folder / name).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change")
        return self.git("rev-parse", "HEAD")

    def start(self, *words: str, **extra: str) -> subprocess.Popen[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder.parent),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            **{
                f"GIT_{role}_{what}": "ada@example.com"
                for role in ("AUTHOR", "COMMITTER")
                for what in ("NAME", "EMAIL")
            },
        }
        return subprocess.Popen(
            words,
            cwd=self.folder,
            env=environment | extra,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, **extra: str) -> str:
        process = self.start(*words, **extra)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        return out.strip()

    def git(self, *words: str, **extra: str) -> str:
        return self.run("git", *words, **extra)


@pytest.fixture
def work(tmp_path: Path) -> Worktree:
    return Worktree(tmp_path / "work")


def aws(work: Worktree, installation: Installation, *words: str) -> Any:
    if AWS is None:
        raise lacking("the aws CLI is not here")
    told = work.run(AWS, "--endpoint-url", installation.endpoint, *words, **installation.variables)
    return json.loads(told) if told else None


def events(installation: Installation) -> list[Any]:
    with psycopg.connect(installation.database, row_factory=namedtuple_row) as connection:
        return connection.execute(
            "SELECT * FROM events WHERE source = 'aws.codecommit' ORDER BY sequence"
        ).fetchall()


def test_a_repository_is_made_pushed_to_built_and_tells_of_it(
    installation: Installation, work: Worktree, until: Callable[..., Any]
) -> None:
    """TG-137, TG-138, CB-150"""
    made = aws(work, installation, "codecommit", "create-repository", "--repository-name", "app")
    url = made["repositoryMetadata"]["cloneUrlHttp"]
    assert url == f"{installation.endpoint}/git/app"
    sns, sqs = installation.client("sns"), installation.client("sqs")
    topic = sns.create_topic(Name="pushes")["TopicArn"]
    queue = sqs.create_queue(QueueName="pushes")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["QueueArn"])
    codecommit = installation.client("codecommit")
    trigger = {"name": "t", "destinationArn": topic, "branches": ["main"], "events": ["all"]}
    codecommit.put_repository_triggers(repositoryName="app", triggers=[trigger])
    tested = codecommit.test_repository_triggers(repositoryName="app", triggers=[trigger])
    assert tested["successfulExecutions"] == ["t"]

    tip = work.commit(**{"greeting": "hello from git\n", "buildspec.yml": BUILDSPEC})
    work.git("push", url, "main")
    branch = aws(
        work, installation,
        "codecommit", "get-branch", "--repository-name", "app", "--branch-name", "main",
    )["branch"]  # fmt: skip
    assert branch == {"branchName": "main", "commitId": tip}
    assert events(installation)[-1].detail["commitId"] == tip

    def references() -> Any:
        for message in sqs.receive_message(QueueUrl=queue).get("Messages", ()):
            record = json.loads(json.loads(message["Body"])["Message"])["Records"][0]
            if record["eventName"] == "ReferenceChanges":
                return record["codecommit"]["references"]
        return None

    assert until(references) == [{"commit": tip, "ref": "refs/heads/main", "created": True}]

    location = "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/app"
    assert built(installation, location, until)["resolvedSourceVersion"] == tip


def built(installation: Installation, location: str, until: Callable[..., Any]) -> Any:
    """A build of a CODECOMMIT source that has succeeded."""
    codebuild = installation.client("codebuild")
    codebuild.create_project(
        name="app",
        source={"type": "CODECOMMIT", "location": location},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=ROLE,
    )  # fmt: skip
    build = codebuild.start_build(projectName="app")["build"]["id"]

    def ended() -> Any:
        found = codebuild.batch_get_builds(ids=[build])["builds"][0]
        return found if found["buildComplete"] else None

    found = until(ended)
    assert found["buildStatus"] == "SUCCEEDED", found["phases"]
    return found


def test_the_credential_helper_of_the_cli_is_believed_where_all_have_to_sign(
    install: Callable[..., Installation], work: Worktree, until: Callable[..., Any]
) -> None:
    """TG-136: builds fetch with their own keys."""
    if AWS is None:
        raise lacking("the aws CLI is not here")
    installation = install("--verify", "true", "--runner-where", "host").start()
    installation.client("codecommit").create_repository(repositoryName="app")
    tip = work.commit(**{"greeting": "hello\n", "buildspec.yml": BUILDSPEC})
    url = f"{installation.endpoint}/v1/repos/app"
    refused = work.start("git", "push", url, "main")
    assert "could not read Username" in refused.communicate()[1]
    helper = (
        "-c", f"credential.helper={HELPER % AWS}", "-c", "credential.useHttpPath=true",
    )  # fmt: skip
    work.git(*helper, "push", url, "main", **installation.variables)
    wrong = {**installation.variables, "AWS_SECRET_ACCESS_KEY": "wrong"}
    denied = work.start("git", *helper, "fetch", url, **wrong)
    assert "Authentication failed" in denied.communicate()[1]
    assert built(installation, url, until)["resolvedSourceVersion"] == tip
    assert events(installation)[-1].detail["callerUserArn"].startswith("arn:aws:iam::")


def test_a_push_is_recorded_though_the_server_is_killed_right_after_it(
    install: Callable[..., Installation], work: Worktree, until: Callable[..., Any]
) -> None:
    """The row is held, so that the server dies with the push done and not recorded."""
    installation = install().start()
    client = installation.client("codecommit")
    about = client.create_repository(repositoryName="app")["repositoryMetadata"]
    folder = installation.data / "repositories" / f"{about['repositoryId']}.git"
    tip = work.commit(file="1")
    with psycopg.connect(installation.database) as connection:
        connection.execute("SELECT 1 FROM repositories FOR NO KEY UPDATE")
        pushing = work.start("git", "push", about["cloneUrlHttp"], "main")
        ref = folder / "refs/heads/main"
        until(ref.exists)
        assert events(installation) == []
        installation.kill()
    pushing.communicate()
    installation.start()
    (event,) = until(lambda: events(installation))
    assert (event.detail["event"], event.detail["commitId"]) == ("referenceCreated", tip)
    client = installation.client("codecommit")
    assert client.get_branch(repositoryName="app", branchName="main")["branch"]["commitId"] == tip
    work.git("push", about["cloneUrlHttp"], "main:other")
    assert len(events(installation)) == 2
