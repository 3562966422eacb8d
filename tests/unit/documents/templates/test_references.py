from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.documents.templates.graph import in_circles
from penstock.documents.templates.references import (
    Reference,
    Variable,
    conditions_in,
    conditions_of,
    get_att_of,
    parse_sub,
    references,
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("plain", ("plain",)),
        ("${A}", (Variable("A"),)),
        ("a${A}b${B.C.D}", ("a", Variable("A", 1), "b", Variable("B.C.D", 6))),
        ("${AWS::Region}", (Variable("AWS::Region"),)),
        ("${!A}", ("${A}",)),
        ("x${!A}y${B}", ("x${A}y", Variable("B", 7))),
        ("$${A}", ("$", Variable("A", 1))),
        ("${A", ("${A",)),
        ("${{A}}", ("${{A}}",)),
        ("$A {B}", ("$A {B}",)),
        ("${ A }", (Variable(" A "),)),
        ("{{resolve:ssm:/x}}${A}", ("{{resolve:ssm:/x}}", Variable("A", 18))),
    ],
)
def test_the_text_of_sub(text: str, parts: tuple[str | Variable, ...]) -> None:
    """TG-113"""
    assert parse_sub(text) == parts


@given(st.text("${}A.b ", max_size=30))
def test_no_character_of_sub_is_lost(text: str) -> None:
    parts = parse_sub(text)
    assert "".join(one if isinstance(one, str) else f"${{{one.name}}}" for one in parts) == text


def test_a_variable_knows_resource_and_attribute() -> None:
    assert (Variable("A.B.C").logical_id, Variable("A.B.C").attribute) == ("A", "B.C")
    assert (Variable("A").logical_id, Variable("A").attribute) == ("A", "")


@pytest.mark.parametrize(
    ("argument", "found"),
    [
        (["A", "B"], ("A", "B")),
        (["A", "B", "C"], ("A", "B.C")),
        ("A.B.C", ("A", "B.C")),
        (["A", {"Ref": "P"}], ("A", {"Ref": "P"})),
        ("A", None),
        (["A"], None),
        (["", "B"], None),
        (["A", ""], None),
        ([{"Ref": "A"}, "B"], None),
        (["A", 1], None),
        (["A", "B", {"Ref": "P"}], None),
        (1, None),
        (None, None),
    ],
)
def test_what_get_att_names(argument: Any, found: Any) -> None:
    """TG-114"""
    assert get_att_of(argument) == found


def test_references_are_found_wherever_they_are() -> None:
    """TG-117"""
    value = {
        "A": {"Ref": "R"},
        "B": [{"Fn::GetAtt": ["G", "Arn"]}, {"Fn::Sub": "${S}/${T.Arn}/${!U}"}],
        "C": {"Fn::Sub": ["${x}${S}", {"x": {"Ref": "X"}}]},
        "D": {"Fn::If": ["c", {"Ref": "Perhaps"}, {"Ref": "AWS::NoValue"}]},
        "E": {"Ref": "a property", "Other": 1},
        "F": {"Fn::GetAtt": ["G", {"Ref": "P"}]},
    }
    assert list(references(value, ("p",))) == [
        Reference(("p", "A", "Ref"), "Ref", "R"),
        Reference(("p", "B", 0, "Fn::GetAtt"), "Fn::GetAtt", "G", "Arn"),
        Reference(("p", "B", 1, "Fn::Sub"), "Fn::Sub", "S"),
        Reference(("p", "B", 1, "Fn::Sub"), "Fn::Sub", "T", "Arn"),
        Reference(("p", "C", "Fn::Sub", 0), "Fn::Sub", "S"),
        Reference(("p", "C", "Fn::Sub", 1, "x", "Ref"), "Ref", "X"),
        Reference(("p", "D", "Fn::If", 1, "Ref"), "Ref", "Perhaps", sure=False),
        Reference(("p", "D", "Fn::If", 2, "Ref"), "Ref", "AWS::NoValue", sure=False),
        Reference(("p", "F", "Fn::GetAtt"), "Fn::GetAtt", "G"),
        Reference(("p", "F", "Fn::GetAtt", 1, "Ref"), "Ref", "P"),
    ]


def test_conditions_are_found_in_values_and_in_conditions() -> None:
    """TG-115"""
    value = {"a": {"Fn::If": ["c", {"Fn::If": ["d", 1, 2]}, {"Condition": "a property"}]}}
    assert list(conditions_in(value)) == [
        (("a", "Fn::If", 0), "c"),
        (("a", "Fn::If", 1, "Fn::If", 0), "d"),
    ]
    condition = {"Fn::And": [{"Condition": "c"}, {"Fn::Not": [{"Condition": "d"}]}]}
    assert list(conditions_of(condition)) == [
        (("Fn::And", 0, "Condition"), "c"),
        (("Fn::And", 1, "Fn::Not", 0, "Condition"), "d"),
    ]


@pytest.mark.parametrize(
    ("needs", "circles"),
    [
        ({}, []),
        ({"a": ["b"], "b": ["c"]}, []),
        ({"a": ["a"]}, ["a"]),
        ({"a": ["b"], "b": ["a"], "c": ["a"], "d": []}, ["a", "b"]),
        ({"a": ["b"], "b": ["a"], "c": ["a"], "d": ["d", "c"]}, ["a", "b", "c", "d"]),
    ],
)
def test_circles(needs: dict[str, list[str]], circles: list[str]) -> None:
    assert in_circles(needs) == circles


@given(st.dictionaries(st.sampled_from("abcdef"), st.sets(st.sampled_from("abcdef"))))
def test_there_are_circles_exactly_if_somebody_reaches_itself(needs: dict[str, set[str]]) -> None:
    def reached(start: str) -> set[str]:
        found: set[str] = set()
        todo = [start]
        while todo:
            for one in needs.get(todo.pop(), ()):
                if one not in found:
                    found.add(one)
                    todo.append(one)
        return found

    turning = {name for name in needs if name in reached(name)}
    circles = in_circles(needs)
    assert turning <= set(circles)
    assert bool(turning) == bool(circles)
