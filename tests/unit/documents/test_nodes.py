from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from penstock.documents.diagnostics import Position, Severity
from penstock.documents.nodes import Mapping, Node, Scalar, Sequence, compose


def composed(text: str | bytes) -> Node:
    node, problems = compose(text.encode() if isinstance(text, str) else text, "f.yml")
    assert node is not None, problems
    return node


def rules(text: str) -> list[str]:
    return [problem.rule for problem in compose(text.encode(), "f.yml")[1]]


def plain(node: Node) -> object:
    """The node as Python values, to compare with."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key.value: plain(value) for key, value in node.entries}


def only_value(text: str) -> Scalar:
    node = composed(text)
    assert isinstance(node, Mapping)
    value = node.entries[0][1]
    assert isinstance(value, Scalar)
    return value


@pytest.mark.parametrize("written", ["010", "1.0", "true", "yes", "0x1F", "12:30", "2001-01-01"])
def test_a_scalar_keeps_its_text_as_written(written: str) -> None:
    assert only_value(f"a: {written}\n").value == written


@pytest.mark.parametrize(
    ("written", "is_null"),
    [("", True), ("~", True), ("null", True), ('""', False), ("'null'", False), ("nul", False)],
)
def test_only_unquoted_nothing_is_null(written: str, is_null: bool) -> None:
    assert only_value(f"a: {written}\n").is_null is is_null


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: x\n", 1, 4),
        ("a: 'x'\n", 1, 5),
        ('é: "x"\n', 1, 5),
        ("a:\n  x\n", 2, 3),
        ("a: |\n  x\n", 2, 3),
        ("a: | # why\r\n    x\r\n", 2, 5),
        ("a: >-\n\n  x\n", 2, 1),
        ("a: |2\n    x\n", 2, 3),
        ("a: !!str |\n  x\n", 2, 3),
        ("a: &name x\n", 1, 10),
        ("a: !!str 'x'\n", 1, 11),
        ("a: |\n", 1, 4),
    ],
)
def test_a_scalar_is_where_its_text_starts(text: str, line: int, column: int) -> None:
    assert only_value(text).at == Position(line, column)


def test_a_scalar_knows_its_end() -> None:
    assert only_value("a: |\n  x\n  y\n").end == Position(4, 1)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_with_or_without_a_byte_order_mark_is_read(codec: str) -> None:
    assert plain(composed("ключ: значение\n".encode(codec))) == {"ключ": "значение"}


def test_aliases_and_merge_keys_are_resolved_and_own_keys_win() -> None:
    text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  <<: [*x, *y]\n  a: 5\nw: {<<: *y}\n"
    merged = plain(composed(text))
    assert isinstance(merged, dict)
    assert (merged["z"], merged["w"]) == ({"a": "5", "b": "2", "c": "4"}, {"b": "3", "c": "4"})


def test_of_two_equal_keys_the_last_one_counts() -> None:
    assert plain(composed("a: 1\nb: 2\na: 3\n")) == {"a": "3", "b": "2"}
    assert rules("a: 1\nb: 2\na: 3\n") == ["duplicate-key"]


def test_an_alias_inside_its_own_anchor_is_an_error() -> None:
    assert rules("a: &a [1, *a]\n") == ["yaml-alias"]


@pytest.mark.parametrize("escape", [r"\0", r"\x00", r"\u0000"])
def test_a_nul_cannot_be_smuggled_in_by_an_escape(escape: str) -> None:
    assert rules(f'a: "x{escape}"\n') == ["control-character"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a:\n\tb: c\n", "indent with spaces"),
        ("a: b: c\n", "in quotes"),
        ("a: @b\n", "in quotes"),
        ("a: 'b\n", "close the quotes"),
        ('a: "\\d"\n', "double the backslash"),
        ("- a\nb: c\n", "same indentation"),
        ("a: [b] && c\n", "in quotes"),
        ("a: [b] c\n", "quote text"),
        ("x:\n  a: [b\n  c: d\n", "begins at line 2"),
        ("a: !b!c d\n", "in quotes"),
        ("a: - b\n", "line of its own"),
    ],
)
def test_a_syntax_error_says_what_to_write(text: str, hint: str) -> None:
    (problem,) = compose(text.encode(), "f.yml")[1]
    assert problem.rule == "yaml-syntax"
    assert hint in problem.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b\n c: d\n", "mapping values are not allowed in this context at line 2"),
        ("\n\n\ta: b\n", "found character that cannot start any token at line 3"),
        ("a: [b\nc: d\n", "did not find expected ',' or ']' at line 2"),
    ],
)
def test_a_syntax_error_is_worded_as_codebuild_words_it(text: str, message: str) -> None:
    """CB-003"""
    (problem,) = compose(text.encode(), "f.yml")[1]
    assert problem.message == message


@pytest.mark.parametrize("opening", [b"[", b"{a: ", b"- ", b"? ", b"[[", b"- - "])
def test_five_megabytes_of_nesting_are_refused_at_once(opening: bytes) -> None:
    began = time.perf_counter()
    node, (problem,) = compose(opening * (5_000_000 // len(opening)), "f.yml")
    assert (node, problem.rule) == (None, "yaml-depth")
    assert time.perf_counter() - began < 2


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    node, (problem,) = compose("\n".join(lines).encode(), "f.yml")
    assert (node, problem.rule) == (None, "yaml-expansion")


@given(
    st.binary(max_size=200) | st.text("ab:-[]{}&*!|>'\"#%@\\? \n\t0", max_size=60).map(str.encode)
)
def test_no_bytes_make_it_raise_and_no_node_means_an_error(data: bytes) -> None:
    node, problems = compose(data, "f.yml")
    assert node is not None or any(problem.severity is Severity.ERROR for problem in problems)


_TREES = st.recursive(
    st.text("abc:#-'\"|[ \né", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abc: é", max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(_TREES.filter(lambda tree: tree != ""), st.booleans())
def test_what_pyyaml_writes_is_read_back(tree: object, flow: bool) -> None:
    text = yaml.safe_dump(tree, default_flow_style=flow, allow_unicode=True)
    assert plain(composed(text)) == tree
