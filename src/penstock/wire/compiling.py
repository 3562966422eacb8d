"""One function for each shape of a model, made once: what a request costs is calls, not lookups."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from botocore.model import Shape

Made = Any
"""A function; a walk that finds nothing to do at a shape may make None."""


class Malformed(Exception):
    """The request is not what its protocol says a request is; the message is for the client."""


class Compiler(ABC):
    """A walk over shapes: `_structure`, `_list`, … return the function for a shape of that kind.

    Structures, lists and maps are made once for each name, so that a shape which contains itself
    ends in a call of the function that is being made.
    """

    def __init__(self) -> None:
        self._made: dict[str, Made] = {}

    def of(self, shape: Shape) -> Made:
        make: Callable[[Any], Made] = getattr(self, f"_{shape.type_name}", self._scalar)
        if shape.type_name not in ("structure", "list", "map"):
            return make(shape)
        key = self._key(shape)
        if key not in self._made:
            self._made[key] = lambda *arguments: self._made[key](*arguments)
            self._made[key] = make(shape)
        return self._made[key]

    def _key(self, shape: Shape) -> str:
        return str(shape.name)

    @abstractmethod
    def _scalar(self, shape: Shape) -> Made:
        """Of every kind that has no function of its own."""


def is_in_body(shape: Shape) -> bool:
    return "location" not in shape.serialization


def name_of(shape: Shape, member: str) -> str:
    """What a member is called on the wire."""
    return str(shape.serialization.get("name", member))
