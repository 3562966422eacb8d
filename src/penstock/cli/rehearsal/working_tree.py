"""A folder as it is now, as a git repository: what a commit and a push of it would bring."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping

NAME = "Penstock rehearsal"
BRANCH = "rehearsal"


class TreeError(Exception):
    """The folder cannot be read as a source. The text says why."""


def commit_tree(folder: str, repository: str) -> str:
    """Makes a bare repository of what is in a folder, and returns the commit that has it.

    In a git work tree that is what git tracks, as it is now, and what it does not ignore; its
    history and tags are behind that commit, or it is the last one where nothing has changed since.
    Elsewhere it is everything, and so it is of a folder within a work tree. Raises TreeError.
    """
    if not os.path.isdir(folder):
        raise TreeError(f"{folder} is no folder")
    _git(folder, "init", "--quiet", "--bare", f"--initial-branch={BRANCH}", repository)
    own = {
        "GIT_DIR": repository,
        "GIT_WORK_TREE": os.path.abspath(folder),
        "GIT_INDEX_FILE": os.path.join(repository, "index"),
        **{f"GIT_{who}_{what}": text for who in ("AUTHOR", "COMMITTER") for what, text in _WHO},
    }
    files = _files(folder)
    if files is None:
        _git(folder, "add", "--all", "--force", ".", environment=own)
    else:
        listed = b"\0".join(map(os.fsencode, files))
        _git(folder, "update-index", "--add", "-z", "--stdin", given=listed, environment=own)
    tree = _git(folder, "write-tree", environment=own)
    head = _head(folder)
    if head:
        _share_objects(folder, repository)
    if head and _git(folder, "rev-parse", f"{head}^{{tree}}") == tree:
        commit = head
    else:
        said = f"The working tree of {os.path.basename(os.path.abspath(folder))}"
        behind = ("-p", head) if head else ()
        commit = _git(folder, "commit-tree", *behind, "-m", said, tree, environment=own)
    _git(folder, "update-ref", f"refs/heads/{BRANCH}", commit, environment=own)
    return commit


def pack_tree(repository: str, path: str) -> None:
    """The commit's files as a ZIP archive. Raises TreeError."""
    _git(repository, "--git-dir", repository, "archive", "--format=zip", f"--output={path}", BRANCH)


def push_tree(repository: str, url: str, branch: str) -> None:
    """Raises TreeError."""
    targets = (f"{BRANCH}:refs/heads/{branch}", "refs/tags/*:refs/tags/*")
    _git(repository, "--git-dir", repository, "push", "--quiet", "--force", url, *targets)


_WHO = (("NAME", NAME), ("EMAIL", "rehearsal@localhost"))


def _head(folder: str) -> str:
    """The last commit of a repository whose work tree is this folder, and which has all of its
    history; "" where there is none."""
    try:
        top = _git(folder, "rev-parse", "--show-cdup")
        head = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        shallow = _git(folder, "rev-parse", "--is-shallow-repository")
    except TreeError:
        return ""
    return "" if top or shallow == "true" or _is_partial(folder) else head


def _is_partial(folder: str) -> bool:
    """Whether objects are left where it was cloned from until they are needed."""
    try:
        return "true" in _git(folder, "config", "--get-regexp", r"^remote\..*\.promisor$")
    except TreeError:
        return False


def _share_objects(folder: str, repository: str) -> None:
    """Gives the new repository all commits and tags of the folder's, without a copy."""
    objects = os.path.join(
        os.path.abspath(folder), _git(folder, "rev-parse", "--git-path", "objects")
    )
    with open(os.path.join(repository, "objects", "info", "alternates"), "w") as file:
        file.write(f"{os.path.normpath(objects)}\n")
    tags = _git(folder, "for-each-ref", "--format=create %(refname) %(objectname)", "refs/tags")
    given = f"{tags}\n".encode() if tags else b""
    _git(repository, "--git-dir", repository, "update-ref", "--stdin", given=given)


def _files(folder: str) -> Iterator[str] | None:
    """Of a work tree, all that would be committed; None for a folder that is in none."""
    try:
        _git(folder, "rev-parse", "--is-inside-work-tree")
    except TreeError:
        return None
    listed = _git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return (
        name
        for name in sorted(set(filter(None, listed.split("\0"))))
        if os.path.lexists(path := os.path.join(folder, name))
        and (os.path.islink(path) or not os.path.isdir(path))  # a submodule's folder is not its
    )


def _git(
    folder: str, *words: str, given: bytes = b"", environment: Mapping[str, str] | None = None
) -> str:
    # Whoever the folder belongs to: nothing of it is executed.
    settings = ("-c", "safe.directory=*", "-c", "core.autocrlf=false", "-c", "commit.gpgSign=false")
    try:
        done = subprocess.run(
            ["git", *settings, *words],
            cwd=folder,
            env=_outside(environment or {}),
            input=given,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise TreeError("git is not installed: a rehearsal needs it") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise TreeError(f"{folder} cannot be read as a source: {said}")
    return os.fsdecode(done.stdout).strip("\n")


def _outside(environment: Mapping[str, str]) -> dict[str, str]:
    """The user's variables without those by which git would work in another repository."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    return kept | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"} | dict(environment)
