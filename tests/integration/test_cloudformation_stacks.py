"""Stacks through CloudFormation's API; workers' tasks are ended as the tests say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .stack_desk import GREETING, TOPIC, StackDesk, parameters, template
from .stack_desk import desk as desk

pytestmark = pytest.mark.anyio
NO_UPDATES = "ValidationError: No updates are to be performed."


async def test_a_stack_is_created_and_shown(desk: StackDesk) -> None:
    """TG-105, TG-112"""
    asked: dict[str, Any] = {
        "Parameters": parameters(Word="salve", Secret="psst"),
        "Tags": [{"Key": "Team", "Value": "web"}],
        "Capabilities": ["CAPABILITY_IAM"],
        "RoleARN": "arn:aws:iam::000000000000:role/deploy",
        "NotificationARNs": ["arn:aws:sns:us-east-1:000000000000:news"],
        "TimeoutInMinutes": 5,
        "RollbackConfiguration": {"MonitoringTimeInMinutes": 0},
        "EnableTerminationProtection": True,
        "StackPolicyBody": json.dumps({"Statement": []}),
    }
    answer = await desk("create_stack", StackName="web", TemplateBody=GREETING, **asked)
    begun = await desk.stack("web")
    assert begun["StackStatus"] == "CREATE_IN_PROGRESS"
    assert begun["StackStatusReason"] == "User Initiated"
    await desk.work()
    found = await desk.stack(answer["StackId"])
    assert found.pop("CreationTime") == begun["CreationTime"]
    topic = (await desk("describe_stack_resource", StackName="web", LogicalResourceId="Topic"))[
        "StackResourceDetail"
    ]["PhysicalResourceId"]
    assert found == {
        "StackId": answer["StackId"],
        "StackName": "web",
        "Description": "Greets",
        "Parameters": [
            {"ParameterKey": "Word", "ParameterValue": "salve"},
            {"ParameterKey": "Secret", "ParameterValue": "****"},
        ],
        "StackStatus": "CREATE_COMPLETE",
        "DisableRollback": False,
        "NotificationARNs": asked["NotificationARNs"],
        "TimeoutInMinutes": 5,
        "Capabilities": ["CAPABILITY_IAM"],
        "Outputs": [
            {
                "OutputKey": "Name",
                "OutputValue": topic,
                "Description": "of the topic",
                "ExportName": "web-topic",
            },
            {"OutputKey": "Said", "OutputValue": "salve"},
        ],
        "RoleARN": asked["RoleARN"],
        "Tags": asked["Tags"],
        "RollbackConfiguration": {"MonitoringTimeInMinutes": 0},
        "EnableTerminationProtection": True,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }
    policy = await desk("get_stack_policy", StackName="web")
    assert json.loads(policy["StackPolicyBody"]) == {"Statement": []}


async def test_events_are_told_the_newest_first(desk: StackDesk) -> None:
    """TG-106"""
    arn = await desk.made_of("web", GREETING, ClientRequestToken="once")
    events = (await desk("describe_stack_events", StackName="web"))["StackEvents"]
    told = [(one["LogicalResourceId"], one["ResourceStatus"]) for one in reversed(events)]
    assert told[0] == ("web", "CREATE_IN_PROGRESS")
    assert told[-1] == ("web", "CREATE_COMPLETE")
    assert told.index(("Topic", "CREATE_COMPLETE")) < told.index(("After", "CREATE_IN_PROGRESS"))
    assert events[-1]["ResourceStatusReason"] == "User Initiated"
    for event in (events[0], events[-1]):
        assert event["PhysicalResourceId"] == event["StackId"] == arn
        assert event["ResourceType"] == "AWS::CloudFormation::Stack"
    assert {event["ClientRequestToken"] for event in events} == {"once"}
    assert len({event["EventId"] for event in events}) == len(events)


async def test_events_come_in_pages(desk: StackDesk) -> None:
    await desk.made_of("web", template(*(f"H{number}" for number in range(60))))
    found: list[Any] = []
    more: dict[str, str] = {}
    while True:
        page = await desk("describe_stack_events", StackName="web", **more)
        found += page["StackEvents"]
        assert len(page["StackEvents"]) <= 100
        if "NextToken" not in page:
            break
        more = {"NextToken": page["NextToken"]}
    assert len(found) == len({event["EventId"] for event in found}) > 120
    refused = await desk.refused("describe_stack_events", StackName="web", NextToken="x")
    assert refused.startswith("ValidationError: ")


async def test_resources_are_listed(desk: StackDesk) -> None:
    arn = await desk.made_of("web", GREETING)
    listed = (await desk("list_stack_resources", StackName="web"))["StackResourceSummaries"]
    assert [one["LogicalResourceId"] for one in listed] == ["After", "Handle", "Topic"]
    assert {one["ResourceStatus"] for one in listed} == {"CREATE_COMPLETE"}
    physical = listed[2]["PhysicalResourceId"]
    of_physical = await desk("describe_stack_resources", PhysicalResourceId=physical)
    assert {one["StackId"] for one in of_physical["StackResources"]} == {arn}
    assert len(of_physical["StackResources"]) == 3
    one = await desk("describe_stack_resources", StackName="web", LogicalResourceId="Topic")
    assert [found["ResourceType"] for found in one["StackResources"]] == [TOPIC]
    refused = await desk.refused("describe_stack_resource", StackName="web", LogicalResourceId="No")
    assert refused == "ValidationError: Resource No does not exist for stack web"
    refused = await desk.refused("describe_stack_resources", PhysicalResourceId="no")
    assert refused == "ValidationError: Stack for no does not exist"


async def test_a_stack_that_is_not_there(desk: StackDesk) -> None:
    """TG-109"""
    missing = "ValidationError: Stack with id web does not exist"
    for operation in ("describe_stacks", "describe_stack_events", "get_template"):
        assert await desk.refused(operation, StackName="web") == missing
    refused = await desk.refused("update_stack", StackName="web", TemplateBody=template())
    assert refused == "ValidationError: Stack [web] does not exist"
    await desk("delete_stack", StackName="web")
    arn = "arn:aws:cloudformation:us-east-1:000000000000:stack/web/1"
    assert await desk.refused("describe_stacks", StackName=arn) == missing.replace("web", arn, 1)


async def test_a_name_is_a_stacks_alone_until_that_is_deleted(desk: StackDesk) -> None:
    """TG-109"""
    first = await desk.made_of("web", template())
    refused = await desk.refused("create_stack", StackName="web", TemplateBody=template())
    assert refused == "AlreadyExistsException: Stack [web] already exists"
    await desk("delete_stack", StackName="web")
    await desk.work()
    assert await desk.refused("describe_stacks", StackName="web")
    assert (await desk.stack(first))["StackStatus"] == "DELETE_COMPLETE"
    assert (await desk("describe_stack_events", StackName=first))["StackEvents"]
    second = await desk.made_of("web", template())
    assert second != first
    refused = await desk.refused("update_stack", StackName=first, TemplateBody=template())
    assert refused == (
        f"ValidationError: Stack:{first} is in DELETE_COMPLETE state and can not be updated."
    )
    listed = (await desk("list_stacks"))["StackSummaries"]
    assert [one["StackId"] for one in listed] == [second, first]
    deleted = await desk("list_stacks", StackStatusFilter=["DELETE_COMPLETE"])
    assert [one["StackId"] for one in deleted["StackSummaries"]] == [first]
    assert [one["StackId"] for one in (await desk("describe_stacks"))["Stacks"]] == [second]


@pytest.mark.parametrize("name", ["x_y", "1x", "-", "x" * 129, "x.y"])
async def test_names_are_of_letters_digits_and_hyphens(desk: StackDesk, name: str) -> None:
    refused = await desk.refused("create_stack", StackName=name, TemplateBody=template())
    assert refused.startswith("ValidationError: 1 validation error detected: Value '")
    assert "at 'stackName' failed to satisfy constraint" in refused


async def test_a_create_is_asked_for_twice(desk: StackDesk) -> None:
    asked = {"StackName": "web", "TemplateBody": template(), "ClientRequestToken": "one"}
    first = await desk("create_stack", **asked)
    assert await desk("create_stack", **asked) == first
    refused = await desk.refused("create_stack", **asked | {"ClientRequestToken": "two"})
    assert refused.startswith("AlreadyExistsException: ")


async def test_an_update_changes_what_is_given(desk: StackDesk) -> None:
    """TG-111"""
    await desk.made_of("web", GREETING, Parameters=parameters(Word="salve", Secret="psst"))
    again = {"StackName": "web", "UsePreviousTemplate": True}
    same = parameters(Word=None, Secret=None)
    assert await desk.refused("update_stack", **again, Parameters=same) == NO_UPDATES
    asked = parameters(Word="ave", Secret=None)
    await desk("update_stack", **again, Parameters=asked)
    assert (await desk.stack("web"))["StackStatus"] == "UPDATE_IN_PROGRESS"
    refused = await desk.refused("update_stack", **again, Parameters=asked)
    assert "is in UPDATE_IN_PROGRESS state and can not be updated." in refused
    await desk.work()
    stack = await desk.stack("web")
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert stack["Outputs"][1]["OutputValue"] == "ave"
    # What is not given has its default again.
    await desk("update_stack", **again)
    await desk.work()
    assert (await desk.stack("web"))["Parameters"][0]["ParameterValue"] == "hello"


async def test_an_update_of_tags_alone_is_one(desk: StackDesk) -> None:
    """TG-108"""
    await desk.made_of("web", template(), Tags=[{"Key": "a", "Value": "b"}])
    again = {"StackName": "web", "TemplateBody": template()}
    assert await desk.refused("update_stack", **again) == NO_UPDATES
    await desk("update_stack", **again, Tags=[{"Key": "a", "Value": "c"}])
    await desk.work()
    assert (await desk.stack("web"))["Tags"] == [{"Key": "a", "Value": "c"}]


async def test_what_has_been_rolled_back_is_only_deleted(desk: StackDesk) -> None:
    """TG-105, TG-109"""
    await desk("create_stack", StackName="web", TemplateBody=GREETING)
    await desk.work(After="no luck")
    stack = await desk.stack("web")
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    refused = await desk.refused("update_stack", StackName="web", TemplateBody=template())
    assert refused == (
        f"ValidationError: Stack:{stack['StackId']} is in ROLLBACK_COMPLETE state and can not be"
        " updated."
    )
    events = (await desk("describe_stack_events", StackName="web"))["StackEvents"]
    failed = [one for one in events if one["ResourceStatus"] == "CREATE_FAILED"]
    assert failed[0]["ResourceStatusReason"] == "no luck"
    await desk("delete_stack", StackName="web")
    await desk.work()
    assert (await desk("describe_stacks"))["Stacks"] == []


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"DisableRollback": True}, "CREATE_FAILED"),
        ({"OnFailure": "DO_NOTHING"}, "CREATE_FAILED"),
        ({"OnFailure": "DELETE"}, "DELETE_COMPLETE"),
        ({"OnFailure": "ROLLBACK"}, "ROLLBACK_COMPLETE"),
    ],
)
async def test_what_is_done_when_a_create_fails(
    desk: StackDesk, asked: dict[str, Any], status: str
) -> None:
    """TG-119"""
    made = await desk("create_stack", StackName="web", TemplateBody=GREETING, **asked)
    await desk.work(After="no luck")
    stack = await desk.stack(made["StackId"])
    assert stack["StackStatus"] == status
    assert stack["DisableRollback"] is (status == "CREATE_FAILED")


async def test_one_of_two_ways_to_fail_is_chosen(desk: StackDesk) -> None:
    """TG-119"""
    refused = await desk.refused(
        "create_stack",
        StackName="web",
        TemplateBody=template(),
        OnFailure="DELETE",
        DisableRollback=False,
    )
    assert refused.startswith("ValidationError: Only one of the parameters")


async def test_protected_stacks_are_not_deleted(desk: StackDesk) -> None:
    await desk.made_of("web", template(), EnableTerminationProtection=True)
    refused = await desk.refused("delete_stack", StackName="web")
    assert refused == (
        "ValidationError: Stack [web] cannot be deleted while TerminationProtection is enabled"
    )
    answer = await desk(
        "update_termination_protection", StackName="web", EnableTerminationProtection=False
    )
    assert answer["StackId"] == (await desk.stack("web"))["StackId"]
    await desk("delete_stack", StackName="web")
    await desk.work()
    assert (await desk("describe_stacks"))["Stacks"] == []


async def test_what_could_not_be_deleted_is_retained(desk: StackDesk) -> None:
    """TG-118"""
    arn = await desk.made_of("web", GREETING)
    refused = await desk.refused("delete_stack", StackName="web", RetainResources=["Topic"])
    assert refused.startswith("ValidationError: ")
    await desk("delete_stack", StackName="web")
    await desk.work(Topic="in use")
    assert (await desk.stack("web"))["StackStatus"] == "DELETE_FAILED"
    await desk("delete_stack", StackName="web", DeletionMode="FORCE_DELETE_STACK")
    await desk.work(Topic="in use")
    assert (await desk.stack(arn))["StackStatus"] == "DELETE_COMPLETE"


async def test_an_update_is_cancelled(desk: StackDesk) -> None:
    await desk.made_of("web", GREETING)
    refused = await desk.refused("cancel_update_stack", StackName="web")
    assert refused.startswith("ValidationError: CancelUpdateStack cannot be called")
    again = {"StackName": "web", "UsePreviousTemplate": True}
    await desk("update_stack", **again, Parameters=parameters(Word="ave"))
    await desk("cancel_update_stack", StackName="web")
    await desk.work()
    stack = await desk.stack("web")
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stack["Parameters"][0]["ParameterValue"] == "hello"


async def test_a_create_that_stayed_is_rolled_back(desk: StackDesk) -> None:
    await desk("create_stack", StackName="web", TemplateBody=GREETING, DisableRollback=True)
    await desk.work(After="no luck")
    answer = await desk("rollback_stack", StackName="web")
    await desk.work()
    stack = await desk.stack("web")
    assert (stack["StackId"], stack["StackStatus"]) == (answer["StackId"], "ROLLBACK_COMPLETE")
    refused = await desk.refused("continue_update_rollback", StackName="web")
    assert refused.startswith("ValidationError: ")


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("detect_stack_drift", {"StackName": "web"}),
        ("create_stack_set", {"StackSetName": "web"}),
        ("list_stack_sets", {}),
        ("estimate_template_cost", {"TemplateBody": "{}"}),
        ("list_types", {}),
    ],
)
async def test_what_there_is_not_says_so(
    desk: StackDesk, operation: str, asked: dict[str, str]
) -> None:
    refused = await desk.refused(operation, **asked)
    name = "".join(word.capitalize() for word in operation.split("_"))
    assert refused == f"NotImplemented: not implemented: cloudformation.{name}"


async def test_words_and_numbers_are_checked(desk: StackDesk) -> None:
    asked = {"StackName": "web", "TemplateBody": template()}
    cases: list[tuple[dict[str, Any], str]] = [
        ({"Capabilities": ["CAPABILITY_ALL"]}, "at 'capabilities.1.member' failed"),
        ({"OnFailure": "PRAY"}, "at 'onFailure' failed"),
        ({"TimeoutInMinutes": 0}, "at 'timeoutInMinutes' failed"),
        ({"Tags": [{"Key": "aws:x", "Value": "y"}]}, "aws: prefixed tag key names"),
        ({"Tags": [{"Key": "x", "Value": "y"}] * 2}, "Duplicate tag key x"),
    ]
    for more, message in cases:
        refused = await desk.refused("create_stack", **asked, **more)
        assert refused.startswith("ValidationError: ")
        assert message in refused
    limits = (await desk("describe_account_limits"))["AccountLimits"]
    assert {one["Name"] for one in limits} > {"StackLimit"}


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("create_stack", {"TemplateBody": template(), "RetainExceptOnCreate": True}),
        ("rollback_stack", {"RetainExceptOnCreate": True}),
    ],
)
async def test_ways_to_go_that_there_are_not(
    desk: StackDesk, operation: str, asked: dict[str, Any]
) -> None:
    refused = await desk.refused(operation, StackName="web", **asked)
    assert refused.startswith("NotImplemented: not implemented: ")
    assert refused.endswith("Stack.RetainExceptOnCreate")


async def test_a_resource_is_signalled_while_it_waits(desk: StackDesk) -> None:
    await desk.made_of("web", template())
    asked = {"StackName": "web", "UniqueId": "1", "Status": "SUCCESS"}
    refused = await desk.refused("signal_resource", LogicalResourceId="No", **asked)
    assert refused == "ValidationError: Resource No does not exist for stack web"
    refused = await desk.refused("signal_resource", LogicalResourceId="Handle", **asked)
    assert refused.startswith("ValidationError: Resource Handle is in CREATE_COMPLETE state")
