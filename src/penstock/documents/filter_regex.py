"""The regular expressions of filter patterns, which have no groups (TG-051)."""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST = 1000
"""Places of characters that an expression may have, its repetitions written out."""

_SYMBOLS = ":_#=@/;,- "
_CLASSES = {
    "d": ((48, 57),),
    "s": ((9, 10), (32, 32)),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
}
_REPEAT = re.compile(r"\{ ?(\d*) ?(?:(,) ?(\d*) ?)?\}")


class FilterPatternError(ValueError):
    """A filter pattern that CloudWatch Logs refuses; the text is the message it gives."""


class Characters(NamedTuple):
    """A set of characters: the ranges of their numbers, or all but those."""

    ranges: tuple[tuple[int, int], ...]
    negated: bool = False

    def include(self, character: str) -> bool:
        number = ord(character)
        return any(low <= number <= high for low, high in self.ranges) != self.negated


ANY = Characters((), negated=True)


class Atom(NamedTuple):
    """A character `least` to `most` times; None is any number of times."""

    characters: Characters
    least: int = 1
    most: int | None = 1


class Sequence(NamedTuple):
    """Atoms one after another, tied to the beginning or the end of the text or to neither."""

    atoms: tuple[Atom, ...]
    from_start: bool = False
    to_end: bool = False


class Regex(NamedTuple):
    """One of the alternatives is to be found somewhere in a text."""

    alternatives: tuple[Sequence, ...]


def parse_regex(text: str) -> Regex:
    """Raises FilterPatternError."""
    for character in text:
        if not character.isascii() or not (character.isalnum() or character in _ALLOWED):
            raise FilterPatternError(f"Invalid character(s) in term '{character}'")
    if not text:
        raise FilterPatternError("Invalid filter pattern: empty regular expression")
    regex = _Reader(text).alternatives()
    size = sum(_size(atom) for sequence in regex.alternatives for atom in sequence.atoms)
    if size > LONGEST:
        raise FilterPatternError("Invalid filter pattern: the regular expression is too long")
    return regex


_ALLOWED = _SYMBOLS + "^$?[]{}|\\*+."


def _size(atom: Atom) -> int:
    return atom.least + 1 if atom.most is None else max(1, atom.most)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    def alternatives(self) -> Regex:
        found = [self._sequence()]
        while self._skip("|"):
            found.append(self._sequence())
        if self._place < len(self._text):
            raise self._wrong()
        return Regex(tuple(found))

    def _sequence(self) -> Sequence:
        from_start = self._skip("^")
        atoms = []
        while self._next not in ("", "|", "$"):
            atoms.append(self._atom())
        return Sequence(tuple(atoms), from_start, self._skip("$"))

    def _atom(self) -> Atom:
        characters = self._characters()
        for sign, least, most in (("?", 0, 1), ("*", 0, None), ("+", 1, None)):
            if self._skip(sign):
                return Atom(characters, least, most)
        if self._next == "{":
            return Atom(characters, *self._repeat())
        return Atom(characters)

    def _repeat(self) -> tuple[int, int | None]:
        match = _REPEAT.match(self._text, self._place)
        if match is None or not (match[1] or match[3]):
            raise self._wrong()
        self._place = match.end()
        least = int(match[1] or 0)
        most = None if match[2] and not match[3] else int(match[3] or match[1])
        if most is not None and most < least:
            raise self._wrong()
        return least, most

    def _characters(self) -> Characters:
        sign = self._take()
        if sign == ".":
            return ANY
        if sign == "[":
            return self._class()
        if sign == "\\":
            return self._escape()
        if sign in "^$?*+{}]":
            raise self._wrong()
        return Characters(((ord(sign), ord(sign)),))

    def _escape(self) -> Characters:
        sign = self._take()
        if sign.lower() in _CLASSES:
            return Characters(_CLASSES[sign.lower()], negated=sign.isupper())
        if sign == "x":
            digits = self._take() + self._take()
            if not re.fullmatch("[0-9A-Fa-f]{2}", digits):
                raise self._wrong()
            sign = chr(int(digits, 16))
        elif sign.isalnum():
            raise self._wrong()
        return Characters(((ord(sign), ord(sign)),))

    def _class(self) -> Characters:
        negated = self._skip("^")
        ranges: list[tuple[int, int]] = []
        while self._next != "]" or not ranges:
            first = self._member()
            if first[0][0] == first[-1][1] and not self._text.startswith("-]", self._place):
                first = self._range(first)
            ranges += first
        self._take()
        return Characters(tuple(ranges), negated)

    def _range(self, first: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        if not self._skip("-"):
            return first
        last = self._member()
        if len(last) != 1 or last[0][1] < first[0][0]:
            raise self._wrong()
        return ((first[0][0], last[0][1]),)

    def _member(self) -> tuple[tuple[int, int], ...]:
        sign = self._take()
        if sign != "\\":
            return ((ord(sign), ord(sign)),)
        escaped = self._escape()
        if escaped.negated:
            raise self._wrong()
        return escaped.ranges

    @property
    def _next(self) -> str:
        return self._text[self._place : self._place + 1]

    def _take(self) -> str:
        if self._place >= len(self._text):
            raise self._wrong()
        self._place += 1
        return self._text[self._place - 1]

    def _skip(self, sign: str) -> bool:
        if self._next == sign:
            self._place += 1
            return True
        return False

    def _wrong(self) -> FilterPatternError:
        return FilterPatternError(f"Invalid filter pattern: the regular expression %{self._text}%")
