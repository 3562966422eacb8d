"""Where the commands of a build run, as far as the text tells."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from penstock.lint.shell import Call
from penstock.lint.subject import Step, Subject

_HOME = frozenset({"$CODEBUILD_SRC_DIR", "${CODEBUILD_SRC_DIR}"})


def walked(subject: Subject) -> Iterator[tuple[Step, Call, str | None]]:
    """Each call with its directory relative to the source, "" at its root, None if unknown.

    CB-026, CB-027: with version 0.2 a `cd` lasts into later commands and phases.
    """
    directory: str | None = ""
    for step, call in subject.calls():
        yield step, call, directory
        if call.depth == 0:
            directory = _after(call, directory)


def _after(call: Call, directory: str | None) -> str | None:
    words = call.plain
    if call.program in ("pushd", "popd"):
        return None
    if call.program != "cd":
        return directory
    target = words[1] if len(words) == 2 else ""
    for home in _HOME:
        if target == home or target.startswith(home + "/"):
            directory, target = "", target[len(home) :].lstrip("/") or "."
    if call.block or not target or target.startswith(("/", "-", "~")) or "$" in target:
        return None
    if directory is None or "`" in target:
        return None
    place = posixpath.normpath(posixpath.join(directory, target))
    return None if place.startswith("..") else place.removeprefix(".")
