"""What makes the resources of stacks: a module for each service, imported when it is used.

A module has `HANDLERS`, by the types it makes. What no module makes is looked for in the sandbox's
own models, and what has none of these is recorded only: kept, named as such, and nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from penstock.resources.contract import Handler

MODULES: Mapping[str, str] = {
    "AWS::CDK": "cdk",
    "AWS::CloudFormation": "cloudformation",
    "AWS::CloudFront": "cloudfront",
    "AWS::CloudWatch": "cloudwatch",
    "AWS::CodeBuild": "codebuild",
    "AWS::CodeCommit": "codecommit",
    "AWS::CodeConnections": "connections",
    "AWS::CodeDeploy": "codedeploy",
    "AWS::CodePipeline": "codepipeline",
    "AWS::CodeStarConnections": "connections",
    "AWS::ECR": "ecr",
    "AWS::Events": "events",
    "AWS::IAM": "iam",
    "AWS::KMS": "kms",
    "AWS::Lambda": "lambda_",
    "AWS::Logs": "logs",
    "AWS::S3": "s3",
    "AWS::SNS": "sns",
    "AWS::SSM": "ssm",
    "AWS::SecretsManager": "secretsmanager",
}
"""By the first two parts of a type."""
CUSTOM = ("Custom", "AWS::CloudFormation::CustomResource")


def handler_of(type_: str) -> Handler:
    """Whoever makes resources of a type that there is."""
    if type_.partition("::")[0] == CUSTOM[0] or type_ == CUSTOM[1]:
        return _handlers("custom")[CUSTOM[1]]
    service, _, _ = type_.rpartition("::")
    module = MODULES.get(service)
    found = _handlers(module).get(type_) if module else None
    if found is None:
        found = _handlers("simulated").get(type_)
    return found or _handlers("recorded")[type_]


def _handlers(module: str) -> Mapping[str, Handler]:
    handlers: Mapping[str, Handler] = import_module(f"{__name__}.{module}").HANDLERS
    return handlers
