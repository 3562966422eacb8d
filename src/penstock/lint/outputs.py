"""The files a buildspec says a build leaves behind."""

from __future__ import annotations

import re

from penstock.documents.buildspec import Artifact, Buildspec
from penstock.documents.diagnostics import Position

_WILD = re.compile(r"[*?\[$`]")


def artifacts_of(buildspec: Buildspec) -> tuple[Artifact, ...]:
    outputs = buildspec.artifacts
    if outputs is None:
        return ()
    # Without `files` there is no primary artifact to look at, only the place to hang it on.
    return (*((outputs.primary,) if outputs.primary.files else ()), *outputs.secondary)


def literal_folder(pattern: str) -> str:
    """The folders a pattern begins with before anything is expanded: `a/b/**/*.js` -> `a/b`."""
    wild = _WILD.search(pattern)
    return pattern[: wild.start() if wild else None].rpartition("/")[0].removeprefix("./")


def folders_of(artifact: Artifact) -> tuple[tuple[str, Position], ...]:
    """The folders, each once, that must be there for the artifact: its base, or its patterns'."""
    base = artifact.base_directory
    patterns = [(f"{base.rstrip('/')}/", artifact.at)] if base else list(artifact.files)
    found: dict[str, Position] = {}
    for pattern, at in patterns:
        found.setdefault(literal_folder(pattern), at)
    return tuple((folder, at) for folder, at in found.items() if folder not in ("", "."))
