"""Stacks of what is real and what is in the sandbox, and what there is of them: for tests that
kill."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"},
         "Action": "sts:AssumeRole"}
    ],
}  # fmt: skip
ALLOW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}
DAYS = {1: 1, 2: 3}
"""That a group of logs may have, by the version."""
Document = dict[str, Any]
World = set[tuple[str, str, str]]
"""Kind, name, and what has been set of it."""


def ref(name: str) -> Document:
    return {"Ref": name}


def sub(text: str) -> Document:
    return {"Fn::Sub": "${AWS::StackName}" + text}


def resource(type: str, *depends_on: str, **properties: Any) -> Document:
    return {"Type": f"AWS::{type}", "DependsOn": list(depends_on), "Properties": properties}


def template(version: int, *, failing: bool = False) -> str:
    """Two of its parameters have another name in each version. Where it fails, that comes late."""
    v, days = str(version), DAYS[version]
    parameter = partial(resource, "SSM::Parameter", Type="String")
    resources = {
        "One": parameter(Name=sub("-one"), Value=v),
        "Two": parameter(Name=sub(f"-two{v}"), Value=ref("One")),
        "Three": parameter("Alarm", Name=sub(f"-three{v}"), Value=ref("Queue")),
        "Text": parameter("Role", Name=sub("-text"), Value=v),
        "Group": resource("Logs::LogGroup", LogGroupName=sub("-group"), RetentionInDays=days),
        "Bucket": resource("S3::Bucket", "Two", BucketName=sub("-bucket")),
        "Secret": resource("SecretsManager::Secret", Name=sub("-secret"), SecretString="s"),
        "Rule": resource(
            "Events::Rule", Name=sub("-rule"), ScheduleExpression=f"rate({version + 1} days)"
        ),
        "Project": resource(
            "CodeBuild::Project", Name=sub("-project"), Description=v,
            ServiceRole={"Fn::GetAtt": ["Role", "Arn"]}, Source={"Type": "CODEPIPELINE"},
            Artifacts={"Type": "CODEPIPELINE"},
            Environment={"Type": "LINUX_CONTAINER", "ComputeType": "BUILD_GENERAL1_SMALL",
                         "Image": "aws/codebuild/standard:7.0"},
        ),
        "Role": resource(
            "IAM::Role", RoleName=sub("-role"), AssumeRolePolicyDocument=TRUST, Description=v
        ),
        "Policy": resource(
            "IAM::Policy", PolicyName="own", PolicyDocument=ALLOW, Roles=[ref("Role")]
        ),
        "Topic": resource("SNS::Topic", "Group", TopicName=sub("-topic"), DisplayName=v),
        "Queue": resource("SQS::Queue", QueueName=sub("-queue"), DelaySeconds=version),
        "Alarm": resource(
            "CloudWatch::Alarm", AlarmName=sub("-alarm"), AlarmActions=[ref("Topic")],
            ComparisonOperator="GreaterThanThreshold", EvaluationPeriods=1, Threshold=version,
            MetricName="m", Namespace="n", Period=60, Statistic="Sum",
        ),
        "Images": resource("ECR::Repository", "Policy", RepositoryName=sub("-images")),
    }  # fmt: skip
    if version > 1:
        resources["New"] = parameter("Rule", Name=sub("-new"), Value=v)
    if failing:
        resources["Bad"] = resource("S3::Bucket", "Text", "Project", BucketName="NOT A NAME")
    return json.dumps({"Resources": resources})


def expected(version: int) -> World:
    """What there is of a stack in its version; nothing in version 0."""
    if not version:
        return set()
    v = str(version)
    found = {
        ("parameter", "one", v), ("parameter", f"two{v}", "one"), ("parameter", "text", v),
        ("parameter", f"three{v}", "queue"), ("group", "group", str(DAYS[version])),
        ("bucket", "bucket", ""), ("secret", "secret", ""),
        ("rule", "rule", f"rate({version + 1} days)"),
        ("project", "project", v), ("role", "role", "own"), ("topic", "topic", v),
        ("queue", "queue", v), ("alarm", "alarm", v), ("repository", "images", ""),
    }  # fmt: skip
    return found | ({("parameter", "new", v)} if version > 1 else set())


class Foundry:
    """Clients that outlive servers."""

    def __init__(self, installation: Any) -> None:
        retries = {"mode": "standard", "max_attempts": 10}
        self.client: Callable[[str], Any] = partial(installation.client, retries=retries)
        self.cloudformation = self.client("cloudformation")

    def create(self, name: str, template: str) -> None:
        self._ask("create_stack", name, template)

    def update(self, name: str, template: str) -> None:
        self._ask("update_stack", name, template)

    def delete(self, name: str) -> None:
        self.cloudformation.delete_stack(StackName=name)

    def _ask(self, operation: str, name: str, template: str) -> None:
        getattr(self.cloudformation, operation)(
            StackName=name,
            TemplateBody=template,
            Capabilities=["CAPABILITY_NAMED_IAM"],
            ClientRequestToken=f"{operation}-{name}".replace("_", "-"),
        )

    def statuses(self) -> dict[str, str]:
        pages = self.cloudformation.get_paginator("list_stacks").paginate()
        return {
            one["StackName"]: one["StackStatus"] for page in pages for one in page["StackSummaries"]
        }

    def reasons(self, name: str) -> list[str]:
        """Why anything has failed."""
        pages = self.cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
        return [
            f"{one['LogicalResourceId']} {one['ResourceStatus']}: {one['ResourceStatusReason']}"
            for page in pages
            for one in page["StackEvents"]
            if one["ResourceStatus"].endswith("_FAILED")
        ]

    def world(self) -> dict[str, World]:
        """All there is, by the name of the stack that its name begins with."""
        found: dict[str, World] = {}
        for kind, name, value in self._all():
            stack, _, own = name.partition("-")
            found.setdefault(stack, set()).add((kind, own, value.removeprefix(f"{stack}-")))
        return found

    def _all(self) -> Iterator[tuple[str, str, str]]:
        ssm = self.client("ssm")
        pages = ssm.get_paginator("describe_parameters").paginate()
        for one in (each for page in pages for each in page["Parameters"]):
            value = ssm.get_parameter(Name=one["Name"])["Parameter"]["Value"]
            yield "parameter", one["Name"], value.rpartition("/")[2]
        for one in self._pages("logs", "describe_log_groups", "logGroups"):
            yield "group", one["logGroupName"], str(one.get("retentionInDays"))
        for one in self.client("s3").list_buckets()["Buckets"]:
            yield "bucket", one["Name"], ""
        for one in self._pages("secretsmanager", "list_secrets", "SecretList"):
            yield "secret", one["Name"], ""
        for one in self.client("events").list_rules(Limit=100)["Rules"]:
            yield "rule", one["Name"], one["ScheduleExpression"]
        yield from self._projects()
        yield from self._sandboxed()

    def _projects(self) -> Iterator[tuple[str, str, str]]:
        codebuild = self.client("codebuild")
        for page in codebuild.get_paginator("list_projects").paginate():
            if names := page["projects"]:
                for one in codebuild.batch_get_projects(names=names)["projects"]:
                    yield "project", one["name"], one["description"]

    def _sandboxed(self) -> Iterator[tuple[str, str, str]]:
        iam, sns, sqs = (self.client(name) for name in ("iam", "sns", "sqs"))
        for one in self._pages("iam", "list_roles", "Roles"):
            policies = iam.list_role_policies(RoleName=one["RoleName"])["PolicyNames"]
            yield "role", one["RoleName"], ",".join(policies)
        for one in self._pages("sns", "list_topics", "Topics"):
            about = sns.get_topic_attributes(TopicArn=one["TopicArn"])["Attributes"]
            yield "topic", one["TopicArn"].rpartition(":")[2], about["DisplayName"]
        for url in sqs.list_queues().get("QueueUrls", ()):
            about = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])
            yield "queue", url.rpartition("/")[2], about["Attributes"]["DelaySeconds"]
        for one in self._pages("cloudwatch", "describe_alarms", "MetricAlarms"):
            yield "alarm", one["AlarmName"], f"{one['Threshold']:.0f}"
        for one in self._pages("ecr", "describe_repositories", "repositories"):
            yield "repository", one["repositoryName"], ""

    def _pages(self, service: str, operation: str, listed: str) -> Iterator[Document]:
        for page in self.client(service).get_paginator(operation).paginate():
            yield from page[listed]
