"""Conditions of templates (TG-115)."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.decide.stacks.conditions import conditions_of
from penstock.errors import AwsError

from .templates import SCOPE, a_template

SAME = {"Fn::Equals": ["a", "a"]}
OTHER = {"Fn::Equals": ["a", "b"]}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"Fn::Equals": [{"Ref": "Env"}, "prod"]}, True),
        ({"Fn::Equals": [{"Ref": "Port"}, 80]}, True),
        ({"Fn::Equals": [True, "true"]}, True),
        ({"Fn::Equals": ["a", "A"]}, False),
        ({"Fn::Equals": [{"Fn::FindInMap": ["M", {"Ref": "Env"}, "x"]}, "1"]}, True),
        ({"Fn::Equals": [{"Fn::Select": [1, {"Ref": "Names"}]}, "b"]}, True),
        ({"Fn::Equals": [{"Fn::Join": [",", {"Ref": "Names"}]}, "a,b"]}, True),
        ({"Fn::And": [SAME, {"Condition": "Same"}]}, True),
        ({"Fn::And": [SAME, OTHER]}, False),
        ({"Fn::Or": [OTHER, SAME]}, True),
        ({"Fn::Or": [OTHER, OTHER]}, False),
        ({"Fn::Not": [OTHER]}, True),
        ({"Condition": "Same"}, True),
        ({"Fn::Equals": [{"Fn::If": ["Same", "x", "y"]}, "x"]}, True),
        ({"Fn::And": [SAME] * 10}, True),
    ],
)
def test_conditions_are_what_parameters_mappings_and_others_make_them(
    body: Any, expected: bool
) -> None:
    """TG-114, TG-115"""
    template = a_template(
        {}, conditions={"It": body, "Same": SAME}, mappings={"M": {"prod": {"x": 1}}}
    )
    assert conditions_of(template, SCOPE) == {"It": expected, "Same": True}


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        (
            {"A": {"Condition": "B"}, "B": {"Fn::Not": [{"Condition": "A"}]}, "C": SAME},
            "Template format error: Circular dependency between conditions: [A, B]",
        ),
        ({"A": {"Condition": "Nobody"}}, "unresolved condition dependency Nobody in"),
        (
            {"A": {"Fn::Equals": [{"Ref": "Bucket"}, "x"]}},
            "Template format error: Unresolved dependencies [Bucket]. Cannot reference resources in"
            " the Conditions block of the template",
        ),
        ({"A": {"Fn::Equals": [{"Fn::GetAtt": "Bucket.Arn"}, "x"]}}, "dependencies [Bucket]. Can"),
        (
            {"A": {"Fn::Equals": [{"Fn::ImportValue": "network-vpc"}, "x"]}},
            "Template error: Cannot use Fn::ImportValue in Conditions.",
        ),
        ({"A": {"Fn::Equals": ["a"]}}, "every Fn::Equals object requires a list of 2 string"),
        ({"A": {"Fn::And": [SAME]}}, "every Fn::And object requires a list of at least 2 and at"),
        ({"A": {"Fn::Or": [SAME] * 11}}, "every Fn::Or object requires a list of at least 2 and"),
        ({"A": {"Fn::Or": [SAME, {"Fn::Not": [1]}]}}, "Conditions can only be boolean operations"),
        ({"A": {"Fn::Not": [SAME, SAME]}}, "every Fn::Not object requires one boolean"),
        ({"A": "yes"}, "Conditions can only be boolean operations on parameters and other"),
        ({"A": {"Fn::Contains": [["a"], "a"]}}, "Conditions can only be boolean operations"),
    ],
)
def test_conditions_refuse(conditions: Any, message: str) -> None:
    """TG-115"""
    with pytest.raises(AwsError) as raised:
        conditions_of(a_template({"Bucket": {}}, conditions=conditions), SCOPE)
    assert raised.value.code == "ValidationError"
    assert message in raised.value.message


def test_a_long_chain_of_conditions_is_no_matter() -> None:
    chain: dict[str, Any] = {f"C{n}": {"Condition": f"C{n + 1}"} for n in range(5000)}
    found = conditions_of(a_template({}, conditions={**chain, "C5000": SAME}), SCOPE)
    assert found["C0"] is True
    assert list(found)[:2] == ["C0", "C1"]
