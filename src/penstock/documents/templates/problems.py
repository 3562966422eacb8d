"""Gathers what is wrong with a body, in the order in which an API call names the first."""

from __future__ import annotations

from penstock.documents.templates import Path, Problem

LIMIT = 500
"""Problems kept of one template; nobody reads more."""
SHOWN = 255
"""Characters of a user's text that a message repeats: no name has more."""


class Problems:
    def __init__(self) -> None:
        self.found: list[Problem] = []

    def format(self, path: Path, message: str) -> None:
        self.add(path, f"Template format error: {message}")

    def error(self, path: Path, message: str) -> None:
        self.add(path, f"Template error: {message}")

    def add(self, path: Path, message: str) -> None:
        if len(self.found) < LIMIT:
            self.found.append(Problem(path, message))


def shown(text: object) -> str:
    short = str(text)
    return short if len(short) <= SHOWN else short[:SHOWN] + "..."


def pointer(path: Path) -> str:
    """A path as CloudFormation writes it: [/Resources/Bucket/Properties]."""
    return f"[/{'/'.join(str(step) for step in path)}]"
