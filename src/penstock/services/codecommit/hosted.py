"""What all of CodeCommit's operations need: the repository, and what git knows of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from penstock.errors import AwsError
from penstock.services.codecommit.names import check_name, is_commit, is_ref, no_repository
from penstock.services.service import Service
from penstock.state.calls import Call
from penstock.state.recorded_repositories import BRANCH, TAG, Repository
from penstock.store import repositories as rows
from penstock.store.repository_folders import Answer, ask_git, is_here, run_git

MODES = {"100755": "EXECUTABLE", "100644": "NORMAL", "100664": "NORMAL", "120000": "SYMLINK"}
SUBMODULE = "160000"
FOLDER = "040000"
ARGUMENTS = 1 << 17  # bytes of paths in one command; two megabytes are allowed, with all the rest


class Entry(NamedTuple):
    """Something in a commit's tree; `path` is from the top."""

    mode: str
    kind: str
    id: str
    path: str


class Hosted(Service):
    async def find(self, call: Call, name: str) -> Repository:
        """Raises AwsError."""
        check_name(name)
        found = await rows.find_repository(self.store.database, call.account, call.region, name)
        if found is None:
            raise no_repository(name)
        return found


async def find_commit(repository: Repository, specifier: str) -> str | None:
    """The id of a commit that is named by its id, a branch, a tag, a full ref, or HEAD.

    Expressions such as `main~1` name none.
    """
    if is_commit(specifier):
        candidates = [specifier]
    elif not is_ref(specifier):
        return None
    elif specifier == "HEAD" or specifier.startswith("refs/"):
        candidates = [specifier]
    else:
        candidates = [BRANCH + specifier, TAG + specifier]
    for candidate in candidates:
        answer = await ask_git(
            repository.folder, "rev-parse", "--verify", "-q", f"{candidate}^{{commit}}"
        )
        if answer.code == 0:
            return answer.text
    return None


async def resolve(repository: Repository, specifier: str | None) -> str:
    """As above; without a specifier the default branch's. Raises AwsError."""
    if specifier is None and repository.default_branch is not None:
        specifier = BRANCH + repository.default_branch
    found = await find_commit(repository, specifier) if specifier else None
    if found is None:
        what = specifier or "the default branch"
        raise AwsError("CommitDoesNotExistException", f"Commit {what} does not exist")
    return found


async def list_entries(repository: Repository, commit: str, *paths: str) -> list[Entry]:
    """Those of `paths` that are in a commit, without what else is below them."""
    wanted = set(paths)
    options = ("-z", "-t", "--full-tree", commit, "--")
    found = []
    for some in _batches(paths):
        answer = await run_git(repository.folder, "ls-tree", *options, *some)
        found += [entry for entry in read_entries(answer) if entry.path in wanted]
    return found


def _batches(paths: Iterable[str]) -> Iterator[list[str]]:
    """As many as a command takes at once."""
    batch: list[str] = []
    size = 0
    for path in paths:
        size += len(path.encode("utf-8", "surrogateescape"))
        if batch and size > ARGUMENTS:
            yield batch
            batch, size = [], len(path)
        batch.append(path)
    yield batch


async def list_below(repository: Repository, commit: str, path: str) -> list[Entry]:
    """All files of a commit that are below a path, or at it; all there are with ""."""
    limits = ("--", path) if path else ()
    return read_entries(
        await run_git(repository.folder, "ls-tree", "-r", "-z", "--full-tree", commit, *limits)
    )


def read_entries(answer: Answer) -> list[Entry]:
    found = []
    for line in answer.output.split(b"\0"):
        if line:
            about, _, path = line.partition(b"\t")
            mode, kind, object_id = about.decode().split()
            found.append(Entry(mode, kind, object_id, path.decode("utf-8", "surrogateescape")))
    return found


async def size_of(repository: Repository, object_id: str, kind: str) -> int | None:
    """In bytes; None where there is no such object of the kind."""
    answer = await run_git(
        repository.folder, "cat-file", "--batch-check", text=f"{object_id}\n".encode()
    )
    parts = answer.text.split()
    return int(parts[2]) if len(parts) == 3 and parts[1] == kind else None


async def read_commits(repository: Repository, ids: list[str]) -> dict[str, dict[str, Any]]:
    """The commits there are, in the API's shape, by id."""
    text = "".join(f"{one}^{{commit}}\n" for one in ids).encode()
    answer = await run_git(repository.folder, "cat-file", "--batch", text=text)
    found, data = {}, answer.output
    for one in ids:
        head, _, data = data.partition(b"\n")
        parts = head.split()
        if len(parts) != 3 or parts[1] != b"commit":
            continue
        size = int(parts[2])
        body, data = data[:size], data[size + 1 :]
        if parts[0].decode() == one:  # and not the id of a tag
            found[one] = _commit(one, body)
    return found


def _commit(commit_id: str, body: bytes) -> dict[str, Any]:
    head, _, message = body.decode("utf-8", "replace").partition("\n\n")
    people: dict[str, dict[str, str]] = {}
    parents, tree = [], ""
    for line in head.split("\n"):
        key, _, value = line.partition(" ")
        if key == "parent":
            parents.append(value)
        elif key == "tree":
            tree = value
        elif key in ("author", "committer"):
            people[key] = _person(value)
    return {
        "commitId": commit_id,
        "treeId": tree,
        "parents": parents,
        "message": message,
        **people,
        "additionalData": "",
    }


def _person(text: str) -> dict[str, str]:
    name, _, rest = text.partition(" <")
    email, _, date = rest.rpartition("> ")
    return {"name": name, "email": email, "date": date}


def check_here(repository: Repository) -> None:
    """Raises AwsError where the server has not the repository's files."""
    if not is_here(repository.folder):
        raise AwsError(
            "ServiceUnavailable",
            f"The files of {repository.name} are not in {repository.root} on this server.",
            503,
        )
