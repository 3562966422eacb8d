"""Whoever makes a resource may be killed behind each of its requests, and does the task again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from penstock.resources import handler_of
from penstock.resources.contract import Made, TaskAction
from penstock.store.buckets import create_bucket
from penstock.store.facts import tell

from .resource_bench import ACCOUNT, NOON, REGION, Bench, InProcess
from .resource_bench import bench as bench

pytestmark = pytest.mark.anyio
Document = dict[str, Any]
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
TAGS = [{"Key": "a", "Value": "1"}]
HUB = {"ConnectionName": "NAME", "ProviderType": "GitHub", "Tags": TAGS}
COUNTS = {"MinimumCount": 0, "MaximumCount": 1}


def approval(name: str) -> Document:
    type_id = {"Category": "Approval", "Owner": "AWS", "Provider": "Manual", "Version": "1"}
    return {"Name": name, "Actions": [{"Name": "Ask", "ActionTypeId": type_id}]}


FETCH: Document = {
    "Name": "Source",
    "Actions": [
        {
            "Name": "Fetch",
            "ActionTypeId": {
                "Category": "Source", "Owner": "AWS", "Provider": "S3", "Version": "1"
            },
            "Configuration": {"S3Bucket": "source", "S3ObjectKey": "a.zip"},
            "OutputArtifacts": [{"Name": "App"}],
        }
    ],
}  # fmt: skip
PIPELINE: Document = {
    "Name": "NAME",
    "RoleArn": ROLE,
    "ArtifactStore": {"Type": "S3", "Location": "artifacts"},
    "Stages": [FETCH, approval("One")],
    "DisableInboundStageTransitions": [{"StageName": "One", "Reason": "no"}],
    "Tags": TAGS,
}
PROJECT: Document = {
    "Name": "NAME",
    "Artifacts": {"Type": "NO_ARTIFACTS"},
    "Environment": {
        "ComputeType": "BUILD_GENERAL1_SMALL",
        "Image": "aws/codebuild/standard:7.0",
        "Type": "LINUX_CONTAINER",
    },
    "ServiceRole": ROLE,
    "Source": {"Type": "GITHUB", "Location": "https://github.com/a/b.git"},
    "Triggers": {"Webhook": True},
}
TARGETS = [{"Id": "a", "Arn": f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:web"}]

CASES: list[tuple[str, Document, Document]] = [
    (
        "AWS::SSM::Parameter",
        {"Name": "NAME", "Type": "String", "Value": "a", "Tags": {"a": "1"}},
        {"Name": "NAME", "Type": "String", "Value": "b"},
    ),
    (
        "AWS::Logs::LogGroup",
        {"LogGroupName": "NAME", "RetentionInDays": 7, "Tags": TAGS},
        {"LogGroupName": "NAME"},
    ),
    (
        "AWS::S3::Bucket",
        {"BucketName": "name", "VersioningConfiguration": {"Status": "Enabled"}, "Tags": TAGS},
        {"BucketName": "name", "WebsiteConfiguration": {"IndexDocument": "i.html"}},
    ),
    (
        "AWS::SecretsManager::Secret",
        {"Name": "NAME", "GenerateSecretString": {}, "Tags": TAGS},
        {"Name": "NAME", "GenerateSecretString": {"PasswordLength": 40}},
    ),
    ("AWS::CodeBuild::Project", PROJECT, {**PROJECT, "Triggers": {}, "Description": "b"}),
    (
        "AWS::CodeBuild::ReportGroup",
        {"Name": "NAME", "Type": "TEST", "ExportConfig": {"ExportConfigType": "NO_EXPORT"}},
        {
            "Name": "NAME",
            "Type": "TEST",
            "ExportConfig": {"ExportConfigType": "NO_EXPORT"},
            "Tags": TAGS,
        },
    ),
    (
        "AWS::CodePipeline::Pipeline",
        PIPELINE,
        {
            **PIPELINE,
            "Stages": [FETCH, approval("One"), approval("Two")],
            "DisableInboundStageTransitions": [],
            "RestartExecutionOnUpdate": True,
            "Tags": [],
        },
    ),
    (
        "AWS::CodePipeline::CustomActionType",
        {
            "Category": "Build",
            "Provider": "NAME",
            "Version": "1",
            "InputArtifactDetails": COUNTS,
            "OutputArtifactDetails": COUNTS,
            "Tags": TAGS,
        },
        {
            "Category": "Build",
            "Provider": "NAME",
            "Version": "1",
            "InputArtifactDetails": COUNTS,
            "OutputArtifactDetails": COUNTS,
        },
    ),
    (
        "AWS::CodeCommit::Repository",
        {"RepositoryName": "NAME", "RepositoryDescription": "a", "Tags": TAGS},
        {"RepositoryName": "NAME2", "RepositoryDescription": "b"},
    ),
    ("AWS::CodeConnections::Connection", HUB, {**HUB, "Tags": []}),
    (
        "AWS::Events::Rule",
        {"Name": "NAME", "ScheduleExpression": "rate(1 day)", "Targets": TARGETS, "Tags": TAGS},
        {"Name": "NAME", "ScheduleExpression": "rate(2 days)"},
    ),
    (
        "AWS::Events::EventBus",
        {"Name": "NAME", "Tags": TAGS, "Policy": {"Statement": [{"Effect": "Deny"}]}},
        {"Name": "NAME", "Description": "b"},
    ),
]


class Killed(BaseException):
    pass


class Mortal:
    """Dies behind a request, which has been performed by then."""

    def __init__(self, cloud: InProcess, lives: int) -> None:
        self._cloud = cloud
        self._lives = lives

    async def ask(self, service: str, operation: str, **request: Any) -> Document:
        try:
            return await self._cloud.ask(service, operation, **request)
        finally:
            self._lives -= 1
            if self._lives == 0:
                raise Killed


@pytest.fixture
async def site(bench: Bench, tmp_path: Path) -> Bench:
    await create_bucket(bench.store.database, "artifacts", ACCOUNT, REGION, {}, NOON)
    async with bench.store.database.transaction() as connection:
        await tell(connection, "repositories", str(tmp_path / "hosted"))
        await tell(connection, "region", REGION)
    return bench


def named(properties: Document, name: str) -> Document:
    text = json.dumps(properties).replace('"NAME', f'"{name}').replace('"name"', f'"{name}"')
    return dict(json.loads(text))


@pytest.mark.parametrize(("type", "first", "then"), CASES, ids=[case[0] for case in CASES])
async def test_a_task_that_was_killed_is_done_again(
    site: Bench, type: str, first: Document, then: Document
) -> None:
    """At every place of a create, an update and a delete; what comes of it is as without."""
    whole = await story(site, type, first, then, "whole", {})
    assert min(whole.values()) > 0
    for action, requests in whole.items():
        for lives in range(1, requests + 1):
            name = f"{action}{lives}"
            await story(site, type, first, then, name, {action: lives})


async def story(
    bench: Bench,
    type: str,
    first: Document,
    then: Document,
    name: str,
    dies: dict[TaskAction, int],
) -> dict[TaskAction, int]:
    """Creates, updates and deletes, dying as told; how many requests each of these took."""
    before, after = named(first, name), named(then, name)
    taken = {}
    made, taken[TaskAction.CREATE] = await act(bench, dies, TaskAction.CREATE, name, type, before)
    assert made.physical_id
    changed, taken[TaskAction.UPDATE] = await act(
        bench, dies, TaskAction.UPDATE, name, type, after, made.physical_id, before
    )
    assert changed.physical_id == made.physical_id
    _, taken[TaskAction.DELETE] = await act(
        bench, dies, TaskAction.DELETE, name, type, after, made.physical_id
    )
    # Nothing is left: otherwise it would be somebody else's.
    assert isinstance(await bench.created(name, type, before), Made)
    await act(bench, {}, TaskAction.DELETE, name, type, before, made.physical_id)
    return taken


async def act(
    bench: Bench, dies: dict[TaskAction, int], action: TaskAction, *about: Any
) -> tuple[Made, int]:
    count = Counting(bench.cloud)
    job = bench.job(action, *about)
    handler = getattr(handler_of(job.task.type), action)
    if action in dies:
        with pytest.raises(Killed):
            await handler(job._replace(cloud=Mortal(bench.cloud, dies[action])))
    outcome = await handler(job._replace(cloud=count, again=action in dies))
    assert isinstance(outcome, Made), outcome
    return outcome, count.requests


class Counting:
    def __init__(self, cloud: InProcess) -> None:
        self._cloud = cloud
        self.requests = 0

    async def ask(self, service: str, operation: str, **request: Any) -> Document:
        self.requests += 1
        return await self._cloud.ask(service, operation, **request)
