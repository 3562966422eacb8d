"""What a `penstock run` command line asks for, checked and read before anything happens."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from penstock.cli.options import Given
from penstock.runner.codebuild.source import Query, SourceError, begin

if TYPE_CHECKING:
    from penstock.documents.buildspec import Buildspec

PHASES = ("install", "pre_build", "build", "post_build")
DEFAULT_TIMEOUT = 3600.0
MOST_SECONDS = 36 * 3600.0  # CB-133
UNITS = {"s": 1, "m": 60, "h": 3600}
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class RequestError(Exception):
    """The command line cannot be carried out. The text says why and what to do."""


class Request(NamedTuple):
    """A `penstock run`: the options, and what was read for them.

    `file` is the buildspec as messages name it. `source` is at work already, finding out what the
    source folder holds. `timeout` is in seconds.
    """

    given: Given
    folder: str
    file: str
    spec: Buildspec
    source: Query
    overrides: Mapping[str, str]
    environ: Mapping[str, str]
    timeout: float


def read_request(given: Given, folder: str, environ: Mapping[str, str]) -> Request | None:
    """The request, or None after telling what is wrong with the buildspec. Raises RequestError."""
    timeout = _seconds(given.last("timeout"))
    overrides = _overrides(given, environ)
    try:
        source = begin(folder, in_place=given.has("in_place"), commit=given.last("commit") or "")
    except SourceError as error:
        raise RequestError(str(error)) from None
    file = given.last("buildspec") or _default_buildspec(folder)
    spec = _read(_content(given, folder, file), file, environ)
    if spec is None:
        source.close()
        print(f"\n{file} is not a buildspec that CodeBuild would run.", file=sys.stderr)
        return None
    spec = _with_phases(spec, given.all("phase"), given.all("skip_phase"))
    return Request(given, folder, file, spec, source, overrides, environ, timeout)


def _read(text: bytes, file: str, environ: Mapping[str, str]) -> Buildspec | None:
    """The buildspec, after telling what was found in it; None where CodeBuild would refuse it."""
    from penstock.documents.remembered import recall, remember

    folder = cache_folder(environ)
    kept = os.path.join(folder, "buildspecs") if folder else ""
    remembered = recall(kept, text) if kept else None
    if remembered is not None:
        return remembered
    from penstock.documents.buildspec_reader import read_buildspec

    spec, diagnostics = read_buildspec(text, file)
    for diagnostic in diagnostics:
        print(diagnostic, file=sys.stderr)
    if kept and spec is not None and not diagnostics:
        remember(kept, text, spec)
    return spec


def cache_folder(environ: Mapping[str, str]) -> str:
    """Where what may be lost is kept between runs; empty for a user who has no home."""
    home = environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(home, "penstock") if os.path.isabs(home) else ""


def _default_buildspec(folder: str) -> str:
    """CodeBuild knows one name; the other spelling is accepted where only it is there."""
    other = "buildspec.yaml"
    there = os.path.exists(os.path.join(folder, "buildspec.yml"))
    if not there and os.path.exists(os.path.join(folder, other)):
        raise RequestError(
            f"{other}: CodeBuild looks for buildspec.yml. Rename it, or give it with "
            f"--buildspec {other} as the project would."
        )
    return "buildspec.yml"


def _content(given: Given, folder: str, file: str) -> bytes:
    commit = given.last("commit")
    if commit:
        return _committed(folder, commit, file)
    try:
        with open(os.path.join(folder, file), "rb") as content:
            return content.read()
    except IsADirectoryError:
        raise RequestError(f"{file} is a folder, not a buildspec.") from None
    except FileNotFoundError:
        raise RequestError(
            f"There is no {file} in {folder} (CodeBuild: YAML_FILE_ERROR: YAML file does not "
            "exist). Go to the folder that has it, or name it with --buildspec FILE."
        ) from None
    except OSError as error:
        raise RequestError(f"{file} cannot be read: {error.strerror}.") from None


def _committed(folder: str, commit: str, file: str) -> bytes:
    from penstock.runner.codebuild.source.git import Git

    answer = Git(folder, "show", "--end-of-options", f"{commit}:./{file}").answer()
    if answer.code:
        raise RequestError(f"{file} of commit {commit} cannot be read: {answer.complaint}")
    return answer.output


def _with_phases(spec: Buildspec, only: tuple[str, ...], skipped: tuple[str, ...]) -> Buildspec:
    """Phases left out are entered all the same, with nothing to do (CB-036)."""
    kept = tuple(
        phase
        for phase in spec.phases
        if (not only or phase.name in only) and phase.name not in skipped
    )
    return spec._replace(phases=kept)


def _seconds(text: str | None) -> float:
    if text is None:
        return DEFAULT_TIMEOUT
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if match is None or float(match[1]) <= 0:
        raise RequestError(f"--timeout {text}: write a number and a unit, such as 90s, 10m or 2h.")
    seconds = float(match[1]) * UNITS[match[2]]
    if seconds > MOST_SECONDS:
        raise RequestError(f"--timeout {text}: CodeBuild allows 36h at most.")
    return seconds


def _env_file(path: str) -> dict[str, str]:
    from penstock.runner.codebuild.secrets import SecretsError
    from penstock.runner.codebuild.secrets.dotenv import parse

    try:
        with open(path, encoding="utf-8") as file:
            return parse(file.read(), path)
    except SecretsError as error:
        raise RequestError(f"--env-file {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"--env-file {path} cannot be read: {error}.") from None


def _overrides(given: Given, environ: Mapping[str, str]) -> dict[str, str]:
    variables: dict[str, str] = {}
    for path in given.all("env_file"):
        variables |= _env_file(path)
    for word in given.all("env"):
        name, equals, value = word.partition("=")
        if not NAME.fullmatch(name):
            raise RequestError(f"--env {word}: {name!r} is no name of a variable.")
        if equals:
            variables[name] = value
        elif name in environ:
            variables[name] = environ[name]
        else:
            raise RequestError(f"--env {name}: it is not set here. Write --env {name}=VALUE.")
    return variables
