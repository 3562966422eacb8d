"""Statements as the driver has them and as PostgreSQL has them, and the rows they find."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from psycopg.adapt import PyFormat

_PLACE = re.compile(r"%(?:%|\((\w+)\)([sbt])|([sbt]))")


class Statement(NamedTuple):
    """`names` are those of its parameters, in their order; empty where they have none."""

    text: bytes
    formats: Sequence[PyFormat]
    names: Sequence[str]


@lru_cache(1024)
def numbered(sql: str) -> Statement:
    """A statement whose places are `$1` and so on, of one with `%s` or `%(name)s` in it.

    `%b` takes a parameter in binary, `%%` is a percent sign.
    """
    formats: list[PyFormat] = []
    names: list[str] = []
    places: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        name, of_named, plain = found.groups()
        if not name and not plain:
            return "%"
        if name in places:
            return places[name]
        formats.append(PyFormat(of_named or plain))
        if name:
            names.append(name)
            places[name] = f"${len(formats)}"
        return f"${len(formats)}"

    return Statement(_PLACE.sub(number, sql).encode(), formats, names)


@lru_cache(1024)
def row_maker(names: tuple[bytes | None, ...]) -> Callable[[Iterable[Any]], Any]:
    """What makes a named tuple of the values of columns; `?column?` can be had by its place."""
    row = namedtuple("Row", [(name or b"").decode() for name in names], rename=True)  # type: ignore[misc]
    return row._make
