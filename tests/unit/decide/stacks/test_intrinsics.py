"""Functions of values; what only made resources know is left (TG-113, TG-114, TG-116)."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.errors import AwsError

from .templates import SCOPE, a_template, planned, property_of

ARN = {"Fn::GetAtt": ["Role", "Arn"]}
BUCKET = {"Ref": "Bucket"}
MAPPINGS = {"Sizes": {"prod": {"Count": 3, "Zones": ["x", "y"]}}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${Env}-${AWS::Region}", "prod-eu-west-1"),
        ("${!Env} and ${Env}", "${Env} and prod"),
        ("no variables", "no variables"),
        ("$Env {Env} ${Env", "$Env {Env} ${Env"),
        ("a${AWS::NoValue}b", "ab"),
        ("", ""),
        (["${Env} of ${Own}", {"Own": "mine"}], "prod of mine"),
        (["${Env}", {"Env": "own values come first"}], "own values come first"),
        (["${A.B}", {"A.B": "with a dot"}], "with a dot"),
        (["${N}:${T}", {"N": 80, "T": True}], "80:true"),
        (["${J}", {"J": {"Fn::Join": ["/", ["a", {"Ref": "Env"}]]}}], "a/prod"),
        ("${Bucket}", {"Fn::Join": ["", [BUCKET]]}),
        ("${Env}/${Bucket}/${Env}", {"Fn::Join": ["", ["prod/", BUCKET, "/prod"]]}),
        ("${Role.Arn}:${!x}", {"Fn::Join": ["", [ARN, ":${x}"]]}),
        (["${R}", {"R": ARN}], {"Fn::Join": ["", [ARN]]}),
    ],
)
def test_sub_puts_values_into_a_text(text: Any, expected: Any) -> None:
    """TG-113"""
    assert property_of({"Fn::Sub": text}) == expected


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("${Nobody}", "Template format error: Unresolved resource dependencies [Nobody] in the"),
        ("${Nobody.Arn}", "instance of Fn::GetAtt references undefined resource Nobody"),
        ("${Names}", "variable Names in Fn::Sub expression does not resolve to a string"),
        ({"Ref": "Env"}, "Fn::Sub intrinsic functions don't specify expected arguments"),
        ([{"Ref": "Env"}, {}], "Fn::Sub intrinsic functions don't specify expected arguments"),
        (["a", {}, {}], "Fn::Sub intrinsic functions don't specify expected arguments"),
    ],
)
def test_sub_refuses(argument: Any, message: str) -> None:
    """TG-113"""
    _refused({"Fn::Sub": argument}, message)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Env"}, "prod"),
        ({"Ref": "Names"}, ["a", "b"]),
        ({"Ref": "Bucket"}, BUCKET),
        ({"Ref": {"Fn::Join": ["", ["E", "nv"]]}}, "prod"),
        ({"Fn::GetAtt": "Role.Arn"}, ARN),
        ({"Fn::GetAtt": ["Role", "A.B"]}, {"Fn::GetAtt": ["Role", "A.B"]}),
        ({"Fn::GetAtt": ["Role", {"Ref": "Env"}]}, {"Fn::GetAtt": ["Role", "prod"]}),
        ({"Fn::Join": [",", {"Ref": "Names"}]}, "a,b"),
        ({"Fn::Join": ["-", ["a", 1, True, 1.5]]}, "a-1-true-1.5"),
        ({"Fn::Join": ["-", []]}, ""),
        ({"Fn::Join": ["-", ["a", "", "b"]]}, "a--b"),
        ({"Fn::Join": ["-", ["a", "b", ARN, "c", "d"]]}, {"Fn::Join": ["-", ["a-b", ARN, "c-d"]]}),
        ({"Fn::Join": [",", {"Fn::GetAtt": ["Role", "L"]}]}, "same"),
        ({"Fn::Split": [",", "a,,b,"]}, ["a", "", "b", ""]),
        ({"Fn::Split": [",", ARN]}, {"Fn::Split": [",", ARN]}),
        ({"Fn::Select": [0, {"Ref": "Names"}]}, "a"),
        ({"Fn::Select": ["1", ["a", "b"]]}, "b"),
        ({"Fn::Select": [1, [ARN, "b"]]}, "b"),
        ({"Fn::Select": [0, [ARN, "b"]]}, ARN),
        ({"Fn::Select": [0, [{"Ref": "AWS::NoValue"}, "b"]]}, "b"),
        ({"Fn::Select": [2, {"Fn::Split": [":", ARN]}]}, "same"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Env"}, "Count"]}, 3),
        ({"Fn::FindInMap": ["Sizes", "prod", "Zones"]}, ["x", "y"]),
        ({"Fn::FindInMap": ["Sizes", "test", "Count", {"DefaultValue": 1}]}, 1),
        ({"Fn::FindInMap": ["None", "a", "b", {"DefaultValue": {"Ref": "Env"}}]}, "prod"),
        ({"Fn::Base64": "hello world"}, "aGVsbG8gd29ybGQ="),
        ({"Fn::Base64": {"Fn::Sub": "${Env}é"}}, "cHJvZMOp"),
        ({"Fn::Base64": ARN}, {"Fn::Base64": ARN}),
        ({"Fn::GetAZs": ""}, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ({"Fn::GetAZs": {"Ref": "AWS::Region"}}, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ({"Fn::GetAZs": "us-east-1"}, ["us-east-1a", "us-east-1b", "us-east-1c"]),
        ({"Fn::If": ["Yes", "then", {"Ref": "Nobody"}]}, "then"),
        ({"Fn::If": ["No", {"Ref": "Nobody"}, BUCKET]}, BUCKET),
        ({"Fn::If": ["No", "then", {"Ref": "AWS::NoValue"}]}, None),
        ({"Fn::ImportValue": "network-vpc"}, "vpc-1"),
        ({"Fn::ImportValue": {"Fn::Sub": ["${N}-vpc", {"N": "network"}]}}, "vpc-1"),
        ({"Fn::Length": {"Ref": "Names"}}, 2),
        ({"Fn::Length": ["a", ARN, "c"]}, 3),
        ({"Fn::ToJsonString": {"a": [1, True, {"Ref": "Env"}]}}, '{"a":[1,true,"prod"]}'),
        ({"Fn::ToJsonString": {"a": "b", "c": {"Ref": "AWS::NoValue"}}}, '{"a":"b"}'),
        ({"Fn::ToJsonString": {"a": ARN}}, {"Fn::ToJsonString": {"a": ARN}}),
    ],
)
def test_functions_have_the_values_of_cloudformation(value: Any, expected: Any) -> None:
    """TG-114"""
    found = property_of(value, mappings=MAPPINGS, conditions={"Yes": _equal(1, 1), "No": NO})
    assert found == (value if expected == "same" else expected)


def _equal(one: Any, other: Any) -> Any:
    return {"Fn::Equals": [one, other]}


NO = {"Fn::Equals": ["a", "b"]}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Ref": ["Env"]}, "every Ref object must have a single String value"),
        ({"Ref": "Nobody"}, "Template format error: Unresolved resource dependencies [Nobody] in"),
        ({"Fn::GetAtt": "Role"}, "every Fn::GetAtt object requires two non-empty parameters"),
        ({"Fn::GetAtt": ["Role", ""]}, "every Fn::GetAtt object requires two non-empty parameters"),
        ({"Fn::GetAtt": ["Nobody", "Arn"]}, "references undefined resource Nobody"),
        ({"Fn::Join": ["-", "a"]}, "every Fn::Join object requires two parameters"),
        ({"Fn::Join": ["-", [["a"]]]}, "every Fn::Join object requires two parameters"),
        ({"Fn::Join": [ARN, ["a"]]}, "every Fn::Join object requires two parameters"),
        ({"Fn::Split": ["", "a"]}, "every Fn::Split object requires two parameters"),
        ({"Fn::Split": [",", ["a"]]}, "every Fn::Split object requires two parameters"),
        ({"Fn::Select": [2, ["a", "b"]]}, "Fn::Select cannot select nonexistent value at index 2"),
        ({"Fn::Select": [-1, ["a"]]}, "Fn::Select cannot select nonexistent value at index -1"),
        ({"Fn::Select": ["x", ["a"]]}, "Fn::Select cannot select nonexistent value at index x"),
        ({"Fn::Select": [["a"], 0]}, "Fn::Select requires a list argument with two elements"),
        ({"Fn::FindInMap": ["No", "a", "b"]}, "Mapping named 'No' is not present in the"),
        (
            {"Fn::FindInMap": ["Sizes", "test", "Count"]},
            "Template error: Unable to get mapping for Sizes::test::Count",
        ),
        ({"Fn::FindInMap": ["Sizes", ARN, "Count"]}, "every Fn::FindInMap object requires three"),
        ({"Fn::Base64": ["a"]}, "every Fn::Base64 object must have a String-typed value"),
        ({"Fn::GetAZs": ARN}, "every Fn::GetAZs object must have a String-typed value"),
        ({"Fn::If": ["Nobody", 1, 2]}, "unresolved condition dependency Nobody in Fn::If"),
        ({"Fn::If": ["Nobody", 1]}, "Fn::If requires a list argument"),
        ({"Fn::ImportValue": "nothing"}, "No export named nothing found."),
        ({"Fn::ImportValue": ARN}, "the attribute in Fn::ImportValue must not depend on any"),
        ({"Fn::Length": "a"}, "every Fn::Length object requires a list"),
        ({"Fn::ToJsonString": "a"}, "every Fn::ToJsonString object requires an object"),
        ({"Fn::Equals": [1, 1]}, "Fn::Equals is not a function that can be used here"),
        ({"Fn::Nonsense": 1}, "Fn::Nonsense is not a function that can be used here"),
    ],
)
def test_functions_refuse(value: Any, message: str) -> None:
    """TG-114"""
    _refused(value, message)


def _refused(value: Any, message: str) -> None:
    own = {"Own": {"Fn::Equals": ["a", "b"]}}
    with pytest.raises(AwsError) as raised:
        property_of(value, mappings=MAPPINGS, conditions=own)
    assert (raised.value.code, raised.value.status) == ("ValidationError", 400)
    assert message in raised.value.message


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["192.168.0.0/24", 3, 5], ["192.168.0.0/27", "192.168.0.32/27", "192.168.0.64/27"]),
        (["10.0.7.9/16", "2", "8"], ["10.0.0.0/24", "10.0.1.0/24"]),
        (["10.0.0.0/30", 4, 0], ["10.0.0.0/32", "10.0.0.1/32", "10.0.0.2/32", "10.0.0.3/32"]),
        (
            ["2600:1f18:abc:de00::/56", 2, 64],
            ["2600:1f18:abc:de00::/64", "2600:1f18:abc:de01::/64"],
        ),
        ([ARN, 2, 8], {"Fn::Cidr": [ARN, 2, 8]}),
    ],
)
def test_cidr_divides_a_block(arguments: list[Any], expected: Any) -> None:
    """TG-114"""
    assert property_of({"Fn::Cidr": arguments}) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        ["10.0.0.0/24", 9, 5],
        ["10.0.0.0/24", 0, 5],
        ["10.0.0.0/8", 257, 8],
        ["10.0.0.0/24", 1, 33],
        ["10.0.0.0/24", 1, 9],
        ["10.0.0/16", 1, 8],
        [7, 1, 8],
        ["10.0.0.0/16", ["1"], 8],
        ["10.0.0.0/16", 1],
    ],
)
def test_cidr_refuses_what_does_not_fit(arguments: list[Any]) -> None:
    """TG-114"""
    _refused({"Fn::Cidr": arguments}, "Fn::Cidr")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AccountId", "123456789012"),
        ("NotificationARNs", ["arn:aws:sns:eu-west-1:123456789012:told"]),
        ("Partition", "aws"),
        ("Region", "eu-west-1"),
        ("StackId", "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1"),
        ("StackName", "shop"),
        ("URLSuffix", "amazonaws.com"),
    ],
)
def test_pseudo_parameters_are_of_the_stack(name: str, expected: Any) -> None:
    """TG-116"""
    assert property_of({"Ref": f"AWS::{name}"}) == expected


def test_what_has_no_value_is_left_out_of_objects_and_lists() -> None:
    """TG-116"""
    nothing = {"Ref": "AWS::NoValue"}
    found = property_of({"a": nothing, "b": [1, nothing, 2], "c": {"d": nothing}})
    assert found == {"b": [1, 2], "c": {}}


def _doubled(value: Any) -> Any:
    return {"Fn::Sub": ["${X}${X}", {"X": value}]}


def _escaped(value: Any) -> Any:
    return {"Fn::ToJsonString": [value]}


@pytest.mark.parametrize(
    ("around", "innermost"), [(_doubled, "laugh"), (_doubled, ARN), (_escaped, '"' * 1000)]
)
def test_a_billion_laughs_are_refused(around: Any, innermost: Any) -> None:
    value = innermost
    for _ in range(40):
        value = around(value)
    _refused(value, "its values have more than 20000000 characters")


def test_many_long_values_are_refused() -> None:
    parameters = {**SCOPE.parameters, "Long": "x" * 4096}
    template = a_template({"A": {"P": {"Fn::Sub": "${Long}" * 10_000}}})
    with pytest.raises(AwsError, match="more than 20000000 characters"):
        planned(template, SCOPE._replace(parameters=parameters))
