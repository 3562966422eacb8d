"""Files and folders of a commit, and blobs by their ids."""

from __future__ import annotations

from typing import Any

from penstock.errors import AwsError
from penstock.services.codecommit.hosted import (
    FOLDER,
    MODES,
    SUBMODULE,
    Entry,
    Hosted,
    check_here,
    list_entries,
    read_entries,
    resolve,
    size_of,
)
from penstock.services.codecommit.names import is_commit, read_folder, read_path
from penstock.services.service import Answer, Request
from penstock.state.calls import Call
from penstock.state.recorded_repositories import Repository
from penstock.store.repository_folders import ask_git, run_git

LARGEST = 6 << 20
"""Bytes of a file that the API hands out, or takes."""


class Files(Hosted):
    async def get_file(self, call: Call, request: Request) -> Answer:
        found = await self.find(call, request["repositoryName"])
        path = read_path(request["filePath"])
        check_here(found)
        commit = await resolve(found, request.get("commitSpecifier"))
        entries = await list_entries(found, commit, path)
        if not entries or entries[0].mode not in MODES:
            raise AwsError(
                "FileDoesNotExistException", f"The file {path} does not exist in {commit}"
            )
        content = await self._content(found, entries[0].id)
        return {
            "commitId": commit,
            "blobId": entries[0].id,
            "filePath": path,
            "fileMode": MODES[entries[0].mode],
            "fileSize": len(content),
            "fileContent": content,
        }

    async def get_blob(self, call: Call, request: Request) -> Answer:
        found = await self.find(call, request["repositoryName"])
        blob = request["blobId"]
        if not is_commit(blob):
            raise AwsError("InvalidBlobIdException", f"The blob ID is not valid: {blob}")
        check_here(found)
        return {"content": await self._content(found, blob)}

    async def _content(self, found: Repository, blob: str) -> bytes:
        size = await size_of(found, blob, "blob")
        if size is None:
            raise AwsError("BlobIdDoesNotExistException", f"Blob {blob} does not exist")
        if size > LARGEST:
            raise AwsError(
                "FileTooLargeException",
                f"The file has {size} bytes, and the API hands out at most {LARGEST}. Clone the"
                " repository to have it.",
            )
        return (await run_git(found.folder, "cat-file", "blob", blob)).output

    async def get_folder(self, call: Call, request: Request) -> Answer:
        found = await self.find(call, request["repositoryName"])
        path = read_folder(request["folderPath"])
        check_here(found)
        commit = await resolve(found, request.get("commitSpecifier"))
        tree = await ask_git(found.folder, "rev-parse", "--verify", "-q", f"{commit}:{path}")
        entries = (
            await ask_git(found.folder, "ls-tree", "-z", tree.text) if tree.code == 0 else tree
        )
        if entries.code != 0:
            raise AwsError(
                "FolderDoesNotExistException", f"The folder {path} does not exist in {commit}"
            )
        answer: dict[str, Any] = {"commitId": commit, "folderPath": path, "treeId": tree.text}
        lists: dict[str, list[Answer]] = {
            "subFolders": [],
            "files": [],
            "symbolicLinks": [],
            "subModules": [],
        }
        for entry in read_entries(entries):
            kind, item = _item(entry, f"{path}/" if path else "")
            lists[kind].append(item)
        return answer | lists


def _item(entry: Entry, above: str) -> tuple[str, Answer]:
    """In which list of GetFolder it is, and what it is there."""
    item = {"absolutePath": above + entry.path, "relativePath": entry.path}
    if entry.mode == FOLDER:
        return "subFolders", {"treeId": entry.id, **item}
    if entry.mode == SUBMODULE:
        return "subModules", {"commitId": entry.id, **item}
    mode = MODES.get(entry.mode, "NORMAL")
    kind = "symbolicLinks" if mode == "SYMLINK" else "files"
    return kind, {"blobId": entry.id, **item, "fileMode": mode}
