"""L20: what an action refers to is a resource of the right kind, by what the action takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import TEMPLATE, but
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule


class Wanted(NamedTuple):
    """`by` is the attribute that gives what is wanted, "" for Ref; None where several do."""

    types: tuple[str, ...]
    by: str | None = None


_ROLE = Wanted(("AWS::IAM::Role",), "Arn")
_TOPIC = Wanted(("AWS::SNS::Topic",))
_BUCKET = Wanted(("AWS::S3::Bucket",), "")
WANTED = {
    ("CodeBuild", "ProjectName"): Wanted(("AWS::CodeBuild::Project",), ""),
    ("CodeCommit", "RepositoryName"): Wanted(("AWS::CodeCommit::Repository",), "Name"),
    ("CodeDeploy", "ApplicationName"): Wanted(("AWS::CodeDeploy::Application",), ""),
    ("CodeDeploy", "DeploymentGroupName"): Wanted(("AWS::CodeDeploy::DeploymentGroup",), ""),
    ("CodeDeployToECS", "ApplicationName"): Wanted(("AWS::CodeDeploy::Application",), ""),
    ("CodeDeployToECS", "DeploymentGroupName"): Wanted(("AWS::CodeDeploy::DeploymentGroup",), ""),
    ("S3", "S3Bucket"): _BUCKET,
    ("S3", "BucketName"): _BUCKET,
    ("Lambda", "FunctionName"): Wanted(
        ("AWS::Lambda::Function", "AWS::Serverless::Function", "AWS::Lambda::Alias")
    ),
    ("CloudFormation", "RoleArn"): _ROLE,
    ("Manual", "NotificationArn"): _TOPIC,
    ("CodeStarSourceConnection", "ConnectionArn"): Wanted(
        ("AWS::CodeStarConnections::Connection", "AWS::CodeConnections::Connection")
    ),
    ("StepFunctions", "StateMachineArn"): Wanted(
        ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")
    ),
}
_OPAQUE = (
    "Custom::",
    "AWS::CloudFormation::CustomResource",
    "AWS::CloudFormation::Stack",
    "AWS::Serverless::Application",
)


@rule(
    id="wrong-resource",
    severity=Severity.WARNING,
    summary="A reference to a resource of another type, or to its ARN, ID or name, where something"
    " else is taken.",
    bad=but(TEMPLATE, ("!GetAtt Repository.Name", "!Ref Repository")),
    good=TEMPLATE,
)
def wrong_resource(subject: PipelineSubject) -> Iterator[Finding]:
    yield from _check(subject, subject.pipeline.role_arn, _ROLE, ("roleArn",))
    for place in subject.actions:
        yield from _check(subject, place.action.role_arn, _ROLE, (*place.path, "roleArn"))
        for key, value in place.action.configuration.items():
            wanted = WANTED.get((place.action.type.provider, key))
            if wanted:
                path = (*place.path, "configuration", key)
                yield from _check(subject, value, wanted, path)


def _check(
    subject: PipelineSubject, value: str, wanted: Wanted, path: tuple[str | int, ...]
) -> Iterator[Finding]:
    target = subject.world.target(value) if subject.world else None
    if target is None or subject.world is None:
        return
    name, attribute = target
    kind = subject.world.type_of(name)
    if kind.startswith(_OPAQUE):
        return
    key = f"{path[-1]}"
    if kind not in wanted.types:
        message = f"{key} is of a {wanted.types[0]}, and {name} is a {kind}"
        yield Finding(subject.place(*path), message)
    elif wanted.by is not None and attribute != wanted.by:
        given = f"{name}.{attribute}" if attribute else f"Ref {name}"
        message = f"{key} does not take what `{given}` gives"
        write = f"!GetAtt {name}.{wanted.by}" if wanted.by else f"!Ref {name}"
        yield Finding(subject.place(*path), message, f"write `{write}`")
