"""What a `sourceVersion` of a git source names (CB-151)."""

from __future__ import annotations

import re
from typing import NamedTuple

_PINNED = re.compile(r"(.*)\^\{([0-9a-f]{40,64})\}")
_PULL_REQUEST = re.compile(r"pr/(\d+)")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


class Wanted(NamedTuple):
    """`fetch` is what the repository is asked for: a ref, a name, a commit id or HEAD.

    `commit` is the id to check out where the version pins one, else empty.
    """

    fetch: str
    commit: str = ""


def read_version(version: str) -> Wanted:
    """Raises ValueError for what git would take for an option."""
    if version.startswith("-"):
        raise ValueError(f"{version!r} is no source version: it begins with a dash")
    if not version:
        return Wanted("HEAD")
    if pinned := _PINNED.fullmatch(version):
        return Wanted(pinned[1] or pinned[2], pinned[2])
    if request := _PULL_REQUEST.fullmatch(version):
        return Wanted(f"refs/pull/{request[1]}/head")
    return Wanted(version)


def ref_of(version: str) -> str:
    """The branch or tag that a version names for sure or by all appearances, else empty."""
    if pinned := _PINNED.fullmatch(version):
        version = pinned[1]
    if version.startswith(("refs/heads/", "refs/tags/")):
        return version
    if not version or _COMMIT.fullmatch(version) or _PULL_REQUEST.fullmatch(version):
        return ""
    return f"refs/heads/{version}"
