"""The order in which resources are made (TG-117)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.decide.stacks.order import CycleError, levels_of, order_of
from penstock.state.stacks import Wanted

GRAPHS = st.dictionaries(
    st.sampled_from("abcdefgh"), st.sets(st.sampled_from("abcdefghx"), max_size=3), max_size=8
)


def test_resources_of_a_level_may_be_made_at_once() -> None:
    """TG-117"""
    depends_on = {"Site": ("Key", "Role"), "Role": (), "Key": (), "Policy": ("Role", "Elsewhere")}
    resources = {name: Wanted("T", depends_on=names) for name, names in depends_on.items()}
    assert order_of(resources) == (("Role", "Key"), ("Site", "Policy"))


@given(GRAPHS)
def test_everything_comes_once_after_what_it_needs_or_is_in_a_circle(
    graph: dict[str, set[str]],
) -> None:
    """TG-117"""
    try:
        levels = levels_of(graph)
    except CycleError as error:
        assert error.names
        assert all(_reaches(graph, name, set(error.names)) for name in error.names)
        return
    seen: set[str] = set()
    for level in levels:
        assert all(graph[name] & set(graph) <= seen for name in level)
        seen |= set(level)
    assert sorted(name for level in levels for name in level) == sorted(graph)


def _reaches(graph: dict[str, set[str]], name: str, names: set[str]) -> bool:
    """Whether it needs one of the names: what is in a circle does."""
    return bool(graph[name] & names)


@pytest.mark.parametrize(
    ("graph", "names"),
    [
        ({"a": {"a"}, "b": set()}, ("a",)),
        ({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}, ("b", "c")),
    ],
)
def test_circles_have_names(graph: dict[str, set[str]], names: tuple[str, ...]) -> None:
    """TG-117"""
    with pytest.raises(CycleError) as raised:
        levels_of(graph)
    assert raised.value.names == names
