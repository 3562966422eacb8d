"""Who needs whom, and whether that can be satisfied."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def in_circles(needs: Mapping[str, Collection[str]]) -> list[str]:
    """Those that wait for each other, and those between such circles, in the mapping's order.

    Names that are needed but no keys are none of its business.
    """
    left = {name: {one for one in needed if one in needs} for name, needed in needs.items()}
    needed_by: dict[str, set[str]] = {name: set() for name in left}
    for name, needed in left.items():
        for one in needed:
            needed_by[one].add(name)
    _peel(left, needed_by)
    _peel(needed_by, left)
    return list(left)


def _peel(left: dict[str, set[str]], others: dict[str, set[str]]) -> None:
    """Takes away all that need nothing that is left, from both directions of the graph."""
    free = [name for name, needed in left.items() if not needed]
    while free:
        name = free.pop()
        for other in others[name]:
            left[other].discard(name)
            if not left[other]:
                free.append(other)
        for needed in left[name]:
            others[needed].discard(name)
        del left[name], others[name]
