"""Stacks and rehearsals: what a template takes to be made, read, and run as a whole.

The template has sixty resources, as those of pipelines have: projects with log groups and roles,
buckets, parameters, topics, alarms, rules, a pipeline. moto is given the same one, and makes of it
the types it knows, in its memory.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from bench.load import client
from bench.programs import PENSTOCK, PYTHON, Folder
from bench.rounds import Row, Table, medians
from bench.servers import Server, moto, penstock, running

ROUNDS = 5
GOAL_REHEARSAL, GOAL_STACK, GOAL_LINT = 4000.0, 3000.0, 300.0
_PARSE = "import yaml; yaml.load(open('template.json'), yaml.CSafeLoader)"
_AGAIN = 0.01  # seconds
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]


def rehearsed(folder: Path) -> Table:
    """A pipeline of three stages that move a file, from nothing to its end."""
    place = Folder(folder)
    place.write({"pipeline.json": json.dumps(small()), "page.html": "<p>Here</p>\n"})
    command = (PENSTOCK, "rehearse", "pipeline.json", "--source", ".")
    figures = medians({"penstock rehearse": lambda: place.seconds(command) * 1000}, ROUNDS)
    starts = [_cold_start(folder / f"start-{number}") for number in range(ROUNDS)]
    floor = Row("of these, a server's cold start", sorted(starts)[ROUNDS // 2])
    rows = [*figures, floor, Row("the goal", GOAL_REHEARSAL)]
    return Table("rehearse: three stages, from a cold start to the end", "ms", rows)


def _cold_start(folder: Path) -> float:
    with running("Penstock", penstock(folder / "data"), folder) as server:
        return server.seconds * 1000


def created(folder: Path) -> Table:
    with (
        running("Penstock", penstock(folder / "data"), folder / "penstock") as ours,
        running("moto", moto(), folder / "moto") as theirs,
    ):
        candidates = {
            "Penstock, durable and real": lambda: _made(ours),
            "moto, in memory": lambda: _made(theirs),
        }
        first = Row("Penstock, the first after a start", _made(ours))
        rows = [first, *medians(candidates, ROUNDS)]
    rows.append(Row("the goal", GOAL_STACK))
    return Table("create-stack of 60 resources, to CREATE_COMPLETE", "ms", rows)


def _made(server: Server) -> float:
    cloudformation = client("cloudformation", server.url)
    name = f"stack-{time.monotonic_ns()}"
    body = json.dumps(large(name))
    began = time.perf_counter()
    cloudformation.create_stack(StackName=name, TemplateBody=body, Capabilities=CAPABILITIES)
    while (status := _status(cloudformation, name)) == "CREATE_IN_PROGRESS":
        time.sleep(_AGAIN)
    took = time.perf_counter() - began
    if status != "CREATE_COMPLETE":
        raise RuntimeError(f"{name} of {server.name} is {status}")
    return took * 1000


def _status(cloudformation: Any, name: str) -> str:
    found: str = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    return found


def linted(folder: Path) -> Table:
    place = Folder(folder)
    place.write({"template.json": json.dumps(large("app"), indent=1)})
    commands = {
        "penstock lint --no-cfn-lint": (PENSTOCK, "lint", "--no-cfn-lint", "template.json"),
        "python, PyYAML with libyaml: load": (PYTHON, "-c", _PARSE),
    }
    rows = medians(place.milliseconds(commands), ROUNDS)
    return Table("lint of a template of 60 resources", "ms", [*rows, Row("the goal", GOAL_LINT)])


def small() -> dict[str, Any]:
    """Two buckets, and a pipeline of three stages between them."""
    deploy: dict[str, Any] = {"BucketName": {"Ref": "Pages"}, "Extract": "true"}
    stages = [
        _stage("Source", "S3", "Source", outputs=["App"], S3Bucket={"Ref": "Sources"},
               S3ObjectKey="app.zip", PollForSourceChanges="false"),
        _stage("Try", "S3", "Deploy", inputs=["App"], **deploy, ObjectKey="try"),
        _stage("Release", "S3", "Deploy", inputs=["App"], **deploy, ObjectKey="release"),
    ]  # fmt: skip
    versions = {"VersioningConfiguration": {"Status": "Enabled"}}
    return {
        "Resources": {
            "Sources": {"Type": "AWS::S3::Bucket", "Properties": versions},
            "Pages": {"Type": "AWS::S3::Bucket"},
            "Pipeline": _pipeline("app", "Sources", stages),
        }
    }


def large(name: str) -> dict[str, Any]:
    """Sixty resources, whose names are another stack's own."""
    resources: dict[str, Any] = {
        "Sources": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"VersioningConfiguration": {"Status": "Enabled"}},
        }
    }
    for number in range(9):
        resources |= _project(name, number)
    for number in range(18):
        resources[f"Parameter{number}"] = {
            "Type": "AWS::SSM::Parameter",
            "Properties": {
                "Name": f"/{name}/{number}",
                "Type": "String",
                "Value": {"Fn::GetAtt": [f"Role{number % 9}", "Arn"]},
            },
        }
    for number in range(4):
        resources |= _alarm(name, number)
    resources["Rule"] = {
        "Type": "AWS::Events::Rule",
        "Properties": {"EventPattern": {"source": ["aws.codepipeline"]}},
    }
    source = _stage("Source", "S3", "Source", outputs=["App"], S3Bucket={"Ref": "Sources"},
                    S3ObjectKey="app.zip", PollForSourceChanges="false")  # fmt: skip
    builds = [
        _stage(f"Build{number}", "CodeBuild", "Build", inputs=["App"],
               ProjectName={"Ref": f"Project{number}"})
        for number in range(9)
    ]  # fmt: skip
    resources["Pipeline"] = _pipeline(f"{name}-pipeline", "Sources", [source, *builds])
    assert len(resources) == 60, len(resources)
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def _project(name: str, number: int) -> dict[str, Any]:
    trust = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "codebuild.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ]
    }
    group = {"LogGroupName": f"/aws/codebuild/{name}-{number}", "RetentionInDays": 30}
    return {
        f"Role{number}": {
            "Type": "AWS::IAM::Role",
            "Properties": {"RoleName": f"{name}-{number}", "AssumeRolePolicyDocument": trust},
        },
        f"Log{number}": {"Type": "AWS::Logs::LogGroup", "Properties": group},
        f"Project{number}": {
            "Type": "AWS::CodeBuild::Project",
            "DependsOn": f"Log{number}",
            "Properties": {
                "Name": f"{name}-{number}",
                "ServiceRole": {"Fn::GetAtt": [f"Role{number}", "Arn"]},
                "Source": {"Type": "CODEPIPELINE"},
                "Artifacts": {"Type": "CODEPIPELINE"},
                "Environment": {
                    "Type": "LINUX_CONTAINER",
                    "Image": "aws/codebuild/standard:7.0",
                    "ComputeType": "BUILD_GENERAL1_SMALL",
                },
            },
        },
    }


def _alarm(name: str, number: int) -> dict[str, Any]:
    return {
        f"Topic{number}": {
            "Type": "AWS::SNS::Topic",
            "Properties": {"TopicName": f"{name}-{number}"},
        },
        f"Alarm{number}": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmName": f"{name}-{number}",
                "Namespace": "AWS/CodeBuild",
                "MetricName": "FailedBuilds",
                "Dimensions": [{"Name": "ProjectName", "Value": {"Ref": f"Project{number}"}}],
                "Statistic": "Sum",
                "Period": 300,
                "EvaluationPeriods": 1,
                "Threshold": 1,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "AlarmActions": [{"Ref": f"Topic{number}"}],
            },
        },
        f"More{number}": {"Type": "AWS::Logs::LogGroup"},
    }


def _pipeline(name: str, store: str, stages: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "Type": "AWS::CodePipeline::Pipeline",
        "Properties": {
            "Name": name,
            "RoleArn": "arn:aws:iam::000000000000:role/bench",
            "ArtifactStore": {"Type": "S3", "Location": {"Ref": store}},
            "Stages": stages,
        },
    }


def _stage(
    name: str,
    provider: str,
    category: str,
    *,
    inputs: list[str] | None = None,
    outputs: list[str] | None = None,
    **configuration: Any,
) -> dict[str, Any]:
    action = {
        "Name": name,
        "ActionTypeId": {
            "Category": category, "Owner": "AWS", "Provider": provider, "Version": "1",
        },
        "Configuration": configuration,
        "InputArtifacts": [{"Name": one} for one in inputs or ()],
        "OutputArtifacts": [{"Name": one} for one in outputs or ()],
    }  # fmt: skip
    return {"Name": name, "Actions": [action]}
