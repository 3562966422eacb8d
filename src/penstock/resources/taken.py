"""Whether a name that a template gives is somebody else's already.

It is looked before a create is begun for the first time. Afterwards nobody could tell: what is
there under the name when a create is done again after a kill may be what the first attempt made.
Names that CloudFormation makes are another for every task, and need no look; nor do types whose
creates go by a token of the task.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from penstock.errors import AwsError
from penstock.resources.contract import Answer, Job

Look = Callable[[Job], Awaitable[bool]]
_DEFAULTS = {"EventBusName": "default", "Path": "/"}


async def refuse_taken(job: Job) -> None:
    """Raises AwsError where there is something by the name that is to be made."""
    look = LOOKS.get(job.task.type)
    if look is not None and await look(job):
        name = next(iter(_names(job)), job.task.logical_id)
        raise AwsError(
            "AlreadyExistsException",
            f"Resource of type '{job.task.type}' with identifier '{name}' already exists.",
        )


def _names(job: Job) -> list[str]:
    """What a template calls it, the likeliest first."""
    own = job.task.type.rpartition("::")[2]
    wanted = ("Name", f"{own}Name", "Bucket", "Url")
    found = [job.properties[name] for name in wanted if job.properties.get(name)]
    return [str(one) for one in found] + [
        str(value) for name, value in job.properties.items() if name.endswith("Name") and value
    ]


def _by(
    service: str,
    operation: str,
    request: Mapping[str, Any],
    listed: str = "",
    alike: Mapping[str, str] | None = None,
) -> Look:
    """Asks for it by name. `request` has `{Property}` where its properties stand, the name in the
    first member: without that nothing is asked. What is not there is an error, or, where `listed`
    says where a list is in the answer, no item of that; `alike` are the items' members."""

    async def look(job: Job) -> bool:
        known = _known(job)
        asked = _filled(request, known)
        if request and next(iter(request)) not in asked:
            return False
        try:
            answer = await job.cloud.ask(service, operation, **asked)
            if not listed:
                return True
            while not any(_is_alike(item, alike or {}, known) for item in _items(listed, answer)):
                token = next((name for name in ("NextToken", "nextToken") if answer.get(name)), "")
                if not token:
                    return False
                more = {**asked, token: answer[token]}
                answer = await job.cloud.ask(service, operation, **more)
            return True
        except AwsError:
            return False  # it is not there, or whoever makes it is told why it cannot be

    return look


def _known(job: Job) -> dict[str, Any]:
    own = {"account": job.stack.account, "region": job.stack.region}
    given = {name: value for name, value in job.properties.items() if value not in (None, "")}
    return {**_DEFAULTS, **given, **own}


def _filled(request: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Without the members that need a property which is not given."""
    made: dict[str, Any] = {}
    for name, value in request.items():
        several = isinstance(value, list)
        texts = [_text(one, known) for one in (value if several else [value])]
        if None not in texts:
            made[name] = texts if several else texts[0]
    return made


def _text(form: str, known: Mapping[str, Any]) -> str | None:
    try:
        return form.format_map(known)
    except (KeyError, TypeError, IndexError):
        return None


def _items(listed: str, answer: Answer) -> list[Any]:
    found = _at(listed, answer)
    return found if isinstance(found, list) else []


def _at(path: str, value: Any) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _is_alike(item: Any, alike: Mapping[str, str], known: Mapping[str, Any]) -> bool:
    return all(_at(path, item) == _text(form, known) for path, form in alike.items())


async def _linked_role(job: Job) -> bool:
    """The service names it, by what it is for and a suffix."""
    service = job.properties.get("AWSServiceName")
    if not service:
        return False
    asked = {"PathPrefix": f"/aws-service-role/{service}/"}
    roles = (await job.cloud.ask("iam", "ListRoles", **asked))["Roles"]
    suffix = str(job.properties.get("CustomSuffix", ""))
    return any(role["RoleName"].partition("_")[2] == suffix for role in roles)


async def _provider(job: Job) -> bool:
    """Its ARN has the address without the scheme."""
    issuer = str(job.properties.get("Url", "")).partition("://")[2].rstrip("/")
    arn = f"arn:aws:iam::{job.stack.account}:oidc-provider/{issuer}"
    asked = {"OpenIDConnectProviderArn": arn}
    return bool(issuer) and await _by("iam", "GetOpenIDConnectProvider", asked)(job)


async def _statement(job: Job) -> bool:
    asked = {"Name": str(job.properties.get("EventBusName") or _DEFAULTS["EventBusName"])}
    try:
        found = await job.cloud.ask("events", "DescribeEventBus", **asked)
    except AwsError:
        return False
    statements = json.loads(found.get("Policy") or '{"Statement": []}')["Statement"]
    return any(one.get("Sid") == job.properties.get("StatementId") for one in statements)


_ARN = "arn:aws:{}:{{region}}:{{account}}:{}"

LOOKS: Mapping[str, Look] = {
    "AWS::CloudFront::OriginAccessControl": _by(
        "cloudfront",
        "ListOriginAccessControls",
        {},
        "OriginAccessControlList.Items",
        {"Name": "{OriginAccessControlConfig[Name]}"},
    ),
    "AWS::CloudWatch::Alarm": _by(
        "cloudwatch",
        "DescribeAlarms",
        {"AlarmNames": ["{AlarmName}"]},
        "MetricAlarms",
    ),
    "AWS::CloudWatch::Dashboard": _by(
        "cloudwatch", "GetDashboard", {"DashboardName": "{DashboardName}"}
    ),
    "AWS::CodeBuild::Project": _by(
        "codebuild", "BatchGetProjects", {"names": ["{Name}"]}, "projects"
    ),
    "AWS::CodeBuild::ReportGroup": _by(
        "codebuild",
        "BatchGetReportGroups",
        {"reportGroupArns": [_ARN.format("codebuild", "report-group/{Name}")]},
        "reportGroups",
    ),
    "AWS::CodeBuild::SourceCredential": _by(
        "codebuild",
        "ListSourceCredentials",
        {},
        "sourceCredentialsInfos",
        {"serverType": "{ServerType}"},
    ),
    "AWS::CodeCommit::Repository": _by(
        "codecommit", "GetRepository", {"repositoryName": "{RepositoryName}"}
    ),
    "AWS::CodeDeploy::Application": _by(
        "codedeploy", "GetApplication", {"applicationName": "{ApplicationName}"}
    ),
    "AWS::CodeDeploy::DeploymentConfig": _by(
        "codedeploy", "GetDeploymentConfig", {"deploymentConfigName": "{DeploymentConfigName}"}
    ),
    "AWS::CodeDeploy::DeploymentGroup": _by(
        "codedeploy",
        "GetDeploymentGroup",
        {"deploymentGroupName": "{DeploymentGroupName}", "applicationName": "{ApplicationName}"},
    ),
    "AWS::CodePipeline::CustomActionType": _by(
        "codepipeline",
        "ListActionTypes",
        {"actionOwnerFilter": "Custom"},
        "actionTypes",
        {"id.provider": "{Provider}", "id.category": "{Category}", "id.version": "{Version}"},
    ),
    "AWS::CodePipeline::Pipeline": _by("codepipeline", "GetPipeline", {"name": "{Name}"}),
    "AWS::CodePipeline::Webhook": _by(
        "codepipeline", "ListWebhooks", {}, "webhooks", {"definition.name": "{Name}"}
    ),
    "AWS::ECR::Repository": _by(
        "ecr", "DescribeRepositories", {"repositoryNames": ["{RepositoryName}"]}, "repositories"
    ),
    "AWS::ECS::Cluster": _by(
        "ecs", "DescribeClusters", {"clusters": ["{ClusterName}"]}, "clusters", {"status": "ACTIVE"}
    ),
    "AWS::Events::EventBus": _by("events", "DescribeEventBus", {"Name": "{Name}"}),
    "AWS::Events::EventBusPolicy": _statement,
    "AWS::Events::Rule": _by(
        "events", "DescribeRule", {"Name": "{Name}", "EventBusName": "{EventBusName}"}
    ),
    "AWS::IAM::Group": _by("iam", "GetGroup", {"GroupName": "{GroupName}"}),
    "AWS::IAM::InstanceProfile": _by(
        "iam", "GetInstanceProfile", {"InstanceProfileName": "{InstanceProfileName}"}
    ),
    "AWS::IAM::ManagedPolicy": _by(
        "iam", "GetPolicy", {"PolicyArn": "arn:aws:iam::{account}:policy{Path}{ManagedPolicyName}"}
    ),
    "AWS::IAM::OIDCProvider": _provider,
    **{
        f"AWS::IAM::{noun}Policy": _by(
            "iam",
            f"Get{noun}Policy",
            {"PolicyName": "{PolicyName}", f"{noun}Name": f"{{{noun}Name}}"},
        )
        for noun in ("Role", "User", "Group")
    },
    "AWS::IAM::Role": _by("iam", "GetRole", {"RoleName": "{RoleName}"}),
    "AWS::IAM::ServiceLinkedRole": _linked_role,
    "AWS::IAM::User": _by("iam", "GetUser", {"UserName": "{UserName}"}),
    "AWS::KMS::Alias": _by("kms", "ListAliases", {}, "Aliases", {"AliasName": "{AliasName}"}),
    "AWS::Lambda::Alias": _by(
        "lambda", "GetAlias", {"Name": "{Name}", "FunctionName": "{FunctionName}"}
    ),
    "AWS::Lambda::EventInvokeConfig": _by(
        "lambda",
        "GetFunctionEventInvokeConfig",
        {"FunctionName": "{FunctionName}", "Qualifier": "{Qualifier}"},
    ),
    "AWS::Lambda::EventSourceMapping": _by(
        "lambda",
        "ListEventSourceMappings",
        {"FunctionName": "{FunctionName}", "EventSourceArn": "{EventSourceArn}"},
        "EventSourceMappings",
    ),
    "AWS::Lambda::Function": _by("lambda", "GetFunction", {"FunctionName": "{FunctionName}"}),
    "AWS::Lambda::Url": _by(
        "lambda",
        "GetFunctionUrlConfig",
        {"FunctionName": "{TargetFunctionArn}", "Qualifier": "{Qualifier}"},
    ),
    "AWS::Logs::LogGroup": _by(
        "logs",
        "DescribeLogGroups",
        {"logGroupNamePrefix": "{LogGroupName}"},
        "logGroups",
        {"logGroupName": "{LogGroupName}"},
    ),
    "AWS::Logs::LogStream": _by(
        "logs",
        "DescribeLogStreams",
        {"logStreamNamePrefix": "{LogStreamName}", "logGroupName": "{LogGroupName}"},
        "logStreams",
        {"logStreamName": "{LogStreamName}"},
    ),
    "AWS::Logs::MetricFilter": _by(
        "logs",
        "DescribeMetricFilters",
        {"filterNamePrefix": "{FilterName}", "logGroupName": "{LogGroupName}"},
        "metricFilters",
        {"filterName": "{FilterName}"},
    ),
    "AWS::S3::Bucket": _by("s3", "HeadBucket", {"Bucket": "{BucketName}"}),
    "AWS::S3::BucketPolicy": _by("s3", "GetBucketPolicy", {"Bucket": "{Bucket}"}),
    "AWS::SNS::Topic": _by(
        "sns", "GetTopicAttributes", {"TopicArn": _ARN.format("sns", "{TopicName}")}
    ),
    "AWS::SQS::Queue": _by("sqs", "GetQueueUrl", {"QueueName": "{QueueName}"}),
    "AWS::SSM::Parameter": _by("ssm", "GetParameter", {"Name": "{Name}"}),
    "AWS::SecretsManager::Secret": _by("secretsmanager", "DescribeSecret", {"SecretId": "{Name}"}),
    "AWS::StepFunctions::StateMachine": _by(
        "stepfunctions",
        "DescribeStateMachine",
        {"stateMachineArn": _ARN.format("states", "stateMachine:{StateMachineName}")},
    ),
}
