"""The table of types of actions."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.documents.action_types import (
    ACTION_TYPES,
    ActionTypeSpec,
    Counts,
    Property,
    action_type,
    custom_action_type,
)
from penstock.documents.pipelines import TypeId

COMMIT = "RepositoryName BranchName CommitId CommitMessage AuthorDate CommitterDate"
# Type; counts of inputs and outputs; what is required; variables of the output.
ROWS: list[tuple[str, str, str, str | None]] = [
    ("Source S3", "0-0 1-1", "S3Bucket S3ObjectKey", "ETag VersionId"),
    ("Source CodeCommit", "0-0 1-1", "RepositoryName BranchName", COMMIT),
    (
        "Source CodeStarSourceConnection",
        "0-0 1-1",
        "ConnectionArn FullRepositoryId BranchName",
        "FullRepositoryName BranchName CommitId CommitMessage AuthorDate ConnectionArn",
    ),
    ("Source GitHub ThirdParty", "0-0 1-1", "Owner Repo Branch OAuthToken", f"{COMMIT} CommitUrl"),
    (
        "Source ECR",
        "0-0 1-1",
        "RepositoryName",
        "RegistryId RepositoryName ImageTag ImageDigest ImageURI",
    ),
    ("Build CodeBuild", "1-5 0-5", "ProjectName", None),
    ("Test CodeBuild", "1-5 0-5", "ProjectName", None),
    ("Compute Commands v2", "1-10 0-1", "", None),
    (
        "Build ECRBuildAndPublish v2",
        "1-1 0-0",
        "ECRRepositoryName",
        "ECRImageDigestId ECRRepositoryName",
    ),
    ("Approval Manual", "0-0 0-0", "", ""),
    ("Deploy S3", "1-1 0-0", "BucketName Extract", ""),
    ("Deploy CloudFormation", "0-10 0-1", "ActionMode StackName", None),
    (
        "Deploy CloudFormationStackSet",
        "1-3 0-0",
        "StackSetName TemplatePath",
        "StackSetId OperationId",
    ),
    (
        "Deploy CloudFormationStackInstances",
        "0-2 0-0",
        "StackSetName Regions",
        "StackSetId OperationId",
    ),
    ("Deploy CodeDeploy", "1-1 0-0", "ApplicationName DeploymentGroupName", ""),
    (
        "Deploy CodeDeployToECS",
        "1-5 0-0",
        "ApplicationName DeploymentGroupName TaskDefinitionTemplateArtifact"
        " AppSpecTemplateArtifact",
        "",
    ),
    ("Deploy ECS", "1-1 0-0", "ClusterName ServiceName", ""),
    ("Deploy ElasticBeanstalk", "1-1 0-0", "ApplicationName EnvironmentName", ""),
    ("Invoke Lambda", "0-5 0-5", "FunctionName", None),
    ("Deploy Lambda v2", "0-1 0-0", "FunctionName", "FunctionVersion"),
    ("Invoke StepFunctions", "0-1 0-1", "StateMachineArn", "StateMachineArn ExecutionArn"),
    ("Invoke CodePipeline v2", "0-0 0-0", "PipelineName", ""),
    ("Invoke InspectorScan", "0-1 1-1", "InspectorRunMode", "HighestScannedSeverity"),
    ("Deploy EC2 v2", "1-1 0-0", "InstanceTagKey InstanceType", ""),
    ("Deploy EKS v2", "1-1 0-0", "ClusterName", ""),
    ("Deploy ServiceCatalog", "1-1 0-0", "ProductId", ""),
    ("Test DeviceFarm", "1-1 0-0", "ProjectId DevicePoolArn AppType App TestType", ""),
    (
        "Deploy AppConfig",
        "1-1 0-0",
        "Application Environment ConfigurationProfile InputArtifactConfigurationPath",
        "",
    ),
    ("Deploy OpsWorks", "1-1 0-0", "", ""),
    ("Deploy AlexaSkillsKit ThirdParty", "1-2 0-0", "", ""),
    ("Invoke Snyk ThirdParty", "1-1 1-1", "", ""),
]


def spec_of(name: str) -> ActionTypeSpec:
    category, provider, *more = name.split()
    owner = "ThirdParty" if "ThirdParty" in more else "AWS"
    return ACTION_TYPES[TypeId(category, owner, provider)]


@pytest.mark.parametrize(("name", "counts", "required", "variables"), ROWS)
def test_types_are_as_the_guide_has_them(
    name: str, counts: str, required: str, variables: str | None
) -> None:
    spec = spec_of(name)
    assert " ".join(f"{one.least}-{one.most}" for one in (spec.inputs, spec.outputs)) == counts
    assert [one.name for one in spec.properties if one.required] == required.split()
    assert spec.variables == (None if variables is None else tuple(variables.split()))
    assert spec.v2 == ("v2" in name)


def test_every_type_has_a_row() -> None:
    assert len(ROWS) == len(ACTION_TYPES)


@pytest.mark.parametrize(
    ("name", "defaults"),
    [
        ("Source S3", {"PollForSourceChanges": "true", "AllowOverrideForS3ObjectKey": "false"}),
        (
            "Source CodeCommit",
            {"PollForSourceChanges": "true", "OutputArtifactFormat": "CODE_ZIP"},
        ),
        (
            "Source CodeStarSourceConnection",
            {"DetectChanges": "true", "OutputArtifactFormat": "CODE_ZIP"},
        ),
        ("Source GitHub ThirdParty", {"PollForSourceChanges": "true"}),
        ("Source ECR", {"ImageTag": "latest"}),
        ("Deploy ECS", {"FileName": "imagedefinitions.json", "DeploymentTimeout": "60"}),
        (
            "Deploy CodeDeployToECS",
            {
                "TaskDefinitionTemplatePath": "taskdef.json",
                "AppSpecTemplatePath": "appspec.yaml",
            },
        ),
        ("Invoke StepFunctions", {"InputType": "Literal"}),
    ],
)
def test_keys_have_their_defaults(name: str, defaults: dict[str, str]) -> None:
    assert {one.name: one.default for one in spec_of(name).properties if one.default} == defaults


def test_only_a_token_is_secret() -> None:
    """CP-014"""
    secret = [
        (spec.type.provider, one.name)
        for spec in ACTION_TYPES.values()
        for one in spec.properties
        if one.secret
    ]
    assert secret == [("GitHub", "OAuthToken")]


def test_a_type_of_ones_own_is_read() -> None:
    """CP-145"""
    job = {"name": "Job", "required": True, "key": True, "secret": False, "queryable": True}
    document: dict[str, Any] = {
        "category": "Build",
        "provider": "Jenkins",
        "version": "2",
        "settings": {"entityUrlTemplate": "https://ci/{Config:Job}"},
        "configurationProperties": [{**job, "description": "its name", "type": "String"}],
        "inputArtifactDetails": {"minimumCount": 0, "maximumCount": 5},
        "outputArtifactDetails": {"minimumCount": 1, "maximumCount": 1},
    }
    spec = custom_action_type(document)
    assert spec.type == TypeId("Build", "Custom", "Jenkins", "2")
    assert (spec.inputs, spec.outputs) == (Counts(0, 5), Counts(1, 1))
    assert spec.properties == (
        Property("Job", True, key=True, queryable=True, description="its name", kind="String"),
    )
    assert spec.settings == document["settings"]
    assert action_type(spec.type, {spec.type: spec}) is spec
    assert action_type(spec.type) is None
