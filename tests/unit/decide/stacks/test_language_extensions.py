"""The transform AWS::LanguageExtensions (TG-114)."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.decide.stacks.language_extensions import expand
from penstock.errors import AwsError

PARAMETERS: dict[str, str | list[str]] = {"Names": ["Red", "Blue"], "One": "Green"}


def test_a_loop_makes_resources_of_a_parameter() -> None:
    """TG-114"""
    body = {
        "Parameters": {"Names": {"Type": "CommaDelimitedList"}},
        "Resources": {
            "First": {"Type": "T"},
            "Fn::ForEach::Topics": [
                "Name",
                {"Ref": "Names"},
                {
                    "Topic${Name}": {
                        "Type": "AWS::SNS::Topic",
                        "DependsOn": "Queue${Name}",
                        "Properties": {
                            "TopicName": {"Fn::Join": [".", [{"Ref": "Name"}, "fifo"]]},
                            "Display": {"Fn::Sub": "${Name}-${AWS::Region}"},
                        },
                    }
                },
            ],
            "Last": {"Type": "T"},
        },
    }
    expanded = expand(body, PARAMETERS)
    assert list(expanded["Resources"]) == ["First", "TopicRed", "TopicBlue", "Last"]
    assert expanded["Resources"]["TopicRed"] == {
        "Type": "AWS::SNS::Topic",
        "DependsOn": "QueueRed",
        "Properties": {
            "TopicName": {"Fn::Join": [".", ["Red", "fifo"]]},
            "Display": {"Fn::Sub": "Red-${AWS::Region}"},
        },
    }
    assert expanded["Parameters"] == body["Parameters"]


@pytest.mark.parametrize(
    ("section", "loop", "expected"),
    [
        ("Conditions", ["N", ["A", "B"], {"Is${N}": {"Ref": "N"}}], {"IsA": "A", "IsB": "B"}),
        ("Outputs", ["N", ["A"], {"${N}Out": {"Value": "${N}"}}], {"AOut": {"Value": "A"}}),
        ("Outputs", ["N", [1, {"Ref": "One"}], {"O${N}": "x"}], {"O1": "x", "OGreen": "x"}),
        ("Resources", ["Ip", ["10.0.0.1/32"], {"R&{Ip}": "${Ip}"}], {"R1000132": "10.0.0.1/32"}),
        ("Resources", ["N", [], {"R${N}": "x"}], {}),
        (
            "Resources",
            ["N", {"Fn::FindInMap": ["M", "a", "b"]}, {"R${N}": "x"}],
            {"RX": "x", "RY": "x"},
        ),
        (
            "Resources",
            ["N", {"Fn::Split": [",", "A,B"]}, {"R${N}": {"P": {"Fn::ForEach::P": [
                "K", ["x", "y"], {"${K}": "${N}${K}"}]}}}],
            {"RA": {"P": {"x": "Ax", "y": "Ay"}}, "RB": {"P": {"x": "Bx", "y": "By"}}},
        ),
        (
            "Resources",
            ["N", ["A", "B"], {"Fn::ForEach::In${N}": ["K", ["1", "${N}"], {"R${N}${K}": "x"}]}],
            {"RA1": "x", "RAA": "x", "RB1": "x", "RBB": "x"},
        ),
    ],
)  # fmt: skip
def test_loops_of_sections_properties_and_loops(
    section: str, loop: list[Any], expected: dict[str, Any]
) -> None:
    """TG-114"""
    body = {"Mappings": {"M": {"a": {"b": ["X", "Y"]}}}, section: {"Fn::ForEach::L": loop}}
    assert expand(body, PARAMETERS)[section] == expected


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        (["N", ["A"]], "must have an identifier, a collection and an object"),
        (["N", ["A"], "x"], "must have an identifier, a collection and an object"),
        (["N", "A", {"R${N}": 1}], "the collection of Fn::ForEach::L must be a list of strings"),
        (["N", {"Ref": "No"}, {"R${N}": 1}], "the collection of Fn::ForEach::L must be a list"),
        (["N", [["A"]], {"R${N}": 1}], "the collection of Fn::ForEach::L must be a list"),
        (["N", ["A", "B"], {"R": 1}], "makes R more than once"),
        (["N", ["A"], {"There": 1}], "There is there more than once"),
        (["N", ["x"] * 10_001, {"R${N}": 1}], "more than 10000 rounds"),
    ],
)
def test_loops_refuse(loop: list[Any], message: str) -> None:
    """TG-114"""
    with pytest.raises(AwsError) as raised:
        expand({"Resources": {"There": {}, "Fn::ForEach::L": loop}}, PARAMETERS)
    assert raised.value.message.startswith("Transform AWS::LanguageExtensions failed with: ")
    assert message in raised.value.message


def test_loops_in_loops_have_an_end() -> None:
    """TG-114"""
    loop: Any = {"R${A}x${B}x${C}": "x"}
    for name in "CBA":
        loop = {f"Fn::ForEach::{name}": [name, [str(n) for n in range(100)], loop]}
    with pytest.raises(AwsError, match="more than 10000 rounds"):
        expand({"Resources": loop}, {})


def test_loops_make_no_more_than_they_may() -> None:
    """TG-114"""
    loop = ["N", ["x" * 4000, "y"], {"R&{N}": "${N}" * 10_000}]
    with pytest.raises(AwsError, match="more than 20000000 characters"):
        expand({"Resources": {"Fn::ForEach::L": loop}}, {})


def test_functions_may_say_what_is_referred_to() -> None:
    """TG-114"""
    body = {
        "Outputs": {
            "Fn::ForEach::Groups": [
                "Name",
                {"Ref": "Names"},
                {
                    "Arn${Name}": {"Value": {"Fn::GetAtt": [{"Fn::Sub": "Group${Name}"}, "Arn"]}},
                    "Name${Name}": {"Value": {"Ref": {"Fn::Sub": "Group${Name}"}}},
                },
            ],
            "One": {"Value": {"Fn::GetAtt": ["Group", {"Ref": "One"}]}},
            "Plain": {"Value": [{"Ref": "Group"}, {"Fn::GetAtt": "Group.Arn"}]},
        }
    }
    assert expand(body, PARAMETERS)["Outputs"] == {
        "ArnRed": {"Value": {"Fn::GetAtt": ["GroupRed", "Arn"]}},
        "NameRed": {"Value": {"Ref": "GroupRed"}},
        "ArnBlue": {"Value": {"Fn::GetAtt": ["GroupBlue", "Arn"]}},
        "NameBlue": {"Value": {"Ref": "GroupBlue"}},
        "One": {"Value": {"Fn::GetAtt": ["Group", "Green"]}},
        "Plain": {"Value": [{"Ref": "Group"}, {"Fn::GetAtt": "Group.Arn"}]},
    }
