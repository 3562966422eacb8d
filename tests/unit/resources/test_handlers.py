"""Which types of resources are made for real, and by whom."""

from __future__ import annotations

import pytest

from penstock.documents.resource_schemas import schema_of
from penstock.resources import handler_of

MADE = {
    "cdk": ["AWS::CDK::Metadata"],
    "cloudformation": [
        "AWS::CloudFormation::Stack",
        "AWS::CloudFormation::WaitCondition",
        "AWS::CloudFormation::WaitConditionHandle",
    ],
    "codebuild": [
        "AWS::CodeBuild::Project",
        "AWS::CodeBuild::ReportGroup",
        "AWS::CodeBuild::SourceCredential",
    ],
    "codecommit": ["AWS::CodeCommit::Repository"],
    "codepipeline": [
        "AWS::CodePipeline::CustomActionType",
        "AWS::CodePipeline::Pipeline",
        "AWS::CodePipeline::Webhook",
    ],
    "connections": [
        "AWS::CodeConnections::Connection",
        "AWS::CodeConnections::Host",
        "AWS::CodeStarConnections::Connection",
    ],
    "custom": ["AWS::CloudFormation::CustomResource", "Custom::Anything"],
    "events": ["AWS::Events::EventBus", "AWS::Events::EventBusPolicy", "AWS::Events::Rule"],
    "logs": ["AWS::Logs::LogGroup", "AWS::Logs::LogStream", "AWS::Logs::MetricFilter"],
    "s3": ["AWS::S3::Bucket", "AWS::S3::BucketPolicy"],
    "secretsmanager": [
        "AWS::SecretsManager::ResourcePolicy",
        "AWS::SecretsManager::Secret",
        "AWS::SecretsManager::SecretTargetAttachment",
    ],
    "ssm": ["AWS::SSM::Parameter"],
}


@pytest.mark.parametrize(
    ("module", "type"), [(module, type) for module, types in MADE.items() for type in types]
)
def test_a_type_is_made_by_its_services_module(module: str, type: str) -> None:
    handler = handler_of(type)
    assert handler.__class__.__module__.startswith(f"penstock.resources.{module}")
    assert schema_of(type) is not None
