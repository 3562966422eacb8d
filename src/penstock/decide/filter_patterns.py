"""Which log events a filter pattern matches, and what it takes out of them (TG-048 to TG-052)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from math import isfinite
from typing import Any

from penstock.decide.filter_regex import automaton
from penstock.documents.filter_conditions import (
    All,
    AnyOf,
    Comparison,
    Condition,
    Is,
    NotExists,
    Number,
    Operand,
    Selector,
    selectors,
)
from penstock.documents.filter_pattern import Columns, FilterPattern, Json, Terms
from penstock.documents.filter_regex import Regex

Matches = Callable[[str], bool]

_WORD = re.compile(r"\S+")
_BRACKETS = {"[": "]", '"': '"'}
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_NOTHING = object()

LONGEST_NUMBER = 400  # characters; a larger one is not finite


def matcher(pattern: FilterPattern) -> Matches:
    """A function that says whether a message matches."""
    if isinstance(pattern, Terms):
        return _terms_matcher(pattern)
    if isinstance(pattern, Json):
        condition = pattern.condition
        return lambda message: _holds(condition, _document(message))
    columns = pattern
    return lambda message: _assigned(columns, message) is not None


def extracted(pattern: FilterPattern, message: str) -> dict[str, str]:
    """What TestMetricFilter tells of a message that matches: columns, or selected values."""
    if isinstance(pattern, Columns):
        return dict(_assigned(pattern, message) or {})
    if isinstance(pattern, Json):
        document = _document(message)
        return {
            selector.text: text
            for selector in selectors(pattern.condition)
            if (text := _first_text(selector, document)) is not None
        }
    return {}


def value_at(pattern: FilterPattern, message: str, name: str, selector: Selector | None) -> str:
    """The text of `$column` or `$.selector` in a message that matches; "" where there is none."""
    if isinstance(pattern, Columns):
        return (_assigned(pattern, message) or {}).get(name, "")
    if isinstance(pattern, Json) and selector is not None:
        return _first_text(selector, _document(message)) or ""
    return ""


def _terms_matcher(terms: Terms) -> Matches:
    if not terms.optional and not terms.excluded and len(terms.required) <= 1:
        return _finder(terms.required[0]) if terms.required else lambda message: True
    required = [_finder(term) for term in terms.required]
    optional = [_finder(term) for term in terms.optional]
    excluded = [_finder(term) for term in terms.excluded]

    def matches(message: str) -> bool:
        return (
            all(find(message) for find in required)
            and (not optional or any(find(message) for find in optional))
            and not any(find(message) for find in excluded)
        )

    return matches


def _finder(term: str | Regex) -> Matches:
    if isinstance(term, Regex):
        return automaton(term).search
    return lambda message: term in message


# JSON


def _document(message: str) -> Any:
    """What the message is as JSON; _NOTHING, in which no field is, where it is none."""
    if message.lstrip()[:1] not in ("{", "["):
        return _NOTHING
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        return _NOTHING


def _holds(condition: Condition, document: Any) -> bool:
    if document is _NOTHING:
        return False
    if isinstance(condition, All):
        return all(_holds(inner, document) for inner in condition.conditions)
    if isinstance(condition, AnyOf):
        return any(_holds(inner, document) for inner in condition.conditions)
    if isinstance(condition, NotExists):
        return next(_selected(condition.selector.steps, document), _NOTHING) is _NOTHING
    if isinstance(condition, Is):
        found = _selected(condition.selector.steps, document)
        return any(value is condition.value for value in found)
    assert condition.selector is not None  # noqa: S101 - only columns have none
    return any(
        text is not None and _compares(condition, text, number)
        for text, number in map(_scalar, _selected(condition.selector.steps, document))
    )


def _selected(steps: Sequence[str | int | None], value: Any) -> Iterator[Any]:
    """The values at the end of a way; several where it leads through any member."""
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    if isinstance(value, dict):
        if step is None:
            for member in value.values():
                yield from _selected(rest, member)
        elif step in value:
            yield from _selected(rest, value[step])
    elif isinstance(value, list):
        if step is None:
            for member in value:
                yield from _selected(rest, member)
        elif isinstance(step, int) and step < len(value):
            yield from _selected(rest, value[step])


def _scalar(value: Any) -> tuple[str | None, float | None]:
    """The text of a value and its number; arrays, objects and null have neither (TG-049)."""
    if isinstance(value, str):
        return value, None
    if isinstance(value, bool):
        return ("true" if value else "false"), None
    if isinstance(value, int | float):
        return json.dumps(value), value
    return None, None


def _first_text(selector: Selector, document: Any) -> str | None:
    texts = (_scalar(value)[0] for value in _selected(selector.steps, document))
    return next((text for text in texts if text is not None), None)


# Columns


def _assigned(columns: Columns, message: str) -> dict[str, str] | None:
    """The text of each column as `$name`, or `$3` for one without; None if the event differs.

    The last column takes all that is left. AWS's own example has `[w1=ERROR, w2]` find a line of
    six words.
    """
    fields = _fields(message, len(columns.first) if columns.last is None else None)
    first, last = columns.first, columns.last or ()
    between = len(fields) - len(first) - len(last)
    if between < 0 or (between and columns.last is None):
        return None
    named = [*first, *[None] * between, *last]
    values = {}
    for number, (column, text) in enumerate(zip(named, fields, strict=True), 1):
        condition = column.condition if column is not None else None
        if condition is not None and not _column_holds(condition, text):
            return None
        values[f"${column.name if column and column.name else number}"] = text
    return values


def _fields(message: str, most: int | None) -> list[str]:
    """The words of an event; what stands in `[]` or `""` is one, without them (TG-050).

    After `most` words less one, all the rest is one.
    """
    found: list[str] = []
    place, unclosed = 0, set[str]()  # brackets whose end is known not to come: looked for once
    while match := _WORD.search(message, place):
        place = match.start()
        if most is not None and len(found) == most - 1:
            rest = message[place:].rstrip()
            only = _fields(rest, None)
            return [*found, only[0] if len(only) == 1 else rest]
        closing = _BRACKETS.get(message[place])
        end = message.find(closing, place + 1) if closing and closing not in unclosed else -1
        if closing and end < 0:
            unclosed.add(closing)
        if end < 0:
            found.append(match[0])
            place = match.end()
        else:
            found.append(message[place + 1 : end])
            place = end + 1
    return found


def _column_holds(condition: Condition, text: str) -> bool:
    if isinstance(condition, All):
        return all(_column_holds(inner, text) for inner in condition.conditions)
    if isinstance(condition, AnyOf):
        return any(_column_holds(inner, text) for inner in condition.conditions)
    return isinstance(condition, Comparison) and _compares(condition, text, number_of(text))


# Values


def number_of(text: str) -> float | None:
    """The number a text is, if it is one that can be reported."""
    if len(text) > LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if isfinite(value) else None


def _compares(comparison: Comparison, text: str, number: float | None) -> bool:
    operator, operand = comparison.operator, comparison.operand
    if operator == "=":
        return _equals(operand, text, number)
    if operator == "!=":
        return not _equals(operand, text, number)
    if number is None or not isinstance(operand, Number):
        return False
    if operator in ("<", "<="):
        return number < operand.value or (operator == "<=" and number == operand.value)
    return number > operand.value or (operator == ">=" and number == operand.value)


def _equals(operand: Operand, text: str, number: float | None) -> bool:
    if isinstance(operand, Regex):
        return automaton(operand).search(text)
    if isinstance(operand, Number):
        return number == operand.value if number is not None else text == operand.text
    return is_like(operand.text, text)


def is_like(wild: str, text: str) -> bool:
    """Whether `*` in the first text can stand for what makes it the second."""
    if "*" not in wild:
        return wild == text
    head, *middle, tail = wild.split("*")
    if len(text) < len(head) + len(tail) or not (text.startswith(head) and text.endswith(tail)):
        return False
    place, end = len(head), len(text) - len(tail)
    for piece in middle:
        place = text.find(piece, place, end)
        if place < 0:
            return False
        place += len(piece)
    return True
