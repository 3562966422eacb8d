"""What two commits differ in."""

from __future__ import annotations

from typing import Any

from penstock.errors import AwsError
from penstock.services.codecommit.hosted import Hosted, check_here, list_below, resolve
from penstock.services.codecommit.names import read_folder
from penstock.services.codecommit.repositories import BAD_TOKEN
from penstock.services.paging import make_token, read_token
from penstock.services.service import Answer, Request
from penstock.state.calls import Call
from penstock.state.recorded_repositories import Repository
from penstock.store.repository_folders import ask_git, run_git

PAGE = 100
_EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The tree without anything, which git knows of itself."""


class Differences(Hosted):
    async def get_differences(self, call: Call, request: Request) -> Answer:
        """Without a commit before, against nothing. Paths limit both sides to a folder or a file,
        which may have another name on the other side."""
        found = await self.find(call, request["repositoryName"])
        limit = request.get("MaxResults", PAGE)
        if not 0 < limit <= PAGE:
            raise AwsError("InvalidMaxResultsException", f"MaxResults is from 1 to {PAGE}.")
        given = request.get("beforePath"), request.get("afterPath")
        old, new = (
            read_folder(path or "") for path in (given[0] or given[1], given[1] or given[0])
        )
        check_here(found)
        after = await resolve(found, request["afterCommitSpecifier"])
        named = request.get("beforeCommitSpecifier")
        before = _EMPTY if named is None else await resolve(found, named)
        kind = f"differences:{found.id}:{before}:{after}:{old}:{new}"
        (begin,) = read_token(kind, request.get("NextToken"), BAD_TOKEN) or (0,)
        await _check_paths(found, (before, old), (after, new))
        compare = _compared if old == new else _compared_elsewhere
        differences = await compare(found, before, after, old, new)
        page = [_shape(*one) for one in differences[begin : begin + limit]]
        answer: Answer = {"differences": page}
        if len(differences) > begin + limit:
            answer["NextToken"] = make_token(kind, begin + limit)
        return answer


Blob = tuple[str, str, str] | None
"""The id of a file, its path and its mode; None on a side that lacks it."""


async def _check_paths(found: Repository, *sides: tuple[str, str]) -> None:
    """Raises PathDoesNotExistException for a path that neither side has."""
    for commit, path in sides:
        if not path:
            return
        answer = await ask_git(found.folder, "rev-parse", "--verify", "-q", f"{commit}:{path}")
        if answer.code == 0:
            return
    raise AwsError("PathDoesNotExistException", f"The path {sides[-1][1]} does not exist")


async def _compared(
    found: Repository, before: str, after: str, path: str, _: str
) -> list[tuple[Blob, Blob]]:
    options = ("-r", "-z", "--raw", "--no-renames", "--no-abbrev")
    limits = ("--", path) if path else ()
    answer = await run_git(found.folder, "diff-tree", *options, before, after, *limits)
    fields = answer.output.decode("utf-8", "surrogateescape").split("\0")
    differences: list[tuple[Blob, Blob]] = []
    for about, name in zip(fields[::2], fields[1::2], strict=False):
        mode, new_mode, old_id, new_id, _change = about.removeprefix(":").split()
        differences.append((_blob(old_id, name, mode), _blob(new_id, name, new_mode)))
    return differences


def _blob(object_id: str, path: str, mode: str) -> Blob:
    return None if mode == "000000" else (object_id, path, mode)


async def _compared_elsewhere(
    found: Repository, before: str, after: str, old: str, new: str
) -> list[tuple[Blob, Blob]]:
    """What was below `old` beside what is below `new`."""
    sides: list[dict[str, Blob]] = []
    for commit, path in ((before, old), (after, new)):
        entries = await list_below(found, commit, path)
        sides.append({one.path[len(path) :]: (one.id, one.path, one.mode) for one in entries})
    one, other = sides
    pairs = ((one.get(name), other.get(name)) for name in sorted({*one, *other}))
    return [
        (left, right)
        for left, right in pairs
        if left is None or right is None or (left[0], left[2]) != (right[0], right[2])
    ]


def _shape(before: Blob, after: Blob) -> dict[str, Any]:
    """TypeChanges are modifications here, as they are to the API."""
    change = "A" if before is None else "D" if after is None else "M"
    shape: dict[str, Any] = {"changeType": change}
    for member, blob in (("beforeBlob", before), ("afterBlob", after)):
        if blob is not None:
            shape[member] = dict(zip(("blobId", "path", "mode"), blob, strict=True))
    return shape
