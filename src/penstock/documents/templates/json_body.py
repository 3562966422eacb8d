"""JSON -> plain values, and the place of each.

The values are the standard library's; a second pass over the text, which is known to be good by
then, finds the places.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import Any

from penstock.documents.diagnostics import Position
from penstock.documents.findings import Findings, shown
from penstock.documents.templates import Path, Places, Text
from penstock.documents.templates.scalars import LONGEST
from penstock.documents.templates.yaml_body import DEPTH

_TOKEN = re.compile(r'[\[\]{}:,]|"(?:[^"\\]|\\.)*"|[^\s\[\]{}:,"]+')
_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_UNUSABLE = re.compile("[\0\ud800-\udfff]")


def read_json(text: str, findings: Findings) -> Text | None:
    """JSON as its standard has it: no comments, no NaN."""
    try:
        body = json.loads(text, parse_int=_integer, parse_float=_fraction, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        line, column = at = Position(error.lineno, error.colno)
        message = f"Template format error: JSON not well-formed. (line {line}, column {column})"
        findings.error(at, "json-syntax", message, error.msg)
        return None
    except (RecursionError, ValueError) as error:
        deep = isinstance(error, RecursionError)
        message = f"this is nested more than {DEPTH} levels deep" if deep else str(error)
        rule = "template-depth" if deep else "json-syntax"
        findings.error(Position(1, 1), rule, f"Template format error: {message}")
        return None
    places = _Placing(text, findings).places()
    return None if places is None else Text(body, places)


def _integer(text: str) -> Any:
    return int(text) if len(text) <= LONGEST else text


def _fraction(text: str) -> Any:
    value = float(text)
    return value if abs(value) != float("inf") else text


def _refuse(text: str) -> Any:
    raise ValueError(f"JSON not well-formed: {text} is no value of JSON")


class _Placing:
    """Walks the tokens of good JSON. `_path` leads to the value or key that comes next."""

    def __init__(self, text: str, findings: Findings) -> None:
        self._text = text
        self._findings = findings
        self._lines = [0, *(found.end() for found in re.finditer("\r\n|\n|\r", text))]
        self._path: list[Any] = []
        self._awaits_key = False
        self._keys: dict[Path, Position] = {}
        self._values: dict[Path, Position] = {}

    def places(self) -> Places | None:
        for found in _TOKEN.finditer(self._text):
            word = found[0]
            if word in "[{":
                if len(self._path) >= DEPTH:
                    message = f"Template format error: this is nested more than {DEPTH} levels deep"
                    self._findings.error(self._at(found.start()), "template-depth", message)
                    return None
                self._begin(word, found.start())
            elif word in "]}":
                self._path.pop()
                self._awaits_key = False
            elif word == ",":
                self._next()
            elif word != ":":
                self._scalar(word, found.start())
        return Places(self._keys, self._values)

    def _begin(self, bracket: str, index: int) -> None:
        self._values[tuple(self._path)] = self._at(index)
        self._awaits_key = bracket == "{"
        self._path.append("" if self._awaits_key else 0)

    def _next(self) -> None:
        if isinstance(self._path[-1], int):
            self._path[-1] += 1
        else:
            self._awaits_key = True

    def _scalar(self, word: str, index: int) -> None:
        """A text's place is behind its quote."""
        at = self._at(index + 1 if word.startswith('"') else index)
        if _ESCAPED.search(word) and _UNUSABLE.search(json.loads(word)):
            message = "Template format error: this text holds a NUL or half a character"
            self._findings.error(at, "control-character", message, "remove the escape")
        if self._awaits_key:
            self._awaits_key = False
            self._path[-1] = json.loads(word) if "\\" in word else word[1:-1]
            self._key(tuple(self._path), at)
        else:
            self._values[tuple(self._path)] = at

    def _key(self, path: Path, at: Position) -> None:
        if path in self._keys:
            first = self._keys[path].line
            key = shown(str(path[-1]))
            message = f"Template format error: duplicate key {key}, first on line {first}"
            self._findings.error(at, "duplicate-key", message, "join them, or remove one")
        self._keys.setdefault(path, at)

    def _at(self, index: int) -> Position:
        line = bisect_right(self._lines, index)
        return Position(line, index - self._lines[line - 1] + 1)
