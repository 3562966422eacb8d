"""A pipeline that deploys stacks, on a whole server, by the aws CLI (CP-130, CP-150…155)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from .aws_cli import Cli, program_of
from .boto import Client
from .releases import action

Until = Callable[..., Any]
PIPE, CFN, COMMIT = "codepipeline", "cloudformation", "codecommit"
ROLE = "arn:aws:iam::000000000000:role/deploy"
GOING = ("InProgress", "Stopping")
STORE = """\
Parameters:
  Name: {Type: String}
  Time: {Type: String}
Resources:
  Files:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Ref Name}
  Kept:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Name: !Sub '/${Name}/kept', Value: !Ref Time}
Outputs:
  Bucket: {Value: !Ref Files}
  BucketArn: {Value: !GetAtt Files.Arn}
"""
SITE = """\
Parameters:
  Bucket: {Type: String}
  Arn: {Type: String}
Resources:
  Where:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Name: !Sub '/${Bucket}/where', Value: !Sub '${Bucket} is ${Arn}'}
Outputs:
  Where: {Value: !Ref Where}
"""


class Landscape:
    """A repository with two templates, and the pipeline that deploys them one after the other."""

    def __init__(self, aws: Cli, client: Client, until: Until) -> None:
        self.aws = aws
        self.until = until
        self.pipelines = client(PIPE)
        self.name = f"land-{uuid4().hex[:8]}"
        self.artifacts = aws.bucket()
        self.aws(COMMIT, "create-repository", "--repository-name", self.name)
        self.run = ""
        self.tip: tuple[str, ...] = ()
        self.commit("store.yaml", STORE)
        self.commit("site.yaml", SITE)
        self.settings("short")

    def settings(self, time: str) -> None:
        parameters = {"Name": f"{self.name}-files", "Time": time}
        self.commit("store.json", json.dumps({"Parameters": parameters, "Tags": {"Team": "web"}}))

    def commit(self, path: str, text: str) -> None:
        self.aws.write("content", text)
        commit = self.aws.text(
            "commitId", COMMIT, "put-file", "--repository-name", self.name, "--branch-name", "main",
            "--file-path", path, "--file-content", "fileb://content", *self.tip,
        )  # fmt: skip
        self.tip = ("--parent-commit-id", commit)

    def stages(self) -> dict[str, dict[str, Any]]:
        store = {"StackName": f"{self.name}-store", "ChangeSetName": "next"}
        given = {
            "Bucket": {"Fn::GetParam": ["Store", "outputs.json", "Bucket"]},
            "Arn": "#{Stored.BucketArn}",
        }
        execute = action(
            "Execute", "Deploy", "CloudFormation", outputs=("Store",), **store,
            ActionMode="CHANGE_SET_EXECUTE", OutputFileName="outputs.json",
        )  # fmt: skip
        return {
            "Source": action(
                "Fetch", "Source", "CodeCommit", outputs=("App",), RepositoryName=self.name,
                BranchName="main", PollForSourceChanges="false",
            ),
            "Prepare": action(
                "Prepare", "Deploy", "CloudFormation", inputs=("App",), **store, RoleArn=ROLE,
                ActionMode="CHANGE_SET_REPLACE", TemplatePath="App::store.yaml",
                TemplateConfiguration="App::store.json",
            ),
            "Approve": action("Ask", "Approval", "Manual"),
            "Store": {**execute, "namespace": "Stored"},
            "Site": action(
                "Deploy", "Deploy", "CloudFormation", inputs=("App", "Store"), RoleArn=ROLE,
                ActionMode="CREATE_UPDATE", StackName=f"{self.name}-site",
                TemplatePath="App::site.yaml", ParameterOverrides=json.dumps(given),
            ),
        }  # fmt: skip

    def create(self) -> None:
        declared = {
            "name": self.name,
            "roleArn": ROLE,
            "artifactStore": {"type": "S3", "location": self.artifacts},
            "stages": [{"name": name, "actions": [one]} for name, one in self.stages().items()],
        }
        path = self.aws.write("pipeline.json", json.dumps({"pipeline": declared}))
        self.aws(PIPE, "create-pipeline", "--cli-input-json", f"file://{path}")
        [begun] = self.aws.json(PIPE, "list-pipeline-executions", "--pipeline-name", self.name)[
            "pipelineExecutionSummaries"
        ]
        self.run = str(begun["pipelineExecutionId"])

    def start(self) -> None:
        started = (PIPE, "start-pipeline-execution", "--name", self.name)
        self.run = self.aws.text("pipelineExecutionId", *started)

    def approve(self) -> None:
        def token() -> str | None:
            state = self.pipelines.get_pipeline_state(name=self.name)
            latest = state["stageStates"][2]["actionStates"][0].get("latestExecution", {})
            found: str | None = latest.get("token")
            failed = [one for one in self.actions().values() if one["status"] == "Failed"]
            assert not failed, [one["output"] for one in failed]
            return found if latest.get("status") == "InProgress" else None

        self.aws(
            PIPE, "put-approval-result", "--pipeline-name", self.name, "--stage-name", "Approve",
            "--action-name", "Ask", "--result", "summary=seen,status=Approved",
            "--token", self.until(token),
        )  # fmt: skip

    def ended(self) -> str:
        def status() -> str | None:
            found = self.pipelines.get_pipeline_execution(
                pipelineName=self.name, pipelineExecutionId=self.run
            )
            now = str(found["pipelineExecution"]["status"])
            return None if now in GOING else now

        return str(self.until(status))

    def actions(self) -> dict[str, Any]:
        """What ListActionExecutions has of each action of the newest execution."""
        found = self.pipelines.list_action_executions(
            pipelineName=self.name, filter={"pipelineExecutionId": self.run}
        )
        return {one["actionName"]: one for one in found["actionExecutionDetails"]}

    def changes(self) -> list[str]:
        words = ("--stack-name", f"{self.name}-store", "--change-set-name", "next")
        query = "Changes[].ResourceChange.[Action, LogicalResourceId]"
        return self.aws.text(query, CFN, "describe-change-set", *words).split()

    def parameter(self, name: str) -> str:
        path = f"/{self.name}-files/{name}"
        return self.aws.text("Parameter.Value", "ssm", "get-parameter", "--name", path)

    def stack(self, name: str) -> dict[str, Any]:
        words = ("--stack-name", f"{self.name}-{name}")
        [found] = self.aws.json(CFN, "describe-stacks", *words)["Stacks"]
        return dict(found)


@pytest.fixture
def landscape(installation: Any, client: Client, until: Until, tmp_path: Path) -> Landscape:
    return Landscape(Cli(1, program_of(1), installation, tmp_path), client, until)


def test_stacks_are_reviewed_approved_and_build_upon_each_other(landscape: Landscape) -> None:
    """CP-130, CP-152, CP-153, CP-154, CP-155"""
    landscape.create()
    landscape.approve()
    assert landscape.ended() == "Succeeded", landscape.actions()
    bucket = f"{landscape.name}-files"
    assert landscape.parameter("where") == f"{bucket} is arn:aws:s3:::{bucket}"
    store, site = landscape.stack("store"), landscape.stack("site")
    assert (store["StackStatus"], site["StackStatus"]) == ("CREATE_COMPLETE",) * 2
    assert store["Tags"] == [{"Key": "Team", "Value": "web"}]
    output = landscape.actions()["Deploy"]["output"]
    assert output["executionResult"]["externalExecutionId"] == site["StackId"]
    assert output["outputVariables"] == {"Where": f"/{bucket}/where"}

    landscape.settings("long")
    landscape.start()
    landscape.until(lambda: "Prepare" in landscape.actions())
    landscape.approve()
    assert landscape.ended() == "Succeeded", landscape.actions()
    assert landscape.changes() == ["Modify", "Kept"]
    assert landscape.parameter("kept") == "long"
    assert landscape.stack("store")["StackStatus"] == "UPDATE_COMPLETE"
    assert landscape.stack("site")["StackStatus"] == "CREATE_COMPLETE"  # nothing has changed there


def test_a_stack_that_fails_fails_the_pipeline(landscape: Landscape) -> None:
    """CP-130"""
    landscape.commit("site.yaml", SITE.replace("Type: String, Name", "Type: Wrong, Name"))
    landscape.create()
    landscape.approve()
    assert landscape.ended() == "Failed"
    result = landscape.actions()["Deploy"]["output"]["executionResult"]
    assert (
        "The following resource(s) failed to create: [Where]" in result["errorDetails"]["message"]
    )
    assert landscape.stack("site")["StackStatus"] == "ROLLBACK_COMPLETE"
