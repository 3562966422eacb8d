"""Conditions of filter patterns on fields: of JSON events and of columns (TG-049, TG-050)."""

from __future__ import annotations

import re
from typing import NamedTuple

from penstock.documents.filter_regex import Regex
from penstock.documents.filter_tokens import Tokens, invalid, regex_of

DEPTH = 50  # of parentheses
WILDCARDS = 3  # steps to any member in all selectors of a pattern; one in each

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_STEP = re.compile(r"\.?\[\s*(?:(\d+)|(\*)|'([^']*)'|\"([^\"]*)\")\s*\]|\.(?:(\*)|([\w-]+))")


class Wild(NamedTuple):
    """A text in which `*` stands for any characters."""

    text: str


class Number(NamedTuple):
    value: float
    text: str


Operand = Wild | Number | Regex


class Selector(NamedTuple):
    """The way to a value in JSON: names of fields, indices of arrays; None is any of either."""

    text: str
    steps: tuple[str | int | None, ...]


class Comparison(NamedTuple):
    """Of the value of a field; `selector` is None for the column the condition stands in."""

    selector: Selector | None
    operator: str  # = != < > <= >=
    operand: Operand


class Is(NamedTuple):
    selector: Selector
    value: bool | None


class NotExists(NamedTuple):
    selector: Selector


class All(NamedTuple):
    conditions: tuple[Condition, ...]


class AnyOf(NamedTuple):
    conditions: tuple[Condition, ...]


Condition = Comparison | Is | NotExists | All | AnyOf

_CONSTANTS = {"NULL": None, "TRUE": True, "FALSE": False}
_EQUALITIES = ("=", "!=")
_ORDERINGS = ("<", ">", "<=", ">=")


def read_condition(tokens: Tokens, column: str | None = None, depth: int = 0) -> Condition:
    """What && joins holds together more than what || does. Raises FilterPatternError."""
    either = [_read_all(tokens, column, depth)]
    while tokens.skip("||"):
        either.append(_read_all(tokens, column, depth))
    return either[0] if len(either) == 1 else AnyOf(tuple(either))


def _read_all(tokens: Tokens, column: str | None, depth: int) -> Condition:
    each = [_read_one(tokens, column, depth)]
    while tokens.skip("&&"):
        each.append(_read_one(tokens, column, depth))
    return each[0] if len(each) == 1 else All(tuple(each))


def _read_one(tokens: Tokens, column: str | None, depth: int) -> Condition:
    if tokens.skip("("):
        if depth == DEPTH:
            raise invalid()
        inner = read_condition(tokens, column, depth + 1)
        tokens.expect(")")
        return inner
    name = tokens.take()
    if column is not None:
        if (name.kind, name.text) != ("word", column):
            raise invalid()
        return _read_comparison(tokens, None)
    if name.kind != "selector":
        raise invalid()
    selector = read_selector(name.text)
    word = tokens.next.text.upper() if tokens.next.kind == "word" else ""
    if word == "IS":
        tokens.take()
        return Is(selector, _read_constant(tokens))
    if word == "NOT":
        tokens.take()
        if tokens.take().text.upper() != "EXISTS":
            raise invalid()
        return NotExists(selector)
    return _read_comparison(tokens, selector)


def _read_constant(tokens: Tokens) -> bool | None:
    name = tokens.take().text.upper()
    if name not in _CONSTANTS:
        raise invalid()
    return _CONSTANTS[name]


def _read_comparison(tokens: Tokens, selector: Selector | None) -> Comparison:
    operator = tokens.take()
    if operator.kind != "symbol" or operator.text not in _EQUALITIES + _ORDERINGS:
        raise invalid()
    operand = _read_operand(tokens)
    if operator.text in _ORDERINGS and not isinstance(operand, Number):
        raise invalid()
    return Comparison(selector, operator.text, operand)


def _read_operand(tokens: Tokens) -> Operand:
    token = tokens.take()
    if token.kind == "regex":
        return regex_of(token)
    if token.kind == "quoted":
        return Wild(token.text)
    if token.kind != "word":
        raise invalid()
    if _NUMBER.fullmatch(token.text):
        return Number(float(token.text), token.text)
    return Wild(token.text)


def read_selector(text: str) -> Selector:
    """`$.a.b[0]`, `$.['dotted.name']`, `$.list[*].id`. Raises FilterPatternError."""
    steps: list[str | int | None] = []
    place = 1
    while place < len(text):
        match = _STEP.match(text, place)
        if not text.startswith("$") or match is None:
            raise invalid()
        index, any_element, single, double, any_field, name = match.groups()
        if index is not None:
            steps.append(int(index))
        elif any_element or any_field:
            steps.append(None)
        else:
            steps.append(next(part for part in (single, double, name) if part is not None))
        place = match.end()
    if not steps or steps.count(None) > 1:
        raise invalid()
    return Selector(text, tuple(steps))


def selectors(condition: Condition) -> list[Selector]:
    """Those a condition looks at, in its order."""
    if isinstance(condition, All | AnyOf):
        return [found for inner in condition.conditions for found in selectors(inner)]
    return [condition.selector] if condition.selector is not None else []
