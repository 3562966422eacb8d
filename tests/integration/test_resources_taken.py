"""What there was before a stack is somebody else's, whoever is killed when: it stays as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.resources.taken import LOOKS, refuse_taken
from penstock.state.stacks import TaskAction, Wanted
from penstock.store import Store
from penstock.worker.stacks import perform_resource

from .dooming import AFTER, BEFORE, Doomed, Killed
from .dooming import doomed as doomed
from .foundry import Foundry, plan
from .resource_bench import Bench
from .sandbox_bench import SandboxBench
from .sandbox_bench import sandbox as sandbox
from .test_resources_kills import CASES, site
from .test_resources_kills import bench as bench

__all__ = ["bench", "doomed", "sandbox", "site"]
pytestmark = pytest.mark.anyio
Document = dict[str, Any]
ALLOW = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
TRUST = {"Version": "2012-10-17", "Statement": []}
POLICY = {**TRUST, "Statement": [ALLOW]}
ALARM = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 1,
         "MetricName": "m", "Namespace": "n", "Period": 60, "Statistic": "Sum"}  # fmt: skip
REAL = [(type, first) for type, first, _ in CASES if "Connection" not in type]
SANDBOX: list[tuple[str, Document]] = [
    ("AWS::CloudWatch::Alarm", {"AlarmName": "NAME", **ALARM}),
    ("AWS::CodeDeploy::Application", {"ApplicationName": "NAME"}),
    ("AWS::ECR::Repository", {"RepositoryName": "name"}),
    ("AWS::ECS::Cluster", {"ClusterName": "NAME"}),
    ("AWS::IAM::Group", {"GroupName": "NAME"}),
    ("AWS::IAM::InstanceProfile", {"InstanceProfileName": "NAME"}),
    ("AWS::IAM::ManagedPolicy", {"ManagedPolicyName": "NAME", "PolicyDocument": POLICY}),
    ("AWS::IAM::OIDCProvider", {"Url": "https://NAME.example"}),
    ("AWS::IAM::Role", {"RoleName": "NAME", "AssumeRolePolicyDocument": TRUST}),
    ("AWS::IAM::User", {"UserName": "NAME"}),
    ("AWS::SNS::Topic", {"TopicName": "NAME"}),
    ("AWS::SQS::Queue", {"QueueName": "NAME"}),
]


@pytest.mark.parametrize(("type", "properties"), REAL, ids=[case[0] for case in REAL])
async def test_a_name_is_taken_once_somebody_has_it(
    site: Bench, type: str, properties: Document
) -> None:
    await check_name(site, type, properties)


@pytest.mark.parametrize(("type", "properties"), SANDBOX, ids=[case[0] for case in SANDBOX])
async def test_a_name_is_taken_in_the_sandbox(
    sandbox: SandboxBench, type: str, properties: Document
) -> None:
    await check_name(sandbox, type, properties)


def named(properties: Document, name: str) -> Document:
    text = json.dumps(properties).replace("NAME", name).replace('"name"', f'"{name}"')
    return dict(json.loads(text))


async def check_name(bench: Bench, type: str, properties: Document) -> None:
    assert type in LOOKS
    other, own = (named(properties, name) for name in ("other", "own"))
    job = bench.job(TaskAction.CREATE, "Own", type, own)
    await bench.create("Other", type, other)
    await refuse_taken(job)
    await bench.create("Own", type, own)
    with pytest.raises(AwsError, match="already exists"):
        await refuse_taken(job)


THEIRS: list[tuple[str, Document, Document]] = [
    (
        "AWS::SSM::Parameter",
        {"Name": "NAME", "Type": "String", "Value": "theirs"},
        {"Name": "NAME", "Type": "String", "Value": "ours"},
    ),
    (
        "AWS::Logs::LogGroup",
        {"LogGroupName": "NAME", "RetentionInDays": 7},
        {"LogGroupName": "NAME", "RetentionInDays": 1},
    ),
    ("AWS::S3::Bucket", {"BucketName": "name"}, {"BucketName": "name"}),
    (
        "AWS::Events::Rule",
        {"Name": "NAME", "ScheduleExpression": "rate(1 day)"},
        {"Name": "NAME", "ScheduleExpression": "rate(2 days)"},
    ),
    (
        "AWS::SecretsManager::Secret",
        {"Name": "NAME", "SecretString": "theirs"},
        {"Name": "NAME", "SecretString": "ours"},
    ),
]
READ: dict[str, tuple[str, str, Document]] = {
    "AWS::SSM::Parameter": ("ssm", "GetParameter", {"Name": "NAME"}),
    "AWS::Logs::LogGroup": ("logs", "DescribeLogGroups", {"logGroupNamePrefix": "NAME"}),
    "AWS::S3::Bucket": ("s3", "GetBucketVersioning", {"Bucket": "name"}),
    "AWS::Events::Rule": ("events", "DescribeRule", {"Name": "NAME"}),
    "AWS::SecretsManager::Secret": ("secretsmanager", "GetSecretValue", {"SecretId": "NAME"}),
}


@pytest.mark.parametrize(("type", "theirs", "ours"), THEIRS, ids=[case[0] for case in THEIRS])
async def test_what_was_there_before_is_theirs_wherever_a_worker_is_killed(
    bench: Bench, doomed: Store, type: str, theirs: Document, ours: Document
) -> None:
    """TG-105"""
    database = doomed.database
    assert isinstance(database, Doomed)

    async def play(number: int, when: str) -> int:
        name = f"n{number}{when}"
        service, operation, asked = READ[type]
        asked = named(asked, name)
        await bench.create(name, type, named(theirs, name))
        before = await bench.ask(service, operation, **asked)
        looking, acting = Foundry(bench.store, f"app-{name}"), Foundry(doomed)
        await looking.create(plan({"Own": Wanted(type, named(ours, name))}))
        database.doom(number, when)
        while jobs := await looking.jobs():
            for job in jobs:
                try:
                    await perform_resource(acting.clouds, job.task, acting.tick)
                except Killed:
                    continue
                await looking.forget(job.id)
        assert await looking.status() == "ROLLBACK_COMPLETE"
        reasons = [one[2] for one in await looking.events() if one[:2] == ("Own", "CREATE_FAILED")]
        assert len(reasons) == 1
        assert "already exists" in reasons[0]
        assert await bench.ask(service, operation, **asked) == before
        return database.passed

    last = await play(0, BEFORE)
    assert last >= 1
    for number in range(1, last + 1):
        for when in (BEFORE, AFTER):
            await play(number, when)
