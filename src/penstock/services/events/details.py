"""JSON in requests: the details of events, and events to be tested."""

from __future__ import annotations

import json
from math import isinf
from typing import Any, NoReturn

DEEPEST = 500
"""How deep an event may be nested: what is deeper cannot be read everywhere it has to be."""


class Malformed(Exception):
    """It is no JSON, or some that cannot be kept."""


def read_object(text: str) -> dict[str, Any]:
    """Raises Malformed."""
    found = read_json(text)
    if not isinstance(found, dict):
        raise Malformed
    return found


def read_json(text: str) -> Any:
    """Raises Malformed; NUL characters and half characters are no text here."""
    try:
        found = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        raise Malformed from None
    if _signs(text) > DEEPEST and _depth(found) > DEEPEST:
        raise Malformed
    if "\\u" in text:
        _check_texts(json.dumps(found, ensure_ascii=False))
    return found


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)  # NaN and its like, which JSON has not


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise ValueError(text)
    return number


def _signs(text: str) -> int:
    return text.count("{") + text.count("[")


def _depth(value: Any) -> int:
    level, deepest = [value], 0
    while level:
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        deepest += 1
    return deepest


def _check_texts(written: str) -> None:
    try:
        written.encode()
    except UnicodeEncodeError:
        raise Malformed from None
    if "\\u0000" in written.replace("\\\\", ""):
        raise Malformed
