"""A type of resource that AWS does not have."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from penstock.documents.diagnostics import Severity
from penstock.documents.findings import shown
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.refused import is_final
from penstock.lint.templates.schemas import is_known
from penstock.lint.templates.subject import TemplateSubject

_COMMON = (
    "AWS::CodeBuild::Project", "AWS::CodePipeline::Pipeline", "AWS::CodePipeline::Webhook",
    "AWS::CodeCommit::Repository", "AWS::CodeDeploy::Application", "AWS::SNS::Subscription",
    "AWS::CodeDeploy::DeploymentGroup", "AWS::S3::Bucket", "AWS::S3::BucketPolicy",
    "AWS::SNS::Topic", "AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy",
    "AWS::Lambda::Function", "AWS::Lambda::Permission", "AWS::Events::Rule", "AWS::Logs::LogGroup",
    "AWS::CloudWatch::Alarm", "AWS::SSM::Parameter", "AWS::SecretsManager::Secret",
    "AWS::DynamoDB::Table", "AWS::ECR::Repository", "AWS::ECS::Service", "AWS::KMS::Key",
)  # fmt: skip


@rule(
    id="unknown-type",
    severity=Severity.ERROR,
    summary="A type of resource that AWS does not have.",
    bad="""
Resources:
  Site:
    Type: AWS::S3::Buckets
""",
    good="""
Resources:
  Site:
    Type: AWS::S3::Bucket
""",
)
def unknown_type(subject: TemplateSubject) -> Iterator[Finding]:
    final = is_final(subject.text.body)
    for name, resource in subject.world.resources.items() if final else ():
        kind = resource["Type"]
        if not is_known(kind):
            near = get_close_matches(kind, _COMMON, n=1)
            message = f"Template format error: Unrecognized resource types: [{shown(kind)}]"
            hint = f"did you mean `{near[0]}`?" if near else ""
            yield Finding(subject.place(("Resources", name, "Type")), message, hint)
