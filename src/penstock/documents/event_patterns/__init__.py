"""Event patterns of EventBridge as frozen values (TG-091…093); `reader.parse` makes them of text.

A pattern is a choice of ways, of which one has to fit ($or makes several). A way fits when all of
its fields do, and a field when one of its tests passes. A path is the names down to a leaf, joined
by dots, so that `{"a.b": …}` and `{"a": {"b": …}}` are the same.
"""

from __future__ import annotations

from typing import NamedTuple


class PatternError(Exception):
    """Says in AWS's words, place included, why a text is no pattern."""


class Text(NamedTuple):
    value: str


class Number(NamedTuple):
    value: float


class Word(NamedTuple):
    """True, False or null."""

    value: bool | None


class IgnoringCase(NamedTuple):
    """A text whatever its case; `value` is in lower case."""

    value: str


class Prefix(NamedTuple):
    """`value` is in lower case where case is ignored."""

    value: str
    ignoring_case: bool = False


class Suffix(NamedTuple):
    """As Prefix."""

    value: str
    ignoring_case: bool = False


class Wildcard(NamedTuple):
    """The texts between the stars: one more than there are stars."""

    parts: tuple[str, ...]


class Range(NamedTuple):
    """Numbers from `low` to `high`, which count where they are `closed`; None is no limit."""

    low: float | None = None
    low_closed: bool = True
    high: float | None = None
    high_closed: bool = True


class Addresses(NamedTuple):
    """IP addresses of a version, 4 or 6, from the first to the last, as numbers."""

    version: int
    first: int
    last: int


class AnythingBut(NamedTuple):
    """Passes for a leaf of any type that passes none of these."""

    tests: tuple[Test, ...]


class Exists(NamedTuple):
    """Whether there has to be a leaf, or must not."""

    wanted: bool


Test = (
    Text
    | Number
    | Word
    | IgnoringCase
    | Prefix
    | Suffix
    | Wildcard
    | Range
    | Addresses
    | AnythingBut
    | Exists
)


class Field(NamedTuple):
    path: str
    tests: tuple[Test, ...]


Way = tuple[Field, ...]
"""Fields in the order of their paths."""


class EventPattern(NamedTuple):
    ways: tuple[Way, ...]
