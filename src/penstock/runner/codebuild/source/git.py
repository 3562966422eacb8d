"""Git asked in the background, and what its files tell without asking."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from penstock.runner.codebuild.source.program import Program

# The caller's repository must not be taken for the source's: git hooks run with GIT_DIR and
# GIT_INDEX_FILE set. Only the variables that say where the configuration lies are handed on.
_KEPT = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
_USER = re.compile(r"^([a-zA-Z][\w+.-]*)://([^/?#]*)@")


class Git(Program):
    """A git command at work in a folder. Raises FileNotFoundError where git is not installed."""

    def __init__(self, folder: str, *arguments: str) -> None:
        # No program named by the folder's own configuration runs merely because we look.
        command = ("git", "-C", folder, "-c", "core.fsmonitor=false", *arguments)
        super().__init__(command, _environment())


class WorkTree(NamedTuple):
    """A work tree: its top folder, its git directory, and the one it shares with its siblings.

    A linked work tree has HEAD and index in `directory`; refs, objects and configuration are in
    `common`. Elsewhere both are the same.
    """

    top: str
    directory: str
    common: str


class Head(NamedTuple):
    """What HEAD says (`ref: refs/heads/main`, or a commit id), and the commit's id or ""."""

    content: bytes
    commit: str


Configuration = list[tuple[str, str]]


def find_work_tree(folder: str) -> WorkTree | None:
    """The work tree that a folder is in, found as git finds it: by the nearest `.git` above."""
    top = folder
    while True:
        path = os.path.join(top, ".git")
        if os.path.isfile(path):
            return _linked(top, path)
        if os.path.lexists(os.path.join(path, "HEAD")):
            return _work_tree(top, path)
        parent = os.path.dirname(top)
        if parent == top:
            return None
        top = parent


def read_head(tree: WorkTree) -> Head:
    """HEAD, followed through refs in files; no commit where the branch has none yet."""
    path = os.path.join(tree.directory, "HEAD")
    if os.path.islink(path):
        content = b"ref: " + os.fsencode(os.readlink(path))
    else:
        content = _read(path).strip()
    value = content
    for _ in range(5):  # git itself follows no more symbolic refs than that
        if not value.startswith(b"ref:"):
            break
        value = _read_ref(tree, os.fsdecode(value[4:].strip()))
    return Head(content, value.decode() if re.fullmatch(rb"[0-9a-f]{40,64}", value) else "")


def parse_configuration(output: bytes) -> Configuration:
    """The pairs in what `git config -z --list` prints; a bare key means true."""
    pairs = (entry.partition(b"\n") for entry in output.split(b"\0") if entry)
    return [(os.fsdecode(key), os.fsdecode(value) if sep else "true") for key, sep, value in pairs]


def without_credentials(url: str) -> str:
    """A remote's URL without password, and without user name where that may be a token (http)."""
    found = _USER.match(url)
    if not found:
        return url
    scheme, user = found.groups()
    name = "" if scheme.lower().startswith("http") else user.partition(":")[0]
    return f"{scheme}://{name + '@' if name else ''}{url[found.end() :]}"


def _linked(top: str, path: str) -> WorkTree:
    content = _read(path)
    leads_to = os.fsdecode(content.removeprefix(b"gitdir:").strip())
    return _work_tree(top, os.path.normpath(os.path.join(top, leads_to)))


def _work_tree(top: str, directory: str) -> WorkTree:
    shared = os.fsdecode(_read(os.path.join(directory, "commondir")).strip())
    return WorkTree(top, directory, os.path.normpath(os.path.join(directory, shared)))


def _read_ref(tree: WorkTree, name: str) -> bytes:
    for directory in (tree.directory, tree.common):
        if value := _read(os.path.join(directory, name)).strip():
            return value
    packed = _read(os.path.join(tree.common, "packed-refs"))
    line = rb"^([0-9a-f]{40,64}) " + re.escape(os.fsencode(name)) + rb"$"
    found = re.search(line, packed, re.MULTILINE)
    return found[1] if found else b""


def _read(path: str) -> bytes:
    """A file's content; empty where there is none to be had."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in _KEPT}
    return kept | {"GIT_TERMINAL_PROMPT": "0"}
