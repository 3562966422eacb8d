"""Whether an event fits a pattern (TG-091…093). Pure.

Of an array's items any may fit, but for all fields below the array it has to be the same item.
Fields are looked at in the order of their paths; so a field that must not exist must not exist in
the items that earlier fields have settled on, and in no item at all where none has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from ipaddress import ip_address
from itertools import islice
from typing import Any, NamedTuple

from penstock.documents.event_patterns import (
    Addresses,
    AnythingBut,
    EventPattern,
    Exists,
    Field,
    IgnoringCase,
    Number,
    Prefix,
    Range,
    Suffix,
    Test,
    Text,
    Way,
    Wildcard,
    Word,
)

MOST_CHOICES = 100_000
"""Of items, that are looked at for a field; more come up only where an event is made for that."""

Items = tuple[tuple[str, int, int], ...]
"""Which items of arrays a leaf is in, from the outermost: the array's path, its number in the
event, the item's index."""


class Leaf(NamedTuple):
    value: str | float | bool | None
    items: Items


Leaves = Mapping[str, Sequence[Leaf]]
"""An event's leaves by path. Empty objects and empty arrays have none."""


def leaves(event: Any) -> Leaves:
    found: dict[str, list[Leaf]] = {}
    waiting: list[tuple[str, Any, Items]] = [("", event, ())]
    arrays = 0
    while waiting:
        path, value, items = waiting.pop()
        if isinstance(value, dict):
            start = f"{path}." if path else ""
            waiting += [(start + name, inner, items) for name, inner in value.items()]
        elif isinstance(value, list):
            arrays += 1
            waiting += [
                (path, inner, (*items, (path, arrays, index))) for index, inner in enumerate(value)
            ]
        else:
            found.setdefault(path, []).append(Leaf(value, items))
    return found


def matches(pattern: EventPattern, event: Leaves) -> bool:
    known: dict[tuple[str, int], list[Items]] = {}

    def passing(field: Field) -> list[Items]:
        """The items of the leaves that pass; ways share tests, which are looked at once."""
        key = (field.path, id(field.tests))
        if key not in known:
            known[key] = _passing(field, event.get(field.path, ()))
        return known[key]

    return any(_fits(way, event, passing) for way in pattern.ways)


def _fits(way: Way, event: Leaves, passing: Callable[[Field], list[Items]]) -> bool:
    settled: set[Items] = {()}
    for index, field in enumerate(way):
        found = passing(field)
        if () in found:  # a leaf in no array goes with whatever is settled
            continue
        settled = _settle(settled, found) | _settle_absent(settled, field, event)
        if not settled:
            return False
        settled = _open(settled, way[index + 1 :])
    return True


def _passing(field: Field, found: Sequence[Leaf]) -> list[Items]:
    passes_any = _any_of(field.tests)
    return [leaf.items for leaf in found if passes_any(leaf.value)]


def _any_of(tests: Sequence[Test]) -> Callable[[Any], bool]:
    """Whether a value passes one of the tests. Texts and numbers are looked up: there may be many
    of them, and many values."""
    wanted = {_known(test.value) for test in tests if isinstance(test, Text | Number)}
    others = [_one(test) for test in tests if not isinstance(test, Text | Number)]
    return lambda value: _known(value) in wanted or any(other(value) for other in others)


def _known(value: Any) -> tuple[bool, Any]:
    """Equal where a text or a number is meant that is the same."""
    return isinstance(value, str) or not _is_number(value), value


def _one(test: Test) -> Callable[[Any], bool]:
    if isinstance(test, AnythingBut):
        excluded = _any_of(test.tests)
        return lambda value: not excluded(value)
    return partial(_PASSES[type(test)], test)


Tree = dict[tuple[str, int], dict[int, tuple[list[Items], "Tree"]]]
"""Items of leaves by the outermost array, and the item of it, that they are in; and so on."""


def _tree(leaves: Sequence[Items]) -> Tree:
    found: Tree = {}
    for items in leaves:
        level = found
        for depth, (path, array, index) in enumerate(items, 1):
            here, below = level.setdefault((path, array), {}).setdefault(index, ([], {}))
            if depth == len(items):
                here.append(items)
            level = below
    return found


def _going_with(choice: Items, tree: Tree) -> Iterator[Items]:
    """The items that do not contradict a choice."""
    indexes = {array: index for _, array, index in choice}
    waiting = [tree]
    while waiting:
        for (_, array), branches in waiting.pop().items():
            if array not in indexes:
                chosen = list(branches.values())
            else:
                chosen = [branches[indexes[array]]] if indexes[array] in branches else []
            for here, below in chosen:
                yield from here
                waiting.append(below)


def _settle(settled: set[Items], passing: Sequence[Items]) -> set[Items]:
    """The choices of items so far, each joined with those of the leaves that go with it."""
    tree = _tree(passing)
    joined = (
        tuple(sorted({*choice, *items}))
        for choice in settled
        for items in _going_with(choice, tree)
    )
    return set(islice(joined, MOST_CHOICES))


def _settle_absent(settled: set[Items], field: Field, event: Leaves) -> set[Items]:
    """The choices that a field, which may be absent, has no leaf in."""
    # Not by `in`: tuples of equal values are equal, whatever they are called.
    if not any(isinstance(test, Exists) and not test.wanted for test in field.tests):
        return set()
    there = [leaf.items for leaf in event.get(field.path, ())]
    if () in there:
        return set()
    tree = _tree(there)
    return {choice for choice in settled if next(_going_with(choice, tree), None) is None}


def _open(settled: set[Items], way: Way) -> set[Items]:
    """The parts of choices that matter to the fields left; so there are never many choices."""
    paths = {path for choice in settled for path, _, _ in choice}
    kept = {
        path
        for path in paths
        if any(field.path == path or field.path.startswith(f"{path}.") for field in way)
    }
    if kept == paths:
        return settled
    return {tuple(item for item in choice if item[0] in kept) for choice in settled}


def passes(test: Test, value: str | float | bool | None) -> bool:
    """Whether a leaf's value passes a test."""
    return _PASSES[type(test)](test, value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(test: Text, value: Any) -> bool:
    return bool(test.value == value)


def _number(test: Number, value: Any) -> bool:
    return _is_number(value) and bool(test.value == value)


def _word(test: Word, value: Any) -> bool:
    return value is test.value


def _ignoring_case(test: IgnoringCase, value: Any) -> bool:
    return isinstance(value, str) and value.lower() == test.value


def _prefix(test: Prefix, value: Any) -> bool:
    return isinstance(value, str) and _cased(test, value).startswith(test.value)


def _suffix(test: Suffix, value: Any) -> bool:
    return isinstance(value, str) and _cased(test, value).endswith(test.value)


def _cased(test: Prefix | Suffix, value: str) -> str:
    return value.lower() if test.ignoring_case else value


def _wildcard(test: Wildcard, value: Any) -> bool:
    """The first part at the start, the last at the end, the others in order between them."""
    if not isinstance(value, str):
        return False
    first, *between = test.parts
    if not between:
        return value == first
    last = between.pop()
    if not value.startswith(first) or not value.endswith(last):
        return False
    place, end = len(first), len(value) - len(last)
    for part in between:
        found = value.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return place <= end


def _range(test: Range, value: Any) -> bool:
    if not _is_number(value):
        return False
    low = test.low is None or value > test.low or (test.low_closed and value == test.low)
    high = test.high is None or value < test.high or (test.high_closed and value == test.high)
    return bool(low and high)


def _addresses(test: Addresses, value: Any) -> bool:
    if not isinstance(value, str) or "%" in value:
        return False
    try:
        address = ip_address(value)
    except ValueError:
        return False
    return address.version == test.version and test.first <= int(address) <= test.last


def _anything_but(test: AnythingBut, value: Any) -> bool:
    return not any(passes(excluded, value) for excluded in test.tests)


def _exists(test: Exists, value: Any) -> bool:
    return test.wanted  # as there is a value


_PASSES: dict[type[Any], Callable[[Any, Any], bool]] = {
    Text: _text,
    Number: _number,
    Word: _word,
    IgnoringCase: _ignoring_case,
    Prefix: _prefix,
    Suffix: _suffix,
    Wildcard: _wildcard,
    Range: _range,
    Addresses: _addresses,
    AnythingBut: _anything_but,
    Exists: _exists,
}
