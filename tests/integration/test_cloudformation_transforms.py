"""Transforms through CloudFormation's API (TG-122)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.store import Store

from ..needs import lacking
from .stack_desk import HANDLE, StackDesk, template

pytestmark = pytest.mark.anyio
EXPAND = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
SAM = "AWS::Serverless-2016-10-31"
FUNCTION = {
    "Type": "AWS::Serverless::Function",
    "Properties": {
        "Runtime": "python3.12",
        "Handler": "app.main",
        "CodeUri": {"Bucket": "code", "Key": "app.zip"},
        "AutoPublishAlias": "live",
        "DeploymentPreference": {"Type": "Canary10Percent5Minutes"},
        "Policies": ["AmazonDynamoDBReadOnlyAccess", {"S3ReadPolicy": {"BucketName": "b"}}],
    },
}


@pytest.fixture
async def desk(store: Store) -> StackDesk:
    return StackDesk(store)


@pytest.fixture
def sam() -> None:
    try:
        import samtranslator  # type: ignore[import-untyped]  # noqa: F401
    except ImportError:
        raise lacking("aws-sam-translator is not there") from None


async def processed(desk: StackDesk, body: dict[str, Any], **asked: Any) -> dict[str, Any]:
    """What the transforms of a stack's template have made."""
    await desk("create_stack", StackName="web", TemplateBody=body, Capabilities=EXPAND, **asked)
    await desk.work()
    assert (await desk.stack("web"))["StackStatus"] == "CREATE_COMPLETE"
    original = await desk("get_template", StackName="web")
    assert original["TemplateBody"] == body
    found = await desk("get_template", StackName="web", TemplateStage="Processed")
    return dict(found["TemplateBody"])


@pytest.mark.usefixtures("sam")
async def test_sam_becomes_cloudformation(desk: StackDesk) -> None:
    """TG-122, TG-124"""
    body = template(Transform=SAM, Resources={"Fn": FUNCTION}, Globals={"Function": {"Timeout": 9}})
    made = (await processed(desk, body))["Resources"]
    types = {one["Type"] for one in made.values()}
    assert {
        "AWS::Lambda::Alias",
        "AWS::Lambda::Version",
        "AWS::CodeDeploy::DeploymentGroup",
    } < types
    assert made["Fn"]["Properties"]["Timeout"] == 9
    policies = made["FnRole"]["Properties"]["ManagedPolicyArns"]
    assert "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess" in policies
    assert made["FnAliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    listed = (await desk("list_stack_resources", StackName="web"))["StackResourceSummaries"]
    assert {one["LogicalResourceId"] for one in listed} == set(made)


@pytest.mark.usefixtures("sam")
async def test_what_is_wrong_with_sam_is_said(desk: StackDesk) -> None:
    """TG-122: by CreateStack at once, by a change set as its failure."""
    wrong = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": 1}}
    asked = {
        "StackName": "web",
        "TemplateBody": template(Transform=SAM, Resources={"Fn": wrong}),
        "Capabilities": EXPAND,
    }
    said = f"Transform {SAM} failed with: Invalid Serverless Application Specification document."
    refused = await desk.refused("create_stack", **asked)
    assert refused.startswith(f"ValidationError: {said} Number of errors found: 1. Resource with")
    assert (await desk("list_stacks"))["StackSummaries"] == []
    made = await desk("create_change_set", **asked, ChangeSetName="cs", ChangeSetType="CREATE")
    found = await desk("describe_change_set", ChangeSetName=made["Id"])
    assert found["Status"] == "FAILED"
    assert found["StatusReason"].startswith(said)


@pytest.mark.usefixtures("sam")
async def test_a_change_set_of_sam_needs_no_acknowledgement_of_transforms(desk: StackDesk) -> None:
    """TG-122, TG-128"""
    asked = {
        "StackName": "web",
        "TemplateBody": template(Transform=SAM, Resources={"Fn": FUNCTION}),
        "ChangeSetName": "cs",
        "ChangeSetType": "CREATE",
    }
    refused = await desk.refused("create_change_set", **asked)
    assert refused.endswith("Requires capabilities : [CAPABILITY_IAM]")
    made = await desk("create_change_set", **asked, Capabilities=["CAPABILITY_IAM"])
    found = await desk("describe_change_set", ChangeSetName=made["Id"])
    assert len(found["Changes"]) > 5
    shown = await desk("get_template", ChangeSetName=made["Id"], TemplateStage="Processed")
    assert "FnRole" in shown["TemplateBody"]["Resources"]


@pytest.mark.usefixtures("sam")
async def test_applications_of_a_repository_are_not_fetched(desk: StackDesk) -> None:
    location = {"ApplicationId": "arn:aws:serverlessrepo:x", "SemanticVersion": "1.0.0"}
    resource = {"Type": "AWS::Serverless::Application", "Properties": {"Location": location}}
    body = template(Transform=SAM, Resources={"App": resource})
    refused = await desk.refused(
        "create_stack", StackName="web", TemplateBody=body, Capabilities=EXPAND
    )
    assert refused.startswith("NotImplemented: not implemented: AWS::Serverless::Application")


async def test_loops_are_written_out(desk: StackDesk) -> None:
    """TG-114, TG-122"""
    loop = ["Name", {"Ref": "Names"}, {"Handle${Name}": {"Type": HANDLE}}]
    body = {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "A,B"}},
        "Resources": {"Fn::ForEach::Each": loop},
        "Outputs": {"Count": {"Value": {"Fn::Length": {"Ref": "Names"}}}},
    }
    made = await processed(desk, body)
    assert sorted(made["Resources"]) == ["HandleA", "HandleB"]
    assert (await desk.stack("web"))["Outputs"][0]["OutputValue"] == "2"


async def test_loops_that_cannot_be_are_refused(desk: StackDesk) -> None:
    """TG-122"""
    body = {"Transform": "AWS::LanguageExtensions", "Resources": {"Fn::ForEach::Each": ["x"]}}
    refused = await desk.refused(
        "create_stack", StackName="web", TemplateBody=body, Capabilities=EXPAND
    )
    assert refused.startswith("ValidationError: Transform AWS::LanguageExtensions failed with: ")


def include(location: Any) -> dict[str, Any]:
    return {"Name": "AWS::Include", "Parameters": {"Location": location}}


async def test_texts_are_included(desk: StackDesk) -> None:
    """TG-122: inside of a template, beside what is there, and at its top."""
    await desk.put("parts", "tags.json", json.dumps({"DisplayName": "mine", "TopicName": "x"}))
    await desk.put("parts", "more.yaml", f"Resources:\n  More: {{Type: '{HANDLE}'}}\n")
    topic = {"TopicName": "own", "Fn::Transform": include({"Fn::Sub": "s3://${Parts}/tags.json"})}
    body = template(
        Transform=include("s3://parts/more.yaml"),
        Parameters={"Parts": {"Type": "String", "Default": "parts"}},
        Resources={"Topic": {"Type": "AWS::SNS::Topic", "Properties": topic}},
    )
    made = (await processed(desk, body))["Resources"]
    assert made["Topic"]["Properties"] == {"DisplayName": "mine", "TopicName": "own"}
    assert sorted(made) == ["Handle", "More", "Topic"]


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("s3://parts/missing", "s3://parts/missing: The specified key does not exist."),
        ("https://example.com/x", "The location parameter is not a valid S3 uri."),
        ({"Fn::GetAtt": ["Handle", "Arn"]}, "The location parameter is not a valid S3 uri."),
        (None, "The location parameter is not a valid S3 uri."),
        ("s3://parts/bad", "The specified S3 object's content should be valid Yaml/JSON"),
        ("s3://parts/nested", "A transform cannot be inside of an included text"),
    ],
)
async def test_texts_that_cannot_be_included(desk: StackDesk, location: Any, said: str) -> None:
    """TG-122"""
    await desk.put("parts", "bad", "a: [")
    await desk.put("parts", "nested", json.dumps({"A": {"Fn::Transform": include("s3://x/y")}}))
    body = template(Metadata={"M": {"Fn::Transform": include(location)}})
    refused = await desk.refused(
        "create_stack", StackName="web", TemplateBody=body, Capabilities=EXPAND
    )
    assert refused == f"ValidationError: Transform AWS::Include failed with: {said}"


@pytest.mark.parametrize("transform", ["Mine", {"Name": "Mine"}])
async def test_macros_are_not_there(desk: StackDesk, transform: Any) -> None:
    """TG-122"""
    body = template(Transform=transform)
    asked = {"StackName": "web", "Capabilities": EXPAND}
    refused = await desk.refused("create_stack", TemplateBody=body, **asked)
    assert refused == "NotImplemented: not implemented: transform Mine"
    inside = template(Metadata={"M": {"Fn::Transform": {"Name": "Mine"}}})
    refused = await desk.refused("create_stack", TemplateBody=inside, **asked)
    assert refused == "NotImplemented: not implemented: transform Mine"


@pytest.mark.parametrize("transform", [1, [None], {"Nme": "x"}, [{"Name": 1}]])
async def test_transforms_that_are_none(desk: StackDesk, transform: Any) -> None:
    refused = await desk.refused("validate_template", TemplateBody=template(Transform=transform))
    assert refused.startswith("ValidationError: Template format error: ")
