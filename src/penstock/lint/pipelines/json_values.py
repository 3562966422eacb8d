"""JSON in texts of a configuration, which may have marks in them."""

from __future__ import annotations

from typing import Any

from penstock.lint.templates.symbols import is_open

NOT_JSON = object()
OPEN = object()
"""Of a text that may become JSON when its marks have values."""


def value_of(text: str) -> Any:
    """The value; NOT_JSON, or OPEN where nobody can tell."""
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return OPEN if is_open(text) else NOT_JSON
