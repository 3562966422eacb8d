"""From templates to what stacks are to be (TG-115, TG-117, TG-120)."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.decide.stacks.planning import make_definition
from penstock.decide.stacks.refusals import MissingExport
from penstock.documents.templates import Output, Resource, Template
from penstock.errors import AwsError
from penstock.state.stacks import WantedOutput

from .templates import SCOPE, a_template, planned

YES = {"Fn::Equals": [{"Ref": "Env"}, "prod"]}
NO = {"Fn::Equals": [{"Ref": "Env"}, "test"]}
BUCKET = "AWS::S3::Bucket"


def test_a_resource_is_planned_whole() -> None:
    template = a_template(
        {
            "Site": Resource(
                BUCKET,
                {"BucketName": {"Fn::Sub": "${Env}-site"}, "Key": {"Ref": "Key"}},
                depends_on=("Topic",),
                deletion_policy="Retain",
                update_replace_policy="Snapshot",
                creation_policy={"ResourceSignal": {"Count": {"Ref": "Port"}}},
                update_policy={"P": {"Ref": "Env"}},
                metadata={"of": {"Ref": "AWS::StackName"}},
            ),
            "Key": {},
            "Topic": {},
        }
    )
    create_only = {BUCKET: frozenset({"BucketName"})}
    wanted = make_definition(template, SCOPE, create_only.__getitem__).resources["Site"]
    assert wanted.properties == {"BucketName": "prod-site", "Key": {"Ref": "Key"}}
    assert wanted.depends_on == ("Key", "Topic")
    assert wanted.replaced_by == {"BucketName"}
    assert (wanted.deletion_policy, wanted.update_replace_policy) == ("Retain", "Snapshot")
    assert wanted.creation_policy == {"ResourceSignal": {"Count": "80"}}
    assert wanted.update_policy == {"P": "prod"}
    assert wanted.metadata == {"of": "shop"}


@pytest.mark.parametrize(
    "properties",
    [
        {"P": {"Ref": "Other"}},
        {"P": {"Fn::GetAtt": ["Other", "Arn"]}},
        {"P": [{"a": {"Fn::Sub": "x${Other}"}}]},
        {"P": {"Fn::Sub": "x${Other.Arn}"}},
        {"P": {"Fn::Sub": ["${X}", {"X": {"Ref": "Other"}}]}},
        {"P": {"Fn::If": ["Yes", {"Ref": "Other"}, {"Ref": "Third"}]}},
        {"P": {"Fn::Join": ["", ["a", {"Ref": "Other"}]]}},
    ],
)
def test_what_a_resource_refers_to_is_made_before_it(properties: dict[str, Any]) -> None:
    """TG-117"""
    parts = {"It": properties, "Other": {}, "Third": {}}
    template = a_template({**parts}, conditions={"Yes": YES})
    assert planned(template).resources["It"].depends_on == ("Other",)


@pytest.mark.parametrize(
    ("resources", "names"),
    [
        ({"B": {"P": {"Ref": "A"}}, "A": {"P": {"Ref": "B"}}}, "[A, B]"),
        ({"A": {"P": {"Fn::GetAtt": ["A", "Arn"]}}}, "[A]"),
        (
            {
                "A": Resource(BUCKET, depends_on=("B",)),
                "B": {"P": {"Fn::Sub": "${C}"}},
                "C": {"P": {"Ref": "A"}},
                "Before": {},
                "After": {"P": [{"Ref": "A"}, {"Ref": "Before"}]},
            },
            "[A, B, C]",
        ),
    ],
)
def test_a_circle_is_refused_with_its_members(resources: dict[str, Any], names: str) -> None:
    """TG-117"""
    message = f"Circular dependency between resources: {names}"
    assert _refusal(a_template(resources)) == message


def test_a_false_condition_leaves_resources_and_outputs_out() -> None:
    """TG-115"""
    template = a_template(
        {
            "Always": Resource(BUCKET, depends_on=("Never", "Prod")),
            "Prod": Resource(BUCKET, condition="Yes"),
            "Never": Resource(BUCKET, {"P": {"Ref": "Nobody"}}, condition="No"),
        },
        conditions={"Yes": YES, "No": NO},
        outputs={
            "A": Output("a", condition="Yes"),
            "B": Output({"Ref": "Never"}, condition="No"),
        },
    )
    definition = planned(template)
    assert list(definition.resources) == ["Always", "Prod"]
    assert definition.resources["Always"].depends_on == ("Prod",)
    assert list(definition.outputs) == ["A"]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"resources": {"A": Resource(BUCKET, {"P": {"Ref": "Gone"}})}},
            "Template format error: Unresolved resource dependencies [Gone] in the Resources block"
            " of the template",
        ),
        (
            {
                "resources": {
                    "A": Resource(BUCKET, {"P": {"Fn::Sub": "${Z}${Gone.Arn}"}}, ("Nobody",)),
                    "B": Resource(BUCKET, {"P": {"Ref": "Nothing"}}),
                }
            },
            "Template format error: Unresolved resource dependencies [Gone, Nobody, Nothing, Z] in"
            " the Resources block of the template",
        ),
        (
            {"outputs": {"O": Output({"Fn::GetAtt": ["Gone", "Arn"]})}},
            "Template format error: Unresolved resource dependencies [Gone] in the Outputs block of"
            " the template",
        ),
        (
            {"resources": {"A": Resource(BUCKET, condition="Nobody")}},
            "Template format error: Unresolved condition dependency Nobody in the Resources block"
            " of the template",
        ),
        (
            {"outputs": {"O": Output("x", condition="Nobody")}},
            "Template format error: Unresolved condition dependency Nobody in the Outputs block of"
            " the template",
        ),
    ],
)
def test_what_is_not_there_cannot_be_referred_to(parts: dict[str, Any], message: str) -> None:
    """TG-115"""
    gone = {"Gone": Resource(BUCKET, condition="No")}
    resources = {**parts.get("resources", {}), **gone}
    parts = {**parts, "resources": resources, "conditions": {"No": NO}}
    assert _refusal(a_template(**parts)) == message


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", "Delete"),
        ("RetainExceptOnCreate", "RetainExceptOnCreate"),
        ({"Ref": "Policy"}, "Retain"),
        ({"Fn::If": ["Yes", "Snapshot", "Delete"]}, "Snapshot"),
        ({"Ref": "AWS::NoValue"}, "Delete"),
    ],
)
def test_policies_may_be_functions(policy: Any, expected: str) -> None:
    resource = Resource(BUCKET, deletion_policy=policy)
    scope = SCOPE._replace(parameters={**SCOPE.parameters, "Policy": "Retain"})
    template = a_template({"A": resource}, conditions={"Yes": YES})
    assert planned(template, scope).resources["A"].deletion_policy == expected


@pytest.mark.parametrize(
    ("type_", "properties", "expected"),
    [
        ("AWS::RDS::DBCluster", {}, "Snapshot"),
        ("AWS::RDS::DBInstance", {}, "Snapshot"),
        ("AWS::RDS::DBInstance", {"DBClusterIdentifier": "c"}, "Delete"),
        ("AWS::EC2::Volume", {}, "Delete"),
    ],
)
def test_databases_leave_snapshots(type_: str, properties: dict[str, Any], expected: str) -> None:
    template = a_template({"A": Resource(type_, properties)})
    assert planned(template).resources["A"].deletion_policy == expected


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (Resource(BUCKET, deletion_policy="Keep"), "Unrecognized DeletionPolicy Keep for resource"),
        (Resource(BUCKET, update_replace_policy="RetainExceptOnCreate"), "Unrecognized UpdateRepl"),
        (Resource(BUCKET, deletion_policy=["Retain"]), "Every DeletionPolicy member must be a str"),
        (Resource(BUCKET, {"Ref": "Env"}), "must be an object"),
    ],
)
def test_parts_of_resources_that_cannot_be(resource: Resource, message: str) -> None:
    assert message in _refusal(a_template({"A": resource}))


def test_outputs_and_their_exports_are_texts() -> None:
    """TG-120"""
    outputs = {
        "Plain": Output(80, "a number"),
        "Named": Output({"Fn::GetAtt": ["A", "Arn"]}, export={"Fn::Sub": "${AWS::StackName}:arn"}),
        "Unnamed": Output("x", export={"Ref": "AWS::NoValue"}),
    }
    definition = planned(a_template({"A": {}}, outputs=outputs))
    assert definition.outputs == {
        "Plain": WantedOutput("80", "a number"),
        "Named": WantedOutput({"Fn::GetAtt": ["A", "Arn"]}, "", "shop:arn"),
        "Unnamed": WantedOutput("x"),
    }


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"O": Output({"Ref": "Names"})}, "must evaluate to a String."),
        ({"O": Output({"Ref": "AWS::NoValue"})}, "must evaluate to a String."),
        ({"O": Output("x", export={"Ref": "A"})}, "Output O is malformed. The Name field of every"),
        ({"O": Output("x", export="a b")}, "Output O is malformed. The Name field of every"),
        ({"O": Output("x", export="a"), "P": Output("y", export="a")}, "export names [a]"),
    ],
)
def test_outputs_that_cannot_be(outputs: dict[str, Output], message: str) -> None:
    """TG-120"""
    assert message in _refusal(a_template({"A": {}}, outputs=outputs))


def test_imports_are_noted() -> None:
    """TG-120"""
    value = {"Fn::ImportValue": "network-vpc"}
    outputs = {"O": Output(value)}
    definition = planned(a_template({"A": {"P": value}, "B": {"P": value}}, outputs=outputs))
    assert definition.resources["A"].properties == {"P": "vpc-1"}
    assert definition.imports == ("network-vpc",)


def test_what_nobody_exports_is_named() -> None:
    """TG-120"""
    template = a_template({"A": {"P": {"Fn::ImportValue": "network-subnet"}}})
    with pytest.raises(MissingExport) as raised:
        planned(template)
    assert raised.value.name == "network-subnet"
    assert raised.value.message == "No export named network-subnet found."


def _refusal(template: Template) -> str:
    with pytest.raises(AwsError) as raised:
        planned(template)
    assert raised.value.code == "ValidationError"
    return raised.value.message
