"""JSON by the token, and what is wrong with it in the words of the parser that AWS uses.

Errors of patterns end with a place in the text, which is where that parser stands: behind the token
it has read; only just inside a text it has not looked at yet; and behind a name it has looked at
what follows, too.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from penstock.documents.event_patterns import PatternError

SHOWN = 500  # characters of the text in an error
_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![\w.])")
_WORD = re.compile(r"[\w$]+")
_WORDS = {"true": True, "false": False, "null": None}
_EXPECTED = "was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


class Token(NamedTuple):
    """`kind` is one of { } [ ] name string number word. `value` is that of a name, string or word;
    of a number it is the text."""

    kind: str
    start: int
    end: int
    value: str | bool | None = None


class Tokens:
    """The tokens of a JSON value, one by one; `last` is the latest."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._open: list[str] = []
        self._fresh = True  # nothing yet in what is open
        self.last = Token("", 0, 0)

    def next(self) -> Token:
        """Raises PatternError where there is no further one."""
        inside = self._open and self.last.kind != "name"
        token = self._item() if inside else self._value()
        self.last = token
        self._fresh = token.kind in ("{", "[")
        return token

    @property
    def depth(self) -> int:
        """How many objects and arrays are open."""
        return len(self._open)

    def error(self, message: str, *, looked_at: bool = False, times: int = 1) -> PatternError:
        """An error at the latest token; `looked_at` if that is a text whose content is known.

        `times` is how often the place is told: AWS repeats it for what is inside of a list.
        """
        token = self.last
        inside = token.kind == "string" and not looked_at
        return self._error(message, token.start + 1 if inside else token.end, times)

    def _item(self) -> Token:
        """The next of an object or an array that is open, or its end."""
        opened = self._open[-1]
        closing = "}" if opened == "{" else "]"
        self._skip()
        if self._here() == closing:
            self._open.pop()
            return self._mark(closing)
        if not self._fresh:
            if self._here() != ",":
                kind = "Object" if opened == "{" else "Array"
                raise self._unexpected(f"was expecting comma to separate {kind} entries")
            self._place += 1
            self._skip()
        return self._name() if opened == "{" else self._value()

    def _name(self) -> Token:
        found = _STRING.match(self._text, self._place)
        if found is None:
            raise self._unexpected("was expecting double-quote to start field name")
        self._place = found.end()
        self._skip()
        if self._here() != ":":
            raise self._unexpected("was expecting a colon to separate field name and value")
        self._place += 1
        self._skip()
        ahead = _NUMBER.match(self._text, self._place) or _WORD.match(self._text, self._place)
        end = ahead.end() if ahead else self._place + 1
        return Token("name", found.start(), end, json.loads(found[0]))

    def _value(self) -> Token:
        self._skip()
        start, here = self._place, self._here()
        if here in ("{", "["):
            self._open.append(here)
            return self._mark(here)
        if found := _STRING.match(self._text, start):
            return self._taken("string", found.end(), json.loads(found[0]))
        if found := _NUMBER.match(self._text, start):
            return self._taken("number", found.end(), found[0])
        if found := _WORD.match(self._text, start):
            if found[0] not in _WORDS:
                message = f"Unrecognized token '{found[0]}': {_EXPECTED}"
                raise self._error(message, found.end(), 1)
            return self._taken("word", found.end(), _WORDS[found[0]])
        raise self._unexpected("expected a valid value " + _EXPECTED.removeprefix("was expecting "))

    def _mark(self, kind: str) -> Token:
        return self._taken(kind, self._place + 1, None)

    def _taken(self, kind: str, end: int, value: str | bool | None) -> Token:
        start, self._place = self._place, end
        return Token(kind, start, end, value)

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._place)
        self._place = found.end() if found else self._place

    def _here(self) -> str:
        return self._text[self._place : self._place + 1]

    def _unexpected(self, expected: str) -> PatternError:
        here = self._here()
        if not here:
            return self._error(f"Unexpected end-of-input: {expected}", self._place, 1)
        if here == '"':
            return self._error("Unexpected end-of-input in a string value", len(self._text), 1)
        message = f"Unexpected character ('{here}' (code {ord(here)})): {expected}"
        return self._error(message, self._place, 1)

    def _error(self, message: str, place: int, times: int) -> PatternError:
        before = self._text[:place]
        line, column = before.count("\n") + 1, place - before.rfind("\n")
        shown = f'"{self._text[:SHOWN]}"'
        if len(self._text) > SHOWN:
            shown += f"[truncated {len(self._text) - SHOWN} chars]"
        where = f"\n at [Source: (String){shown}; line: {line}, column: {column}]"
        return PatternError(message + where * times)
