"""Glob patterns of pipelines' triggers (CP-110).

`*` and `?` stay within a segment, `**` crosses slashes, and `**/` is also nothing at all; `[abc]`,
`[!a-c]` and `{one,two}` are alternatives, a backslash takes the meaning from what follows. AWS says
no more than that they are globs with `*` and `**`.

They are matched in time linear in the text, as users write both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from penstock.documents.pipelines import Globs

MOST = 64
"""Alternatives that braces may make; with more of them they are themselves."""

_PART = re.compile(r"\*+|\?|\[!?[^\]]+\]|\\.|.", re.DOTALL)
_FOLDERS = re.compile(r"(?:^|(?<=/))\*\*/")
_BRACES = re.compile(r"(?<!\\)\{([^{}]*)(?<!\\)\}")


class _Part(NamedTuple):
    """What one character may be; `repeated` ones are any number of characters."""

    accepts: Callable[[str], bool]
    repeated: bool = False


def matches(glob: str, text: str) -> bool:
    """Whether a glob matches the whole of a text."""
    return any(_match(parts, text) for parts in _compiled(glob))


def objection(globs: Globs, text: str) -> str | None:
    """Why a text does not count; None where it does. Excludes win (CP-109)."""
    for glob in globs.excludes:
        if matches(glob, text):
            return f"{text} is excluded by {glob}"
    if globs.includes and not any(matches(glob, text) for glob in globs.includes):
        return f"{text} is none of {', '.join(globs.includes)}"
    return None


@lru_cache(1024)
def _compiled(glob: str) -> tuple[tuple[_Part, ...], ...]:
    spread = [_FOLDERS.sub("{**/,}", glob)]
    while any(_BRACES.search(one) for one in spread):
        spread = [other for one in spread for other in _spread(one)]
        if len(spread) > MOST:
            spread = [glob]
            break
    return tuple(tuple(map(_part, _PART.findall(one))) for one in spread)


def _spread(glob: str) -> Iterator[str]:
    found = _BRACES.search(glob)
    if found is None:
        yield glob
        return
    for alternative in found[1].split(","):
        yield glob[: found.start()] + alternative + glob[found.end() :]


def _part(text: str) -> _Part:
    if text.startswith("**"):
        return _Part(_anything, repeated=True)
    if text == "*":
        return _Part(_no_slash, repeated=True)
    if text == "?":
        return _Part(_no_slash)
    if len(text) > 1 and text[0] == "[":
        return _Part(_class(text[1:-1]))
    return _Part(text[-1].__eq__)


def _anything(character: str) -> bool:
    return True


def _no_slash(character: str) -> bool:
    return character != "/"


def _class(body: str) -> Callable[[str], bool]:
    negated, body = body.startswith("!") and len(body) > 1, body.removeprefix("!") or body
    ranges = re.findall(r"(.)-(.)|(.)", body, re.DOTALL)
    pairs = [(one or single, other or single) for one, other, single in ranges]

    def accepts(character: str) -> bool:
        inside = any(first <= character <= last for first, last in pairs)
        return inside != negated and character != "/"

    return accepts


def _match(parts: tuple[_Part, ...], text: str) -> bool:
    """By the set of places that what has been read may have led to."""
    places = _skipped(parts, {0})
    for character in text:
        places = _skipped(
            parts,
            {
                place if parts[place].repeated else place + 1
                for place in places
                if place < len(parts) and parts[place].accepts(character)
            },
        )
    return len(parts) in places


def _skipped(parts: tuple[_Part, ...], places: set[int]) -> set[int]:
    """And those behind parts that may be nothing."""
    found = set(places)
    for place in places:
        while place < len(parts) and parts[place].repeated:
            place += 1
            found.add(place)
    return found
