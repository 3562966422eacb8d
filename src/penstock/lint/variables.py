"""The variables a buildspec defines."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.buildspec import Buildspec
from penstock.documents.diagnostics import Position


def defined(buildspec: Buildspec) -> Iterator[tuple[str, Position]]:
    """Every name in `env`, wherever its value comes from, and where the name stands."""
    env = buildspec.env
    for entry in (*env.variables, *env.parameter_store):
        yield entry.name, entry.at
    yield from secrets(buildspec, parameters=False)


def secrets(buildspec: Buildspec, parameters: bool = True) -> Iterator[tuple[str, Position]]:
    """The names whose values CodeBuild hides in logs (CB-016)."""
    env = buildspec.env
    for entry in env.parameter_store if parameters else ():
        yield entry.name, entry.at
    for secret in env.secrets_manager:
        yield secret.name, secret.at
