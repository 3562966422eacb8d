"""Commits written by git's plumbing, in an index of their own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from penstock.errors import AwsError
from penstock.services.codecommit.edits import Edits, File, folders_of
from penstock.services.codecommit.hosted import Entry, list_entries
from penstock.state.recorded_repositories import BRANCH, Repository
from penstock.store.repository_folders import ask_git, run_git


class Base(NamedTuple):
    """Where a commit is to come; `tip` is "" where nothing has been committed yet."""

    repository: Repository
    branch: str
    tip: str


class Author(NamedTuple):
    name: str
    email: str
    now: datetime

    @property
    def variables(self) -> dict[str, str]:
        date = f"{int(self.now.timestamp())} +0000"
        return {
            f"GIT_{role}_{what}": text
            for role in ("AUTHOR", "COMMITTER")
            for what, text in (("NAME", self.name), ("EMAIL", self.email), ("DATE", date))
        }


async def look_at(base: Base, paths: list[str]) -> dict[str, Entry]:
    """What is at some paths, and at all folders above them, by path."""
    if not base.tip or not paths:
        return {}
    wanted = {path for one in paths for path in (one, *folders_of(one))}
    found = await list_entries(base.repository, base.tip, *sorted(wanted))
    return {entry.path: entry for entry in found}


async def write_blob(repository: Repository, content: bytes) -> str:
    """Its id."""
    answer = await run_git(repository.folder, "hash-object", "-w", "--stdin", text=content)
    return answer.text


async def write_tree(base: Base, edits: Edits, *, keep_folders: bool) -> str:
    """The id of the tree that the edits make of the tip's."""
    folder = base.repository.folder
    with tempfile.TemporaryDirectory(prefix="penstock-index-", dir=folder) as own:
        variables = {"GIT_INDEX_FILE": os.path.join(own, "index")}
        await run_git(folder, "read-tree", base.tip or "--empty", variables=variables)
        tree = await _changed(folder, variables, edits.wanted)
        if keep_folders and (empty := await _emptied(base, tree, edits.wanted)):
            edits.keep(empty, await write_blob(base.repository, b""))
            tree = await _changed(folder, variables, edits.wanted)
    return tree


async def _changed(
    folder: str, variables: Mapping[str, str], wanted: Mapping[str, File | None]
) -> str:
    gone = [f"0 {'0' * 40}\t{path}\0" for path, file in wanted.items() if file is None]
    put = [f"{file.mode} {file.blob}\t{path}\0" for path, file in wanted.items() if file]
    text = "".join((*gone, *put)).encode("utf-8", "surrogateescape")
    taken = await run_git(
        folder, "update-index", "-z", "--index-info", text=text, variables=variables
    )
    if taken.complaint:  # it leaves out what it does not allow, such as .GIT, and goes on
        raise AwsError("InvalidPathException", f"git does not take a path: {taken.complaint}")
    return (await run_git(folder, "write-tree", variables=variables)).text


async def _emptied(base: Base, tree: str, wanted: Mapping[str, File | None]) -> list[str]:
    """The folders that files have gone from, and that nothing is left in."""
    left = {path.rpartition("/")[0] for path, file in wanted.items() if file is None} - {""}
    if not left:
        return []
    there = {entry.path for entry in await list_entries(base.repository, tree, *sorted(left))}
    return sorted(left - there)


async def write_commit(base: Base, tree: str, author: Author, message: str) -> str:
    """Its id; no branch has it yet."""
    parents = ("-p", base.tip) if base.tip else ()
    answer = await run_git(
        base.repository.folder,
        "commit-tree",
        *parents,
        "-F",
        "-",
        tree,
        text=(message or "\n").encode(),
        variables=author.variables,
    )
    return answer.text


async def move_branch(base: Base, commit: str, held: int) -> bool:
    """False where the branch is elsewhere meanwhile."""
    moved = await ask_git(
        base.repository.folder,
        "update-ref",
        BRANCH + base.branch,
        commit,
        base.tip or "0" * len(commit),
        hold=(held,),
    )
    return moved.code == 0


async def has_commit(repository: Repository, commit: str) -> bool:
    return (await ask_git(repository.folder, "cat-file", "-e", f"{commit}^{{commit}}")).code == 0


def outdated(base: Base) -> AwsError:
    return AwsError(
        "ParentCommitIdOutdatedException",
        f"The parent commit ID is not that of the tip of branch {base.branch}. Get the branch again"
        " and commit on top of what it has.",
    )
