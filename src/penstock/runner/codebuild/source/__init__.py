"""A local build's source: a clean copy of a folder, the folder itself, or one of its commits.

`begin` sets git to work, at most two short commands; the caller reads the buildspec meanwhile, and
then `prepare` has little left to wait for. Outside a work tree no git is started.
"""

from __future__ import annotations

import errno
import os
import re
from typing import NamedTuple

from penstock.runner.codebuild.source.copying import Copier
from penstock.runner.codebuild.source.git import (
    Configuration,
    Git,
    Head,
    WorkTree,
    find_work_tree,
    parse_configuration,
    read_head,
    without_credentials,
)
from penstock.runner.codebuild.source.git_directory import (
    adopt_index,
    make_git_directory,
    uses_reftable,
)
from penstock.runner.codebuild.source.program import Answer
from penstock.runner.codebuild.source.removing import remove

_AT_A_TIME = 8  # nested repositories that are listed at once
_LIST = ("ls-files", "-z", "-c", "-o", "--exclude-standard")
_BRANCH_AT_COMMIT = re.compile(r".+\^\{([0-9a-f]{40,64})\}")


class SourceError(Exception):
    """The source cannot be had; the message says why, and what to do."""


class Source(NamedTuple):
    """Where a build's source is, and what CodeBuild's variables say of it (CB-113, CB-114).

    `version` is the commit as the user gave it, `resolved_version` its id (in a copy: the id of the
    commit that the work tree is based on), `repo_url` that of `origin`, without credentials.
    """

    path: str
    version: str = ""
    resolved_version: str = ""
    repo_url: str = ""
    notes: tuple[str, ...] = ()


def begin(folder: str, *, in_place: bool = False, commit: str = "") -> Query:
    """Starts finding out about a folder. Follow it with `prepare`, or with `close`.

    Raises SourceError for what no source can be made from.
    """
    folder = os.path.abspath(folder)
    if not os.path.isdir(folder):
        raise SourceError(f"There is no folder {folder}: give the one that has the sources.")
    if commit and in_place:
        raise SourceError("A commit is built in a copy: leave out either the commit or in-place.")
    tree = find_work_tree(folder)
    if commit and tree is None:
        raise SourceError(f"{folder} is in no git work tree, so there is no commit {commit!r}.")
    return Query(folder, tree, in_place=in_place, commit=commit)


class Query:
    """What is being found out about a folder. Made by `begin`; used once."""

    def __init__(self, folder: str, tree: WorkTree | None, *, in_place: bool, commit: str) -> None:
        self._folder = folder
        self._tree = tree
        self._in_place = in_place
        self._commit = commit
        self._notes: list[str] = []
        self._listing: Git | None = None
        self._settings: Git | None = None
        if tree is None:
            return
        revision = _revision(commit)
        try:
            self._settings = Git(folder, "config", "--local", "--includes", "-z", "--list")
            if commit:
                self._listing = Git(folder, "rev-parse", "--verify", revision)
            elif not in_place:
                self._listing = Git(folder, *_LIST)
        except FileNotFoundError:
            if commit:
                raise SourceError(f"Install git: it alone can check out {commit!r}.") from None
            self._notes.append("git is not installed: all files were copied, without .git.")

    def prepare(self, destination: str = "", *, self_contained: bool = False) -> Source:
        """Makes the source, in the new folder `destination` unless it is built in place.

        `self_contained` makes a `.git` that needs nothing of the original. Raises SourceError, and
        then leaves nothing behind.
        """
        configuration = self._configuration()
        if self._in_place:
            return self._source(self._folder, configuration, self._head(configuration))
        self._make_folder(destination)
        complete = False
        try:
            make = self._check_out if self._commit else self._copy
            head = make(destination, configuration, self_contained)
            complete = True
        except OSError as error:
            raise SourceError(_cannot_copy(self._folder, destination, error)) from None
        finally:
            if not complete:
                self.close()
                _remove_quietly(destination)
        return self._source(destination, configuration, head)

    def close(self) -> None:
        """Ends what is still running."""
        for git in (self._listing, self._settings):
            if git is not None:
                git.close()
        self._listing = self._settings = None

    def _make_folder(self, path: str) -> None:
        try:
            os.mkdir(path)
        except OSError as error:
            self.close()
            raise SourceError(f"Cannot make the folder for the source: {error}") from None

    def _copy(self, destination: str, configuration: Configuration, self_contained: bool) -> Head:
        """Copies the work tree's files, or all of the folder's where git cannot tell which."""
        copier = Copier(self._folder, destination)
        head = self._head(configuration)
        names = self._names()
        if names is None:
            copier.tree(without=b".git" if self._tree else None)
        else:
            copier.entries(names)
            self._copy_nested(copier)
            self._copy_git(destination, configuration, head, self_contained)
        self._notes += copier.notes()
        return head

    def _copy_nested(self, copier: Copier) -> None:
        """Copies the files of submodules, and of repositories that nobody added."""
        while copier.folders:
            some, copier.folders[:] = copier.folders[:_AT_A_TIME], copier.folders[_AT_A_TIME:]
            asked: list[tuple[bytes, Git]] = []
            for name in some:
                copier.directory(name)
                path = os.path.join(self._folder, os.fsdecode(name))
                if os.path.lexists(os.path.join(path, ".git")):
                    asked.append((name, Git(path, *_LIST)))
            for name, git in asked:
                answer = git.answer()
                if answer.code == 0:
                    copier.entries([name + b"/" + inner for inner in _split(answer.output)])
                else:
                    self._note_refusal(os.path.join(self._folder, os.fsdecode(name)), answer)
                    copier.tree(name, without=name + b"/.git")

    def _copy_git(
        self,
        destination: str,
        configuration: Configuration,
        head: Head,
        self_contained: bool,
    ) -> None:
        tree = self._tree
        if tree is None:
            return
        if tree.top != self._folder:
            self._notes.append(f"The copy has no .git: build {tree.top} to have one.")
            return
        make_git_directory(tree, configuration, head, destination, self_contained=self_contained)
        adopt_index(tree, destination)

    def _check_out(
        self, destination: str, configuration: Configuration, self_contained: bool
    ) -> Head:
        """Checks the commit out with a git directory of its own; the user's is only read."""
        answer = self._listed()
        if self._tree is None or answer.code != 0:
            raise SourceError(
                f"git finds no commit {self._commit!r} in {self._folder}: {answer.complaint}\n"
                "Give a branch, a tag or a commit id of this repository; `git fetch` gets new ones."
            )
        commit = answer.output.decode().strip()
        head = Head(answer.output.strip(), commit)
        make_git_directory(
            self._tree, configuration, head, destination, self_contained=self_contained
        )
        within = os.path.relpath(self._folder, self._tree.top)
        wanted = commit if within == "." else f"{commit}:{within}"
        answer = Git(destination, "read-tree", "--reset", "-u", wanted).answer()
        if answer.code != 0:
            raise SourceError(f"git cannot check out {wanted}: {answer.complaint}")
        if within != ".":
            remove(os.path.join(destination, ".git"))
            self._notes.append(f"The copy has no .git: build {self._tree.top} to have one.")
        return head

    def _source(self, path: str, configuration: Configuration, head: Head) -> Source:
        url = without_credentials(dict(configuration).get("remote.origin.url", ""))
        return Source(path, self._commit, head.commit, url, tuple(self._notes))

    def _configuration(self) -> Configuration:
        if self._settings is None:
            return []
        answer, self._settings = self._settings.answer(), None
        return parse_configuration(answer.output)

    def _head(self, configuration: Configuration) -> Head:
        if self._tree is None:
            return Head(b"", "")
        if not uses_reftable(configuration):
            return read_head(self._tree)
        found = Git(self._folder, "rev-parse", "--verify", "--quiet", "HEAD").answer().output
        return Head(found.strip(), found.decode().strip())

    def _listed(self) -> Answer:
        if self._listing is None:
            return Answer(1, b"", "")
        answer, self._listing = self._listing.answer(), None
        return answer

    def _names(self) -> list[bytes] | None:
        """The names that git lists; None where it lists nothing to go by."""
        if self._tree is None or self._listing is None:
            return None
        answer = self._listed()
        if answer.code != 0:
            self._note_refusal(self._folder, answer)
            return None
        names = _split(answer.output)
        if not names and self._tree.top != self._folder:
            self._notes.append(f"{self._tree.top} ignores {self._folder}: all of it was copied.")
            return None
        return names

    def _note_refusal(self, folder: str, answer: Answer) -> None:
        self._notes.append(
            f"git does not list the files of {folder}, so all were copied, without .git: "
            + answer.complaint
        )


def _revision(commit: str) -> str:
    """A revision for git; `refs/heads/x^{id}` is a commit said to be on a branch (CB-151)."""
    if commit.startswith("-"):
        raise SourceError(f"{commit!r} is no commit: a revision does not begin with a dash.")
    pinned = _BRANCH_AT_COMMIT.fullmatch(commit)
    return f"{pinned[1] if pinned else commit}^{{commit}}"


def _split(output: bytes) -> list[bytes]:
    """The names in git's output, each once: a file in conflict has up to three entries."""
    return list(dict.fromkeys(name.rstrip(b"/") for name in output.split(b"\0") if name))


def _remove_quietly(path: str) -> None:
    try:
        remove(path)
    except OSError:
        pass  # the error that brought us here says more


def _cannot_copy(folder: str, destination: str, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        why = f"the disk under {os.path.dirname(destination)} is full."
    else:
        why = f"{error}."
    return (
        f"Cannot copy {folder} for the build: {why}\n"
        "Free some space, let TMPDIR name a folder on another disk, or build in place."
    )
