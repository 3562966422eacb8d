"""What starts pipelines, and how that is explained, on a server that is up."""

from __future__ import annotations

import hmac
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from .mill import ROLE, Mill, action, approval, stage
from .mill import mill as mill


@pytest.fixture
def repository(mill: Mill, tmp_path: Path) -> Iterator[Path]:
    """The working tree of a hosted repository of the pipeline's name, with a pipeline on main."""
    mill.installation.client("codecommit").create_repository(repositoryName=mill.name)
    mill.bucket(f"{mill.name}-art")
    source = action("Fetch", "Source", "CodeCommit", RepositoryName=mill.name, BranchName="main")
    source["outputArtifacts"] = [{"name": "App"}]
    folder = tmp_path / "tree"
    git(folder.parent, mill, "init", "-q", "-b", "main", str(folder))
    git(folder, mill, "remote", "add", "origin", mill.good("git-url", mill.name))
    mill.pipelines.create_pipeline(
        pipeline={
            "name": mill.name,
            "roleArn": ROLE,
            "artifactStore": {"type": "S3", "location": f"{mill.name}-art"},
            "stages": [stage("Source", source), stage("Gate", approval("Ask"))],
        }
    )
    mill.watch()
    yield folder


def git(folder: Path, mill: Mill, *arguments: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    env = {"PATH": os.environ["PATH"], "HOME": str(mill.installation.home)}
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def push(folder: Path, mill: Mill, branch: str) -> str:
    git(folder, mill, "checkout", "-q", "-B", branch)
    git(folder, mill, "commit", "-q", "--allow-empty", "-m", branch)
    git(folder, mill, "push", "-q", "origin", branch)
    return git(folder, mill, "rev-parse", "HEAD")


def test_a_push_starts_a_pipeline_and_is_explained(mill: Mill, repository: Path) -> None:
    """CP-100"""
    commit = push(repository, mill, "main")
    assert mill.watch("--until", "approval").code == 0
    said = mill.good("triggers", "explain", mill.name, commit[:10])
    run = mill.runs()[0]["pipelineExecutionId"]
    assert "Fetch: a push to branch main" in said and f"started execution {run}" in said
    other = push(repository, mill, "other")
    (verdict,) = mill.json("triggers", "explain", mill.name, other)["verdicts"]
    assert verdict["execution"] is None and verdict["commit"] == other
    assert verdict["reasons"] == ["other is not its branch main"]


def test_a_commit_that_nobody_has_heard_of_is_explained_too(mill: Mill, repository: Path) -> None:
    events = mill.installation.client("events")
    arn = f"arn:aws:codepipeline:us-east-1:000000000000:{mill.name}"
    events.put_rule(Name=mill.name, EventPattern='{"source":["mill"]}', State="DISABLED")
    events.put_targets(Rule=mill.name, Targets=[{"Id": "p", "Arn": arn, "RoleArn": ROLE}])
    ran = mill("triggers", "explain", mill.name, "0" * 40)
    assert ran.code == 1
    assert f"Nothing was heard of {'0' * 40} by {mill.name}" in ran.out
    assert "Fetch: pushes to branch main" in ran.out
    assert f"rule {mill.name} starts it too (DISABLED)" in ran.out
    found = json.loads(mill("triggers", "explain", mill.name, "0" * 40, "--json").out)
    assert found["verdicts"] == [] and found["listens"] == {"Fetch": ["pushes to branch main"]}
    assert "there is no pipeline none" in mill.bad("triggers", "explain", "none", "0" * 40)


def test_the_url_of_a_repository_is_one_to_clone_from(mill: Mill, repository: Path) -> None:
    push(repository, mill, "main")
    url = mill.json("git-url", mill.name)["url"]
    git(repository.parent, mill, "clone", "-q", url, "clone")
    assert "there is no repository none" in mill.bad("git-url", "none")


def test_a_signed_delivery_to_a_webhook_starts_its_pipeline(mill: Mill) -> None:
    """CP-104"""
    mill.make()
    made = mill.pipelines.put_webhook(
        webhook={
            "name": mill.name,
            "targetPipeline": mill.name,
            "targetAction": "Fetch",
            "filters": [{"jsonPath": "$.bucket", "matchEquals": "{S3Bucket}"}],
            "authentication": "GITHUB_HMAC",
            "authenticationConfiguration": {"SecretToken": "mill-stone"},
        }
    )["webhook"]
    body = json.dumps({"bucket": f"{mill.name}-in"}).encode()
    signature = "sha256=" + hmac.new(b"mill-stone", body, "sha256").hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature}
    with urlopen(Request(made["url"], body, headers)) as answer:
        run = json.load(answer)["pipelineExecutionId"]
    trigger = mill.runs()[0]["trigger"]
    assert trigger == {"triggerType": "Webhook", "triggerDetail": made["arn"]}
    assert mill.watch("--execution", run).code == 0
    listed = mill.pipelines.get_paginator("list_webhooks").paginate().build_full_result()
    assert made["arn"] in [one["arn"] for one in listed["webhooks"] if "lastTriggered" in one]
    mill.pipelines.delete_webhook(name=mill.name)
    with pytest.raises(HTTPError, match="404"):
        urlopen(Request(made["url"], body, headers))
