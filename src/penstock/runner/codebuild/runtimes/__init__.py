"""Which installation a buildspec's `runtime-versions` get: pure decisions (CB-050, CB-051, CB-123).

What is installed on a machine is found by `host`; an image's own list of runtimes is read
by `image`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

NAMES = ("dotnet", "golang", "java", "nodejs", "php", "python", "ruby", "rust")
"""The runtimes of CodeBuild's maintained images (CB-054)."""

LATEST = "latest"

# `18`, `18.x`, `v18.2`, `corretto17`, `openjdk11`: the vendor's name is not held against a JDK,
# as no machine but CodeBuild's need have Corretto.
_WANTED = re.compile(r"[a-z]*(\d+(?:\.\d+)*)(?:\.x)*")


class Link(NamedTuple):
    """A name under which a program is to be found; with arguments it takes a script to do so."""

    name: str
    program: str
    arguments: tuple[str, ...] = ()


class Installed(NamedTuple):
    """A version of a runtime that is there, and what makes a build use it.

    `version` is as much of it as is known (`3.12` for Debian's python3.12), `source` who installed
    it. `directory` has its programs and is to come first on PATH; it is empty where PATH already
    leads to them. `links` are names that are missing there. `first` says that PATH leads to it.
    """

    runtime: str
    version: str
    source: str
    directory: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    links: tuple[Link, ...] = ()
    first: bool = False

    def __str__(self) -> str:
        return f"{self.runtime} {self.version} from {self.source}"


class NoFit(NamedTuple):
    """A version that is not there, and the installations of that runtime that are."""

    runtime: str
    wanted: str
    there: tuple[Installed, ...]

    def __str__(self) -> str:
        """The warning, for a build that goes on with what PATH has."""
        found = ", ".join(f"{one.version} ({one.source})" for one in _newest_first(self.there))
        return (
            f"{self.runtime} {self.wanted} is not installed: this machine has "
            f"{found or f'no {self.runtime}'}. Install it to build as CodeBuild does."
        )

    def refusal(self) -> str:
        """The error, for a build that is to fail as CodeBuild's would."""
        versions = ", ".join(dict.fromkeys(one.version for one in _newest_first(self.there)))
        return (
            f"Unknown runtime version named '{self.wanted}' of {self.runtime}. "
            f"This machine has the following versions: {versions or 'none'}"
        )


class Selection(NamedTuple):
    """What became of all `runtime-versions`. With an `error` the build fails, YAML_FILE_ERROR."""

    lines: tuple[str, ...]
    chosen: tuple[Installed, ...] = ()
    missing: tuple[NoFit, ...] = ()
    error: str = ""

    @property
    def links(self) -> tuple[Link, ...]:
        return tuple(link for one in self.chosen for link in one.links)

    def settings(self, path: str, links: str) -> dict[str, str]:
        """The variables to set. `path` is PATH without them, `links` the folder of the links."""
        folders = [links] if self.links else []
        folders += [one.directory for one in self.chosen if one.directory]
        variables = dict(pair for one in self.chosen for pair in one.environment)
        if folders:
            variables["PATH"] = ":".join([*dict.fromkeys(folders), path])
        return variables


def select(wanted: Iterable[tuple[str, str]], installed: Sequence[Installed]) -> Selection:
    """Chooses for each runtime and version wanted, in the buildspec's order.

    The versions are literal: who calls has put in the values of variables.
    """
    wanted = tuple(wanted)
    lines = tuple(selecting(runtime, version) for runtime, version in wanted)
    error = unknown((runtime for runtime, _ in wanted), NAMES)
    if error:
        return Selection(lines, error=error)
    outcomes = [choose(runtime, version, installed) for runtime, version in wanted]
    chosen = tuple(one for one in outcomes if isinstance(one, Installed))
    missing = tuple(one for one in outcomes if isinstance(one, NoFit))
    return Selection((*lines, *map(str, chosen)), chosen, missing)


def choose(runtime: str, wanted: str, installed: Sequence[Installed]) -> Installed | NoFit:
    """The highest version that fits: all its parts, as far as wanted, are the wanted ones.

    Among equals, the one that PATH leads to.
    """
    there = tuple(one for one in installed if one.runtime == runtime)
    parts = _wanted_parts(wanted)
    if parts is None:
        return NoFit(runtime, wanted, there)
    fits = [one for one in there if version_parts(one.version)[: len(parts)] == parts]
    if not fits:
        return NoFit(runtime, wanted, there)
    return max(fits, key=lambda one: (version_parts(one.version), one.first))


def selecting(runtime: str, version: str) -> str:
    """The agent's line for a runtime that the buildspec names (CB-123)."""
    return f"Selecting '{runtime}' runtime version '{version}' based on manual selections..."


def unknown(names: Iterable[str], known: Iterable[str]) -> str:
    """CodeBuild's error for the first runtime that is not known (CB-051); empty if all are."""
    known = sorted(known)
    for name in names:
        if name not in known:
            has = f"This build image has the following runtimes: {', '.join(known)}"
            return f"Unknown runtime named '{name}'. {has}"
    return ""


def version_parts(version: str) -> tuple[int, ...]:
    """`3.12.1` as numbers, to be compared. Empty where there are none."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _wanted_parts(wanted: str) -> tuple[int, ...] | None:
    if wanted == LATEST:
        return ()
    found = _WANTED.fullmatch(wanted)
    return version_parts(found[1]) if found else None


def _newest_first(installed: Iterable[Installed]) -> list[Installed]:
    return sorted(installed, key=lambda one: version_parts(one.version), reverse=True)
