"""From an offset in a scalar's text to its place in the file, whatever the scalar's style.

YAML folds, unindents and unescapes, but it keeps every visible character in order. So the text and
the file are walked side by side, comparing visible characters only: exact for blocks, plain and
quoted scalars alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from penstock.documents.diagnostics import Position

_HEX = {"x": 2, "u": 4, "U": 8}
_VISIBLE = re.compile(r"\S")


def locate(lines: Sequence[str], text: str, at: Position, offset: int) -> Position:
    """Where `text[offset]` (or the next visible character) stands; `at` is where `text` starts.

    `lines` are the file's, without their ends. If the file does not hold the text there (it came
    through an alias), the answer is `at`.
    """
    wanted = len(_VISIBLE.findall(text, 0, offset))
    last = len(_VISIBLE.findall(text))
    walk = _Walk(lines, at)
    for _ in range(min(wanted, last)):
        walk.step()
    return walk.here() if wanted < last else walk.behind


def end_of(lines: Sequence[str], text: str, at: Position) -> Position:
    """The place right behind the last visible character of the scalar."""
    return locate(lines, text, at, len(text))


class _Walk:
    """A place in the file that moves on by one visible character of the text at a time."""

    def __init__(self, lines: Sequence[str], at: Position) -> None:
        self.lines = lines
        self.start = at
        self.row, self.column = at.line - 1, at.column - 1
        before = lines[self.row][: self.column] if self.row < len(lines) else ""
        self.quote = before[-1:] if before[-1:] in ("'", '"') else ""
        self.behind = at

    def step(self) -> None:
        place = self.here()
        line = self.lines[place.line - 1] if place.line <= len(self.lines) else ""
        self.column += self._width(line, self.column)
        self.behind = Position(place.line, self.column + 1)

    def here(self) -> Position:
        """The next visible character, or the scalar's start if there is none."""
        while self.row < len(self.lines):
            line = self.lines[self.row]
            found = _VISIBLE.search(line, self.column)
            if found is None:
                self.row, self.column = self.row + 1, 0
                continue
            self.column = found.start()
            blank = self._blank_escape(line, self.column)
            if not blank:
                return Position(self.row + 1, self.column + 1)
            self.column += blank
        return self.start

    def _blank_escape(self, line: str, column: int) -> int:
        """The length of an escape in double quotes that stands for white space or nothing."""
        if self.quote != '"' or line[column] != "\\":
            return 0
        return 2 if line[column + 1 : column + 2] in ("", "n", "t", "r", " ", "N", "_", "L") else 0

    def _width(self, line: str, column: int) -> int:
        if self.quote == "'" and line.startswith("''", column):
            return 2
        if self.quote == '"' and line[column : column + 1] == "\\":
            return 2 + _HEX.get(line[column + 1 : column + 2], 0)
        return 1
