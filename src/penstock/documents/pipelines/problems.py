"""What is wrong with a declaration: AWS's exception and words, and the way to the place."""

from __future__ import annotations

from typing import NamedTuple

from penstock.documents.model_shapes import Path

SHOWN = 100
"""Characters of a user's name that a message repeats: no valid one has more."""


class Problem(NamedTuple):
    """`code` is an exception of CreatePipeline; `path` leads from the declaration to the place,
    such as ("stages", 1, "actions", 0, "configuration", "Branch")."""

    code: str
    path: Path
    message: str


class Problems:
    """Gathers them, in the order in which AWS's first is wanted."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def value(self, path: Path, message: str) -> None:
        self._add("ValidationException", path, message)

    def structure(self, path: Path, message: str) -> None:
        self._add("InvalidStructureException", path, message)

    def stage(self, path: Path, message: str) -> None:
        self._add("InvalidStageDeclarationException", path, message)

    def action(self, path: Path, message: str) -> None:
        self._add("InvalidActionDeclarationException", path, message)

    def blocker(self, path: Path, message: str) -> None:
        self._add("InvalidBlockerDeclarationException", path, message)

    def _add(self, code: str, path: Path, message: str) -> None:
        self.found.append(Problem(code, path, message))


def shown(name: str) -> str:
    """A user's name as a message repeats it."""
    return name if len(name) <= SHOWN else name[:SHOWN] + "..."
