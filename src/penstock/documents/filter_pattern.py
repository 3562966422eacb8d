"""Filter patterns of CloudWatch Logs: terms, JSON selectors or columns (TG-048 to TG-051)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from penstock.documents.filter_conditions import (
    WILDCARDS,
    Condition,
    read_condition,
    selectors,
)
from penstock.documents.filter_regex import FilterPatternError, Regex, parse_regex
from penstock.documents.filter_tokens import COMMA, END, REGEXES, Tokens, invalid, unescape

__all__ = ["Column", "Columns", "FilterPattern", "FilterPatternError", "Json", "Terms", "parse"]


class Terms(NamedTuple):
    """Every required term, none of the excluded, and one of the optional if there are any.

    Without any terms all events match.
    """

    required: tuple[str | Regex, ...] = ()
    optional: tuple[str | Regex, ...] = ()
    excluded: tuple[str | Regex, ...] = ()


class Json(NamedTuple):
    condition: Condition


class Column(NamedTuple):
    """`name` is empty for a column that has none."""

    name: str
    condition: Condition | None = None


class Columns(NamedTuple):
    """Columns from the left; where `...` stands, `last` are those from the right, else None."""

    first: tuple[Column, ...]
    last: tuple[Column, ...] | None = None


FilterPattern = Terms | Json | Columns

_TERM = re.compile(
    r"""\s*([?-]?)\s*(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|%(?P<regex>[^%]*)%|(?P<word>\w+)(?=\s|$))""",
    re.DOTALL,
)


@lru_cache(256)
def parse(text: str) -> FilterPattern:
    """Raises FilterPatternError."""
    stripped = text.strip()
    if stripped.startswith("{"):
        if not stripped.endswith("}"):
            raise FilterPatternError("If a filter pattern starts with '{' it must end with '}'")
        return _json(stripped[1:-1])
    if stripped.startswith("["):
        if not stripped.endswith("]"):
            raise FilterPatternError("If a filter pattern starts with '[' it must end with ']'")
        return _columns(stripped[1:-1])
    return _terms(stripped)


def _terms(text: str) -> Terms:
    """Optional terms beside others have no effect, AWS says; blank phrases are in every event."""
    found: dict[str, list[str | Regex]] = {"": [], "?": [], "-": []}
    place = 0
    while place < len(text):
        match = _TERM.match(text, place)
        if match is None:
            raise FilterPatternError(f"Invalid character(s) in term '{_stray(text[place:])}'")
        term = _term(match)
        if isinstance(term, Regex) or term.strip():
            found[match[1]].append(term)
        place = match.end()
    if sum(isinstance(term, Regex) for terms in found.values() for term in terms) > REGEXES:
        raise FilterPatternError(f"Invalid filter pattern: more than {REGEXES} regular expressions")
    optional = () if found[""] or found["-"] else tuple(found["?"])
    return Terms(tuple(found[""]), optional, tuple(found["-"]))


def _term(match: re.Match[str]) -> str | Regex:
    if match["regex"] is not None:
        return parse_regex(match["regex"])
    return unescape(match["phrase"]) if match["phrase"] is not None else match["word"]


def _stray(text: str) -> str:
    """The first characters that no term may have outside of quotes."""
    found = re.search(r"[^\w\s]+", re.sub(r"^\s*[?-]", "", text))
    return found[0] if found else text.strip()


def _json(text: str) -> Json:
    tokens = Tokens(text)
    condition = read_condition(tokens)
    if tokens.next != END:
        raise invalid()
    if sum(selector.steps.count(None) for selector in selectors(condition)) > WILDCARDS:
        raise invalid()
    return Json(condition)


def _columns(text: str) -> Columns:
    tokens = Tokens(text)
    sides: list[list[Column]] = [[]]
    while True:
        if tokens.skip("..."):
            if len(sides) == 2:
                raise invalid()
            sides.append([])
        else:
            sides[-1].append(_column(tokens))
        if not tokens.skip(","):
            break
    if tokens.next != END:
        raise invalid()
    return Columns(*map(tuple, sides))


def _column(tokens: Tokens) -> Column:
    if tokens.next in (COMMA, END):
        return Column("")
    name = tokens.after("(")
    if name.kind != "word":
        raise invalid()
    if name is tokens.next and tokens.ahead(1) in (COMMA, END):
        tokens.take()
        return Column(name.text)
    return Column(name.text, read_condition(tokens, name.text))
