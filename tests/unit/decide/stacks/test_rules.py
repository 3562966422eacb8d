"""The Rules section."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.decide.stacks.rules import check_rules
from penstock.documents.templates import Parameter, Rule
from penstock.errors import AwsError

from .templates import SCOPE, a_template

VPCS = {
    "Vpc": Parameter("AWS::EC2::VPC::Id"),
    "More": Parameter("List<AWS::EC2::VPC::Id>"),
    **{name: Parameter("String") for name in SCOPE.parameters},
}
VALUES = SCOPE._replace(parameters={**SCOPE.parameters, "Vpc": "vpc-1", "More": ["vpc-2"]})
ALL = {"Fn::RefAll": "AWS::EC2::VPC::Id"}


def _check(assertion: Any, condition: Any = None) -> None:
    rule = Rule(condition, ((assertion, "it must be so"),))
    check_rules(a_template({}, rules={"Sane": rule}, parameters=VPCS), VALUES)


@pytest.mark.parametrize(
    ("assertion", "holds"),
    [
        ({"Fn::Contains": [["prod", "test"], {"Ref": "Env"}]}, True),
        ({"Fn::Not": [{"Fn::Contains": [["1", "2"], {"Ref": "Port"}]}]}, True),
        ({"Fn::Contains": [[80, 443], {"Ref": "Port"}]}, True),
        ({"Fn::Contains": [["test"], {"Ref": "Env"}]}, False),
        ({"Fn::Contains": [{"Ref": "Names"}, "b"]}, True),
        ({"Fn::EachMemberEquals": [{"Ref": "Names"}, "a"]}, False),
        ({"Fn::EachMemberEquals": [["a", "a"], "a"]}, True),
        ({"Fn::EachMemberIn": [{"Ref": "Names"}, ["a", "b", "c"]]}, True),
        ({"Fn::EachMemberIn": [["a", "d"], {"Ref": "Names"}]}, False),
        ({"Fn::EachMemberIn": [ALL, ["vpc-1", "vpc-2"]]}, True),
        ({"Fn::Contains": [ALL, "vpc-3"]}, False),
        ({"Fn::And": [{"Fn::Equals": ["a", "a"]}, {"Fn::Contains": [["a"], "a"]}]}, True),
        ({"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Fn::Contains": [["a"], "b"]}]}, False),
    ],
)
def test_assertions_hold_or_refuse(assertion: Any, holds: bool) -> None:
    if holds:
        _check(assertion)
        return
    with pytest.raises(AwsError) as raised:
        _check(assertion)
    message = "Template validation error: Rule Sane failed: it must be so"
    assert (raised.value.code, raised.value.message) == ("ValidationError", message)


def test_a_rule_whose_condition_is_false_is_not_looked_at() -> None:
    never = {"Fn::Equals": ["a", "b"]}
    _check(never, {"Fn::Equals": [{"Ref": "Env"}, "test"]})
    with pytest.raises(AwsError):
        _check(never, {"Fn::Equals": [{"Ref": "Env"}, "prod"]})


@pytest.mark.parametrize(
    ("assertion", "message"),
    [
        ({"Fn::Contains": ["a", "a"]}, "every Fn::Contains object requires a list of strings and"),
        ({"Fn::EachMemberIn": [["a"], "a"]}, "every Fn::EachMemberIn object requires a list of"),
        ({"Fn::Contains": [["a"], {"Ref": "Nobody"}]}, "every Fn::Contains object requires"),
        ({"Fn::Equals": ["a", {"Ref": "Nobody"}]}, "Template validation error: Rule Sane failed"),
        ({"Fn::ValueOf": ["Vpc", "Tags.A"]}, "not implemented: Fn::ValueOf"),
        ({"Fn::Equals": [{"Fn::ValueOfAll": ["AWS::EC2::VPC::Id", "x"]}, 1]}, "not implemented: F"),
    ],
)
def test_rules_refuse(assertion: Any, message: str) -> None:
    with pytest.raises(AwsError) as raised:
        _check(assertion)
    assert message in raised.value.message
