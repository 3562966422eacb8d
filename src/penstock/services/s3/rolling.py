"""Keys rolled up by a delimiter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """A row by its key, or without one a common prefix."""

    name: str
    row: Any = None


def rolled(rows: Iterable[Any], prefix: str, delimiter: str, marker: str = "") -> Iterator[Entry]:
    """Sorted rows as a listing has them: keys that share what follows the prefix up to the
    delimiter are one entry. That of the marker has been listed before."""
    last = None
    for row in rows:
        cut = row.key.find(delimiter, len(prefix)) if delimiter else -1
        if cut < 0:
            yield Entry(row.key, row)
            continue
        common = row.key[: cut + len(delimiter)]
        if common not in (last, marker):
            yield Entry(common)
        last = common
