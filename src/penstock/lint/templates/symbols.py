"""Marks: what stands in a text for a value that only the stack will know.

`!Sub "${Stage}-site"` is a text of a mark and "-site". The same expression has the same mark, so
that texts can be compared, and a text that is one mark and nothing else leads to its expression.
"""

from __future__ import annotations

import re
from typing import Any

from penstock.documents.templates.references import get_att_of

_MARK = re.compile("\ue000(\\d+)\ue001")


class Symbols:
    """The expressions of one template, each with its mark."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._expressions: list[Any] = []

    def mark(self, expression: Any) -> str:
        key = repr(expression)
        number = self._numbers.setdefault(key, len(self._expressions))
        if number == len(self._expressions):
            self._expressions.append(expression)
        return f"\ue000{number}\ue001"

    def expression(self, value: Any) -> Any:
        """Of a text that is one mark, else None."""
        found = _MARK.fullmatch(value) if isinstance(value, str) else None
        return self._expressions[int(found[1])] if found else None

    def shown(self, text: str) -> str:
        """The text with `${Name}` for every mark."""
        return _MARK.sub(lambda found: _written(self._expressions[int(found[1])]), text)


def is_open(value: Any) -> bool:
    """Whether a text has a mark in it; other values never have."""
    return isinstance(value, str) and "\ue000" in value


def without_marks(text: str, instead: str) -> str:
    return _MARK.sub(instead, text)


def reference_of(expression: Any) -> tuple[str, str] | None:
    """The name and attribute ("" for Ref) that a Ref or GetAtt is of."""
    if not isinstance(expression, dict) or len(expression) != 1:
        return None
    ((function, given),) = expression.items()
    if function == "Ref" and isinstance(given, str):
        return given, ""
    found = get_att_of(given) if function == "Fn::GetAtt" else None
    return (found[0], str(found[1])) if found else None


def named(name: str) -> dict[str, Any]:
    """The expression that `${name}` stands for."""
    resource, dot, attribute = name.partition(".")
    return {"Fn::GetAtt": [resource, attribute]} if dot else {"Ref": name}


def _written(expression: Any) -> str:
    reference = reference_of(expression)
    if reference is not None:
        return "${" + ".".join(filter(None, reference)) + "}"
    function = next(iter(expression), "") if isinstance(expression, dict) else ""
    return "${" + (str(function) or "…") + "}"
