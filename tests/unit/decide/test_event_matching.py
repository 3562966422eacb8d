"""Which events fit which patterns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.decide.event_matching import leaves, matches, passes
from penstock.documents.event_patterns import EventPattern, Field
from penstock.documents.event_patterns.reader import parse


def fits(pattern: Any, event: Any) -> bool:
    return matches(parse(json.dumps(pattern)), leaves(event))


@pytest.mark.parametrize(
    ("pattern", "event", "found"),
    [
        ({"a": ["x", "y"]}, {"a": "y"}, True),
        ({"a": ["x"], "b": ["y"]}, {"a": "x"}, False),
        ({"a": ["x"], "b": ["y"]}, {"a": "x", "b": "y", "c": 1}, True),
        ({"a": ["X"]}, {"a": "x"}, False),
        ({"a": ["1"]}, {"a": 1}, False),
        ({"a": [1]}, {"a": "1"}, False),
        ({"a": ["true"]}, {"a": True}, False),
        ({"a": [1]}, {"a": True}, False),
        ({"a": [True]}, {"a": 1}, False),
        ({"a": [None]}, {"a": None}, True),
        ({"a": [None]}, {}, False),
        ({"a": [""]}, {"a": ""}, True),
        ({"a": ["x"]}, {"a": ["w", "x"]}, True),
        ({"a": ["x"]}, {"a": [["w"], ["x"]]}, True),
        ({"a": ["x"]}, {"a": []}, False),
        ({"a": ["x"]}, {"a": {"b": "x"}}, False),
        ({"a.b": ["x"]}, {"a": {"b": "x"}}, True),
        ({"a": {"b": ["x"]}}, {"a.b": "x"}, True),
        ({"a": {"b": ["x"]}}, {"a": [{"b": "w"}, {"b": "x"}]}, True),
        ({"a": [300]}, {"a": 300.0}, True),
        ({"a": [300.0]}, {"a": 300}, True),
        ({"a": ["::1"]}, {"a": "0:0:0:0:0:0:0:1"}, True),
        ({"a": ["10.0.0.1"]}, {"a": "10.0.0.1"}, True),
    ],
)
def test_values(pattern: Any, event: Any, found: bool) -> None:
    """TG-091, TG-093"""
    assert fits(pattern, event) is found


@pytest.mark.parametrize(
    ("test", "yes", "no"),
    [
        ({"prefix": "us-"}, ["us-1", "us-"], ["US-1", "xus-", 1, None]),
        ({"prefix": {"equals-ignore-case": "Us-"}}, ["US-1"], ["u"]),
        ({"suffix": ".png"}, ["a.png"], ["a.PNG", "png.", 1]),
        ({"suffix": {"equals-ignore-case": ".PNG"}}, ["a.png", "b.PnG"], ["png"]),
        ({"equals-ignore-case": "Alice"}, ["aLICE"], ["Alic", None]),
        ({"wildcard": "dir/*.png"}, ["dir/a.png", "dir/.png"], ["dir/a.pn", "xdir/a.png"]),
        ({"wildcard": "a*b*c"}, ["abc", "axxbxbc"], ["acb", "ab", "abcd"]),
        ({"wildcard": "aa*aa"}, ["aaaa"], ["aaa"]),
        ({"wildcard": r"a\*b\\*"}, ["a*b\\", "a*b\\c"], ["axb\\"]),
        ({"wildcard": "*"}, ["", "x"], [1, None]),
        ({"anything-but": "x"}, ["y", 1, None, True], ["x"]),
        ({"anything-but": ["x", "y"]}, ["z", None], ["x", "y"]),
        ({"anything-but": 0}, [1, "0", None], [0, 0.0]),
        ({"anything-but": [1, 2]}, [3, "1"], [1, 2.0]),
        ({"anything-but": {"prefix": "us-"}}, ["eu-1", 1, None], ["us-1"]),
        ({"anything-but": {"prefix": ["us-", "eu-"]}}, ["ap-1"], ["us-1", "eu-1"]),
        ({"anything-but": {"suffix": ".png"}}, ["a.txt"], ["a.png"]),
        ({"anything-but": {"wildcard": "*/lib/*"}}, ["a/b"], ["a/lib/b"]),
        ({"anything-but": {"equals-ignore-case": ["ON", "off"]}}, ["x", 1], ["on", "OFF"]),
        ({"numeric": ["=", 5]}, [5, 5.0], [4, "5", True]),
        ({"numeric": [">", 0, "<=", 5]}, [0.1, 5], [0, 5.1, "3"]),
        ({"numeric": ["<", 10]}, [9, -1], [10]),
        ({"numeric": [">=", 1.5]}, [1.5], [1.4]),
        ({"cidr": "10.0.0.0/24"}, ["10.0.0.0", "10.0.0.255"], ["10.0.1.0", "::1", "x", 10]),
        ({"cidr": "2001:db8::/32"}, ["2001:db8::1"], ["2001:db9::", "10.0.0.1"]),
        ({"exists": True}, ["", 0, None, False], []),
        ({"exactly": "x"}, ["x"], ["y"]),
    ],
)
def test_operators(test: Any, yes: list[Any], no: list[Any]) -> None:
    """TG-092, TG-093"""
    assert [value for value in yes if not fits({"a": [test]}, {"a": value})] == []
    assert [value for value in no if fits({"a": [test]}, {"a": value})] == []
    assert not fits({"a": [test]}, {"b": "x"})


@pytest.mark.parametrize(
    ("pattern", "event", "found"),
    [
        ({"a": {"b": [{"exists": True}]}}, {"a": {"b": {"c": 1}}}, False),
        ({"a": {"b": [{"exists": False}]}}, {"a": {"b": {"c": 1}}}, True),
        ({"a": {"b": [{"exists": False}]}}, {}, True),
        ({"a": {"b": [{"exists": False}]}}, {"a": {"b": None}}, False),
        ({"a": [{"exists": True}]}, {"a": []}, False),
        ({"a": [{"exists": False}, "x"]}, {"a": "x"}, True),
        ({"a": [{"exists": False}, "x"]}, {"a": "y"}, False),
        ({"a": [{"exists": False}], "b": [1]}, {"b": 1}, True),
        ({"a": {"x": [{"exists": False}]}}, {"a": [{"x": 1}, {"y": 1}]}, False),
        ({"a": {"x": [1], "y": [{"exists": False}]}}, {"a": [{"x": 1}, {"y": 1}]}, True),
        ({"a": {"x": [1], "y": [{"exists": False}]}}, {"a": [{"x": 1, "y": 1}]}, False),
    ],
)
def test_existence_is_of_leaves(pattern: Any, event: Any, found: bool) -> None:
    """TG-093"""
    assert fits(pattern, event) is found


PEOPLE = {"people": [{"name": "Ann", "born": 1900}, {"name": "Bob", "born": 1910}]}


@pytest.mark.parametrize(
    ("name", "born", "found"), [("Ann", 1900, True), ("Bob", 1910, True), ("Ann", 1910, False)]
)
def test_fields_below_an_array_are_of_one_item(name: str, born: int, found: bool) -> None:
    """TG-091"""
    assert fits({"people": {"name": [name], "born": [born]}}, PEOPLE) is found


def test_one_of_several_alternatives_suffices() -> None:
    """TG-092"""
    pattern = {"s": ["x"], "$or": [{"a": [1]}, {"b": {"c": [{"numeric": [">", 5]}]}}]}
    assert fits(pattern, {"s": "x", "a": 1})
    assert fits(pattern, {"s": "x", "b": {"c": 6}})
    assert not fits(pattern, {"s": "x", "b": {"c": 5}})
    assert not fits(pattern, {"s": "y", "a": 1})


def test_many_large_arrays_take_no_time() -> None:
    event = {f"k{n}": [{"v": i, "w": i} for i in range(500)] for n in range(8)}
    pattern = {f"k{n}": {"v": [{"exists": True}], "w": [499]} for n in range(8)} | {"z": ["no"]}
    assert not fits(pattern, event)
    assert fits({name: test for name, test in pattern.items() if name != "z"}, event)


@pytest.mark.parametrize(
    ("pattern", "event"),
    [
        ({"a": {"b": [1], "c": [1], "d": [2]}}, {"a": [{"b": 1, "c": 1}] * 18_000}),
        (
            {"a": {"b": [1], "c": [{"exists": False}], "d": [2]}},
            {"a": [{"b": 1, "c": 1}] * 18_000},
        ),
        ({"a": list(range(1, 1000))}, {"a": [0] * 120_000}),
        ({"a": [{"anything-but": list(range(1000))}]}, {"a": [0] * 120_000}),
    ],
)
def test_an_event_as_large_as_events_are_is_matched_in_a_moment(pattern: Any, event: Any) -> None:
    begun = process_time()
    assert not fits(pattern, event)
    assert process_time() - begun < 5


# A second, naive definition: a pattern fits if, for some choice of one item of every array, all of
# its fields are found in what is left.

VALUES = st.sampled_from(["x", "xy", "y", "", 1, 2, 2.0, True, False, None])
EVENTS = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(
        VALUES,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=3,
)
TESTS = st.sampled_from(
    ["x", "xy", 1, 2, True, None, {"prefix": "x"}, {"suffix": "y"}, {"anything-but": "x"},
     {"anything-but": [1, 2]}, {"numeric": [">", 1]}, {"exists": True}, {"wildcard": "x*"}]
)  # fmt: skip
PATTERNS = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(
        st.lists(TESTS, min_size=1, max_size=2),
        lambda inner: st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=3),
        max_leaves=4,
    ),
    min_size=1,
    max_size=3,
)


def choices(value: Any) -> Iterator[Any]:
    """A value with one item in place of each of its arrays; nothing in place of an empty one."""
    if isinstance(value, list):
        for item in value:
            yield from choices(item)
        if not value:
            yield {}
    elif isinstance(value, dict):
        made: list[dict[str, Any]] = [{}]
        for name, inner in value.items():
            made = [{**one, name: chosen} for one in made for chosen in choices(inner)]
        yield from made
    else:
        yield value


def naively(pattern: EventPattern, event: Any) -> bool:
    (way,) = pattern.ways
    return any(
        all(found_by(field, at(chosen, field.path.split("."))) for field in way)
        for chosen in choices(event)
    )


def found_by(field: Field, value: Any) -> bool:
    return value is not NOTHING and any(passes(test, value) for test in field.tests)


NOTHING: Any = object()


def at(value: Any, path: list[str]) -> Any:
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return NOTHING
        value = value[name]
    return NOTHING if isinstance(value, dict) else value


@settings(max_examples=400)
@given(PATTERNS, EVENTS)
def test_the_matcher_agrees_with_a_naive_definition(pattern: Any, event: Any) -> None:
    """TG-091"""
    read = parse(json.dumps(pattern))
    assert matches(read, leaves(event)) is naively(read, event)
