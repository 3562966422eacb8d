"""Parameters of stacks (TG-111, TG-112)."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.decide.stacks.parameters import (
    parameters_of,
    store_names,
    value_of,
    with_stored,
)
from penstock.documents.templates import Parameter, Template
from penstock.errors import AwsError
from penstock.state.recorded_stacks import ParameterValue

from .templates import a_template

STORED = "AWS::SSM::Parameter::Value<"


def _template(**parameters: Parameter) -> Template:
    return a_template({}, parameters=parameters)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "default"),
        ({"P": "given"}, "given"),
        ({"P": ""}, ""),
        ({"P": None}, "previous"),
    ],
)
def test_given_previous_and_default(given: dict[str, str | None], expected: str) -> None:
    """TG-111"""
    template = _template(P=Parameter("String", "default"))
    previous = {"P": ParameterValue("previous", "not this"), "Gone": ParameterValue("x")}
    assert parameters_of(template, given, previous) == {"P": ParameterValue(expected)}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "Parameters: [A, B] must have values"),
        ({"A": "1"}, "Parameters: [B] must have values"),
        ({"A": "1", "B": "2", "X": "3", "Y": None}, "Parameters: [X, Y] do not exist in the templ"),
        (
            {"A": "1", "B": None},
            "Invalid input for parameter key B. Cannot specify usePreviousValue as true for a"
            " parameter key not in the previous template",
        ),
    ],
)
def test_parameters_that_are_missing_or_unknown(given: dict[str, str | None], message: str) -> None:
    """TG-111"""
    template = _template(A=Parameter("String"), B=Parameter("String"), C=Parameter("Number", 3))
    with pytest.raises(AwsError) as raised:
        parameters_of(template, given, {"A": ParameterValue("before")})
    assert raised.value.code == "ValidationError"
    assert raised.value.message.startswith(message)


@pytest.mark.parametrize(
    ("type_", "constraints", "text", "problem"),
    [
        ("String", {"AllowedValues": ["a", 80, True]}, "80", ""),
        ("String", {"AllowedValues": ["a", 80, True]}, "true", ""),
        ("String", {"AllowedValues": ["a", "b"]}, "c", "must be one of AllowedValues"),
        ("String", {"AllowedPattern": "[a-z]+"}, "abc", ""),
        ("String", {"AllowedPattern": "[a-z]+"}, "abc1", "must match pattern [a-z]+"),
        ("String", {"AllowedPattern": r"\p{Alpha}*"}, "aZ", ""),
        ("String", {"MinLength": 2}, "ab", ""),
        ("String", {"MinLength": "2"}, "a", "must contain at least 2 characters"),
        ("String", {"MaxLength": 2}, "abc", "must contain at most 2 characters"),
        ("String", {}, "", ""),
        ("Number", {}, "-1.5e3", ""),
        ("Number", {}, "", "must be a number"),
        ("Number", {}, "nan", "must be a number"),
        ("Number", {}, "1_0", "must be a number"),
        ("Number", {"MinValue": 1}, "0", "must be a number not less than 1"),
        ("Number", {"MaxValue": "9"}, "10", "must be a number not greater than 9"),
        ("Number", {"MinValue": 1, "MaxValue": 9}, "9", ""),
        ("Number", {"AllowedValues": [1, 2]}, "3", "must be one of AllowedValues"),
        ("List<Number>", {"MinValue": 1}, "1, 2", ""),
        ("List<Number>", {}, "1,a", "must be a number"),
        ("List<Number>", {"MaxValue": 5}, "1,6", "must be a number not greater than 5"),
        ("CommaDelimitedList", {"AllowedValues": ["a", "b"]}, "a, b", ""),
        ("CommaDelimitedList", {"AllowedValues": ["a", "b"]}, "a,c", "must be one of AllowedVal"),
        ("CommaDelimitedList", {"AllowedPattern": "[a-z]"}, "a,b1", "must match pattern [a-z]"),
        ("AWS::EC2::VPC::Id", {"MinLength": 1}, "", "must contain at least 1 characters"),
        ("List<AWS::EC2::Subnet::Id>", {}, "subnet-1,subnet-2", ""),
        (f"{STORED}List<String>>", {"AllowedPattern": "/.*"}, "/a/b", ""),
        (f"{STORED}String>", {"AllowedPattern": "/.*"}, "a", "must match pattern /.*"),
    ],
)
def test_constraints_are_of_each_value(
    type_: str, constraints: dict[str, Any], text: str, problem: str
) -> None:
    """TG-112"""
    _checked(Parameter(type_, constraints=constraints), text, f"Parameter 'P' {problem}", problem)
    words = {**constraints, "ConstraintDescription": "must be better"}
    message = "Parameter P failed to satisfy constraint: must be better"
    _checked(Parameter(type_, constraints=words), text, message, problem)


def _checked(parameter: Parameter, text: str, message: str, problem: str) -> None:
    template = _template(P=parameter)
    if not problem:
        assert parameters_of(template, {"P": text}, {})["P"].given == text
        return
    with pytest.raises(AwsError) as raised:
        parameters_of(template, {"P": text}, {})
    assert raised.value.message.startswith(message)


@pytest.mark.parametrize(
    ("type_", "given", "resolved", "expected"),
    [
        ("String", "a, b", None, "a, b"),
        ("Number", "007", None, "007"),
        ("CommaDelimitedList", "a, b ,c", None, ["a", "b", "c"]),
        ("CommaDelimitedList", "", None, [""]),
        ("List<Number>", "80,443", None, ["80", "443"]),
        ("List<AWS::EC2::Subnet::Id>", "subnet-1", None, ["subnet-1"]),
        ("AWS::SSM::Parameter::Name", "/a", None, "/a"),
        (f"{STORED}String>", "/a", "the value", "the value"),
        (f"{STORED}AWS::EC2::Image::Id>", "/a", "ami-1", "ami-1"),
        (f"{STORED}List<String>>", "/a", "x,y", ["x", "y"]),
        (f"{STORED}CommaDelimitedList>", "/a", "x, y", ["x", "y"]),
    ],
)
def test_ref_gives_texts_and_lists(
    type_: str, given: str, resolved: str | None, expected: Any
) -> None:
    """TG-112"""
    assert value_of(Parameter(type_), ParameterValue(given, resolved)) == expected


def test_defaults_are_texts_and_secrets_are_known_as_such() -> None:
    """TG-112"""
    template = _template(A=Parameter("String", True), B=Parameter("Number", 8, no_echo=True))
    found = parameters_of(template, {}, {})
    assert found == {"A": ParameterValue("true"), "B": ParameterValue("8", no_echo=True)}


def test_what_is_in_parameter_store_is_looked_up_by_name() -> None:
    """TG-111, TG-112"""
    template = _template(
        A=Parameter(f"{STORED}String>"),
        B=Parameter("AWS::SSM::Parameter::Name"),
        C=Parameter("String"),
    )
    values = parameters_of(template, {"A": None, "B": "/b", "C": "/c"}, {"A": ParameterValue("/a")})
    assert store_names(template, values) == {"A": "/a", "B": "/b"}
    found = with_stored(template, values, {"/a": "new", "/b": "there"})
    assert found["A"] == ParameterValue("/a", "new")
    assert found["B"] == ParameterValue("/b")
    with pytest.raises(AwsError) as raised:
        with_stored(template, values, {})
    message = "Unable to fetch parameters [/a, /b] from parameter store for this account."
    assert raised.value.message == message


def test_a_pattern_that_cannot_be_used_is_said() -> None:
    """TG-112"""
    template = _template(P=Parameter("String", constraints={"AllowedPattern": "("}))
    with pytest.raises(AwsError, match=r"AllowedPattern \( cannot be used"):
        parameters_of(template, {"P": "a"}, {})
