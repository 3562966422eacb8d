"""What stacks are given: parameters, what others export, rules, types, policies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.services.ssm import Ssm

from .stack_desk import GREETING, HANDLE, TOPIC, StackDesk, parameters, template
from .stack_desk import desk as desk

pytestmark = pytest.mark.anyio
NO_UPDATES = "ValidationError: No updates are to be performed."


def importing(name: str) -> dict[str, Any]:
    return template(Outputs={"Got": {"Value": {"Fn::ImportValue": name}}})


async def test_parameters_that_there_are_not_or_have_to_be(desk: StackDesk) -> None:
    """TG-111, TG-112"""
    body = template(Parameters={"Size": {"Type": "Number", "MaxValue": 3}})
    cases: list[tuple[list[Any], str]] = [
        ([], "Parameters: [Size] must have values"),
        (parameters(Size="1", More="2"), "Parameters: [More] do not exist in the template"),
        (parameters(Size="x"), "Parameter 'Size' must be a number"),
        (parameters(Size="4"), "Parameter 'Size' must be a number not greater than 3"),
        (
            parameters(Size=None),
            "Invalid input for parameter key Size. Cannot specify usePreviousValue as true for a"
            " parameter key not in the previous template",
        ),
        ([{"ParameterKey": "Size"}], "ParameterValue for ParameterName Size is required"),
        (parameters(Size="1") * 2, "Parameter Size is given more than once"),
    ]
    for given, message in cases:
        refused = await desk.refused(
            "create_stack", StackName="web", TemplateBody=body, Parameters=given
        )
        assert refused == f"ValidationError: {message}"
    assert (await desk("list_stacks"))["StackSummaries"] == []


async def test_values_of_parameter_store_are_looked_up(desk: StackDesk, call_of: Any) -> None:
    """TG-111, TG-112: the name is kept, the value is read again."""
    ssm = Ssm(desk.store)

    async def put(value: str, type: str = "String", name: str = "/word") -> None:
        request = {"Name": name, "Value": value, "Type": type, "Overwrite": True}
        await ssm.put_parameter(call_of("ssm", "PutParameter"), request)

    type = "AWS::SSM::Parameter::Value<String>"
    body = template(
        Parameters={"Word": {"Type": type, "Default": "/word"}},
        Outputs={"Said": {"Value": {"Ref": "Word"}}},
    )
    asked = {"StackName": "web", "TemplateBody": body}
    refused = await desk.refused("create_stack", **asked)
    assert refused == (
        "ValidationError: Unable to fetch parameters [/word] from parameter store for this account."
    )
    await put("hello")
    await desk.made_of("web", body)
    stack = await desk.stack("web")
    assert stack["Parameters"] == [
        {"ParameterKey": "Word", "ParameterValue": "/word", "ResolvedValue": "hello"}
    ]
    assert stack["Outputs"][0]["OutputValue"] == "hello"
    same = parameters(Word=None)
    assert await desk.refused("update_stack", **asked, Parameters=same) == NO_UPDATES
    await put("bye")
    await desk("update_stack", **asked, Parameters=same)
    await desk.work()
    assert (await desk.stack("web"))["Outputs"][0]["OutputValue"] == "bye"
    await put("hush", "SecureString", "/secret")
    refused = await desk.refused("update_stack", **asked, Parameters=parameters(Word="/secret"))
    assert "have types not supported by CloudFormation" in refused


async def test_stacks_export_to_others(desk: StackDesk) -> None:
    """TG-120"""
    arn = await desk.made_of("one", GREETING)
    (export,) = (await desk("list_exports"))["Exports"]
    assert (export["Name"], export["ExportingStackId"]) == ("one-topic", arn)
    refused = await desk.refused("list_imports", ExportName="one-topic")
    assert refused == "ValidationError: Export 'one-topic' is not imported by any stack."
    await desk.made_of("two", importing("one-topic"))
    assert (await desk.stack("two"))["Outputs"][0]["OutputValue"] == export["Value"]
    assert (await desk("list_imports", ExportName="one-topic"))["Imports"] == ["two"]
    refused = await desk.refused("delete_stack", StackName="one")
    assert "one-topic" in refused
    assert "two" in refused


async def test_what_nobody_exports_fails_the_create(desk: StackDesk) -> None:
    """TG-120"""
    await desk.made_of("two", importing("nothing"))
    stack = await desk.stack("two")
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = (await desk("describe_stack_events", StackName="two"))["StackEvents"]
    assert any("No export named nothing found" in e.get("ResourceStatusReason", "") for e in events)


async def test_a_rule_is_kept(desk: StackDesk) -> None:
    rule = {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "P"}, "a"]}}]}
    body = template(Parameters={"P": {"Type": "String"}}, Rules={"Is": rule})
    asked = {"StackName": "web", "TemplateBody": body}
    refused = await desk.refused("create_stack", **asked, Parameters=parameters(P="b"))
    assert refused.startswith("ValidationError: ")
    assert await desk("create_stack", **asked, Parameters=parameters(P="a"))


async def test_the_type_of_a_resource_cannot_change(desk: StackDesk) -> None:
    await desk.made_of("web", template(Resources={"X": {"Type": HANDLE}}))
    body = template(Resources={"X": {"Type": TOPIC}})
    refused = await desk.refused("update_stack", StackName="web", TemplateBody=body)
    assert refused == (
        "ValidationError: Update of resource type is not permitted. The new template modifies"
        " resource type of the following resources: [X]"
    )


async def test_types_can_be_left_out(desk: StackDesk) -> None:
    body = template(Resources={"X": {"Type": TOPIC}})
    asked = {"StackName": "web", "TemplateBody": body}
    refused = await desk.refused("create_stack", **asked, ResourceTypes=["AWS::CloudFormation::*"])
    assert refused.startswith(f"ValidationError: Resource type {TOPIC} is not allowed")
    types = ["AWS::CloudFormation::*", "AWS::SNS::*"]
    assert await desk("create_stack", **asked, ResourceTypes=types)


async def test_templates_are_shown_as_they_were(desk: StackDesk) -> None:
    text = "# why\nResources:\n  Handle: {Type: 'AWS::CloudFormation::WaitConditionHandle'}\n"
    await desk("create_stack", StackName="web", TemplateBody=text)
    for stage in ("Original", "Processed"):
        found = await desk("get_template", StackName="web", TemplateStage=stage)
        assert found["TemplateBody"] == text
        assert found["StagesAvailable"] == ["Original", "Processed"]
    summary = await desk("get_template_summary", StackName="web")
    assert summary["ResourceTypes"] == [HANDLE]


@pytest.mark.parametrize("policy", ["no JSON", "[]", "{}", '{"Statement": 1}', "[" * 10_000])
async def test_policies_are_checked(desk: StackDesk, policy: str) -> None:
    """TG-127"""
    await desk.made_of("web", template())
    refused = await desk.refused("set_stack_policy", StackName="web", StackPolicyBody=policy)
    assert refused.startswith("ValidationError: Error validating stack policy")
    assert await desk("get_stack_policy", StackName="web") == {}


async def test_a_policy_is_kept(desk: StackDesk) -> None:
    """TG-127"""
    await desk.made_of("web", template())
    policy = json.dumps({"Statement": [{"Effect": "Deny", "Action": "Update:*"}]})
    await desk.put("policies", "one", policy)
    url = "https://s3.amazonaws.com/policies/one"
    await desk("set_stack_policy", StackName="web", StackPolicyURL=url)
    assert (await desk("get_stack_policy", StackName="web"))["StackPolicyBody"] == policy
