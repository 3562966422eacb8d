"""Templates through CloudFormation's API: what they need, what they have, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.services.cloudformation.template_sources import place_of
from penstock.store import Store

from .stack_desk import HANDLE, ROLE, StackDesk, template

pytestmark = pytest.mark.anyio
PIPELINE = """\
AWSTemplateFormatVersion: '2010-09-09'
Description: A site
Metadata: {Owner: web}
Parameters:
  Stage: {Type: String, Default: dev, AllowedValues: [dev, prod], Description: Where}
  Token: {Type: String, NoEcho: true, MinLength: 3}
Resources:
  Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Sub 'site-${Stage}'}}
  Role: {Type: 'AWS::IAM::Role', Properties: {AssumeRolePolicyDocument: {}, RoleName: !Ref Stage}}
"""
LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nResources: *c\n"


@pytest.fixture
async def desk(store: Store) -> StackDesk:
    return StackDesk(store)


async def test_a_template_is_validated(desk: StackDesk) -> None:
    """TG-112, TG-128"""
    found = await desk("validate_template", TemplateBody=PIPELINE)
    assert found == {
        "Parameters": [
            {
                "ParameterKey": "Stage",
                "DefaultValue": "dev",
                "NoEcho": False,
                "Description": "Where",
            },
            {"ParameterKey": "Token", "NoEcho": True},
        ],
        "Description": "A site",
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "CapabilitiesReason": "The following resource(s) require capabilities: [AWS::IAM::Role]",
    }


async def test_a_template_is_summed_up(desk: StackDesk) -> None:
    """TG-112, TG-128"""
    found = await desk("get_template_summary", TemplateBody=PIPELINE)
    stage, token = found["Parameters"]
    assert stage["ParameterConstraints"] == {"AllowedValues": ["dev", "prod"]}
    assert (stage["ParameterType"], token["NoEcho"]) == ("String", True)
    assert found["Version"] == "2010-09-09"
    assert json.loads(found["Metadata"]) == {"Owner": "web"}
    assert found["ResourceTypes"] == ["AWS::S3::Bucket", "AWS::IAM::Role"]
    assert found["ResourceIdentifierSummaries"] == [
        {
            "ResourceType": "AWS::S3::Bucket",
            "LogicalResourceIds": ["Bucket"],
            "ResourceIdentifiers": ["BucketName"],
        },
        {
            "ResourceType": "AWS::IAM::Role",
            "LogicalResourceIds": ["Role"],
            "ResourceIdentifiers": ["RoleName"],
        },
    ]


async def test_a_summary_names_transforms_and_does_none(desk: StackDesk) -> None:
    """TG-122, TG-128"""
    function = {"Type": "AWS::Serverless::Function", "Properties": {"Nonsense": 1}}
    body = template(
        Transform=["AWS::Serverless-2016-10-31", "Mine"], Resources={"Fn": function}, Globals={}
    )
    found = await desk("get_template_summary", TemplateBody=body)
    assert found["DeclaredTransforms"] == ["AWS::Serverless-2016-10-31", "Mine"]
    assert found["Capabilities"] == ["CAPABILITY_AUTO_EXPAND"]
    assert found["ResourceTypes"] == [HANDLE, "AWS::Serverless::Function"]


@pytest.mark.parametrize(
    "url",
    [
        "https://templates.s3.amazonaws.com/a/b.yaml",
        "https://templates.s3.us-east-1.amazonaws.com/a/b.yaml",
        "https://s3.amazonaws.com/templates/a/b.yaml",
        "https://s3.us-east-1.amazonaws.com/templates/a/b.yaml",
        "http://localhost:4545/templates/a/b.yaml",
        "http://templates.localhost:4545/a/b.yaml",
        "http://templates.s3.localhost:4545/a%2Fb.yaml",
        "http://127.0.0.1:4545/templates/a/b.yaml",
    ],
)
async def test_a_template_is_an_object_of_our_own(desk: StackDesk, url: str) -> None:
    """TG-128: whatever way its URL is written."""
    await desk.put("templates", "a/b.yaml", PIPELINE)
    found = await desk("validate_template", TemplateURL=url)
    assert found["Description"] == "A site"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/templates/a.yaml",
        "http://169.254.169.254/latest/meta-data",
        "http://s3.amazonaws.com.example.com/templates/a.yaml",
        "file:///etc/passwd",
        "s3://templates/a.yaml",
        "https://[/x",
        "https://s3.amazonaws.com/templates",
    ],
)
async def test_no_other_host_is_asked(desk: StackDesk, url: str) -> None:
    refused = await desk.refused("validate_template", TemplateURL=url)
    assert refused == "ValidationError: TemplateURL must be a supported URL."


def test_an_url_names_a_version() -> None:
    place = place_of("https://s3.amazonaws.com/b/k?versionId=3", "http://localhost:4545")
    assert place == ("b", "k", "3")


async def test_an_object_has_to_be_there_and_to_be_small(desk: StackDesk) -> None:
    """TG-128"""
    url = "https://s3.amazonaws.com/templates/"
    missing = await desk.refused("validate_template", TemplateURL=url + "a")
    assert missing.startswith("ValidationError: S3 error: The specified bucket does not exist")
    await desk.put("templates", "large", b"#" * 1_000_001)
    missing = await desk.refused("validate_template", TemplateURL=url + "a")
    assert missing.startswith("ValidationError: S3 error: The specified key does not exist.")
    large = await desk.refused("validate_template", TemplateURL=url + "large")
    assert large == "ValidationError: Template may not exceed 1000000 bytes in size."


async def test_a_body_is_of_51200_bytes_at_most(desk: StackDesk) -> None:
    """TG-128"""
    body = json.dumps(template())
    assert await desk("validate_template", TemplateBody=body.ljust(51_200))
    refused = await desk.refused("validate_template", TemplateBody=body.ljust(51_201))
    assert refused.endswith(
        "at 'templateBody' failed to satisfy constraint: Member must have length less than or equal"
        " to 51200"
    )


BAD: dict[str, tuple[Any, str]] = {
    "empty": ("", "1 validation error detected: "),
    "nothing": ({}, "Template format error: At least one Resources member must be defined."),
    "a text": ("just words", "Template format error: unsupported structure."),
    "no JSON": ('{"Resources": ', "Template format error: JSON not well-formed."),
    "no YAML": ("Resources: [", "Template format error: YAML not well-formed."),
    "laughs": (LAUGHS, "Template error: YAML aliases are not allowed"),
    "a section": (template(Mystery={}), "Invalid template property or properties [Mystery]"),
    "a type": (
        template(Resources={"X": {"Type": "AWS::No::Such"}}),
        "Template format error: Unrecognized resource types: [AWS::No::Such]",
    ),
    "no type": (template(Resources={"X": {}}), "Template format error: "),
    "a circle": (
        template(
            Resources={
                "A": {"Type": HANDLE, "DependsOn": "B"},
                "B": {"Type": HANDLE, "DependsOn": "A"},
            }
        ),
        "Circular dependency between resources: [A, B]",
    ),
    "a reference": (
        template(Outputs={"O": {"Value": {"Ref": "Nobody"}}}),
        "Template format error: Unresolved resource dependencies [Nobody] in the Outputs block",
    ),
    "a function": (
        template(Outputs={"O": {"Value": {"Fn::Mystery": "x"}}}),
        "Template ",
    ),
    "deep": ('{"Resources":' * 3000 + "1" + "}" * 3000, "Template format error: "),
    "a list": ({"Resources": []}, "Template format error: "),
    "a parameter's type": (template(Parameters={"P": {"Type": "Strin"}}), "Template format error"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize(
    "operation",
    ["validate_template", "get_template_summary", "create_stack", "create_change_set"],
)
async def test_bad_templates_are_refused_and_leave_nothing(
    desk: StackDesk, operation: str, name: str
) -> None:
    """TG-109, TG-117"""
    body, message = BAD[name]
    asked: dict[str, Any] = {"TemplateBody": body}
    if operation in ("create_stack", "create_change_set"):
        asked["StackName"] = "web"
    if operation == "create_change_set":
        asked |= {"ChangeSetName": "first", "ChangeSetType": "CREATE"}
    if operation == "get_template_summary" and name == "a type":
        assert await desk(operation, **asked)
        return
    refused = await desk.refused(operation, **asked)
    assert refused.startswith(f"ValidationError: {message}"), refused
    assert (await desk("list_stacks"))["StackSummaries"] == []


async def test_bytes_that_are_no_text_are_refused(desk: StackDesk) -> None:
    await desk.put("templates", "a", b"Resources:\n  \xff\xfe: 1\n")
    refused = await desk.refused(
        "validate_template", TemplateURL="https://s3.amazonaws.com/templates/a"
    )
    assert refused.startswith("ValidationError: Template ")


async def test_a_template_is_given_once(desk: StackDesk) -> None:
    refused = await desk.refused("create_stack", StackName="web")
    assert refused == "ValidationError: Either Template URL or Template Body must be specified."
    refused = await desk.refused(
        "create_stack",
        StackName="web",
        TemplateBody="{}",
        TemplateURL="https://s3.amazonaws.com/a/b",
    )
    assert refused.startswith("ValidationError: ")


@pytest.mark.parametrize(
    ("properties", "given", "needed"),
    [
        (ROLE, [], "CAPABILITY_IAM"),
        (ROLE | {"RoleName": "x"}, ["CAPABILITY_IAM"], "CAPABILITY_NAMED_IAM"),
        (ROLE | {"RoleName": "x"}, ["CAPABILITY_AUTO_EXPAND"], "CAPABILITY_NAMED_IAM"),
    ],
)
@pytest.mark.parametrize("operation", ["create_stack", "create_change_set"])
async def test_iam_is_acknowledged(
    desk: StackDesk, operation: str, properties: dict[str, Any], given: list[str], needed: str
) -> None:
    """TG-128"""
    body = template(Resources={"Role": {"Type": "AWS::IAM::Role", "Properties": properties}})
    asked: dict[str, Any] = {"StackName": "web", "TemplateBody": body, "Capabilities": given}
    if operation == "create_change_set":
        asked |= {"ChangeSetName": "first", "ChangeSetType": "CREATE"}
    refused = await desk.refused(operation, **asked)
    assert refused == f"InsufficientCapabilitiesException: Requires capabilities : [{needed}]"


async def test_transforms_are_acknowledged_or_reviewed(desk: StackDesk) -> None:
    """TG-122, TG-128"""
    body = template(Transform="AWS::LanguageExtensions")
    refused = await desk.refused("create_stack", StackName="web", TemplateBody=body)
    assert refused.endswith("Requires capabilities : [CAPABILITY_AUTO_EXPAND]")
