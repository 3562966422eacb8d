"""TG-082: stages move between the versions of a secret."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penstock.decide.secret_stages import CURRENT, PREVIOUS, move_stages, take_stage

MOVES = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.lists(st.sampled_from([CURRENT, "AWSPENDING", "mine"]), min_size=1, unique=True),
    )
)


@given(MOVES)
def test_a_stage_is_never_on_two_versions(moves: list[tuple[str, list[str]]]) -> None:
    stages: dict[str, list[str]] = {}
    for to, moved in moves:
        stages = move_stages(stages, to, moved)
        held = [stage for have in stages.values() for stage in have]
        assert len(held) == len(set(held))
        assert set(moved) <= set(stages[to])


def test_what_was_current_becomes_previous() -> None:
    stages = move_stages({}, "a", [CURRENT])
    stages = move_stages(stages, "b", [CURRENT])
    stages = move_stages(stages, "c", [CURRENT])
    assert stages == {"a": [], "b": [PREVIOUS], "c": [CURRENT]}


def test_moving_what_is_current_onto_itself_changes_nothing() -> None:
    stages = {"a": [CURRENT], "b": [PREVIOUS]}
    assert move_stages(stages, "a", [CURRENT]) == stages


def test_going_back_swaps_current_and_previous() -> None:
    stages = {"a": [PREVIOUS], "b": [CURRENT]}
    assert move_stages(stages, "a", [CURRENT]) == {"a": [CURRENT], "b": [PREVIOUS]}


def test_a_stage_is_taken_off_the_version_named() -> None:
    assert take_stage({"a": ["x", "y"], "b": ["z"]}, "a", "x") == {"a": ["y"], "b": ["z"]}
