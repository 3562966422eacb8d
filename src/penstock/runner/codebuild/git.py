"""Git asked in the background, and what its files tell without asking."""

from __future__ import annotations

import os
import re
import select
from typing import NamedTuple

# The caller's repository must not be taken for the source's: git hooks run with GIT_DIR and
# GIT_INDEX_FILE set. Only the variables that say where the configuration lies are handed on.
_KEPT = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
_PIPE_BYTES = 1 << 20  # room for some 20,000 names, so that git need not wait for us to read
_USER = re.compile(r"^([a-zA-Z][\w+.-]*)://([^/?#]*)@")


class Answer(NamedTuple):
    """How a git command ended: its exit code, what it printed, and its words on stderr."""

    code: int
    output: bytes
    complaint: str


class Git:
    """A git command at work in a folder; `answer` or `close` must follow.

    Raises FileNotFoundError where git is not installed.
    """

    def __init__(self, folder: str, *arguments: str) -> None:
        # No program named by the folder's own configuration runs merely because we look.
        argv = ["git", "-C", folder, "-c", "core.fsmonitor=false", *arguments]
        output, output_end = _pipe()
        complaint, complaint_end = os.pipe()
        try:
            self._pid = os.posix_spawnp(
                "git",
                argv,
                _environment(),
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, output_end, 1),
                    (os.POSIX_SPAWN_DUP2, complaint_end, 2),
                ],
            )
        except OSError:
            os.close(output)
            os.close(complaint)
            raise
        finally:
            os.close(output_end)
            os.close(complaint_end)
        self._said: dict[int, list[bytes]] = {output: [], complaint: []}
        self._open = [output, complaint]

    def answer(self) -> Answer:
        """Waits for the end of the command."""
        while self._open:
            for pipe in select.select(self._open, [], [])[0]:
                if chunk := os.read(pipe, _PIPE_BYTES):
                    self._said[pipe].append(chunk)
                else:
                    self._open.remove(pipe)
                    os.close(pipe)
        code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        output, complaint = (b"".join(chunks) for chunks in self._said.values())
        return Answer(code, output, complaint.decode("utf-8", "replace").strip())

    def close(self) -> None:
        """Ends the command, should nobody want its answer any more."""
        os.kill(self._pid, 15)
        self.answer()


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


def _pipe() -> tuple[int, int]:
    import fcntl

    read_end, write_end = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        try:
            fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        except OSError:
            pass  # over the user's quota: git waits for us a little more often
    return read_end, write_end


def _environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in _KEPT}
    return kept | {"GIT_TERMINAL_PROMPT": "0"}
