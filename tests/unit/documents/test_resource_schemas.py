from __future__ import annotations

import subprocess
import sys

import pytest

from penstock.documents.resource_schemas import (
    has_schema,
    published_schema,
    schema_of,
    unrecognized_types,
)


def test_what_a_schema_says() -> None:
    schema = schema_of("AWS::CodeBuild::Project")
    assert schema is not None
    assert schema.type == "AWS::CodeBuild::Project"
    assert schema.create_only == {"Name"}
    assert schema.required == {"Artifacts", "Environment", "ServiceRole", "Source"}
    assert {"Arn", "Id"} <= {*schema.read_only}
    assert "Triggers" in schema.properties
    assert schema.attributes is not None
    assert "Arn" in schema.attributes


@pytest.mark.parametrize(
    ("type", "attribute"),
    [
        ("AWS::RDS::DBInstance", "Endpoint.Address"),
        ("AWS::S3::Bucket", "RegionalDomainName"),
        ("AWS::SQS::Queue", "QueueName"),
        ("AWS::SNS::Topic", "TopicName"),
        ("AWS::IAM::Role", "Arn"),
        ("AWS::CodePipeline::Pipeline", "Version"),
    ],
)
def test_attributes_are_named_as_get_att_does(type: str, attribute: str) -> None:
    """TG-114"""
    schema = schema_of(type)
    assert schema is not None
    assert schema.attributes is not None
    assert attribute in schema.attributes


def test_nested_pointers() -> None:
    schema = schema_of("AWS::RDS::DBInstance")
    assert schema is not None
    assert "Endpoint/Address" in schema.read_only
    assert "Engine" in schema.conditional_create_only
    assert schema.primary_identifier == ("DBInstanceIdentifier",)


@pytest.mark.parametrize(
    "type", ["Custom::Thing", "AWS::CloudFormation::CustomResource", "AWS::CloudFormation::Stack"]
)
def test_types_with_attributes_of_any_name(type: str) -> None:
    schema = schema_of(type)
    assert schema is not None
    assert schema.type == type
    assert schema.attributes is None


@pytest.mark.parametrize(
    "type",
    ["AWS::S3::Bukket", "AWS::Serverless::Function", "Custom::", "", "../us-east-1", "Custom"],
)
def test_types_that_are_not_published(type: str) -> None:
    assert not has_schema(type)
    assert schema_of(type) is None
    assert published_schema(type) is None


@pytest.mark.parametrize(
    "type",
    ["AWS::CDK::Metadata", "AWS::CloudFormation::WaitConditionHandle", "AWS::IAM::AccessKey",
     "AWS::DeviceFarm::Project", "AWS::CodePipeline::Webhook",
     "AWS::CodeStarConnections::Connection"],
)  # fmt: skip
def test_old_types_and_those_of_other_regions_are_published_too(type: str) -> None:
    assert has_schema(type)


def test_unrecognized_types_are_named_once_in_their_order() -> None:
    types = ["My::Own::Type", "B::C::D", "AWS::S3::Bucket", "Custom::X", "A::B::C", "B::C::D"]
    assert unrecognized_types(types, registered=["My::Own::Type"]) == ["B::C::D", "A::B::C"]


def test_every_published_type_can_be_read() -> None:
    from penstock.documents.resource_schemas import _index

    assert len(_index()) > 1500
    for type in _index():
        schema = schema_of(type)
        assert schema is not None
        assert schema.properties
        pointers = {*schema.create_only, *schema.read_only, *schema.primary_identifier}
        assert not [one for one in pointers if one.startswith("/")]


def test_cfn_lint_is_not_imported() -> None:
    program = (
        "import sys; from penstock.documents.resource_schemas import schema_of;"
        "assert schema_of('AWS::S3::Bucket'); print([m for m in sys.modules if 'cfnlint' in m])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
