from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.documents.batch import Batch, BatchEnv, Fanout, MatrixAxis
from penstock.documents.buildspec import Entry
from penstock.documents.buildspec_reader import read_buildspec
from penstock.documents.diagnostics import Position

GOOD = "version: 0.2\nphases:\n  build:\n    commands:\n      - make\nbatch:\n"


def batch_of(text: str) -> Batch:
    spec, problems = read_buildspec((GOOD + text).encode(), "buildspec.yml")
    assert problems == ()
    assert spec is not None
    assert spec.batch is not None
    return spec.batch


def rules_of(text: str) -> list[str]:
    return [problem.rule for problem in read_buildspec((GOOD + text).encode(), "b.yml")[1]]


def graph(edges: dict[str, list[str]]) -> str:
    lines = [f"    - {{identifier: {a}, depend-on: {b or ['']}}}\n" for a, b in edges.items()]
    return "  build-graph:\n" + "".join(lines).replace(", depend-on: ['']", "")


def test_a_graph_is_read_whole() -> None:
    """CB-100, CB-101"""
    batch = batch_of(
        "  fast-fail: true\n  build-graph:\n    - identifier: one\n      buildspec: one.yml\n"
        "      debug-session: true\n      ignore-failure: true\n      env:\n"
        "        compute-type: BUILD_GENERAL1_SMALL\n        fleet: f\n        image: i\n"
        "        privileged-mode: false\n        type: LINUX_CONTAINER\n        variables:\n"
        "          A: 010\n    - identifier: two\n      depend-on:\n        - one\n"
    )
    one, two = batch.graph
    assert batch.fast_fail
    assert one[:2] == ("one", "one.yml")
    assert (one.debug_session, one.ignore_failure) == (True, True)
    variables = (Entry("A", "010", Position(20, 11)),)
    assert one.env == BatchEnv(
        "BUILD_GENERAL1_SMALL", "f", "i", False, "LINUX_CONTAINER", variables
    )
    assert [text.value for text in two.depend_on] == ["one"]
    assert (two.env, two.buildspec, two.ignore_failure) == (BatchEnv(), None, False)


def test_only_the_tasks_of_a_graph_depend_on_others() -> None:
    """CB-101"""
    text = "  build-list:\n    - identifier: a\n    - identifier: b\n      depend-on: [a]\n"
    assert rules_of(text) == ["unknown-key"]


def test_a_matrix_is_read_whole() -> None:
    """CB-102"""
    matrix = batch_of(
        "  build-matrix:\n    static:\n      ignore-failure: true\n      env:\n"
        "        type: LINUX_CONTAINER\n        privileged-mode: true\n    dynamic:\n"
        "      buildspec: [a.yml, b.yml]\n      env:\n        compute-type: [s, m]\n"
        "        image: [i, j]\n        variables:\n          V: [1, 2, 3]\n"
    ).matrix
    assert matrix is not None
    assert matrix.ignore_failure
    assert matrix.static_env == BatchEnv(type="LINUX_CONTAINER", privileged_mode=True)
    assert (matrix.buildspecs, matrix.compute_types) == (("a.yml", "b.yml"), ("s", "m"))
    assert (matrix.images, matrix.variables) == (("i", "j"), (MatrixAxis("V", ("1", "2", "3")),))


def test_a_fanout_is_read() -> None:
    """CB-103"""
    text = "  build-fanout:\n    parallelism: 5\n    ignore-failure: true\n"
    assert batch_of(text).fanout == Fanout(5, True)


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "many", "'٣'", "99999999", "", "[1]"])
def test_parallelism_is_a_whole_number_above_0(number: str) -> None:
    """CB-103"""
    assert "bad-parallelism" in rules_of(f"  build-fanout:\n    parallelism: {number}\n")


def test_fast_fail_is_off_by_default_and_one_kind_is_needed() -> None:
    """CB-100"""
    assert not batch_of("  build-list:\n    - identifier: a\n").fast_fail
    assert rules_of("  fast-fail: true\n") == ["no-batch-kind"]
    two = "  build-list:\n    - identifier: a\n  build-fanout:\n    parallelism: 1\n"
    assert rules_of(two) == ["several-batch-kinds"]


@pytest.mark.parametrize(
    ("edges", "count"),
    [
        ({"a": [], "b": ["a"], "c": ["a", "b"]}, 0),
        ({"a": ["a"]}, 1),
        ({"a": ["b"], "b": ["a"]}, 1),
        ({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}, 1),
        ({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]}, 2),
    ],
)
def test_tasks_that_wait_for_each_other_are_errors(edges: dict[str, list[str]], count: int) -> None:
    """CB-101"""
    assert rules_of(graph(edges)) == ["cyclic-dependency"] * count


def test_a_chain_of_thousands_of_tasks_is_no_problem() -> None:
    """CB-101"""
    edges: dict[str, list[str]] = {f"t{n}": [f"t{n + 1}"] for n in range(5_000)}
    assert rules_of(graph({**edges, "t5000": []})) == []


@given(st.dictionaries(st.integers(0, 6), st.sets(st.integers(0, 6), max_size=3), max_size=7))
def test_a_cycle_is_found_exactly_if_the_tasks_cannot_be_ordered(
    graph_: dict[int, set[int]],
) -> None:
    """CB-101"""
    edges = {
        node: {other for other in others if other in graph_} for node, others in graph_.items()
    }
    text = graph({f"t{a}": [f"t{b}" for b in sorted(bs)] for a, bs in edges.items()})
    waiting = dict(edges)
    while ready := [node for node, others in waiting.items() if not others & waiting.keys()]:
        for node in ready:
            del waiting[node]
    assert ("cyclic-dependency" in rules_of(text)) is bool(waiting)
