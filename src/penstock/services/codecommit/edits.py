"""What is to become of the files of a commit: pure, from what is there and what is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from penstock.errors import AwsError
from penstock.services.codecommit.hosted import FOLDER, MODES, SUBMODULE, Entry
from penstock.services.codecommit.names import read_path

KEEP = ".gitkeep"
_GIT_MODES = {"EXECUTABLE": "100755", "NORMAL": "100644", "SYMLINK": "120000"}


class File(NamedTuple):
    """A file as git has it."""

    mode: str
    blob: str


class Change(NamedTuple):
    """`verb` is A, M or D; `mode` is the API's. Of what is gone, blob and mode are those it had."""

    verb: str
    path: str
    blob: str
    mode: str


class Edits:
    """`there` are the entries of all paths that are asked for, and of the folders above them."""

    def __init__(self, there: Mapping[str, Entry]) -> None:
        self._there = there
        self._wanted: dict[str, File | None] = {}

    @property
    def wanted(self) -> Mapping[str, File | None]:
        """The files that are to be otherwise, by path; None for those that are to go."""
        return self._wanted

    def put(self, entry: Mapping[str, Any], blob: str | None) -> None:
        """`blob` is the id of the content that was given, if any was. Raises AwsError."""
        path, source = read_path(entry["filePath"]), entry.get("sourceFile")
        mode = _GIT_MODES[entry.get("fileMode", "NORMAL")]
        if blob is None:
            if not source:
                raise AwsError(
                    "SourceFileOrContentRequiredException",
                    f"{path}: a source file or content is required.",
                )
            origin = read_path(source["filePath"])
            file = self._file(origin)
            blob = file.blob
            mode = mode if "fileMode" in entry else file.mode
            if source.get("isMove"):
                self._wanted[origin] = None
        elif source:
            raise AwsError(
                "FileContentAndSourceFileSpecifiedException",
                f"{path}: both content and a source file are given; one of them is allowed.",
            )
        self._wanted[path] = File(mode, blob)

    def delete(self, path: str) -> None:
        """Raises AwsError."""
        path = read_path(path)
        self._file(path)
        self._wanted[path] = None

    def set_mode(self, path: str, mode: str) -> None:
        """Raises AwsError."""
        path = read_path(path)
        self._wanted[path] = File(_GIT_MODES[mode], self._file(path).blob)

    def keep(self, folders: Iterable[str], blob: str) -> None:
        """Puts an empty file into folders that would be gone otherwise."""
        for folder in folders:
            self._wanted[f"{folder}/{KEEP}"] = File(_GIT_MODES["NORMAL"], blob)

    def changes(self) -> list[Change]:
        """In the order of paths; what stays as it is, is none."""
        found = []
        for path, file in sorted(self._wanted.items()):
            entry = self._there.get(path)
            if file is None:
                if entry is not None:
                    found.append(Change("D", path, entry.id, MODES[entry.mode]))
            elif entry is None or (entry.mode, entry.id) != file:
                verb = "A" if entry is None else "M"
                found.append(Change(verb, path, file.blob, MODES[file.mode]))
        return found

    def check(self) -> None:
        """Raises AwsError where a file would be where a folder is, or the other way round."""
        files = [path for path, file in self._wanted.items() if file is not None]
        for path in files:
            entry = self._there.get(path)
            if entry is not None and entry.mode == SUBMODULE:
                raise _in_submodule(path)
            above = set(folders_of(path))
            if (entry is not None and entry.mode == FOLDER) or any(
                path in folders_of(other) for other in files
            ):
                raise AwsError(
                    "FileNameConflictsWithDirectoryNameException",
                    f"{path} is the name of a folder.",
                )
            for folder in above:
                self._check_folder(path, folder)

    def _check_folder(self, path: str, folder: str) -> None:
        entry = self._there.get(folder)
        if entry is None or entry.mode == FOLDER or self._wanted.get(folder, entry) is None:
            return
        if entry.mode == SUBMODULE:
            raise _in_submodule(path)
        raise AwsError(
            "DirectoryNameConflictsWithFileNameException",
            f"{path} cannot be there: {folder} is a file.",
        )

    def _file(self, path: str) -> File:
        entry = self._there.get(path)
        if entry is None or entry.mode not in MODES:
            raise AwsError("FileDoesNotExistException", f"The file {path} does not exist")
        return File(entry.mode, entry.id)


def folders_of(path: str) -> list[str]:
    """Those that a path is in, the top one first."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _in_submodule(path: str) -> AwsError:
    return AwsError(
        "FilePathConflictsWithSubmodulePathException", f"{path} is in a submodule, or is one."
    )
