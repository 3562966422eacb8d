"""AWS SAM's own CLI, through AWS_ENDPOINT_URL: the application in the folder sam_app."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ..needs import lacking
from .aws_cli import Cli, program_of
from .aws_tools import Tool
from .boto import Client
from .conftest import Installation

APP = Path(__file__).parent / "sam_app"
PREFERRED = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Resources": {
        "Greet": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "InlineCode": "def handler(event, context): return 'hello'",
                "AutoPublishAlias": "live",
                "DeploymentPreference": {"Type": "Canary10Percent5Minutes"},
            },
        }
    },
}


class Sam(Tool):
    """SAM's CLI, and the stack that it makes."""

    def __init__(self, program: str, installation: Installation, home: Path) -> None:
        own = {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.2"}
        super().__init__(program, APP, installation, home, **own)
        self.stack = f"greet-{uuid4().hex[:8]}"
        self.bucket = f"sam-{self.stack}"
        installation.client("s3").create_bucket(Bucket=self.bucket)
        self._region = installation.variables["AWS_REGION"]

    def begin(self, *words: str) -> subprocess.Popen[str]:
        return super().begin(*words, "--region", self._region)

    def deployment(self, *words: str) -> tuple[str, ...]:
        capabilities = ("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
        named = ("--stack-name", self.stack, "--s3-bucket", self.bucket, "--no-confirm-changeset")
        return ("deploy", *named, *capabilities, *words)


@pytest.fixture
def sam(installation: Installation, tmp_path: Path) -> Sam:
    program = shutil.which(os.environ.get("SAM_CLI") or "sam")
    if program is None:
        raise lacking("SAM's CLI is not here (SAM_CLI)")
    return Sam(program, installation, tmp_path)


def outputs(client: Client, stack: str) -> dict[str, str]:
    [found] = client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}


def resources(client: Client, stack: str) -> dict[str, str]:
    """Their types, by logical id."""
    found = client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    return {one["LogicalResourceId"]: one["ResourceType"] for one in found}


def test_an_application_is_deployed_changed_and_deleted(sam: Sam, client: Client) -> None:
    """TG-124"""
    assert "is a valid SAM Template" in sam("validate")
    assert "Successfully created/updated stack" in sam(*sam.deployment())
    first = outputs(client, sam.stack)
    function = client("lambda").get_function(FunctionName=first["Function"])["Configuration"]
    assert function["Environment"]["Variables"] == {"GREETING": "Hello"}
    assert first["Alias"] == f"{function['FunctionArn']}:live"
    assert first["Version"] == f"{function['FunctionArn']}:1"
    made = resources(client, sam.stack)
    assert {"AWS::ApiGateway::RestApi", "AWS::Lambda::Alias", "AWS::Lambda::Url"} < set(
        made.values()
    )

    code, told = sam.ask(*sam.deployment())
    assert (code, "No changes to deploy" in told) == (1, True)
    assert "No changes to deploy" in sam(*sam.deployment("--no-fail-on-empty-changeset"))

    (sam.folder / "greeting" / "app.py").write_text("def handler(event, context): return 'bye'\n")
    told = sam(*sam.deployment("--parameter-overrides", "Greeting=Welcome"))
    assert "Modify" in told
    second = outputs(client, sam.stack)
    assert second["Version"] == f"{function['FunctionArn']}:2"
    alias = client("lambda").get_alias(FunctionName=first["Function"], Name="live")
    assert alias["FunctionVersion"] == "2"

    assert "Deleted successfully" in sam("delete", "--stack-name", sam.stack, "--no-prompts")
    with pytest.raises(client("cloudformation").exceptions.ClientError, match="does not exist"):
        outputs(client, sam.stack)


def test_the_aws_cli_packages_and_deploys_it_too(
    installation: Installation, client: Client, tmp_path: Path
) -> None:
    """Code goes to a bucket, and the template says where. Old versions 2 of the CLI send
    what they package to AWS, wherever they are pointed."""
    aws = Cli(1, program_of(1), installation, tmp_path)
    folder, stack = shutil.copytree(APP, aws.folder / "app"), f"greet-{uuid4().hex[:8]}"
    place = ("--template-file", str(folder / "template.yaml"), "--s3-bucket", aws.bucket())
    packed = str(aws.folder / "packed.yaml")
    aws("cloudformation", "package", *place, "--output-template-file", packed)
    deployment = (
        "cloudformation", "deploy", "--template-file", packed, "--stack-name", stack,
        "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND",
    )  # fmt: skip
    assert "Successfully created/updated stack" in aws(*deployment)
    function = client("lambda").get_function(FunctionName=outputs(client, stack)["Function"])
    assert function["Configuration"]["Handler"] == "app.handler"
    assert "No changes to deploy" in aws(*deployment, "--no-fail-on-empty-changeset")
    aws("cloudformation", "delete-stack", "--stack-name", stack)


def test_a_deployment_preference_is_transformed(client: Client) -> None:
    """TG-124"""
    cloudformation = client("cloudformation")
    stack = f"greet-{uuid4().hex[:8]}"
    cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName="look",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(PREFERRED),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    shown = cloudformation.get_template(
        StackName=stack, ChangeSetName="look", TemplateStage="Processed"
    )
    made: dict[str, Any] = shown["TemplateBody"]["Resources"]
    group = made["GreetDeploymentGroup"]
    assert group["Type"] == "AWS::CodeDeploy::DeploymentGroup"
    named = group["Properties"]["DeploymentConfigName"]
    assert "CodeDeployDefault.Lambda${ConfigName}" in json.dumps(named)
    events = group["Properties"]["AutoRollbackConfiguration"]["Events"]
    assert sorted(events) == [
        "DEPLOYMENT_FAILURE",
        "DEPLOYMENT_STOP_ON_ALARM",
        "DEPLOYMENT_STOP_ON_REQUEST",
    ]
    policy = made["GreetAliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    assert policy["DeploymentGroupName"] == {"Ref": "GreetDeploymentGroup"}
    cloudformation.delete_stack(StackName=stack)
