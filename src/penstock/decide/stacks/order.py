"""Who comes before whom (TG-117)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from penstock.documents.templates.graph import in_circles


class Depending(Protocol):
    @property
    def depends_on(self) -> tuple[str, ...]: ...


class CycleError(ValueError):
    """Things that wait for each other, and what is between two such circles; sorted."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(sorted(names))
        super().__init__(", ".join(self.names))


def order_of(resources: Mapping[str, Depending]) -> tuple[tuple[str, ...], ...]:
    """Levels: each resource depends on such of earlier levels only, and those of one level may be
    made at once; these are in the order given. Backwards it is the order of deletes.

    What is depended on and not among `resources` counts as there. Raises CycleError.
    """
    return levels_of({name: one.depends_on for name, one in resources.items()})


def levels_of(graph: Mapping[str, Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """The same, of names and what each depends on."""
    waiting = {name: {on for on in names if on in graph} for name, names in graph.items()}
    levels, needs = [], _turned(waiting)
    place = {name: number for number, name in enumerate(graph)}
    ready = tuple(name for name, on in waiting.items() if not on)
    while ready:
        levels.append(ready)
        ready = tuple(sorted(_without(waiting, needs, ready), key=place.__getitem__))
    if waiting:
        raise CycleError(in_circles(waiting))
    return tuple(levels)


def _turned(graph: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """For each name those that depend on it."""
    turned: dict[str, list[str]] = {name: [] for name in graph}
    for name, depends_on in graph.items():
        for on in depends_on:
            turned[on].append(name)
    return turned


def _without(
    waiting: dict[str, set[str]], needs: Mapping[str, list[str]], gone: tuple[str, ...]
) -> set[str]:
    """Takes out what is done; those that wait for nothing else now."""
    free: set[str] = set()
    for name in gone:
        del waiting[name]
        for dependent in needs[name]:
            waiting[dependent].discard(name)
            if not waiting[dependent]:
                free.add(dependent)
    return free
