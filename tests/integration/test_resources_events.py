"""Rules and buses that stacks make (TG-091, TG-095)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .resource_bench import ACCOUNT, REGION, Bench
from .resource_bench import bench as bench

pytestmark = pytest.mark.anyio
RULE, BUS, POLICY = "AWS::Events::Rule", "AWS::Events::EventBus", "AWS::Events::EventBusPolicy"
PLACE = f"arn:aws:events:{REGION}:{ACCOUNT}"
PIPELINE = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:web"
PROJECT = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/web"
PUSHES: dict[str, Any] = {
    "Name": "pushes",
    "Description": "of main",
    "EventPattern": {"source": ["aws.codecommit"]},
    "State": "ENABLED",
    "Tags": [{"Key": "a", "Value": "1"}],
    "Targets": [
        {"Arn": PIPELINE, "Id": "Pipeline", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/e"},
        {
            "Arn": PROJECT,
            "Id": "Project",
            "InputTransformer": {
                "InputPathsMap": {"ref": "$.detail.referenceName"},
                "InputTemplate": '{"sourceVersion": <ref>}',
            },
            "RetryPolicy": {"MaximumRetryAttempts": "3", "MaximumEventAgeInSeconds": 60},
            "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"},
        },
    ],
}


async def targets(bench: Bench, rule: str = "pushes") -> dict[str, Any]:
    found = await bench.ask("events", "ListTargetsByRule", Rule=rule)
    return {target["Id"]: target for target in found["Targets"]}


async def test_a_rule_is_created_changed_and_deleted(bench: Bench) -> None:
    made = await bench.create("Pushes", RULE, PUSHES)
    assert made.physical_id == "pushes"
    assert made.attributes == {"Arn": f"{PLACE}:rule/pushes", "RuleName": "pushes"}
    found = await bench.ask("events", "DescribeRule", Name="pushes")
    assert json.loads(found["EventPattern"]) == {"source": ["aws.codecommit"]}
    assert found["Description"] == "of main"
    there = await targets(bench)
    assert sorted(there) == ["Pipeline", "Project"]
    assert there["Project"]["RetryPolicy"]["MaximumRetryAttempts"] == 3

    other = {"Id": "Other", "Arn": PIPELINE}
    await bench.ask("events", "PutTargets", Rule="pushes", Targets=[other])
    scheduled = {"Name": "pushes", "ScheduleExpression": "rate(1 day)", "State": "DISABLED"}
    await bench.update("Pushes", {**scheduled, "Targets": PUSHES["Targets"][:1]})
    found = await bench.ask("events", "DescribeRule", Name="pushes")
    assert (found["State"], found["ScheduleExpression"]) == ("DISABLED", "rate(1 day)")
    assert "EventPattern" not in found
    assert "Description" not in found
    assert sorted(await targets(bench)) == ["Other", "Pipeline"]  # others' stay
    tags = await bench.ask("events", "ListTagsForResource", ResourceARN=made.attributes["Arn"])
    assert tags["Tags"] == [{"Key": "team", "Value": "web"}]
    await bench.delete("Pushes")
    assert (await bench.ask("events", "ListRules"))["Rules"] == []


async def test_a_rule_done_again_and_one_of_somebody_else(bench: Bench) -> None:
    await bench.create("Pushes", RULE, PUSHES)
    assert "'pushes' already exists" in await bench.refused("Pushes", RULE, PUSHES)
    await bench.create("Pushes", RULE, PUSHES, again=True)
    assert len(await targets(bench)) == 2


async def test_a_rule_whose_targets_are_refused_is_there_to_be_deleted(bench: Bench) -> None:
    wrong = {**PUSHES, "Targets": [{"Id": "a", "Arn": "nowhere"}]}
    outcome = await bench.created("Pushes", RULE, wrong)
    assert (outcome.physical_id, "not valid" in outcome.reason) == ("pushes", True)  # type: ignore[union-attr]


async def test_a_bus_and_a_rule_of_it(bench: Bench) -> None:
    asked = {"Name": "orders", "Description": "of the shop", "Tags": [{"Key": "a", "Value": "1"}]}
    made = await bench.create("Orders", BUS, asked)
    assert made.physical_id == "orders"
    assert made.attributes["Arn"] == f"{PLACE}:event-bus/orders"
    assert "already exists" in await bench.refused("Orders", BUS, asked)
    await bench.create("Orders", BUS, asked, again=True)

    rule = {"EventBusName": made.attributes["Arn"], "EventPattern": {"source": ["shop"]}}
    ruled = await bench.create("Rule", RULE, rule)
    bus, name = ruled.physical_id.split("|")
    assert bus == "orders"
    assert name.startswith("shop-Rule-")
    assert ruled.attributes["Arn"] == f"{PLACE}:rule/orders/{name}"
    await bench.update("Rule", {**rule, "Targets": PUSHES["Targets"][:1]})
    await bench.delete("Rule")

    allow = {"Sid": "x", "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents",
             "Resource": made.attributes["Arn"]}  # fmt: skip
    await bench.update("Orders", {"Name": "orders", "Policy": {"Statement": [allow]}})
    found = await bench.ask("events", "DescribeEventBus", Name="orders")
    assert json.loads(found["Policy"])["Statement"] == [allow]
    assert "Description" not in found
    await bench.update("Orders", {"Name": "orders"})
    found = await bench.ask("events", "DescribeEventBus", Name="orders")
    assert "Policy" not in found
    await bench.delete("Orders")


async def statements(bench: Bench) -> dict[str, Any]:
    found = await bench.ask("events", "DescribeEventBus", Name="default")
    listed = json.loads(found.get("Policy", '{"Statement": []}'))["Statement"]
    return {one["Sid"]: one for one in listed}


async def test_statements_of_a_bus(bench: Bench) -> None:
    one = {"StatementId": "one", "Action": "events:PutEvents", "Principal": ACCOUNT}
    made = await bench.create("One", POLICY, one)
    assert made.physical_id == "default|one"
    assert "already exists" in await bench.refused("One", POLICY, one)
    await bench.create("One", POLICY, one, again=True)
    two = {"StatementId": "two", "Statement": {"Effect": "Allow", "Principal": "*",
           "Action": "events:PutEvents", "Resource": f"{PLACE}:event-bus/default"}}  # fmt: skip
    await bench.create("Two", POLICY, two)
    assert sorted(await statements(bench)) == ["one", "two"]
    condition = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1"}
    await bench.update("One", {**one, "Principal": "*", "Condition": condition})
    found = (await statements(bench))["one"]
    assert found["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    await bench.delete("One")
    assert sorted(await statements(bench)) == ["two"]
    await bench.delete("Two")


async def test_what_cannot_be_is_refused(bench: Bench) -> None:
    told = await bench.refused("Pushes", RULE, {**PUSHES, "Pattern": {}})
    assert told.endswith("Encountered unsupported property Pattern")
    told = await bench.refused("Pushes", RULE, {**PUSHES, "Targets": [{"Id": "a", "Url": "b"}]})
    assert told.endswith("Encountered unsupported property Url")
    told = await bench.refused("Orders", BUS, {"Name": "orders", "EventSourceName": "aws.partner"})
    assert "not implemented: events.CreateEventBus.EventSourceName" in told
