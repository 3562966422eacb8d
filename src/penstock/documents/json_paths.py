"""JsonPaths of webhooks' filters (CP-104): read, refused where they could be made to cost too much.

AWS has them in Java's dialect; these are RFC 9535's, which agree on all that is in its examples.
Whoever delivers to a webhook chooses the document, and so what a path costs: what is let through
costs a constant times the document's size.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_MOST_COMMAS = 2
_LOOKING = ("..", "*", "?", ",", ":")


class PathError(Exception):
    """It is no JsonPath, or one that is not taken. The text says why."""


@lru_cache(256)
def read_path(text: str) -> Any:
    """The path; `values` asks it. Raises PathError."""
    if problem := _problem(text):
        raise PathError(problem)
    from jsonpath import JSONPathEnvironment  # a quarter of a second, which few servers need
    from jsonpath.exceptions import JSONPathError

    class Environment(JSONPathEnvironment):
        def setup_function_extensions(self) -> None:
            """None: two of the standard's take regular expressions, which take any time."""

    try:
        return Environment(strict=True).compile(text)
    except (JSONPathError, RecursionError, ValueError) as error:
        raise PathError(str(error).splitlines()[0] or "it is no JsonPath") from None


def _problem(text: str) -> str:
    if not text.startswith("$"):
        return "it does not begin with $"
    if text.count("$") > 1:
        return "it has $ more than once"
    if text.count("..") > 1:
        return "it has .. more than once"
    if text.count(",") > _MOST_COMMAS:
        return f"it has more than {_MOST_COMMAS} commas"
    return ""


def looks_around(text: str) -> bool:
    """Whether a path may look at all of a document, a second or two for each MiB; others go
    straight to one place."""
    return any(mark in text for mark in _LOOKING)


def values(path: Any, document: Any) -> Iterator[Any]:
    """What a path selects, one by one. A document that is nested too deeply has nothing."""
    from jsonpath.exceptions import JSONPathError

    try:
        for match in path.finditer(document):
            yield match.obj
    except (JSONPathError, RecursionError):
        return
