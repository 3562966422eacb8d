"""Filters of pipelines' webhooks, put to payloads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.decide.webhook_filters import expanded, objections
from penstock.documents.json_paths import PathError, looks_around, read_path, values

PAYLOAD = {
    "ref": "refs/heads/main",
    "forced": False,
    "size": 2,
    "nothing": None,
    "commits": [{"id": "a", "by": {"name": "Ada"}}, {"id": "b", "by": {"name": "Bob"}}],
}


def passes(path: str, equals: str | None = None, **configuration: str) -> bool:
    one = {"jsonPath": path} | ({} if equals is None else {"matchEquals": equals})
    return objections([one], configuration, PAYLOAD) == []


@pytest.mark.parametrize(
    ("path", "equals"),
    [
        ("$.ref", "refs/heads/main"),
        ("$['ref']", "refs/heads/main"),
        ("$.forced", "false"),
        ("$.size", "2"),
        ("$.nothing", "null"),
        ("$.commits[0].id", "a"),
        ("$.commits[-1].id", "b"),
        ("$.commits[*].id", "b"),
        ("$..name", "Bob"),
        ("$.commits[?(@.id=='b')].by.name", "Bob"),
        ("$.commits[0]['by']", '{"name":"Ada"}'),
        ("$.commits", None),
        ("$.forced", None),
    ],
)
def test_a_path_passes_where_what_it_selects_is_what_is_wanted(
    path: str, equals: str | None
) -> None:
    """CP-104"""
    assert passes(path, equals)


@pytest.mark.parametrize(
    ("path", "equals", "said"),
    [
        ("$.ref", "main", "filter 1: $.ref is refs/heads/main, not main"),
        ("$.action", "opened", "filter 1: $.action selects nothing, not opened"),
        ("$.action", None, "filter 1: $.action selects nothing"),
        ("$.commits[*].id", "c", "filter 1: $.commits[*].id is a, not c"),
    ],
)
def test_a_filter_that_objects_says_what_it_found(path: str, equals: str, said: str) -> None:
    one = {"jsonPath": path} | ({} if equals is None else {"matchEquals": equals})
    assert objections([one], {}, PAYLOAD) == [said]


def test_all_filters_have_to_pass() -> None:
    """CP-104"""
    good, bad = {"jsonPath": "$.ref"}, {"jsonPath": "$.action"}
    assert objections([good, good], {}, PAYLOAD) == []
    assert objections([good, bad], {}, PAYLOAD) == ["filter 2: $.action selects nothing"]
    assert objections([], {}, PAYLOAD) == []


def test_keys_in_braces_are_the_target_actions_configuration() -> None:
    """CP-104"""
    assert passes("$.ref", "refs/heads/{Branch}", Branch="main")
    assert not passes("$.ref", "refs/heads/{Branch}", Branch="next")
    assert expanded("{A}-{B}-{}-{A", {"A": "{B}", "B": "x"}) == "{B}-x-{}-{A"


@pytest.mark.parametrize(
    "path",
    [
        "ref",
        "$.",
        "$[",
        "$.a[?(@.b =~ /(x+)+y/)]",
        "$[?match(@.a, '(x+)+y')]",
        "$[?search(@.a, 'x')]",
        "$..a..b",
        "$.*[?$.*[?$.*]]",
        "$[*,*,*,*]",
        "$.a.length()",
        "$[(@.length-1)]",
        "$" + "[?" * 70,
        "$" + "[" * 140,
        "$['\\ud800']",
        "$[99999999999999999999]",
        "$\x00",
    ],
)
def test_what_is_no_path_or_could_cost_too_much_is_refused(path: str) -> None:
    with pytest.raises(PathError):
        read_path(path)


@pytest.mark.parametrize(
    ("path", "around"),
    [("$.a['b'][0]", False), ("$..a", True), ("$.a[*]", True), ("$[?@.a]", True)],
)
def test_paths_that_go_straight_to_a_place_are_told_from_others(path: str, around: bool) -> None:
    assert looks_around(path) is around


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=20,
)


@given(st.text("$.[]*?@'\"abc(),:&|=<>!0123-", max_size=30), JSON)
def test_whatever_a_path_and_a_payload_are_there_is_an_answer(path: str, payload: object) -> None:
    try:
        read = read_path("$" + path)
    except PathError:
        return
    list(values(read, payload))


def test_a_payload_that_is_nested_too_deeply_has_nothing() -> None:
    deep: dict[str, object] = {}
    inner = deep
    for _ in range(900):
        inner["a"] = inner = {}
    assert objections([{"jsonPath": "$..b"}], {}, deep) == ["filter 1: $..b selects nothing"]
