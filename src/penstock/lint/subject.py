"""What a rule looks at: one buildspec, its lines, its commands as the shell reads them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from penstock.documents.buildspec import Buildspec, Command, Phase
from penstock.documents.diagnostics import Position
from penstock.documents.findings import Findings
from penstock.documents.yaml_text import BREAK, decode
from penstock.lint.places import locate
from penstock.lint.shell import Call, calls

_WINDOWS = re.compile(
    r"""\$env: | \b(?:Write|Get|Set|New|Remove|Copy|Import|Invoke|Start|Test)-[A-Z]\w+
    | \.(?:ps1|exe|bat|cmd)\b | \b[A-Z]:\\ | \bchoco[ ]install\b | [\w.]\\(?:;|\Z)""",
    re.VERBOSE,
)


class Step(NamedTuple):
    """A command of a phase, and the calls it makes. No calls where the shell is none we read."""

    phase: Phase
    command: Command
    calls: tuple[Call, ...]


class Subject(NamedTuple):
    """`shell` is "bash", "sh" or, for PowerShell and others, "". `root` is the folder a build would
    start in: artifact paths are relative to it."""

    file: str
    lines: tuple[str, ...]
    buildspec: Buildspec
    steps: tuple[Step, ...]
    shell: str
    root: str

    def place(self, command: Command, offset: int) -> Position:
        return locate(self.lines, command.text, command.at, offset)

    def calls(self) -> Iterator[tuple[Step, Call]]:
        for step in self.steps:
            for call in step.calls:
                yield step, call

    def exists(self, path: str) -> bool:
        """Whether the source tree holds the path; paths that lead out of it are never looked at."""
        if os.path.isabs(path) or ".." in path.split("/") or "\0" in path:
            return False
        return os.path.lexists(os.path.join(self.root, path))


def subject_of(file: str, data: bytes, buildspec: Buildspec) -> Subject:
    shell = _shell(buildspec)
    steps = tuple(
        Step(phase, command, calls(command.text) if shell else ())
        for phase in buildspec.phases
        for command in (*phase.commands, *phase.finally_)
    )
    return Subject(file, lines_of(data), buildspec, steps, shell, source_root(file))


def lines_of(data: bytes) -> tuple[str, ...]:
    """The file's lines as the YAML parser counts them."""
    text = decode(data, Findings(""))
    return tuple(BREAK.split(data.decode("utf-8", "replace") if text is None else text))


def source_root(file: str) -> str:
    """The repository around the file, else its folder: a build starts at the source's root."""
    own = folder = os.path.dirname(os.path.abspath(file))
    while not os.path.lexists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return own
        folder = above
    return folder


def _shell(buildspec: Buildspec) -> str:
    """CB-017: sh by default; a Windows image starts PowerShell, which only the commands betray."""
    name = (buildspec.env.shell or "").rpartition("/")[2]
    if name:
        return name if name in ("sh", "bash") else ""
    commands = (command.text for phase in buildspec.phases for command in phase.commands)
    return "" if any(_WINDOWS.search(text) for text in commands) else "sh"
