"""Names of repositories, branches, commits and files, and AWS's words where they are none."""

from __future__ import annotations

import re

from penstock.errors import AwsError

_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# What git allows in the name of a ref, component by component.
_REF = re.compile(r"(?!\.)(?!.*(?:\.lock|\.)$)(?!.*(?:\.\.|@\{))[^\x00-\x20\x7f~^:?*\[\\/]+")
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f]")
LONGEST_BRANCH, LONGEST_PART = 256, 250
LONGEST_PATH, MOST_FOLDERS = 4096, 256  # characters, and names in a path


def check_name(name: str) -> None:
    """Raises InvalidRepositoryNameException (TG-135)."""
    if not _REPOSITORY.fullmatch(name) or name.endswith(".git") or name in (".", ".."):
        raise AwsError(
            "InvalidRepositoryNameException",
            "The repository name is not valid. Repository names can be any valid combination of"
            " letters, numbers, periods, underscores, and dashes between 1 and 100 characters in"
            " length. Names are case sensitive. Repository names cannot end in .git.",
        )


def no_repository(name: str) -> AwsError:
    return AwsError("RepositoryDoesNotExistException", f"{name} does not exist")


def is_ref(name: str) -> bool:
    if not name or name == "@" or len(name) > LONGEST_PATH:
        return False
    return all(_REF.fullmatch(part) for part in name.split("/"))


def check_branch(name: str) -> None:
    """Raises InvalidBranchNameException."""
    if _is_too_long(name):
        raise AwsError(
            "InvalidBranchNameException",
            f"The specified branch name is too long: it has at most {LONGEST_BRANCH} characters,"
            f" and here at most {LONGEST_PART} bytes between slashes",
        )
    if not is_ref(name) or name.startswith("-") or name == "HEAD":
        raise AwsError(
            "InvalidBranchNameException",
            f"The specified branch name is not valid: {name!r}. A branch name is a valid name of a"
            " git reference without refs/heads/ before it.",
        )


def _is_too_long(name: str) -> bool:
    """Refs are files: each part of a name is one, and has a lock beside it."""
    return len(name) > LONGEST_BRANCH or any(
        len(part.encode()) > LONGEST_PART for part in name.split("/")
    )


def no_branch(name: str) -> AwsError:
    return AwsError("BranchDoesNotExistException", f"Branch {name} does not exist")


def is_commit(text: str) -> bool:
    return _COMMIT.fullmatch(text) is not None


def read_path(path: str) -> str:
    """A path in a repository without slashes at its ends. Raises InvalidPathException."""
    if len(path) > LONGEST_PATH:
        raise invalid_path(path[:100] + "…", f"it has more than {LONGEST_PATH} characters")
    parts = path.strip("/").split("/")
    if len(parts) > MOST_FOLDERS:
        raise invalid_path(path[:100] + "…", f"it has more than {MOST_FOLDERS} folders")
    if _UNWRITABLE.search(path) or any(part in ("", ".", "..", ".git") for part in parts):
        raise invalid_path(
            path, "it has a part that is empty, ., .. or .git, or a control character"
        )
    return "/".join(parts)


def invalid_path(path: str, why: str) -> AwsError:
    return AwsError("InvalidPathException", f"The specified path is not valid: {path!r}: {why}")


def read_folder(path: str) -> str:
    """As `read_path`; the top folder, `/` or nothing, is ""."""
    return read_path(path) if path.strip("/") else ""
