"""A stack of many types, from its template to its end, as the API and workers see to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from penstock.store import Store
from penstock.store.facts import tell
from penstock.worker.cloud import Clouds
from penstock.worker.stacks import perform_resource

from .stack_desk import StackDesk

pytestmark = pytest.mark.anyio
ENDPOINT = "http://127.0.0.1:4545"


def get(name: str, attribute: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, attribute]}


def ref(name: str) -> dict[str, Any]:
    return {"Ref": name}


ROLE = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/pipeline"}
FETCH = {
    "Name": "Fetch",
    "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "CodeCommit", "Version": 1},
    "Configuration": {
        "RepositoryName": get("App", "Name"), "BranchName": "main", "PollForSourceChanges": False
    },
    "OutputArtifacts": [{"Name": "App"}],
}  # fmt: skip
BUILD = {
    "Name": "Build",
    "ActionTypeId": {"Category": "Build", "Owner": "AWS", "Provider": "CodeBuild", "Version": "1"},
    "Configuration": {"ProjectName": ref("Project")},
    "InputArtifacts": [{"Name": "App"}],
}
RESOURCES: dict[str, Any] = {
    "Artifacts": {"Type": "AWS::S3::Bucket"},
    "ArtifactsPolicy": {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": ref("Artifacts"),
            "PolicyDocument": {
                "Statement": [
                    {"Effect": "Deny", "Principal": "*", "Action": "s3:*",
                     "Resource": {"Fn::Sub": "${Artifacts.Arn}/*"},
                     "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
                ]
            },
        },
    },
    "App": {"Type": "AWS::CodeCommit::Repository", "Properties": {"RepositoryName": "app"}},
    "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}},
    "Token": {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": {}}},
    "Project": {
        "Type": "AWS::CodeBuild::Project",
        "Properties": {
            "Artifacts": {"Type": "CODEPIPELINE"},
            "Environment": {
                "ComputeType": "BUILD_GENERAL1_SMALL",
                "EnvironmentVariables": [
                    {"Name": "TOKEN", "Type": "SECRETS_MANAGER", "Value": ref("Token")}
                ],
                "Image": "aws/codebuild/standard:7.0",
                "Type": "LINUX_CONTAINER",
            },
            "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": ref("Logs")}},
            "ServiceRole": ROLE,
            "Source": {"Type": "CODEPIPELINE"},
        },
    },
    "Pipeline": {
        "Type": "AWS::CodePipeline::Pipeline",
        "Properties": {
            "ArtifactStore": {"Type": "S3", "Location": ref("Artifacts")},
            "RoleArn": ROLE,
            "Stages": [
                {"Name": "Source", "Actions": [FETCH]}, {"Name": "Build", "Actions": [BUILD]}
            ],
        },
    },
    "Pushes": {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventPattern": {"source": ["aws.codecommit"], "resources": [get("App", "Arn")]},
            "Targets": [{"Id": "Pipeline", "Arn": get("Pipeline", "Arn"), "RoleArn": ROLE}],
        },
    },
    "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
    "Version": {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Value": get("Pipeline", "Version")},
    },
    "CDKMetadata": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2:"}},
}  # fmt: skip
OUTPUTS = {
    "Pipeline": {"Value": ref("Pipeline")},
    "Version": {"Value": get("Version", "Value")},
    "Url": {"Value": get("App", "CloneUrlHttp")},
}


class Office(StackDesk):
    """Its workers ask the real services."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.clouds = Clouds(store)

    async def work(self, **_: str) -> None:
        while rows := await self.store.database.fetch(
            "SELECT id FROM stack_tasks WHERE due IS NULL"
        ):
            for row in rows:
                await perform_resource(self.clouds, row.id, lambda: self.now)

    async def events(self, name: str) -> dict[str, str]:
        """The latest of each resource."""
        found = (await self("describe_stack_events", StackName=name))["StackEvents"]
        return {
            one["LogicalResourceId"]: " ".join(
                filter(None, (one["ResourceStatus"], one.get("ResourceStatusReason")))
            )
            for one in reversed(found)
        }


@pytest.fixture
async def office(store: Store, tmp_path: Path) -> Office:
    async with store.database.transaction() as connection:
        for name, value in (
            ("endpoint", ENDPOINT),
            ("repositories", str(tmp_path / "hosted")),
            ("region", "us-east-1"),
        ):
            await tell(connection, name, value)
    return Office(store)


async def test_a_pipeline_with_all_that_it_needs(office: Office) -> None:
    body = {"Resources": RESOURCES, "Outputs": OUTPUTS}
    arn = await office.made_of("shop", body, Tags=[{"Key": "team", "Value": "web"}])
    events = await office.events("shop")
    assert {one.split()[0] for one in events.values()} == {"CREATE_COMPLETE"}, events
    stack = await office.stack("shop")
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    assert outputs["Version"] == "1"
    assert outputs["Url"] == f"{ENDPOINT}/git/app"
    assert outputs["Pipeline"].startswith("shop-Pipeline-")

    changed = {name: one for name, one in RESOURCES.items() if name not in ("Pushes", "Handle")}
    changed["Logs"] = {"Type": "AWS::Logs::LogGroup"}
    await office("update_stack", StackName="shop", TemplateBody={"Resources": changed})
    await office.work()
    assert (await office.stack("shop"))["StackStatus"] == "UPDATE_COMPLETE"
    for table in ("event_rules", "signal_handles"):
        assert await office.store.database.fetch(f"SELECT 1 FROM {table}") == [], table

    await office("delete_stack", StackName="shop")
    await office.work()
    assert (await office.stack(arn))["StackStatus"] == "DELETE_COMPLETE"
    tables = ("pipelines", "projects", "buckets", "repositories", "secrets", "log_groups")
    for table in (*tables, "parameters", "event_rules", "signal_handles"):
        assert await office.store.database.fetch(f"SELECT 1 FROM {table}") == [], table


async def test_what_fails_is_told_and_taken_back(office: Office) -> None:
    """TG-119"""
    taken = {"Type": "AWS::SSM::Parameter",
             "Properties": {"Name": "/taken", "Type": "String", "Value": "a"}}  # fmt: skip
    await office.made_of("first", {"Resources": {"One": taken}})
    after = {**taken, "DependsOn": "Artifacts"}
    body = {"Resources": {"Artifacts": {"Type": "AWS::S3::Bucket"}, "Two": after}}
    await office.made_of("second", body)
    assert (await office.stack("second"))["StackStatus"] == "ROLLBACK_COMPLETE"
    found = (await office("describe_stack_events", StackName="second"))["StackEvents"]
    reasons = [one.get("ResourceStatusReason", "") for one in found]
    assert any("HandlerErrorCode: AlreadyExists" in one for one in reasons)
    assert await office.store.database.fetch("SELECT 1 FROM buckets") == []
