"""The types of actions that AWS has: what each takes, needs and gives (CP-120 to CP-145).

A table. What is `open` has more keys of configuration than are known here, and takes any.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from penstock.documents.pipelines import TypeId


class Property(NamedTuple):
    """A key of a type's configuration. `key` marks those that say which resource it is about."""

    name: str
    required: bool = False
    secret: bool = False
    default: str = ""
    key: bool = False
    queryable: bool = False
    description: str = ""
    kind: str = ""


class Counts(NamedTuple):
    """How many artifacts there may be, both included."""

    least: int
    most: int


class ActionTypeSpec(NamedTuple):
    """`variables` are the keys of its outputs, or None where they are not known before it runs.

    `settings` are the URLs of a custom type, as the API has them.
    """

    type: TypeId
    inputs: Counts
    outputs: Counts
    properties: tuple[Property, ...] = ()
    variables: tuple[str, ...] | None = ()
    v2: bool = False
    open: bool = False
    settings: Mapping[str, str] = MappingProxyType({})

    def property(self, name: str) -> Property | None:
        return next((one for one in self.properties if one.name == name), None)


def action_type(
    type: TypeId, custom: Mapping[TypeId, ActionTypeSpec] = MappingProxyType({})
) -> ActionTypeSpec | None:
    """The type, AWS's or one of the account's own; None where there is none."""
    return ACTION_TYPES.get(type) or custom.get(type)


def custom_action_type(document: Mapping[str, Any]) -> ActionTypeSpec:
    """A type that an account has made, from CreateCustomActionType's input (CP-145)."""
    return ActionTypeSpec(
        TypeId(document["category"], "Custom", document["provider"], document["version"]),
        _counts(document["inputArtifactDetails"]),
        _counts(document["outputArtifactDetails"]),
        tuple(_property(one) for one in document.get("configurationProperties", ())),
        variables=None,
        settings=document.get("settings", {}),
    )


def _counts(details: Mapping[str, int]) -> Counts:
    return Counts(details["minimumCount"], details["maximumCount"])


def _property(given: Mapping[str, Any]) -> Property:
    return Property(
        given["name"],
        required=given["required"],
        secret=given["secret"],
        key=given["key"],
        queryable=given.get("queryable", False),
        description=given.get("description", ""),
        kind=given.get("type", ""),
    )


def _spec(
    where: str,
    counts: str,
    keys: str = "",
    variables: str | None = "",
    *,
    v2: bool = False,
    open: bool = False,
) -> ActionTypeSpec:
    """A row of the table: `where` is category, provider and, but for AWS, owner; `keys` have `*`
    where they are required, `!` where they are secret, and their default after `=`."""
    category, provider, owner = (*where.split(), "AWS")[:3]
    inputs, outputs = (counts_of(part) for part in counts.split(">"))
    return ActionTypeSpec(
        TypeId(category, owner, provider),
        inputs,
        outputs,
        properties_of(keys),
        None if variables is None else tuple(variables.split()),
        v2,
        open,
    )


def counts_of(text: str) -> Counts:
    """Of `1-5`, or of `1`, which is 1-1."""
    least, _, most = text.partition("-")
    return Counts(int(least), int(most or least))


def properties_of(text: str) -> tuple[Property, ...]:
    """Of keys as `_spec` has them."""
    return tuple(_key(key) for key in text.split())


def _key(text: str) -> Property:
    marked, _, default = text.partition("=")
    name = marked.rstrip("*!")
    required, secret = "*" in marked, "!" in marked
    return Property(name, required, secret, default, key=required and not secret)


_COMMIT = "RepositoryName BranchName CommitId CommitMessage AuthorDate CommitterDate"
_CODEBUILD = "ProjectName* PrimarySource BatchEnabled CombineArtifacts EnvironmentVariables"
_STACK_SET = (
    "StackSetName* TemplatePath* Description Parameters Capabilities PermissionModel=SELF_MANAGED"
    " AdministrationRoleArn ExecutionRoleName OrganizationsAutoDeployment=Disabled"
    " DeploymentTargets Regions FailureTolerancePercentage MaxConcurrentPercentage CallAs"
)
_ECS_IMAGES = " ".join(f"Image{n}ArtifactName Image{n}ContainerName" for n in range(1, 5))

_TABLE = (
    # CP-120
    _spec(
        "Source S3",
        "0>1",
        "S3Bucket* S3ObjectKey* PollForSourceChanges=true AllowOverrideForS3ObjectKey=false",
        "ETag VersionId",
    ),
    # CP-121
    _spec(
        "Source CodeCommit",
        "0>1",
        "RepositoryName* BranchName* PollForSourceChanges=true OutputArtifactFormat=CODE_ZIP",
        _COMMIT,
    ),
    # CP-122
    _spec(
        "Source CodeStarSourceConnection",
        "0>1",
        "ConnectionArn* FullRepositoryId* BranchName* OutputArtifactFormat=CODE_ZIP"
        " DetectChanges=true",
        "FullRepositoryName BranchName CommitId CommitMessage AuthorDate ConnectionArn",
    ),
    # CP-123
    _spec(
        "Source GitHub ThirdParty",
        "0>1",
        "Owner* Repo* Branch* OAuthToken*! PollForSourceChanges=true",
        f"{_COMMIT} CommitUrl",
    ),
    # CP-124
    _spec(
        "Source ECR",
        "0>1",
        "RepositoryName* ImageTag=latest",
        "RegistryId RepositoryName ImageTag ImageDigest ImageURI",
    ),
    # CP-125
    _spec("Build CodeBuild", "1-5>0-5", _CODEBUILD, None),
    _spec("Test CodeBuild", "1-5>0-5", _CODEBUILD, None),
    # CP-126
    _spec("Compute Commands", "1-10>0-1", "", None, v2=True),
    # CP-127
    _spec(
        "Build ECRBuildAndPublish",
        "1>0",
        "ECRRepositoryName* DockerFilePath ImageTags=latest RegistryType=private",
        "ECRImageDigestId ECRRepositoryName",
        v2=True,
    ),
    # CP-128
    _spec("Approval Manual", "0>0", "NotificationArn ExternalEntityLink CustomData"),
    # CP-129
    _spec(
        "Deploy S3",
        "1>0",
        "BucketName* Extract* ObjectKey KMSEncryptionKeyARN CannedACL CacheControl",
    ),
    # CP-130
    _spec(
        "Deploy CloudFormation",
        "0-10>0-1",
        "ActionMode* StackName* ChangeSetName RoleArn TemplatePath TemplateConfiguration"
        " Capabilities ParameterOverrides OutputFileName",
        None,
    ),
    # CP-131
    _spec(
        "Deploy CloudFormationStackSet",
        "1-3>0",
        _STACK_SET,
        "StackSetId OperationId",
        open=True,
    ),
    _spec(
        "Deploy CloudFormationStackInstances",
        "0-2>0",
        "StackSetName* Regions* DeploymentTargets ParameterOverrides FailureTolerancePercentage"
        " MaxConcurrentPercentage CallAs",
        "StackSetId OperationId",
        open=True,
    ),
    # CP-132
    _spec("Deploy CodeDeploy", "1>0", "ApplicationName* DeploymentGroupName*"),
    # CP-133
    _spec(
        "Deploy CodeDeployToECS",
        "1-5>0",
        "ApplicationName* DeploymentGroupName* TaskDefinitionTemplateArtifact*"
        " AppSpecTemplateArtifact* TaskDefinitionTemplatePath=taskdef.json"
        f" AppSpecTemplatePath=appspec.yaml {_ECS_IMAGES}",
    ),
    # CP-134
    _spec(
        "Deploy ECS",
        "1>0",
        "ClusterName* ServiceName* FileName=imagedefinitions.json DeploymentTimeout=60",
    ),
    # CP-135
    _spec("Deploy ElasticBeanstalk", "1>0", "ApplicationName* EnvironmentName*"),
    # CP-136
    _spec("Invoke Lambda", "0-5>0-5", "FunctionName* UserParameters", None),
    # CP-137
    _spec(
        "Deploy Lambda",
        "0-1>0",
        "FunctionName* FunctionAlias PublishedTargetVersion DeployStrategy=AllAtOnce Alarms",
        "FunctionVersion",
        v2=True,
        open=True,
    ),
    # CP-138
    _spec(
        "Invoke StepFunctions",
        "0-1>0-1",
        "StateMachineArn* Input InputType=Literal ExecutionNamePrefix",
        "StateMachineArn ExecutionArn",
    ),
    # CP-139
    _spec("Invoke CodePipeline", "0>0", "PipelineName* SourceRevisions Variables", v2=True),
    # CP-140
    _spec(
        "Invoke InspectorScan",
        "0-1>1",
        "InspectorRunMode* ECRRepositoryName ImageTag=latest CriticalThreshold HighThreshold"
        " MediumThreshold LowThreshold",
        "HighestScannedSeverity",
        open=True,
    ),
    # CP-141
    _spec(
        "Deploy EC2",
        "1>0",
        "InstanceTagKey* InstanceType* InstanceTagValue TargetDirectory PreScript PostScript"
        " DeploySpec MaxBatch MaxError TargetGroupNameList",
        v2=True,
        open=True,
    ),
    # CP-142
    _spec(
        "Deploy EKS",
        "1>0",
        "ClusterName* HelmReleaseName HelmChartLocation HelmValuesFiles ManifestFiles Namespace"
        " SecurityGroupIds",
        v2=True,
        open=True,
    ),
    # CP-143
    _spec(
        "Deploy ServiceCatalog",
        "1>0",
        "ProductId* ConfigurationFilePath TemplateFilePath ProductVersionName ProductType"
        " ProductVersionDescription",
        open=True,
    ),
    # CP-144
    _spec(
        "Test DeviceFarm",
        "1>0",
        "ProjectId* DevicePoolArn* AppType* App* TestType*",
        open=True,
    ),
    _spec(
        "Deploy AppConfig",
        "1>0",
        "Application* Environment* ConfigurationProfile* InputArtifactConfigurationPath*"
        " DeploymentStrategy",
        open=True,
    ),
    _spec("Deploy OpsWorks", "1>0", open=True),
    _spec("Deploy AlexaSkillsKit ThirdParty", "1-2>0", open=True),
    _spec("Invoke Snyk ThirdParty", "1>1", open=True),
)

ACTION_TYPES: Mapping[TypeId, ActionTypeSpec] = MappingProxyType({one.type: one for one in _TABLE})
"""AWS's own, and the third parties' that it lists."""
