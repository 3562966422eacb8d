"""Stacks in stacks, through CloudFormation's API (TG-121)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.store import Store

from .stack_desk import ROLE, StackDesk, template

pytestmark = pytest.mark.anyio
URL = "https://parts.s3.amazonaws.com/"
TOPIC = "AWS::SNS::Topic"


def child(**sections: Any) -> dict[str, Any]:
    topic = {"Type": TOPIC, "Properties": {"DisplayName": {"Ref": "Word"}}}
    return template(
        Parameters={"Word": {"Type": "String"}, "List": {"Type": "CommaDelimitedList"}},
        Resources={"Topic": topic, **sections.pop("Resources", {})},
        Outputs={"Topic": {"Value": {"Ref": "Topic"}}},
        **sections,
    )


def parent(word: str = "hello") -> dict[str, Any]:
    properties = {
        "TemplateURL": URL + "child.json",
        "Parameters": {"Word": {"Ref": "Word"}, "List": ["a", "b"]},
        "Tags": [{"Key": "Own", "Value": "x"}],
    }
    return template(
        Parameters={"Word": {"Type": "String", "Default": word}},
        Resources={"Child": {"Type": "AWS::CloudFormation::Stack", "Properties": properties}},
        Outputs={"Topic": {"Value": {"Fn::GetAtt": ["Child", "Outputs.Topic"]}}},
    )


@pytest.fixture
async def desk(store: Store) -> StackDesk:
    desk = StackDesk(store)
    await desk.put("parts", "child.json", json.dumps(child()))
    return desk


async def child_of(desk: StackDesk, name: str = "web") -> dict[str, Any]:
    found = await desk("describe_stack_resource", StackName=name, LogicalResourceId="Child")
    return await desk.stack(found["StackResourceDetail"]["PhysicalResourceId"])


async def test_a_child_is_made_with_its_parent(desk: StackDesk) -> None:
    """TG-121"""
    arn = await desk.made_of("web", parent(), Tags=[{"Key": "Team", "Value": "y"}])
    made = await child_of(desk)
    assert made["StackStatus"] == "CREATE_COMPLETE"
    assert made["ParentId"] == made["RootId"] == arn
    assert made["StackName"].startswith("web-Child-")
    values = [one["ParameterValue"] for one in made["Parameters"]]
    assert values == ["hello", "a,b"]
    assert {one["Key"] for one in made["Tags"]} == {"Team", "Own"}
    stack = await desk.stack("web")
    assert "ParentId" not in stack
    assert stack["Outputs"][0]["OutputValue"] == made["Outputs"][0]["OutputValue"]
    refused = await desk.refused(
        "update_termination_protection",
        StackName=made["StackId"],
        EnableTerminationProtection=True,
    )
    assert refused.startswith("ValidationError: ")


async def test_a_child_is_updated_and_deleted_with_its_parent(desk: StackDesk) -> None:
    """TG-121"""
    await desk.made_of("web", parent())
    await desk("update_stack", StackName="web", TemplateBody=parent("bye"))
    await desk.work()
    made = await child_of(desk)
    assert made["StackStatus"] == "UPDATE_COMPLETE"
    assert made["Parameters"][0]["ParameterValue"] == "bye"
    await desk("delete_stack", StackName="web")
    await desk.work()
    assert (await desk.stack(made["StackId"]))["StackStatus"] == "DELETE_COMPLETE"
    assert (await desk("describe_stacks"))["Stacks"] == []


async def test_a_child_that_fails_fails_its_parent(desk: StackDesk) -> None:
    """TG-121"""
    await desk("create_stack", StackName="web", TemplateBody=parent())
    await desk.work(Topic="no luck")
    assert (await desk.stack("web"))["StackStatus"] == "ROLLBACK_COMPLETE"
    left = (await desk("describe_stacks"))["Stacks"]
    assert [one["StackName"] for one in left] == ["web"]


async def test_what_was_acknowledged_goes_for_children_too(desk: StackDesk) -> None:
    """TG-121, TG-128"""
    role = {"Role": {"Type": "AWS::IAM::Role", "Properties": ROLE}}
    await desk.put("parts", "child.json", json.dumps(child(Resources=role)))
    await desk("create_stack", StackName="one", TemplateBody=parent())
    await desk.work()
    events = (await desk("describe_stack_events", StackName="one"))["StackEvents"]
    reasons = [one.get("ResourceStatusReason", "") for one in events]
    assert any("Requires capabilities : [CAPABILITY_IAM]" in reason for reason in reasons)
    await desk.made_of("two", parent(), Capabilities=["CAPABILITY_IAM"])
    assert (await desk.stack("two"))["StackStatus"] == "CREATE_COMPLETE"


async def planned(desk: StackDesk, body: dict[str, Any], **asked: Any) -> dict[str, Any]:
    made = await desk(
        "create_change_set", StackName="web", ChangeSetName="cs", TemplateBody=body, **asked
    )
    return await desk("describe_change_set", ChangeSetName=made["Id"])


async def test_a_change_set_has_those_of_its_children(desk: StackDesk) -> None:
    """TG-110, TG-121"""
    await desk.made_of("web", parent())
    root = await planned(desk, parent("bye"), IncludeNestedStacks=True)
    assert root["IncludeNestedStacks"] is True
    (change,) = (one["ResourceChange"] for one in root["Changes"])
    nested = await desk("describe_change_set", ChangeSetName=change["ChangeSetId"])
    assert nested["ParentChangeSetId"] == nested["RootChangeSetId"] == root["ChangeSetId"]
    assert nested["StackId"] == (await child_of(desk))["StackId"]
    (inner,) = (one["ResourceChange"] for one in nested["Changes"])
    assert (inner["Action"], inner["LogicalResourceId"]) == ("Modify", "Topic")
    for operation in ("execute_change_set", "delete_change_set"):
        refused = await desk.refused(operation, ChangeSetName=nested["ChangeSetId"])
        assert refused.startswith("InvalidChangeSetStatus: ")
    await desk("execute_change_set", ChangeSetName="cs", StackName="web")
    await desk.work()
    assert (await child_of(desk))["Parameters"][0]["ParameterValue"] == "bye"
    gone = await desk.refused("describe_change_set", ChangeSetName=nested["ChangeSetId"])
    assert gone.startswith("ChangeSetNotFound: ")


async def test_a_child_that_cannot_be_fails_the_change_set(desk: StackDesk) -> None:
    """TG-110"""
    await desk.made_of("web", parent())
    await desk.put("parts", "child.json", "{}")
    root = await planned(desk, parent("bye"), IncludeNestedStacks=True)
    assert root["Status"] == "FAILED"
    assert root["StatusReason"].endswith("was not successfully created: Currently in FAILED.")
    await desk("delete_change_set", ChangeSetName="cs", StackName="web")
    child_stack = (await child_of(desk))["StackName"]
    assert (await desk("list_change_sets", StackName=child_stack))["Summaries"] == []


async def test_a_child_s_template_is_looked_at_whatever_its_parent_s_says(desk: StackDesk) -> None:
    """TG-108, TG-121: there is a change if nested templates are others, and if they are not."""
    await desk.made_of("web", parent())
    await desk("update_stack", StackName="web", TemplateBody=parent())
    await desk.work()
    assert (await desk.stack("web"))["StackStatus"] == "UPDATE_COMPLETE"
    assert (await child_of(desk))["StackStatus"] == "CREATE_COMPLETE"
    more = {"More": {"Type": TOPIC, "Properties": {"DisplayName": "x"}}}
    await desk.put("parts", "child.json", json.dumps(child(Resources=more)))
    await desk("update_stack", StackName="web", TemplateBody=parent())
    await desk.work()
    assert (await child_of(desk))["StackStatus"] == "UPDATE_COMPLETE"


async def test_a_child_goes_back_to_the_template_that_it_had(desk: StackDesk) -> None:
    """TG-121: what is at the URL by then is another."""
    await desk.made_of("web", parent())
    more = {"More": {"Type": TOPIC, "Properties": {"DisplayName": "x"}}}
    await desk.put("parts", "child.json", json.dumps(child(Resources=more)))
    failing = parent()
    failing["Resources"]["Last"] = {"Type": TOPIC, "DependsOn": "Child"}
    await desk("update_stack", StackName="web", TemplateBody=failing)
    await desk.work(Last="no luck")
    assert (await desk.stack("web"))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    made = await child_of(desk)
    assert made["StackStatus"] == "UPDATE_COMPLETE"
    listed = await desk("list_stack_resources", StackName=made["StackId"])
    names = {one["LogicalResourceId"] for one in listed["StackResourceSummaries"]}
    assert "More" not in names


async def test_a_change_set_names_a_child_that_may_change_by_itself(desk: StackDesk) -> None:
    """TG-110, TG-121"""
    await desk.made_of("web", parent())
    about = {"StackName": "web", "TemplateBody": parent()}
    made = await desk("create_change_set", ChangeSetName="one", **about)
    found = await desk("describe_change_set", ChangeSetName=made["Id"])
    (change,) = found["Changes"]
    (detail,) = change["ResourceChange"]["Details"]
    assert (detail["Evaluation"], detail["ChangeSource"]) == ("Dynamic", "Automatic")
    made = await desk("create_change_set", ChangeSetName="two", IncludeNestedStacks=True, **about)
    found = await desk("describe_change_set", ChangeSetName=made["Id"])
    assert found["Status"] == "FAILED"
    assert "didn't contain changes" in found["StatusReason"]
