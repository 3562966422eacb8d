"""Tokens of CloudWatch Logs filter patterns, which its three syntaxes share (TG-048 to TG-051)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from penstock.documents.filter_regex import FilterPatternError, Regex, parse_regex

REGEXES = 2
"""Regular expressions that one pattern may have (TG-051)."""

_TOKEN = re.compile(
    r"""\s*(?:
      "(?P<quoted>(?:[^"\\]|\\.)*)"
    | %(?P<regex>[^%]*)%
    | (?P<selector>\$(?:\.?\[\s*(?:\d+|\*|'[^']*'|"[^"]*")\s*\]|\.(?:[\w-]+|\*))*)
    | (?P<symbol>&&|\|\||<=|>=|!=|\.\.\.|[<>=(){}\[\],])
    | (?P<word>[\w.*+-]+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Token(NamedTuple):
    """`kind` is quoted, regex, selector, symbol or word; `text` is without quotes and escapes."""

    kind: str
    text: str


END = Token("end", "")
COMMA = Token("symbol", ",")


class Tokens:
    """The tokens of a structured pattern, taken from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._place = 0
        if sum(token.kind == "regex" for token in self._tokens) > REGEXES:
            raise FilterPatternError(
                f"Invalid filter pattern: more than {REGEXES} regular expressions"
            )

    @property
    def next(self) -> Token:
        return self.ahead(0)

    def ahead(self, count: int) -> Token:
        """A token to come, END behind the last."""
        place = self._place + count
        return self._tokens[place] if place < len(self._tokens) else END

    def after(self, symbol: str) -> Token:
        """The next token that is not this symbol; none is taken."""
        count = 0
        while self.ahead(count) == Token("symbol", symbol):
            count += 1
        return self.ahead(count)

    def take(self) -> Token:
        token = self.next
        self._place += 1
        return token

    def skip(self, symbol: str) -> bool:
        """Takes the token to come if it is this symbol."""
        if self.next == Token("symbol", symbol):
            self._place += 1
            return True
        return False

    def expect(self, symbol: str) -> None:
        if not self.skip(symbol):
            raise invalid()


def invalid() -> FilterPatternError:
    return FilterPatternError("Invalid filter pattern")


def unescape(text: str) -> str:
    r"""What stands between quotes, where `\"` and `\\` are one character."""
    return _ESCAPE.sub(r"\1", text)


def regex_of(token: Token) -> Regex:
    return parse_regex(token.text)


def _tokens(text: str) -> Iterator[Token]:
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            raise FilterPatternError(f"Invalid character(s) in term '{text[place:].lstrip()[:1]}'")
        kind = str(match.lastgroup)
        found = match.group(kind)
        yield Token(kind, unescape(found) if kind == "quoted" else found)
        place = match.end()
