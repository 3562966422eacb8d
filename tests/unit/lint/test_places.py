from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.documents.diagnostics import Position
from penstock.documents.nodes import Scalar, Sequence, compose
from penstock.lint.places import end_of, locate
from penstock.lint.subject import lines_of


def _scalar(text: str) -> Scalar:
    node, problems = compose(text.encode(), "f")
    assert isinstance(node, Sequence), problems
    assert isinstance(node.items[0], Scalar)
    return node.items[0]


@pytest.mark.parametrize(
    "text",
    [
        "- one two MARK three",
        "- one two\n  MARK three",
        "- 'it''s MARK'",
        '- "a \\"b\\" \\t \\x41 \\u00e9 MARK"',
        '- "a\\\n   b MARK"',
        "- |\n  one\n\n    two\n  MARK",
        "- >-\n  one\n  two\n\n  MARK three",
        "- &name |\n  a\n  MARK",
        "-  |2\n   a\n  b MARK",
        "- 'one\n\n  two MARK'",
    ],
)
def test_a_word_is_found_where_it_stands_in_every_style(text: str) -> None:
    scalar, lines = _scalar(text), lines_of(text.encode())
    at = locate(lines, scalar.value, scalar.at, scalar.value.index("MARK"))
    assert lines[at.line - 1][at.column - 1 :].startswith("MARK")


def test_the_end_is_behind_the_last_visible_character() -> None:
    assert end_of(("- make all  # all",), "make all", Position(1, 3)) == Position(1, 11)


def test_a_text_the_file_does_not_hold_stays_at_its_start() -> None:
    start = Position(1, 3)
    assert locate(("- a",), "another text", start, 11) == start


@given(st.text(alphabet=" ab'\"\\#:\n", min_size=1), st.integers(0, 50))
def test_every_place_lies_in_the_file(text: str, offset: int) -> None:
    lines = ("- " + text.replace("\n", " "), "")
    at = locate(lines, text, Position(1, 3), min(offset, len(text)))
    assert 1 <= at.line <= len(lines)
    assert at.column >= 1
