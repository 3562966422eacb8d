"""Quotes and brackets of the shell: where they end, and words without them."""

from __future__ import annotations

import re

_QUOTES = re.compile(r"""\\(.)|'([^']*)'|"((?:\\.|[^"\\])*)\"""", re.DOTALL)


def unquoted(word: str) -> str:
    """The word as the shell would pass it on, variables unexpanded."""
    return _QUOTES.sub(lambda quote: quote[1] or quote[2] or quote[3] or "", word)


def expandable(word: str) -> str:
    """The word without its single-quoted parts, in which nothing is expanded."""
    return _QUOTES.sub(lambda quote: "''" if quote[2] is not None else quote[0], word)


_INSIDE_QUOTE = re.compile(r'[^"\\$`]+|\\.', re.DOTALL)
_INSIDE_BRACKET = re.compile(r"""[^"'()\\]+|\\.|'[^']*'""", re.DOTALL)


def quote_end(text: str, place: int, end: int) -> int:
    """The offset of the `"` that closes a double-quoted part, or `end`."""
    while place < end and text[place] != '"':
        if run := _INSIDE_QUOTE.match(text, place, end):
            place = run.end()
        elif text.startswith("$(", place):
            place = bracket_end(text, place + 2, end) + 1
        else:
            place += 1
    return min(place, end)


def bracket_end(text: str, place: int, end: int) -> int:
    """The offset of the `)` that closes what was opened before `place`, or `end`.

    Brackets are counted, not recursed into: a script of ten thousand `(` must not end the linter.
    """
    open_brackets = 1
    while place < end:
        character = text[place]
        if run := _INSIDE_BRACKET.match(text, place, end):
            place = run.end()
            continue
        if character == '"':
            place = _plain_quote_end(text, place + 1, end)
        elif character == "(":
            open_brackets += 1
        elif character == ")":
            open_brackets -= 1
            if not open_brackets:
                return place
        place += 1
    return end


_PLAIN_QUOTE = re.compile(r'(?:[^"\\]|\\.)*', re.DOTALL)


def _plain_quote_end(text: str, place: int, end: int) -> int:
    quoted = _PLAIN_QUOTE.match(text, place, end)
    return quoted.end() if quoted else end
