"""What stacks have in the sandbox, after the server has begun anew."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.flow.overdue_stacks import sweep_stacks
from penstock.resources.contract import Cloud
from penstock.serving.refilling import begin_anew
from penstock.state.stacks import ResourceState, ResourceStatus, Wanted
from penstock.store.facts import tell
from penstock.store.sandboxed_stacks import REFILL
from penstock.worker import stacks as stack_worker
from penstock.worker.cloud import Clouds, StackCloud, Unanswered
from penstock.worker.refilling import in_order, refill_or_wait, refill_sandbox
from penstock.worker.stacks import perform_resource

from .foundry import REGION, ROOT, Foundry, att, parameter, plan, ref
from .foundry import foundry as foundry
from .hosting import serving
from .test_resources_cloudwatch import GIVEN as ALARM
from .test_resources_iam import ALLOW, TRUST
from .test_resources_lambda import SOURCE

pytestmark = pytest.mark.anyio

TOPIC, QUEUE = "AWS::SNS::Topic", "AWS::SQS::Queue"
RESOURCES = {
    "Text": parameter("/a", "1"),
    "Role": Wanted("AWS::IAM::Role", {"AssumeRolePolicyDocument": TRUST}),
    "Policy": Wanted(
        "AWS::IAM::Policy",
        {"PolicyName": "logs", "PolicyDocument": ALLOW, "Roles": [ref("Role")]},
        ("Role",),
    ),
    "Function": Wanted(
        "AWS::Lambda::Function",
        {
            "Role": att("Role", "Arn"),
            "Runtime": "python3.12",
            "Handler": "index.handler",
            "Code": {"ZipFile": SOURCE},
        },
        ("Role",),
    ),
    "Topic": Wanted(TOPIC, {"FifoTopic": True}),
    "Named": Wanted(TOPIC, {"TopicName": "releases"}),
    "Queue": Wanted(QUEUE, {}),
    "Table": Wanted(
        "AWS::DynamoDB::Table",
        {
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    ),
    "Alarm": Wanted(
        "AWS::CloudWatch::Alarm", {**ALARM, "AlarmActions": [ref("Named")]}, ("Named",)
    ),
    "Vpc": Wanted("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}),
}


def forget_all() -> None:
    """As the memory of a server ends with it."""
    from moto.moto_api._internal.models import moto_api_backend

    moto_api_backend.reset()


async def there(cloud: Cloud) -> dict[str, list[str]]:
    async def ask(service: str, operation: str) -> dict[str, Any]:
        return await cloud.ask(service, operation)

    roles = [role["RoleName"] for role in (await ask("iam", "ListRoles"))["Roles"]]
    functions = (await ask("lambda", "ListFunctions"))["Functions"]
    alarms = (await ask("cloudwatch", "DescribeAlarms"))["MetricAlarms"]
    return {
        "roles": roles,
        "functions": [each["FunctionName"] for each in functions],
        "topics": sorted(each["TopicArn"] for each in (await ask("sns", "ListTopics"))["Topics"]),
        "queues": (await ask("sqs", "ListQueues")).get("QueueUrls", []),
        "tables": (await ask("dynamodb", "ListTables"))["TableNames"],
        "alarms": [each["AlarmName"] for each in alarms],
        "vpcs": [each["VpcId"] for each in (await ask("ec2", "DescribeVpcs"))["Vpcs"]],
    }


async def started(foundry: Foundry, endpoint: str) -> StackCloud:
    async with foundry.store.database.transaction() as connection:
        await tell(connection, "endpoint", endpoint)
    foundry.clouds = Clouds(foundry.store)
    return StackCloud(foundry.clouds, ROOT, REGION, endpoint)


async def test_what_has_a_name_comes_back_and_what_has_none_is_told(
    foundry: Foundry, caplog: pytest.LogCaptureFixture
) -> None:
    forget_all()
    async with serving(foundry.store) as endpoint:
        cloud = await started(foundry, endpoint)
        await foundry.create(plan(RESOURCES))
        await foundry.work()
        assert await foundry.status() == "CREATE_COMPLETE"
        before = await there(cloud)
        vpc = await foundry.physical("Vpc")
        assert vpc in before["vpcs"]
    forget_all()
    async with serving(foundry.store) as endpoint:
        cloud = await started(foundry, endpoint)
        assert (await there(cloud))["roles"] == []
        with caplog.at_level(logging.WARNING, "penstock.worker"):
            await refill_sandbox(foundry.clouds)
        after = await there(cloud)
        assert {**after, "vpcs": [], "queues": []} == {**before, "vpcs": [], "queues": []}
        assert [url.rpartition("/")[2] for url in after["queues"]] == [
            url.rpartition("/")[2] for url in before["queues"]
        ]
        assert vpc not in after["vpcs"] and len(after["vpcs"]) == len(before["vpcs"]) - 1
        assert f"of stack app it has not any more: Vpc ({vpc} would be another)" in caplog.text
        policy = await cloud.ask("iam", "ListRolePolicies", RoleName=after["roles"][0])
        assert policy["PolicyNames"] == ["logs"]

        await refill_sandbox(foundry.clouds)
        assert await there(cloud) == after
        await foundry.delete()
        await foundry.work()
        assert await foundry.status() == "DELETE_COMPLETE"
        assert all(not names for kind, names in (await there(cloud)).items() if kind != "vpcs")


async def test_what_does_not_come_back_can_be_updated_nevertheless(foundry: Foundry) -> None:
    """As the keys of artifact stores, whose pipelines would not be updated any more."""
    policy = {"Statement": [{"Effect": "Allow", "Action": "kms:*", "Principal": "*"}]}

    def keys(description: str) -> dict[str, Wanted]:
        told = {"KeyPolicy": policy, "Description": description}
        alias = {"AliasName": "alias/app", "TargetKeyId": ref("Key")}
        return {
            "Key": Wanted("AWS::KMS::Key", told),
            "Alias": Wanted("AWS::KMS::Alias", alias, ("Key",)),
        }

    forget_all()
    async with serving(foundry.store) as endpoint:
        await started(foundry, endpoint)
        await foundry.create(plan(keys("one")))
        await foundry.work()
        key = await foundry.physical("Key")
    forget_all()
    async with serving(foundry.store) as endpoint:
        await started(foundry, endpoint)
        await refill_sandbox(foundry.clouds)
        await foundry.update(plan(keys("two")))
        await foundry.work()
        assert await foundry.status() == "UPDATE_COMPLETE"
        assert await foundry.physical("Key") == key
        await foundry.delete()
        await foundry.work()
        assert await foundry.status() == "DELETE_COMPLETE"


async def test_a_worker_is_asked_only_where_there_is_something(foundry: Foundry) -> None:
    forget_all()
    assert not await began_anew(foundry)
    async with serving(foundry.store) as endpoint:
        await started(foundry, endpoint)
        await foundry.create(plan({"Named": RESOURCES["Named"]}))
        await foundry.work()
    assert await began_anew(foundry)
    assert await began_anew(foundry)
    jobs = await foundry.store.database.fetch(
        "SELECT task_name FROM procrastinate_jobs WHERE task_name = 'refill_sandbox'"
    )
    assert [job.task_name for job in jobs] == [REFILL]


async def test_a_server_that_is_away_is_waited_for(foundry: Foundry) -> None:
    forget_all()
    async with serving(foundry.store) as endpoint:
        await started(foundry, endpoint)
        await foundry.create(plan({"Named": RESOURCES["Named"]}))
        await foundry.work()
    foundry.clouds = Clouds(foundry.store)
    for _ in range(2):
        await refill_or_wait(foundry.clouds, foundry.now)
    assert await refillings(foundry) == ["todo"]


async def test_of_a_lost_worker_s_refilling_and_one_that_waits_one_is_left(
    foundry: Foundry,
) -> None:
    store = foundry.store
    await foundry.create(plan({"Named": RESOURCES["Named"]}))
    sql = "UPDATE stack_resources SET kind = 'sandbox', physical_id = 'x'"
    await store.database.execute(sql)
    for waiting in (True, False):
        for _ in range(2):
            assert await began_anew(foundry)
            await store.database.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        if waiting:
            assert await began_anew(foundry)
        await sweep_stacks(store, foundry.now, timedelta(0))
        assert await refillings(foundry) == ["todo"]


async def refillings(foundry: Foundry) -> list[str]:
    rows = await foundry.store.database.fetch(
        "SELECT status::text FROM procrastinate_jobs WHERE task_name = %s", (REFILL,)
    )
    return [row.status for row in rows]


async def test_a_task_waits_while_the_sandbox_is_filled_again(foundry: Foundry) -> None:
    forget_all()
    async with serving(foundry.store) as endpoint:
        await started(foundry, endpoint)
        await foundry.create(plan({"Role": RESOURCES["Role"]}))
        await foundry.work()
        forget_all()
        assert await began_anew(foundry)
        grown = plan({"Role": RESOURCES["Role"], "Policy": RESOURCES["Policy"]})
        await foundry.update(grown)
        (job,) = await foundry.jobs()
        with pytest.raises(Unanswered, match="filled again"):
            await perform_resource(foundry.clouds, job.task, foundry.tick)
        await refill_sandbox(foundry.clouds)
        await ended_refilling(foundry)
        await perform_resource(foundry.clouds, job.task, foundry.tick)
        assert await foundry.status() == "UPDATE_COMPLETE"


async def test_what_a_server_forgot_before_it_was_told_is_made_again(foundry: Foundry) -> None:
    """It has answered the last request of the task, and begins anew before that is recorded."""
    forget_all()
    async with serving(foundry.store) as endpoint:
        cloud = await started(foundry, endpoint)
        await foundry.create(plan({"Named": RESOURCES["Named"]}))
        (job,) = await foundry.jobs()
        forgetting = [forget_all]

        class Ending(StackCloud):
            async def check(self) -> None:
                while forgetting:
                    forgetting.pop()()
                    await began_anew(foundry)
                await super().check()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stack_worker, "StackCloud", Ending)
            with pytest.raises(Unanswered, match="begun anew"):
                await perform_resource(foundry.clouds, job.task, foundry.tick)
            await perform_resource(foundry.clouds, job.task, foundry.tick)
        assert await foundry.status() == "CREATE_COMPLETE"
        assert (await there(cloud))["topics"] != []


async def test_a_server_that_stays_away_fails_the_resource(foundry: Foundry) -> None:
    await foundry.create(plan({"Named": RESOURCES["Named"]}))
    (job,) = await foundry.jobs()
    with pytest.raises(Unanswered, match="no server has told its endpoint yet"):
        await perform_resource(foundry.clouds, job.task, foundry.tick)
    await perform_resource(foundry.clouds, job.task, foundry.tick, last=True)
    assert await foundry.status() == "ROLLBACK_COMPLETE"


async def ended_refilling(foundry: Foundry) -> None:
    await foundry.store.database.execute(
        "DELETE FROM procrastinate_jobs WHERE task_name = %s", (REFILL,)
    )


async def began_anew(foundry: Foundry) -> bool:
    async with foundry.store.database.transaction() as connection:
        return await begin_anew(connection)


def test_what_others_depend_on_comes_first() -> None:
    def state(name: str, *depends_on: str) -> ResourceState:
        done = ResourceStatus.CREATE_COMPLETE
        return ResourceState(name, TOPIC, done, depends_on=depends_on)

    states = [state("A", "C", "Real"), state("B", "A"), state("C")]
    assert [one.logical_id for one in in_order(states)] == ["C", "A", "B"]


async def test_codedeploy_does_not_deploy_elsewhere_either(foundry: Foundry) -> None:
    async with serving(foundry.store) as endpoint:
        cloud = await started(foundry, endpoint)
        with pytest.raises(AwsError, match=r"not implemented: codedeploy\.CreateDeployment"):
            await cloud.ask("codedeploy", "CreateDeployment", applicationName="web")
