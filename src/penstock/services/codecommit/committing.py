"""Commits that the API makes: CreateCommit, PutFile, DeleteFile (TG-135)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from penstock.errors import AwsError
from penstock.flow.repositories import changing
from penstock.services.codecommit.edits import Change, Edits
from penstock.services.codecommit.files import LARGEST
from penstock.services.codecommit.hosted import Hosted, check_here, find_commit
from penstock.services.codecommit.names import check_branch, is_commit, no_branch, read_path
from penstock.services.codecommit.writing import (
    Author,
    Base,
    has_commit,
    look_at,
    move_branch,
    outdated,
    write_blob,
    write_commit,
    write_tree,
)
from penstock.services.service import Answer, Request
from penstock.state.calls import Call
from penstock.state.recorded_repositories import BRANCH, TAG

MOST_FILES = 100
LONGEST_NAME = 255
LONGEST_MESSAGE = 10 << 10
_IN_IDENTS = re.compile(r"[<>\n\x00]")

Member = Mapping[str, Any]


class Asked(NamedTuple):
    """The files that a request is about."""

    puts: Sequence[Member] = ()
    deletes: Sequence[Member] = ()
    modes: Sequence[Member] = ()

    @property
    def paths(self) -> list[str]:
        entries = (*self.puts, *self.deletes, *self.modes)
        return [read_path(entry["filePath"]) for entry in entries]

    @property
    def sources(self) -> list[str]:
        sources = (entry.get("sourceFile") for entry in self.puts)
        return [read_path(source["filePath"]) for source in sources if source]


class Written(NamedTuple):
    commit: str
    tree: str
    changes: Sequence[Change]


class Committing(Hosted):
    async def create_commit(self, call: Call, request: Request) -> Answer:
        asked = Asked(
            request.get("putFiles") or (),
            request.get("deleteFiles") or (),
            request.get("setFileModes") or (),
        )
        _check_entries(asked)
        author = _author(call, request.get("authorName"), request.get("email"))
        written = await self._commit(call, request, asked, author)
        answer: Answer = {"commitId": written.commit, "treeId": written.tree}
        for member, verb in (("filesAdded", "A"), ("filesUpdated", "M"), ("filesDeleted", "D")):
            answer[member] = [
                {"absolutePath": one.path, "blobId": one.blob, "fileMode": one.mode}
                for one in written.changes
                if one.verb == verb
            ]
        return answer

    async def put_file(self, call: Call, request: Request) -> Answer:
        author = _author(call, request.get("name"), request.get("email"))
        try:
            written = await self._commit(call, request, Asked(puts=(request,)), author)
        except AwsError as error:
            if error.code != "NoChangeException":
                raise
            message = "The file has this content and this mode already."
            raise AwsError("SameFileContentException", message) from None
        return {
            "commitId": written.commit,
            "blobId": written.changes[0].blob,
            "treeId": written.tree,
        }

    async def delete_file(self, call: Call, request: Request) -> Answer:
        author = _author(call, request.get("name"), request.get("email"))
        written = await self._commit(call, request, Asked(deletes=(request,)), author)
        path = read_path(request["filePath"])
        (gone,) = (one for one in written.changes if one.path == path)
        return {
            "commitId": written.commit,
            "blobId": gone.blob,
            "treeId": written.tree,
            "filePath": path,
        }

    async def _commit(self, call: Call, request: Request, asked: Asked, author: Author) -> Written:
        """Raises AwsError."""
        message = request.get("commitMessage", "")
        if len(message.encode()) > LONGEST_MESSAGE:
            raise AwsError(
                "CommitMessageLengthExceededException", "The commit message is too long."
            )
        base = await self._base(call, request)
        edits = Edits(await look_at(base, [*asked.paths, *asked.sources]))
        for put in asked.puts:
            content = put.get("fileContent")
            blob = None if content is None else await write_blob(base.repository, content)
            edits.put(put, blob)
        for delete in asked.deletes:
            edits.delete(delete["filePath"])
        for mode in asked.modes:
            edits.set_mode(mode["filePath"], mode["fileMode"])
        edits.check()
        keep = request.get("keepEmptyFolders", False)
        tree = await write_tree(base, edits, keep_folders=keep)
        changes = edits.changes()
        if not changes:
            raise AwsError("NoChangeException", "The commit would change nothing.")
        commit = await write_commit(base, tree, author, message)
        async with changing(self.store, base.repository, call.principal.arn) as held:
            moved = await move_branch(base, commit, held)
        if not moved:
            raise outdated(base)
        return Written(commit, tree, changes)

    async def _base(self, call: Call, request: Request) -> Base:
        """Raises AwsError."""
        found = await self.find(call, request["repositoryName"])
        branch, parent = request["branchName"], request.get("parentCommitId")
        check_branch(branch)
        check_here(found)
        if parent and not is_commit(parent):
            raise AwsError(
                "InvalidParentCommitIdException", f"The parent commit ID is not valid: {parent}"
            )
        base = Base(found, branch, await find_commit(found, BRANCH + branch) or "")
        if not base.tip:
            if await find_commit(found, TAG + branch):
                raise AwsError("BranchNameIsTagNameException", f"{branch} is the name of a tag.")
            if found.default_branch is not None or parent:
                raise no_branch(branch)
        elif not parent:
            raise AwsError(
                "ParentCommitIdRequiredException",
                f"A parent commit ID is required: branch {branch} has commits.",
            )
        elif parent != base.tip:
            if not await has_commit(found, parent):
                raise AwsError(
                    "ParentCommitDoesNotExistException", f"Commit {parent} does not exist"
                )
            raise outdated(base)
        return base


def _check_entries(asked: Asked) -> None:
    """Raises AwsError."""
    paths = asked.paths
    if not paths:
        raise AwsError("FileEntryRequiredException", "A commit has at least one file entry.")
    if len(paths) > MOST_FILES:
        raise AwsError(
            "MaximumFileEntriesExceededException",
            f"A commit has at most {MOST_FILES} file entries.",
        )
    if len(set(paths)) < len(paths):
        raise AwsError("SamePathRequestException", "A path is there more than once.")
    for put in asked.puts:
        if len(put.get("fileContent") or b"") > LARGEST:
            raise AwsError(
                "FileContentSizeLimitExceededException",
                f"{put['filePath']} is larger than {LARGEST} bytes. Push it with git.",
            )


def _author(call: Call, name: str | None, email: str | None) -> Author:
    """Raises AwsError. Without a name it is the caller's."""
    name = name or call.principal.arn.rpartition(":")[2].rpartition("/")[2]
    if len(name) > LONGEST_NAME:
        raise AwsError("NameLengthExceededException", "The name is too long.")
    if _IN_IDENTS.search(email or "") or len(email or "") > LONGEST_NAME:
        raise AwsError("InvalidEmailException", f"The email address is not valid: {email!r}")
    return Author(_IN_IDENTS.sub(" ", name).strip() or "unknown", email or "", call.now)
