"""EventBridge's API: buses, rules, targets, tags, permissions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .post import ACCOUNT, REGION, Post, post

__all__ = ["post"]
pytestmark = pytest.mark.anyio

PATTERN = json.dumps({"source": ["shop"]})
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"


async def test_the_default_bus_is_always_there(post: Post) -> None:
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    assert await post.ask("DescribeEventBus") == {"Name": "default", "Arn": arn}
    assert (await post.ask("ListEventBuses"))["EventBuses"] == [{"Name": "default", "Arn": arn}]
    refused = await post.refused("DeleteEventBus", Name="default")
    assert refused.message == "Cannot delete event bus default."
    assert (await post.refused("CreateEventBus", Name="default")).code == (
        "ResourceAlreadyExistsException"
    )


async def test_a_bus_is_made_listed_and_deleted(post: Post) -> None:
    made = await post.ask("CreateEventBus", Name="orders", Description="of the shop")
    assert made["EventBusArn"].endswith(":event-bus/orders")
    assert (await post.refused("CreateEventBus", Name="orders")).message == (
        "Event bus orders already exists."
    )
    found = await post.ask("DescribeEventBus", Name=made["EventBusArn"])
    assert (found["Name"], found["Description"]) == ("orders", "of the shop")
    await post.ask("UpdateEventBus", Name="orders", Description="new")
    assert (await post.ask("DescribeEventBus", Name="orders"))["Description"] == "new"
    await post.ask("PutRule", Name="r", EventPattern=PATTERN, EventBusName="orders")
    assert (await post.refused("DeleteEventBus", Name="orders")).code == "ValidationException"
    await post.ask("DeleteRule", Name="r", EventBusName="orders")
    await post.ask("DeleteEventBus", Name="orders")
    await post.ask("DeleteEventBus", Name="orders")
    assert (await post.refused("DescribeEventBus", Name="orders")).message == (
        "Event bus orders does not exist."
    )


async def test_buses_are_listed_by_the_page(post: Post) -> None:
    for name in ("b", "a", "z"):
        await post.ask("CreateEventBus", Name=name)
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    await post.ask("TagResource", ResourceARN=arn, Tags=[{"Key": "k", "Value": "v"}])
    names: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = await post.ask("ListEventBuses", Limit=1, **token)
        names += [bus["Name"] for bus in page["EventBuses"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert names == ["default", "a", "b", "z"]
    found = await post.ask("ListEventBuses", NamePrefix="z")
    assert [bus["Name"] for bus in found["EventBuses"]] == ["z"]
    assert (await post.refused("ListEventBuses", NextToken="x")).code == "ValidationException"


async def test_a_rule_is_put_again_as_a_whole(post: Post) -> None:
    """TG-095: PutRule replaces"""
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    await post.ask("PutRule", Name="r", EventPattern=PATTERN, Description="d", RoleArn=role,
                   Tags=[{"Key": "k", "Value": "v"}])  # fmt: skip
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"
    assert await post.ask("DescribeRule", Name="r") == {
        "Name": "r",
        "Arn": arn,
        "EventPattern": PATTERN,
        "State": "ENABLED",
        "Description": "d",
        "RoleArn": role,
        "EventBusName": "default",
        "CreatedBy": ACCOUNT,
    }
    assert await post.ask("PutRule", Name="r", ScheduleExpression="rate(1 day)") == {"RuleArn": arn}
    found = await post.ask("DescribeRule", Name="r")
    assert found.keys() == {
        "Name",
        "Arn",
        "State",
        "EventBusName",
        "CreatedBy",
        "ScheduleExpression",
    }
    tags = await post.ask("ListTagsForResource", ResourceARN=arn)
    assert tags == {"Tags": [{"Key": "k", "Value": "v"}]}


@pytest.mark.parametrize(
    ("request_", "code", "message"),
    [
        ({"Name": "r"}, "ValidationException",
         "Parameter(s) EventPattern or ScheduleExpression must be specified."),
        ({"Name": "r", "EventPattern": '{"a": 1}'}, "InvalidEventPatternException",
         'Event pattern is not valid. Reason: "a" must be an object or an array\n'
         ' at [Source: (String)"{"a": 1}"; line: 1, column: 8]'),
        ({"Name": "r", "ScheduleExpression": "rate(1 minutes)"}, "ValidationException",
         "Parameter ScheduleExpression is not valid."),
        ({"Name": "r", "ScheduleExpression": "rate(1 minute)", "EventBusName": "orders"},
         "ValidationException", "ScheduleExpression is supported only on the default event bus."),
        ({"Name": "r", "EventPattern": PATTERN, "EventBusName": "none"},
         "ResourceNotFoundException", "Event bus none does not exist."),
        ({"Name": "r r", "EventPattern": PATTERN}, "ValidationException",
         "1 validation error detected: Value 'r r' at 'name' failed to satisfy constraint: Member"
         r" must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+"),
        ({"Name": "r", "EventPattern": PATTERN, "State": "on"}, "ValidationException",
         "1 validation error detected: Value 'on' at 'state' failed to satisfy constraint: Member"
         " must satisfy enum value set: [ENABLED, DISABLED,"
         " ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]"),
    ],
)  # fmt: skip
async def test_rules_are_refused(post: Post, request_: Any, code: str, message: str) -> None:
    """TG-091, TG-097"""
    await post.ask("CreateEventBus", Name="orders")
    refused = await post.refused("PutRule", **request_)
    assert (refused.code, refused.message) == (code, message)


async def test_a_rule_is_disabled_and_enabled(post: Post) -> None:
    await post.rule("r", {"source": ["shop"]})
    await post.ask("DisableRule", Name="r")
    assert (await post.ask("DescribeRule", Name="r"))["State"] == "DISABLED"
    await post.ask("EnableRule", Name="r")
    assert (await post.ask("DescribeRule", Name="r"))["State"] == "ENABLED"
    assert (await post.refused("EnableRule", Name="x")).message == (
        "Rule x does not exist on EventBus default."
    )


async def test_rules_are_listed_by_the_page(post: Post) -> None:
    for name in ("b-1", "a-1", "b-2", "b-3"):
        await post.rule(name, {"source": ["shop"]})
    page = await post.ask("ListRules", NamePrefix="b", Limit=2)
    assert [rule["Name"] for rule in page["Rules"]] == ["b-1", "b-2"]
    page = await post.ask("ListRules", NamePrefix="b", Limit=2, NextToken=page["NextToken"])
    assert [rule["Name"] for rule in page["Rules"]] == ["b-3"]
    assert "NextToken" not in page


async def test_a_rule_with_targets_cannot_be_deleted(post: Post) -> None:
    """TG-095"""
    await post.rule("r", {"source": ["shop"]}, {"Arn": QUEUE})
    refused = await post.refused("DeleteRule", Name="r")
    assert (refused.code, refused.message) == (
        "ValidationException",
        "Rule can't be deleted since it has targets.",
    )
    removed = await post.ask("RemoveTargets", Rule="r", Ids=["t0", "gone"])
    assert removed == {"FailedEntryCount": 0, "FailedEntries": []}
    await post.ask("DeleteRule", Name="r")
    await post.ask("DeleteRule", Name="r")
    assert (await post.refused("DescribeRule", Name="r")).code == "ResourceNotFoundException"


async def test_a_rule_has_five_targets_at_most(post: Post) -> None:
    """TG-095"""
    await post.rule("r", {"source": ["shop"]}, *[{"Arn": f"{QUEUE}{n}"} for n in range(5)])
    refused = await post.refused("PutTargets", Rule="r", Targets=[{"Id": "x", "Arn": QUEUE}])
    assert refused.code == "LimitExceededException"
    await post.ask("PutTargets", Rule="r", Targets=[{"Id": "t0", "Arn": QUEUE, "Input": "1"}])
    page = await post.ask("ListTargetsByRule", Rule="r", Limit=4)
    assert page["Targets"][0] == {"Id": "t0", "Arn": QUEUE, "Input": "1"}
    page = await post.ask("ListTargetsByRule", Rule="r", Limit=4, NextToken=page["NextToken"])
    assert [target["Id"] for target in page["Targets"]] == ["t4"]
    names = await post.ask("ListRuleNamesByTarget", TargetArn=QUEUE)
    assert names == {"RuleNames": ["r"]}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"Input": "1", "InputPath": "$"},
         "Only one of Input, InputPath, or InputTransformer must be provided for target t."),
        ({"Input": "{"}, "JSON syntax error in input for target t."),
        ({"InputPath": "detail"}, "Invalid InputPath for target t."),
        ({"InputTransformer": {"InputPathsMap": {"a": "$.a"}, "InputTemplate": '"<b>"'}},
         "InputTemplate for target t contains invalid placeholder b."),
        ({"InputTransformer": {"InputTemplate": "{"}},
         "Invalid InputTemplate for target t : it does not come to JSON."),
        ({"Arn": "q"}, "Parameter q is not valid. Reason: Provided Arn is not in correct format."),
        ({"Arn": "arn:aws:ecs:us-east-1:000000000000:cluster/c"},
         "not implemented: events.PutTargets with a target of ecs"),
        ({"EcsParameters": {"TaskDefinitionArn": "t"}},
         "not implemented: events.PutTargets.EcsParameters"),
        ({"Arn": "arn:aws:sqs:us-east-1:111111111111:q"},
         "not implemented: events.PutTargets with a target of another account"),
    ],
)  # fmt: skip
async def test_targets_are_refused(post: Post, target: Any, message: str) -> None:
    """TG-095, TG-096"""
    await post.rule("r", {"source": ["shop"]})
    refused = await post.refused(
        "PutTargets", Rule="r", Targets=[{"Id": "t", "Arn": QUEUE, **target}]
    )
    assert refused.message == message
    assert (await post.ask("ListTargetsByRule", Rule="r"))["Targets"] == []


async def test_patterns_can_be_tested(post: Post) -> None:
    """TG-091"""
    event = {
        "id": "1", "source": "shop", "detail-type": "t", "account": ACCOUNT, "region": REGION,
        "time": "2022-07-13T13:48:01Z", "detail": {"n": 300.0},
    }  # fmt: skip
    for pattern, found in (({"source": ["shop"]}, True), ({"detail": {"n": [301]}}, False)):
        asked = {"EventPattern": json.dumps(pattern), "Event": json.dumps(event)}
        assert await post.ask("TestEventPattern", **asked) == {"Result": found}
    for bad in ("x", "[]", '{"id": "1"}', "[" * 5000):
        refused = await post.refused("TestEventPattern", EventPattern=PATTERN, Event=bad)
        assert refused.message == "Parameter Event is not valid."


async def test_a_bus_has_a_policy(post: Post) -> None:
    given = {"Action": "events:PutEvents", "StatementId": "s", "Principal": "111111111111"}
    await post.ask("PutPermission", **given)
    await post.ask("PutPermission", **given, EventBusName="default")
    await post.ask("PutPermission", **{**given, "StatementId": "all", "Principal": "*"})
    policy = json.loads((await post.ask("DescribeEventBus"))["Policy"])
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    assert policy["Statement"] == [
        {
            "Sid": "s",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
            "Action": "events:PutEvents",
            "Resource": arn,
        },
        {
            "Sid": "all",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "events:PutEvents",
            "Resource": arn,
        },
    ]
    refused = await post.refused("RemovePermission", StatementId="x")
    assert refused.message == "Statement with the provided id does not exist."
    await post.ask("RemovePermission", StatementId="s")
    await post.ask("RemovePermission", RemoveAllPermissions=True)
    assert "Policy" not in await post.ask("DescribeEventBus")
    refused = await post.refused("PutPermission", **given, EventBusName="none")
    assert refused.message == "Event bus none does not exist."
    assert (await post.refused("PutPermission", Policy="{")).code == "ValidationException"


async def test_tags_are_of_rules_and_buses(post: Post) -> None:
    made = await post.ask("CreateEventBus", Name="orders", Tags=[{"Key": "a", "Value": "1"}])
    await post.ask("PutRule", Name="r", EventPattern=PATTERN, EventBusName="orders")
    rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/orders/r"
    for arn, before in ((made["EventBusArn"], ["a"]), (rule, [])):
        await post.ask("TagResource", ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
        tags = await post.ask("ListTagsForResource", ResourceARN=arn)
        assert [tag["Key"] for tag in tags["Tags"]] == [*before, "b"]
        await post.ask("UntagResource", ResourceARN=arn, TagKeys=["a", "b"])
        assert await post.ask("ListTagsForResource", ResourceARN=arn) == {"Tags": []}
    gone = await post.refused("ListTagsForResource", ResourceARN=f"{rule}x")
    assert gone.message == "Rule rx does not exist on EventBus orders."


@pytest.mark.parametrize(
    "operation", ["CreateArchive", "StartReplay", "CreateConnection", "CreateApiDestination",
                  "CreateEndpoint", "ListEventSources"]
)  # fmt: skip
async def test_other_operations_say_that_they_are_not_there(post: Post, operation: str) -> None:
    refused = await post.refused(operation)
    assert (refused.status, refused.message) == (501, f"not implemented: {operation}")
