"""Searching with the regular expressions of filter patterns, in time linear in the text.

They come from users, so an engine that backtracks is out of the question. Without groups each
expression is a row of places, and those a search has reached are a set: the bits of an integer. A
character moves all of them at once. The sets met so far are remembered with the moves between
them, as the states of a deterministic automaton, which is what most characters are looked up in.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from penstock.documents.filter_regex import Characters, Regex, Sequence

STATES = 2_000
"""States remembered; then it begins afresh, so that no expression takes all memory."""


class _State:
    __slots__ = ("found", "moves", "places")

    def __init__(self, places: int, found: bool) -> None:
        self.places = places
        self.found = found
        self.moves: dict[str, _State] = {}


@lru_cache(64)
def automaton(regex: Regex) -> Automaton:
    return Automaton(regex)


class Automaton:
    def __init__(self, regex: Regex) -> None:
        self._characters: list[Characters | None] = []  # before which a place is; None: an end
        self._optional = self._repeated = self._ends = self._ends_of_text = 0
        anchored = floating = 0
        for sequence in regex.alternatives:
            start = 1 << len(self._characters)
            anchored, floating = (
                (anchored | start, floating)
                if sequence.from_start
                else (anchored, floating | start)
            )
            self._add(sequence)
        # Of each row of optional places, and the one behind it: the first, the last, all but the
        # first.
        self._firsts = self._optional & ~(self._optional << 1)
        self._lasts = (self._optional << 1) & ~self._optional
        self._rows = self._optional << 1
        self._floating = self._reach(floating)
        self._begin = self._reach(anchored | floating)
        self._masks: dict[str, int] = {}
        self._states: dict[int, _State] = {}

    def search(self, text: str) -> bool:
        """Whether an alternative is anywhere in the text."""
        state = self._state(self._begin)
        for character in text:
            if state.found:
                return True
            state = state.moves.get(character) or self._move(state, character)
        return state.found or bool(state.places & self._ends_of_text)

    def _add(self, sequence: Sequence) -> None:
        for characters, optional, repeated in _places(sequence):
            place = 1 << len(self._characters)
            self._characters.append(characters)
            self._optional |= place if optional else 0
            self._repeated |= place if repeated else 0
        end = 1 << len(self._characters)
        self._characters.append(None)
        if sequence.to_end:
            self._ends_of_text |= end
        else:
            self._ends |= end

    def _move(self, state: _State, character: str) -> _State:
        known = character.isascii()  # sets are of ASCII: all other characters are alike
        met = state.places & self._mask(character if known else "\x80")
        moved = ((met & ~self._repeated) << 1) | (met & self._repeated)
        following = self._state(self._reach(moved) | self._floating)
        if known:
            state.moves[character] = following
        return following

    def _mask(self, character: str) -> int:
        """The places that the character leads on from."""
        if character not in self._masks:
            self._masks[character] = sum(
                1 << place
                for place, characters in enumerate(self._characters)
                if characters is not None and characters.include(character)
            )
        return self._masks[character]

    def _state(self, places: int) -> _State:
        if len(self._states) >= STATES:
            self._states.clear()
        state = self._states.get(places)
        if state is None:
            state = self._states[places] = _State(places, bool(places & self._ends))
        return state

    def _reach(self, places: int) -> int:
        """The places, and those behind what may be left out.

        In each row, taking the first place away borrows from the lowest one that is set, and leaves
        those above it as they were: these are the reached ones.
        """
        bounded = places | self._lasts
        return places | (self._rows & ~((bounded - self._firsts) ^ bounded))


def _places(sequence: Sequence) -> Iterator[tuple[Characters, bool, bool]]:
    """The characters of each place, whether it is optional, and whether it repeats."""
    for characters, least, most in sequence.atoms:
        for _ in range(least):
            yield characters, False, False
        if most is None:
            yield characters, True, True
        else:
            for _ in range(most - least):
                yield characters, True, False
