"""What CodeBuild refuses in a project, and what it fills in."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.services.codebuild.project_defaults import completed, merged
from penstock.services.codebuild.project_rules import check_project
from penstock.services.codebuild.source_credentials import check_credential
from penstock.services.codebuild.trends import trend
from penstock.services.codebuild.webhooks import check_settings
from penstock.services.codebuild.words import check_words

ACCOUNT, REGION = "000000000000", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/build"
SOURCE = {"type": "GITHUB", "location": "https://github.com/ada/hello.git"}
S3 = {"type": "S3", "location": "results"}
ENVIRONMENT = {
    "type": "LINUX_CONTAINER",
    "image": "aws/codebuild/standard:7.0",
    "computeType": "BUILD_GENERAL1_SMALL",
}
PROJECT: dict[str, Any] = {
    "name": "web",
    "source": SOURCE,
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": ENVIRONMENT,
    "serviceRole": ROLE,
}


def refusal(**changes: Any) -> AwsError:
    with pytest.raises(AwsError) as caught:
        check_project(completed({**PROJECT, **changes}, ACCOUNT, REGION), ACCOUNT, REGION)
    return caught.value


def environment(**changes: Any) -> dict[str, Any]:
    return {"environment": {**ENVIRONMENT, **changes}}


def source(**changes: Any) -> dict[str, Any]:
    return {"source": {**SOURCE, **changes}}


def secondary(*identifiers: str) -> list[dict[str, str]]:
    return [{**SOURCE, "sourceIdentifier": name} for name in identifiers]


def outputs(*identifiers: str) -> list[dict[str, str]]:
    return [{**S3, "artifactIdentifier": name} for name in identifiers]


NO_SOURCE = {"type": "NO_SOURCE", "buildspec": "version: 0.2"}
PIPELINE = "Invalid input: when using CodePipeline both sourceType, and artifactType must be set to"
IDENTIFIER = (
    "Invalid input: identifier must contain only alphanumeric characters and underscores"
    " and be less than 128 characters in length"
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "a" * 151}, "Project name length cannot be greater than 150 characters"),
        ({"name": "-a"}, "Only alphanumeric characters, dash, and underscore are supported"),
        ({"name": "a.b"}, "Only alphanumeric characters, dash, and underscore are supported"),
        ({"name": "a\n"}, "Only alphanumeric characters, dash, and underscore are supported"),
        ({"description": "x" * 256}, "Max description length is 255"),
        ({"serviceRole": "build"}, "Invalid service role"),
        (
            {"serviceRole": "arn:aws:iam::123456789012:role/build"},
            "Invalid service role: Service role account ID does not match caller's account",
        ),
        ({"timeoutInMinutes": 2161}, "Invalid input: timeoutInMinutes must be between 5 and 2160"),
        (
            {"queuedTimeoutInMinutes": 4},
            "Invalid input: queuedTimeoutInMinutes must be between 5 and 480",
        ),
        (
            {"concurrentBuildLimit": 0},
            "Project level concurrent builds limit should be greater than 0",
        ),
        ({"autoRetryLimit": -1}, "Invalid input: autoRetryLimit must not be negative"),
        ({"buildBatchConfig": {"timeoutInMins": 4}}, "TimeoutInMins must be between 5 and 2160"),
        ({"tags": [{"key": "a"}, {"key": "a"}]}, "Invalid tags: tag keys cannot be duplicated"),
        ({"encryptionKey": "mine"}, "Invalid encryption key"),
        (
            {"encryptionKey": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"},
            "Invalid encryption key: region does not match current region",
        ),
        (
            {"vpcConfig": {"vpcId": "v", "subnets": ["s"] * 17, "securityGroupIds": ["g"]}},
            "Invalid vpc config: the maximum number of subnets is 16",
        ),
        (
            {"vpcConfig": {"vpcId": "v", "subnets": ["s"], "securityGroupIds": ["g"] * 6}},
            "Invalid vpc config: the maximum number of security groups is 5",
        ),
        (
            {"logsConfig": {"s3Logs": {"status": "ENABLED"}}},
            "Invalid logsConfig: s3Logs location must be provided if status is 'ENABLED'",
        ),
    ],
)
def test_a_project_out_of_bounds_is_refused(changes: dict[str, Any], message: str) -> None:
    """CB-133, CB-134, CB-184: names, limits, bounds."""
    error = refusal(**changes)
    assert (error.code, error.message) == ("InvalidInputException", message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (source(location=""), "Project source location is required"),
        (source(type="S3"), "Invalid project source: location must be a valid S3 source."),
        (
            {"source": {**SOURCE, "type": "NO_SOURCE"}},
            "Invalid input: source location must be empty for source type NO_SOURCE",
        ),
        (
            {"source": {"type": "NO_SOURCE"}},
            "Invalid input: buildspec is required for source type NO_SOURCE",
        ),
        ({"source": {"type": "CODEPIPELINE"}}, f"{PIPELINE}: CODEPIPELINE"),
        ({"artifacts": {"type": "CODEPIPELINE"}}, f"{PIPELINE}: CODEPIPELINE"),
        (source(sourceIdentifier="a-b"), IDENTIFIER),
        (
            {"source": {"type": "S3", "location": "bucket/k.zip", "reportBuildStatus": False}},
            "Source type S3 does not support ReportBuildStatus",
        ),
        (
            {
                "source": {
                    "type": "S3",
                    "location": "bucket/k.zip",
                    "gitSubmodulesConfig": {"fetchSubmodules": True},
                }
            },
            "Git submodules config is not supported for S3 source",
        ),
        (
            {"secondarySources": secondary(*(f"s{n}" for n in range(13)))},
            "Invalid input: the maximum number of secondary sources is 12",
        ),
        (
            {"secondarySources": [SOURCE]},
            "Invalid input: sourceIdentifier is required for secondary sources",
        ),
        (
            {"secondarySources": secondary("a", "a")},
            "Invalid input: sourceIdentifier cannot be duplicated",
        ),
        (
            {"secondarySourceVersions": [{"sourceIdentifier": "a", "sourceVersion": "1"}]},
            "Invalid input: secondary source identifier does not exist",
        ),
    ],
)
def test_a_source_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    """CB-150, CB-154, CB-155: sources and secondary sources."""
    error = refusal(**changes)
    assert (error.code, error.message) == ("InvalidInputException", message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"artifacts": {"type": "S3"}}, "Invalid artifacts: location is required"),
        (
            {"artifacts": {"type": "S3", "location": "bucket/folder"}},
            "Invalid artifacts: location must be a valid S3 bucket name",
        ),
        (
            {"artifacts": {"type": "NO_ARTIFACTS", "location": "bucket"}},
            "Invalid artifacts: artifact type NO_ARTIFACTS should have null location",
        ),
        (
            {"artifacts": {"type": "NO_ARTIFACTS", "name": "out"}},
            "Invalid artifacts: artifact type NO_ARTIFACTS should have null output name",
        ),
        (
            {"artifacts": {"type": "NO_ARTIFACTS", "encryptionDisabled": True}},
            "Invalid artifacts: artifact type NO_ARTIFACTS should have null encryptionDisabled",
        ),
        (
            {"secondaryArtifacts": outputs(*(f"o{n}" for n in range(13)))},
            "Invalid input: the maximum number of artifact definitions in secondaryArtifacts is 12",
        ),
        (
            {"secondaryArtifacts": [S3]},
            "Invalid input: artifactIdentifier is required for secondary artifacts",
        ),
        (
            {"secondaryArtifacts": outputs("a", "a")},
            "Invalid input: artifactIdentifier cannot be duplicated",
        ),
        (
            {"secondaryArtifacts": [{"type": "CODEPIPELINE", "artifactIdentifier": "a"}]},
            "Invalid input: artifactType CODEPIPELINE is not allowed for secondaryArtifacts",
        ),
    ],
)
def test_artifacts_that_cannot_be_are_refused(changes: dict[str, Any], message: str) -> None:
    """CB-160, CB-163: artifacts and secondary artifacts."""
    error = refusal(**changes)
    assert (error.code, error.message) == ("InvalidInputException", message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            environment(imagePullCredentialsType="SERVICE_ROLE"),
            "Invalid input: cannot use a CodeBuild curated image with imagePullCredentialsType"
            " SERVICE_ROLE",
        ),
        (environment(computeType="BUILD_LAMBDA_1GB"), "Invalid compute type provided"),
        (
            environment(type="LINUX_LAMBDA_CONTAINER"),
            "Compute type BUILD_GENERAL1_SMALL is not supported for LINUX_LAMBDA_CONTAINER",
        ),
        (
            environment(
                type="ARM_LAMBDA_CONTAINER", computeType="BUILD_LAMBDA_1GB", privilegedMode=True
            ),
            "Cannot specify privilegedMode for lambda compute",
        ),
        (
            {
                **environment(type="ARM_LAMBDA_CONTAINER", computeType="BUILD_LAMBDA_1GB"),
                "cache": {"type": "S3", "location": "bucket"},
            },
            "Cannot specify cache for lambda compute",
        ),
        (
            environment(computeType="CUSTOM_INSTANCE_TYPE"),
            "Invalid input: computeConfiguration is required for compute type CUSTOM_INSTANCE_TYPE",
        ),
        (
            environment(
                registryCredential={"credential": "c", "credentialProvider": "SECRETS_MANAGER"}
            ),
            "Invalid input: registryCredential needs imagePullCredentialsType SERVICE_ROLE",
        ),
        (
            environment(environmentVariables=[{"name": "CODEBUILD_X", "value": "1"}]),
            "No user environment variables can start with CODEBUILD_",
        ),
        (
            environment(environmentVariables=[{"name": "A", "value": "1"}] * 2),
            "EnvironmentVariable name cannot be duplicated",
        ),
        (
            {"cache": {"type": "LOCAL"}},
            "At least one mode must be provided for cache type: LOCAL",
        ),
        (
            {"cache": {"type": "S3"}},
            "Invalid cache: location must be a valid S3 bucket, followed by slash and the prefix",
        ),
        (
            {"cache": {"type": "LOCAL", "modes": ["LOCAL_SOURCE_CACHE"]}, "source": NO_SOURCE},
            "Cache mode LOCAL_SOURCE_CACHE is not available for source type NO_SOURCE",
        ),
        (
            {"badgeEnabled": True, "source": NO_SOURCE},
            "Build badges are not supported for projects with no source",
        ),
    ],
)
def test_an_environment_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    """CB-058, CB-090, CB-164, CB-165, CB-175, CB-210: environment, cache, badge."""
    error = refusal(**changes)
    assert (error.code, error.message) == ("InvalidInputException", message)


@pytest.mark.parametrize(
    "changes",
    [
        environment(type="WINDOWS_SERVER_2022_CONTAINER"),
        environment(type="MAC_ARM"),
        environment(type="LINUX_GPU_CONTAINER"),
        environment(certificate="arn:aws:s3:::bucket/cert.pem"),
        environment(fleet={"fleetArn": "arn:aws:codebuild:us-east-1:000000000000:fleet/f:1"}),
        environment(dockerServer={"computeType": "BUILD_GENERAL1_SMALL"}),
        {"fileSystemLocations": [{"type": "EFS", "location": "fs:/", "identifier": "a"}]},
    ],
)
def test_what_penstock_cannot_do_is_refused_by_name(changes: dict[str, Any]) -> None:
    assert refusal(**changes).code == "NotImplemented"


@pytest.mark.parametrize(
    "changes",
    [
        {"source": {"type": "S3", "location": "bucket/source.zip"}, "artifacts": S3},
        {"source": {"type": "S3", "location": "bucket/folder/"}},
        {"source": {"type": "CODEPIPELINE"}, "artifacts": {"type": "CODEPIPELINE"}},
        {"source": NO_SOURCE},
        {"source": {"type": "CODECOMMIT", "location": "https://git-codecommit/v1/repos/a"}},
        {"secondarySources": secondary("a", "b"), "secondaryArtifacts": outputs("c")},
        {"vpcConfig": {"vpcId": "v", "subnets": ["s"], "securityGroupIds": ["g"]}},
        {"cache": {"type": "LOCAL", "modes": ["LOCAL_SOURCE_CACHE"]}, "badgeEnabled": True},
        {"cache": {"type": "S3", "location": "bucket/prefix"}},
        {"encryptionKey": "alias/mine", "concurrentBuildLimit": 1, "autoRetryLimit": 2},
        environment(type="ARM_CONTAINER", image="alpine", imagePullCredentialsType="SERVICE_ROLE"),
        environment(
            environmentVariables=[{"name": "CODEBUILD_CONFIG_AUTO_DISCOVER", "value": "false"}]
        ),
    ],
)
def test_what_aws_accepts_is_accepted(changes: dict[str, Any]) -> None:
    check_project(completed({**PROJECT, **changes}, ACCOUNT, REGION), ACCOUNT, REGION)


def test_words_that_the_model_does_not_have_are_refused() -> None:
    """CB-165: words are those of the model, wherever in a request they stand."""
    with pytest.raises(AwsError, match="Invalid compute type provided: HUGE"):
        check_words("CreateProjectInput", {**PROJECT, **environment(computeType="HUGE")})
    with pytest.raises(AwsError, match="Invalid type provided: CVS"):
        check_words("CreateProjectInput", {**PROJECT, "secondarySources": [{"type": "CVS"}]})
    check_words("CreateProjectInput", PROJECT)


def test_aws_fills_in_what_is_left_out() -> None:
    project = completed({**PROJECT, "artifacts": S3}, ACCOUNT, REGION)
    assert project["timeoutInMinutes"] == 60
    assert project["queuedTimeoutInMinutes"] == 480
    assert project["encryptionKey"] == "arn:aws:kms:us-east-1:000000000000:alias/aws/s3"
    assert project["cache"] == {"type": "NO_CACHE"}
    assert project["badge"] == {"badgeEnabled": False}
    assert project["artifacts"] == {
        **S3,
        "name": "web",
        "packaging": "NONE",
        "namespaceType": "NONE",
        "encryptionDisabled": False,
    }
    assert project["environment"]["imagePullCredentialsType"] == "CODEBUILD"
    assert project["logsConfig"]["cloudWatchLogs"] == {"status": "ENABLED"}


def test_filling_in_twice_is_filling_in_once() -> None:
    project = completed({**PROJECT, "badgeEnabled": True}, ACCOUNT, REGION)
    assert completed(project, ACCOUNT, REGION) == project


def test_members_given_replace_and_members_omitted_stay() -> None:
    """CB-135: a concurrentBuildLimit of -1 clears it."""
    project = completed(
        {**PROJECT, "concurrentBuildLimit": 3, "description": "old"}, ACCOUNT, REGION
    )
    after = completed(
        merged(project, {"concurrentBuildLimit": -1, "timeoutInMinutes": 5, "description": ""}),
        ACCOUNT,
        REGION,
    )
    assert "concurrentBuildLimit" not in after
    assert "description" not in after
    assert after["timeoutInMinutes"] == 5
    assert after["source"] == project["source"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"authType": "OAUTH"}, "OAUTH is not supported by the CodeBuild API."),
        ({"authType": "BASIC_AUTH"}, "Invalid AuthType provided for ServerType GITHUB"),
        (
            {"authType": "BASIC_AUTH", "serverType": "BITBUCKET"},
            "Invalid input: username is required for BASIC_AUTH and only for it",
        ),
        ({"username": "ada"}, "Invalid input: username is required for BASIC_AUTH"),
        ({"authType": "CODECONNECTIONS"}, "Token must be a valid CodeConnections arn"),
        ({"authType": "SECRETS_MANAGER"}, "Token must be a valid Secrets Manager arn"),
    ],
)
def test_a_credential_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    request = {"serverType": "GITHUB", "authType": "PERSONAL_ACCESS_TOKEN", "token": "t", **changes}
    with pytest.raises(AwsError) as caught:
        check_credential(request)
    assert caught.value.message.startswith(message)


def group(*filters: tuple[str, str]) -> dict[str, Any]:
    return {"filterGroups": [[{"type": kind, "pattern": text} for kind, text in filters]]}


@pytest.mark.parametrize(
    ("request_", "source_type", "code"),
    [
        ({}, "S3", "InvalidInputException"),
        ({}, "BITBUCKET", "NotImplemented"),
        (group(("HEAD_REF", "main")), "GITHUB", "InvalidInputException"),
        ({**group(("EVENT", "PUSH")), "branchFilter": "x"}, "GITHUB", "InvalidInputException"),
        (group(("EVENT", "WORKFLOW_JOB_QUEUED")), "GITHUB", "NotImplemented"),
        (
            group(("EVENT", "PULL_REQUEST_CREATED"), ("FILE_PATH", "x")),
            "GITHUB",
            "NotImplemented",
        ),
        ({"buildType": "RUNNER_BUILDKITE_BUILD"}, "GITHUB", "NotImplemented"),
        ({"scopeConfiguration": {"name": "o"}}, "GITHUB", "NotImplemented"),
        (
            {"pullRequestBuildPolicy": {"requiresCommentApproval": "ALL_PULL_REQUESTS"}},
            "GITHUB",
            "NotImplemented",
        ),
    ],
)
def test_a_webhook_that_cannot_be_is_refused(
    request_: dict[str, Any], source_type: str, code: str
) -> None:
    """CB-170, CB-173: what a webhook may ask for."""
    with pytest.raises(AwsError) as caught:
        check_settings(request_, source_type)
    assert caught.value.code == code


TESTS = [
    ("b", {"total": 4, "statusCounts": {"SUCCEEDED": 3}, "durationInNanoSeconds": 30}),
    ("a", {"total": 0, "statusCounts": {"SUCCEEDED": 0}, "durationInNanoSeconds": 0}),
]


def test_a_trend_has_the_figures_and_what_they_come_to() -> None:
    """CB section 14: a report without tests has no pass rate."""
    assert trend("TEST", "DURATION", TESTS) == {
        "stats": {"average": "15", "max": "30", "min": "0"},
        "rawData": [{"reportArn": "b", "data": "30"}, {"reportArn": "a", "data": "0"}],
    }
    assert trend("TEST", "PASS_RATE", TESTS) == {
        "stats": {"average": "75", "max": "75", "min": "75"},
        "rawData": [{"reportArn": "b", "data": "75"}],
    }
    assert trend("CODE_COVERAGE", "LINE_COVERAGE", [("a", {"lineCoveragePercentage": 90.9})]) == {
        "stats": {"average": "90.9", "max": "90.9", "min": "90.9"},
        "rawData": [{"reportArn": "a", "data": "90.9"}],
    }
    assert trend("TEST", "TOTAL", []) == {"stats": {}, "rawData": []}
    assert trend("TEST", "LINE_COVERAGE", TESTS) is None
