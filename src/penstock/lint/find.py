"""Which files to lint: those named; of the folders named the buildspecs, templates, pipelines."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from penstock.documents.diagnostics import Diagnostic, Position, Severity

_NAME = re.compile(r"(?:buildspec.*|.*buildspec)\.ya?ml", re.IGNORECASE)
_ANY_YAML = re.compile(r".*\.ya?ml", re.IGNORECASE)
_DOCUMENT = re.compile(r".*\.(?:ya?ml|json|template)", re.IGNORECASE)
_FOLDERS = frozenset({"buildspec", "buildspecs"})
_TOOLS = """
.git .hg .svn .tox .nox .venv .mypy_cache .pytest_cache .ruff_cache .terraform .serverless
.aws-sam __pycache__ node_modules bower_components cdk.out site-packages
"""
_SKIPPED = frozenset(_TOOLS.split())
_PHASES = re.compile(rb"^phases[ \t]*:", re.MULTILINE)
_MOST_BYTES = 10_000_000
_MOST_BYTES_OF_TEMPLATE = 1_000_000
_CLOUD_ASSEMBLIES = ("cdk.out", "assembly-")


class Found(NamedTuple):
    """`files` in order, each once; `problems` are paths that do not exist."""

    files: tuple[str, ...]
    problems: tuple[str, ...]


def find(paths: Sequence[str]) -> Found:
    """A file is taken whatever its name; of a folder, what is named like a buildspec, and what
    reads like a template or the declaration of a pipeline.

    Files that git ignores are skipped, unless they or their folder were named.
    """
    files: dict[str, None] = {}
    problems = []
    for path in paths:
        if "\0" in path or not os.path.lexists(path):
            problems.append(f"no such file or folder: {path!r}")
        elif os.path.isdir(path):
            below = sorted(_below(path))
            ignored = _ignored_by_git(path, below)
            files |= dict.fromkeys(name for name in below if name not in ignored)
        else:
            files[path] = None
    return Found(tuple(files), tuple(problems))


def read(file: str) -> bytes | Diagnostic:
    """The file's content, or why it has none."""
    try:
        # Opening a pipe would wait for a writer.
        status = os.stat(file)
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            return _unreadable(file, f"this is {kind}, not a file to lint", "rename or remove it")
        if status.st_size > _MOST_BYTES:
            return _unreadable(file, "this is larger than 10 MB: no buildspec and no template is")
        with open(file, "rb") as opened:
            return opened.read(_MOST_BYTES)
    except FileNotFoundError:
        return _unreadable(file, "this link leads nowhere", "remove it, or restore its target")
    except OSError as error:
        return _unreadable(file, f"this cannot be read: {error.strerror}")


def _unreadable(file: str, message: str, hint: str = "") -> Diagnostic:
    return Diagnostic(file, Position(1, 1), "unreadable-file", Severity.ERROR, message, hint)


def _below(folder: str) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        # A folder called buildspec.yml is what a build would fail on: reported, not entered.
        for name in (*files, *(name for name in folders if _NAME.fullmatch(name))):
            path = os.path.normpath(os.path.join(place, name))
            if _NAME.fullmatch(name) or _is_listed(path) or _is_document(path):
                yield path
        folders[:] = [name for name in folders if _enters(place, name)]


def _enters(place: str, name: str) -> bool:
    if os.path.basename(os.path.abspath(place)).startswith(_CLOUD_ASSEMBLIES):
        # The others are assets: what is deployed, not what deploys it.
        return name.startswith(_CLOUD_ASSEMBLIES)
    virtual = os.path.join(place, name, "pyvenv.cfg")
    return name not in _SKIPPED and not _NAME.fullmatch(name) and not os.path.exists(virtual)


def _is_listed(path: str) -> bool:
    """A YAML file with phases in a folder called buildspec(s), as many repositories have."""
    folder = os.path.basename(os.path.dirname(path))
    if folder.lower() not in _FOLDERS or not _ANY_YAML.fullmatch(os.path.basename(path)):
        return False
    content = read(path)
    return isinstance(content, bytes) and _PHASES.search(content) is not None


def _is_document(path: str) -> bool:
    if not _DOCUMENT.fullmatch(path):
        return False
    try:
        status = os.stat(path)
    except OSError:
        return False
    if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES_OF_TEMPLATE:
        return False
    content = read(path)
    if isinstance(content, Diagnostic):
        return False
    from penstock.lint.kinds import is_document

    return is_document(content)


def _ignored_by_git(folder: str, files: Sequence[str]) -> frozenset[str]:
    import shutil
    import subprocess

    git = shutil.which("git")
    if git is None or not files:
        return frozenset()
    names = "\0".join(os.path.abspath(file) for file in (folder, *files))
    done = subprocess.run(
        [git, "-C", folder, "check-ignore", "--stdin", "-z"],
        input=os.fsencode(names),
        capture_output=True,
        check=False,
    )
    ignored = set(os.fsdecode(done.stdout).split("\0"))
    if os.path.abspath(folder) in ignored:
        return frozenset()
    return frozenset(file for file in files if os.path.abspath(file) in ignored)
