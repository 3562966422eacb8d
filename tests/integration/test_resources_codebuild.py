"""Projects, report groups and credentials of sources that stacks make."""

from __future__ import annotations

from typing import Any

import pytest

from .resource_bench import Bench
from .resource_bench import bench as bench

pytestmark = pytest.mark.anyio
PROJECT = "AWS::CodeBuild::Project"
GROUP = "AWS::CodeBuild::ReportGroup"
CREDENTIAL = "AWS::CodeBuild::SourceCredential"
ROLE = "arn:aws:iam::000000000000:role/build"
PLAIN: dict[str, Any] = {
    "Artifacts": {"Type": "NO_ARTIFACTS"},
    "Environment": {
        "ComputeType": "BUILD_GENERAL1_SMALL",
        "Image": "aws/codebuild/standard:7.0",
        "Type": "LINUX_CONTAINER",
    },
    "ServiceRole": ROLE,
    "Source": {
        "Type": "GITHUB",
        "Location": "https://github.com/a/b.git",
        "BuildSpec": "version: 0.2",
        "GitCloneDepth": "1",
    },
}
FULL: dict[str, Any] = {
    **PLAIN,
    "Name": "web",
    "AutoRetryLimit": "2",
    "BadgeEnabled": "true",
    "BuildBatchConfig": {
        "CombineArtifacts": True,
        "Restrictions": {"MaximumBuildsAllowed": 5},
        "ServiceRole": ROLE,
        "TimeoutInMins": 30,
    },
    "Cache": {"Type": "LOCAL", "Modes": ["LOCAL_SOURCE_CACHE"]},
    "ConcurrentBuildLimit": 3,
    "Description": "the site",
    "EncryptionKey": "alias/k",
    "Environment": {
        **PLAIN["Environment"],
        "EnvironmentVariables": [{"Name": "A", "Value": 1}, {"Name": "B", "Value": True}],
        "PrivilegedMode": "true",
    },
    "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": "g"}},
    "QueuedTimeoutInMinutes": 60,
    "SecondaryArtifacts": [
        {"ArtifactIdentifier": "x", "Type": "S3", "Location": "site", "Packaging": "ZIP"}
    ],
    "SecondarySources": [
        {"SourceIdentifier": "s", "Type": "GITHUB", "Location": "https://github.com/a/c.git"}
    ],
    "SecondarySourceVersions": [{"SourceIdentifier": "s", "SourceVersion": "v1"}],
    "SourceVersion": "main",
    "Tags": [{"Key": "a", "Value": "1"}],
    "TimeoutInMinutes": 30,
    "Triggers": {
        "Webhook": True,
        "FilterGroups": [[{"Type": "EVENT", "Pattern": "PUSH", "ExcludeMatchedPattern": False}]],
    },
    "Visibility": "PRIVATE",
    "VpcConfig": {"VpcId": "vpc-1", "Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
}


async def project(bench: Bench, name: str = "web") -> Any:
    (found,) = (await bench.ask("codebuild", "BatchGetProjects", names=[name]))["projects"]
    return found


async def test_a_project_has_all_that_its_template_says(bench: Bench) -> None:
    made = await bench.create("Web", PROJECT, FULL)
    assert made.physical_id == "web"
    assert made.attributes["Arn"] == "arn:aws:codebuild:us-east-1:000000000000:project/web"
    found = await project(bench)
    assert found["autoRetryLimit"] == 2
    assert found["badge"]["badgeEnabled"] is True
    assert found["buildBatchConfig"]["restrictions"] == {"maximumBuildsAllowed": 5}
    assert found["cache"] == {"type": "LOCAL", "modes": ["LOCAL_SOURCE_CACHE"]}
    assert (found["concurrentBuildLimit"], found["description"]) == (3, "the site")
    assert found["environment"]["environmentVariables"] == [
        {"name": "A", "value": "1", "type": "PLAINTEXT"},
        {"name": "B", "value": "true", "type": "PLAINTEXT"},
    ]
    assert found["environment"]["privilegedMode"] is True
    assert found["logsConfig"]["cloudWatchLogs"]["groupName"] == "g"
    assert found["secondarySourceVersions"][0]["sourceVersion"] == "v1"
    assert found["source"]["gitCloneDepth"] == 1
    assert found["source"]["buildspec"] == "version: 0.2"
    assert found["tags"] == [{"key": "team", "value": "web"}, {"key": "a", "value": "1"}]
    assert (found["timeoutInMinutes"], found["queuedTimeoutInMinutes"]) == (30, 60)
    assert found["vpcConfig"]["subnets"] == ["subnet-1"]
    groups = found["webhook"]["filterGroups"]
    assert groups == [[{"type": "EVENT", "pattern": "PUSH", "excludeMatchedPattern": False}]]


async def test_what_a_template_no_longer_says_is_as_in_a_new_project(bench: Bench) -> None:
    await bench.create("Web", PROJECT, FULL)
    await bench.update("Web", {**PLAIN, "Name": "web"})
    after = await project(bench)
    await bench.create("New", PROJECT, {**PLAIN, "Name": "new"})
    new = await project(bench, "new")
    for document in (after, new):
        for member in ("arn", "created", "lastModified", "name", "autoRetryLimit"):
            document.pop(member, None)
        document.pop("fileSystemLocations", None)
    assert after == new
    await bench.delete("Web")
    answer = await bench.ask("codebuild", "BatchGetProjects", names=["web"])
    assert answer["projectsNotFound"] == ["web"]


async def test_a_webhook_comes_changes_and_goes_with_its_triggers(bench: Bench) -> None:
    await bench.create("Web", PROJECT, {**PLAIN, "Name": "web"})
    assert "webhook" not in await project(bench)
    hooked = {**PLAIN, "Name": "web", "Triggers": {"Webhook": True}}
    await bench.update("Web", hooked)
    url = (await project(bench))["webhook"]["payloadUrl"]
    await bench.update("Web", {**hooked, "Triggers": FULL["Triggers"]})
    assert len((await project(bench))["webhook"]["filterGroups"]) == 1
    await bench.update("Web", hooked)
    webhook = (await project(bench))["webhook"]
    assert (webhook["payloadUrl"], "filterGroups" in webhook) == (url, False)
    await bench.update("Web", {**PLAIN, "Name": "web", "Triggers": {"Webhook": False}})
    assert "webhook" not in await project(bench)


async def test_a_project_done_again_and_one_of_somebody_else(bench: Bench) -> None:
    await bench.create("Web", PROJECT, FULL)
    assert "already exists" in await bench.refused("Web", PROJECT, FULL)
    assert (await bench.create("Web", PROJECT, FULL, again=True)).physical_id == "web"


async def test_a_role_may_be_given_by_its_name(bench: Bench) -> None:
    made = await bench.create("Web", PROJECT, {**PLAIN, "ServiceRole": "build"})
    assert made.physical_id.startswith("Web-")
    assert (await project(bench, made.physical_id))["serviceRole"] == ROLE


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"Visibility": "PUBLIC_READ"}, "Visibility PUBLIC_READ"),
        ({"Webhook": True}, "Encountered unsupported property Webhook"),
        ({"Triggers": {"Filters": []}}, "Encountered unsupported property Filters"),
        ({"EncryptionKey": "key"}, "Invalid encryption key"),
        ({"TimeoutInMinutes": "soon"}, "Value of property TimeoutInMinutes must be a whole number"),
    ],
)
async def test_what_cannot_be_is_refused(
    bench: Bench, properties: dict[str, Any], told: str
) -> None:
    assert told in await bench.refused("Web", PROJECT, {**PLAIN, **properties})


async def test_a_report_group_is_created_changed_and_deleted(bench: Bench) -> None:
    asked = {"Type": "TEST", "ExportConfig": {"ExportConfigType": "NO_EXPORT"}, "Name": "tests"}
    made = await bench.create("Tests", GROUP, asked)
    arn = "arn:aws:codebuild:us-east-1:000000000000:report-group/tests"
    assert (made.physical_id, made.attributes) == (arn, {"Arn": arn})
    assert "already exists" in await bench.refused("Tests", GROUP, asked)
    await bench.create("Tests", GROUP, asked, again=True)
    await bench.update("Tests", {**asked, "Tags": [{"Key": "a", "Value": "1"}]})
    answer = await bench.ask("codebuild", "BatchGetReportGroups", reportGroupArns=[arn])
    assert {"key": "a", "value": "1"} in answer["reportGroups"][0]["tags"]
    await bench.delete("Tests")
    answer = await bench.ask("codebuild", "BatchGetReportGroups", reportGroupArns=[arn])
    assert answer["reportGroupsNotFound"] == [arn]


async def test_credentials_of_a_source_are_created_changed_and_deleted(bench: Bench) -> None:
    asked = {"ServerType": "GITHUB", "AuthType": "PERSONAL_ACCESS_TOKEN", "Token": "t"}
    made = await bench.create("Token", CREDENTIAL, asked)
    assert made.attributes == {"Arn": made.physical_id}
    assert "already exists" in await bench.refused("Token", CREDENTIAL, asked)
    await bench.create("Token", CREDENTIAL, asked, again=True)
    assert (await bench.update("Token", {**asked, "Token": "u"})).physical_id == made.physical_id
    await bench.delete("Token")
    listed = await bench.ask("codebuild", "ListSourceCredentials")
    assert listed["sourceCredentialsInfos"] == []
