"""Stacks through the aws CLI, of both major versions, and boto3, against a real server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from .aws_cli import Cli
from .boto import Client, code_of

Until = Callable[..., Any]
CFN = "cloudformation"
TEMPLATE = """\
AWSTemplateFormatVersion: '2010-09-09'
Description: What a site needs
Parameters:
  GitHubOwner: {Type: String}
  GitHubRepo: {Type: String}
  GitHubBranch: {Type: String, Default: main}
  GitHubToken: {Type: String, NoEcho: true}
  BuildComputeType:
    Type: String
    Default: BUILD_GENERAL1_SMALL
    AllowedValues: [BUILD_GENERAL1_SMALL, BUILD_GENERAL1_LARGE]
  NotificationEmail: {Type: String, Default: ''}
Conditions:
  Notified: !Not [!Equals [!Ref NotificationEmail, '']]
Resources:
  Artifacts:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub '${AWS::StackName}-artifacts'
      VersioningConfiguration: {Status: Enabled}
  BuildRole:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub '${AWS::StackName}-build'
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Principal: {Service: codebuild.amazonaws.com}, Action: 'sts:AssumeRole'}
  Build:
    Type: AWS::CodeBuild::Project
    Properties:
      Name: !Sub '${AWS::StackName}-build'
      ServiceRole: !GetAtt BuildRole.Arn
      Source: {Type: CODEPIPELINE}
      Artifacts: {Type: CODEPIPELINE}
      Environment:
        Type: LINUX_CONTAINER
        Image: aws/codebuild/standard:7.0
        ComputeType: !Ref BuildComputeType
  Branch:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Name: !Sub '/${AWS::StackName}/branch', Value: !Ref GitHubBranch}
  News:
    Type: AWS::SNS::Topic
    Condition: Notified
Outputs:
  Bucket: {Value: !Ref Artifacts, Export: {Name: !Sub '${AWS::StackName}-bucket'}}
  Project: {Value: !GetAtt Build.Arn, Description: builds it}
  Branch: {Value: !Ref Branch}
"""
GIVEN = (
    "ParameterKey=GitHubOwner,ParameterValue=innovation-grupo-uma",
    "ParameterKey=GitHubRepo,ParameterValue=twenty-uma",
    "ParameterKey=GitHubBranch,ParameterValue=main",
    "ParameterKey=GitHubToken,ParameterValue=ghp_your_github_token_here",
    "ParameterKey=BuildComputeType,ParameterValue=BUILD_GENERAL1_LARGE",
    "ParameterKey=NotificationEmail,ParameterValue=dev-team@agnicrm.com",
)
NAMES = tuple(one.split("=")[1].split(",")[0] for one in GIVEN)
KEPT = tuple(f"ParameterKey={name},UsePreviousValue=true" for name in NAMES)
NAMED = ("--capabilities", "CAPABILITY_NAMED_IAM")


class Site:
    """A stack of the template above, asked about by the CLI."""

    def __init__(self, aws: Cli, client: Client, until: Until) -> None:
        self.aws = aws
        self.until = until
        self.cloudformation = client(CFN)
        self.name = f"site-{uuid4().hex[:8]}"
        self.write(TEMPLATE)

    def write(self, text: str) -> None:
        self.aws.write("template.yaml", text)

    def ask(self, operation: str, *options: str) -> str:
        return self.aws(CFN, operation, "--stack-name", self.name, *options)

    def refused(self, operation: str, *options: str) -> str:
        answer = self.aws.ask(CFN, operation, "--stack-name", self.name, *options)
        assert answer.code != 0, answer.out
        return answer.err

    def query(self, query: str, operation: str = "describe-stacks", *options: str) -> str:
        return self.aws.text(query, CFN, operation, "--stack-name", self.name, *options)

    def ends(self, status: str) -> None:
        """Waiters of the CLI would look every half a minute."""

        def ended() -> str | None:
            [stack] = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
            now = str(stack["StackStatus"])
            return None if now.endswith("_IN_PROGRESS") else now

        assert self.until(ended) == status, self.ask("describe-stack-events")

    def create(self) -> None:
        template = ("--template-body", "file://template.yaml")
        self.ask("create-stack", *template, "--parameters", *GIVEN, *NAMED)
        self.ends("CREATE_COMPLETE")

    def branch(self) -> str:
        """What the stack has put into Parameter Store."""
        parameter = ("ssm", "get-parameter", "--name", f"/{self.name}/branch")
        return self.aws.text("Parameter.Value", *parameter)


@pytest.fixture
def site(aws: Cli, client: Client, until: Until) -> Site:
    return Site(aws, client, until)


def test_a_template_becomes_what_it_says(site: Site) -> None:
    """TG-105, TG-106, TG-112, TG-128"""
    template = ("--template-body", "file://template.yaml")
    site.aws(CFN, "validate-template", *template)
    refused = site.refused("create-stack", *template, "--parameters", *GIVEN)
    assert "Requires capabilities : [CAPABILITY_NAMED_IAM]" in refused
    site.create()
    site.aws(CFN, "wait", "stack-create-complete", "--stack-name", site.name)
    assert site.query("Stacks[0].StackStatus") == "CREATE_COMPLETE"
    assert site.query("Stacks[0].Outputs[?OutputKey=='Branch'].OutputValue") == (
        f"/{site.name}/branch"
    )
    token = "Stacks[0].Parameters[?ParameterKey=='GitHubToken'].ParameterValue"
    assert site.query(token) == "****"
    assert site.branch() == "main"
    aws = site.aws
    project = ("codebuild", "batch-get-projects", "--names", f"{site.name}-build")
    assert aws.text("projects[0].environment.computeType", *project) == "BUILD_GENERAL1_LARGE"
    assert "Enabled" in aws("s3api", "get-bucket-versioning", "--bucket", f"{site.name}-artifacts")
    events = site.query("StackEvents[].ResourceStatus", "describe-stack-events").split()
    assert (events[0], events[-1]) == ("CREATE_COMPLETE", "CREATE_IN_PROGRESS")
    listed = site.query("StackResourceSummaries[].LogicalResourceId", "list-stack-resources")
    assert listed.split() == ["Artifacts", "Branch", "Build", "BuildRole", "News"]
    exports = aws.text("Exports[].Name", CFN, "list-exports").split()
    assert f"{site.name}-bucket" in exports


def test_an_update_keeps_what_was_given(site: Site) -> None:
    """TG-108, TG-111"""
    site.create()
    update = ("--template-body", "file://template.yaml", "--parameters")
    unchanged = site.refused("update-stack", *update, *KEPT, *NAMED)
    assert "No updates are to be performed." in unchanged
    branch = "ParameterKey=GitHubBranch,ParameterValue=next"
    changed = (branch, *(one for one in KEPT if "GitHubBranch" not in one))
    site.ask("update-stack", *update, *changed, *NAMED)
    site.ends("UPDATE_COMPLETE")
    assert site.branch() == "next"


def test_a_template_is_deployed_again_and_again(site: Site) -> None:
    """TG-108, TG-110, TG-128: the second time there is nothing to do."""
    deploy = (
        CFN, "deploy", "--stack-name", site.name, "--template-file", "template.yaml", *NAMED,
        "--parameter-overrides", "GitHubOwner=me", "GitHubRepo=app", "GitHubToken=hush",
    )  # fmt: skip
    assert "Successfully created/updated stack" in site.aws(*deploy)
    again = site.aws.ask(*deploy)  # version 1 fails then, version 2 does not
    assert f"No changes to deploy. Stack {site.name} is up to date" in again.out + again.err
    bucket = site.aws.bucket()
    # Version 2 puts templates where its own endpoint is not.
    there = ("--s3-bucket", bucket) if site.aws.version == 1 else ()
    site.aws(*deploy, "GitHubBranch=next", *there)
    assert site.branch() == "next"
    site.aws("s3", "cp", "template.yaml", f"s3://{bucket}/x.yaml")
    url = f"https://{bucket}.s3.amazonaws.com/x.yaml"
    summary = (CFN, "get-template-summary", "--template-url", url)
    assert "AWS::CodeBuild::Project" in site.aws.text("ResourceTypes", *summary)


def test_a_stack_is_deleted(site: Site) -> None:
    """TG-107, TG-109"""
    site.create()
    site.ask("update-termination-protection", "--enable-termination-protection")
    assert "TerminationProtection is enabled" in site.refused("delete-stack")
    site.ask("update-termination-protection", "--no-enable-termination-protection")
    arn = site.query("Stacks[0].StackId")
    site.ask("delete-stack")

    def deleted() -> bool:
        [stack] = site.cloudformation.describe_stacks(StackName=arn)["Stacks"]
        return bool(stack["StackStatus"] == "DELETE_COMPLETE")

    site.until(deleted)
    site.aws(CFN, "wait", "stack-delete-complete", "--stack-name", site.name)
    assert f"Stack with id {site.name} does not exist" in site.refused("describe-stacks")
    bucket = ("s3api", "head-bucket", "--bucket", f"{site.name}-artifacts")
    assert "404" in site.aws.ask(*bucket).err


def test_a_change_set_is_looked_at_and_executed(site: Site) -> None:
    """TG-110"""
    site.create()
    site.write(TEMPLATE.replace("  News:", "  Extra: {Type: 'AWS::SNS::Topic'}\n  News:"))
    named = ("--change-set-name", "more")
    site.ask(
        "create-change-set", *named, "--template-body", "file://template.yaml", *NAMED,
        "--parameters", *KEPT,
    )  # fmt: skip
    site.aws(CFN, "wait", "change-set-create-complete", "--stack-name", site.name, *named)
    query = "Changes[].ResourceChange.[Action, LogicalResourceId]"
    assert site.query(query, "describe-change-set", *named).split() == ["Add", "Extra"]
    site.ask("execute-change-set", *named)
    site.ends("UPDATE_COMPLETE")
    detail = site.query(
        "StackResourceDetail.ResourceStatus",
        "describe-stack-resource",
        "--logical-resource-id",
        "Extra",
    )
    assert detail == "CREATE_COMPLETE"
    assert site.query("TemplateBody", "get-template").startswith("AWSTemplateFormatVersion")


def test_what_the_teams_ask_of_stacks(site: Site) -> None:
    """TG-109: of those they have, and of those they have not."""
    site.create()
    query = ("--query", "Stacks[0].StackStatus")
    assert json.loads(site.ask("describe-stacks", *query, "--output", "json")) == "CREATE_COMPLETE"
    events = site.aws.json(
        CFN, "describe-stack-events", "--stack-name", site.name, "--max-items", "4"
    )
    assert len(events["StackEvents"]) == 4
    missing = site.aws.ask(CFN, "describe-stacks", "--stack-name", "manuel-dev")
    assert "Stack with id manuel-dev does not exist" in missing.err


def test_boto3_waits_pages_and_is_refused(client: Client) -> None:
    """TG-105, TG-106, TG-109, TG-119"""
    cloudformation = client(CFN)
    name = f"many-{uuid4().hex[:8]}"
    waits = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    body = json.dumps({"Resources": {f"H{number}": waits for number in range(40)}})
    made = cloudformation.create_stack(StackName=name, TemplateBody=body)
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1}
    )
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
    events = [event for page in pages for event in page["StackEvents"]]
    assert len(events) > 80
    with pytest.raises(cloudformation.exceptions.AlreadyExistsException):
        cloudformation.create_stack(StackName=name, TemplateBody=body)
    with pytest.raises(ClientError, match="No updates are to be performed") as refused:
        cloudformation.update_stack(StackName=name, TemplateBody=body)
    assert code_of(refused) == "ValidationError"
    with pytest.raises(cloudformation.exceptions.ChangeSetNotFoundException):
        cloudformation.describe_change_set(StackName=name, ChangeSetName="none")
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=made["StackId"], WaiterConfig={"Delay": 1}
    )
    [gone] = cloudformation.describe_stacks(StackName=made["StackId"])["Stacks"]
    assert gone["StackStatus"] == "DELETE_COMPLETE"
