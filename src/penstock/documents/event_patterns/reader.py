"""From a text to an EventPattern, or to the first problem that AWS finds in it (TG-091)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache

from penstock.documents.event_patterns import (
    EventPattern,
    Field,
    Number,
    PatternError,
    Test,
    Text,
    Word,
)
from penstock.documents.event_patterns.expressions import literal_address, read_expression
from penstock.documents.event_patterns.tokens import Token, Tokens

MOST_WAYS = 1000
"""Combinations that all the $or of a pattern may come to."""
DEEPEST = 200
_RESERVED = frozenset(
    (
        *("exactly", "prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but"),
        *("numeric", "cidr", "exists"),
    )
)

_Way = Mapping[str, tuple[Test, ...]]
"""Tests by path, while a pattern is being read."""


@lru_cache(1024)
def parse(text: str) -> EventPattern:
    """Raises PatternError, whose text is what AWS gives as the reason."""
    tokens = Tokens(text)
    if tokens.next().kind != "{":
        raise tokens.error("Filter is not an object")
    ways = _object(tokens, [{}], (), within_or=False)
    return EventPattern(
        tuple(tuple(Field(path, way[path]) for path in sorted(way)) for way in ways)
    )


def _object(
    tokens: Tokens, ways: Sequence[_Way], path: tuple[str, ...], *, within_or: bool
) -> Sequence[_Way]:
    """The ways with an object's fields in each, its opening brace being the latest token."""
    if tokens.depth > DEEPEST:
        raise tokens.error(f"Objects are nested more than {DEEPEST} deep")
    if tokens.next().kind == "}":
        raise tokens.error("Empty objects are not allowed")
    while tokens.last.kind != "}":
        ways = _member(tokens, ways, path, within_or=within_or)
        tokens.next()
    return ways


def _member(
    tokens: Tokens, ways: Sequence[_Way], path: tuple[str, ...], *, within_or: bool
) -> Sequence[_Way]:
    name = str(tokens.last.value)
    if name == "$or":
        return _either(tokens, ways, path)
    if within_or and name in _RESERVED:
        raise tokens.error(f"{name} is Ruler reserved fieldName which cannot be used inside $or.")
    opening = tokens.next()
    if opening.kind == "{":
        return _object(tokens, ways, (*path, name), within_or=within_or)
    if opening.kind != "[":
        raise tokens.error(f'"{name}" must be an object or an array')
    tests = _tests(tokens)
    return [{**way, ".".join((*path, name)): tests} for way in ways]


def _either(tokens: Tokens, ways: Sequence[_Way], path: tuple[str, ...]) -> Sequence[_Way]:
    """Every way so far with each of the objects of a $or."""
    if tokens.next().kind != "[":
        raise tokens.error("It must be an Array followed with $or.")
    found: list[_Way] = []
    count = 0
    while tokens.next().kind != "]":
        if tokens.last.kind != "{":
            raise tokens.error("Only JSON object is allowed in array of $or relationship.")
        found += _object(tokens, ways, path, within_or=True)
        count += 1
        if len(found) > MOST_WAYS:
            raise PatternError(f"More than {MOST_WAYS} combinations of $or are not supported")
    if count < 2:
        raise tokens.error("There must have at least 2 Objects in $or relationship.")
    return found


def _tests(tokens: Tokens) -> tuple[Test, ...]:
    """The tests of an array, its opening bracket being the latest token."""
    tests = []
    while (token := tokens.next()).kind != "]":
        tests.append(_test(tokens, token))
    if not tests:
        raise tokens.error("Empty arrays are not allowed")
    return tuple(tests)


def _test(tokens: Tokens, token: Token) -> Test:
    match token.kind:
        case "{":
            return read_expression(tokens)
        case "string":
            text = str(token.value)
            return literal_address(text) or Text(text)
        case "number":
            return Number(json.loads(str(token.value)))
        case "word":
            return Word(None if token.value is None else bool(token.value))
    raise tokens.error("Match value must be String, number, true, false, or null")
