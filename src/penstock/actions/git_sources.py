"""Commits as sources (CP-121…123): found, fetched where they are elsewhere, made into artifacts.

An artifact is a ZIP of the commit's files, or, as CODEBUILD_CLONE_REF, one that says where builds
clone the commit from: a ZIP with a single file, `CLONE`, a JSON object of a `CloneReference`.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from penstock.actions.artifacts import put_artifact
from penstock.actions.contract import Failed, Start
from penstock.documents.pipelines import Action
from penstock.services.codecommit.names import is_commit
from penstock.state.pipelines import Artifact
from penstock.store import Store
from penstock.store.repository_folders import Answer, ask_git, end_group, make_folder, run_git

CLONE = "penstock-clone.json"
FORMAT, CLONED = "OutputArtifactFormat", "CODEBUILD_CLONE_REF"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_LARGEST = 1 << 16  # bytes of a file that says where to clone from
# A helper in the shell that git runs it in: it prints what the environment holds.
_HELPER = '!f() { echo "username=$PENSTOCK_GIT_USER"; echo "password=$PENSTOCK_GIT_TOKEN"; }; f'
_FETCHED = "refs/penstock/fetched"


class RemoteError(Exception):
    """A repository elsewhere does not give what it was asked for. The text says why."""


class CloneReference(NamedTuple):
    """Where builds clone a commit from. `type` is that of CodeBuild's sources, `connection` the ARN
    of the connection whose token it takes, or ""."""

    type: str
    location: str
    commit: str
    branch: str
    connection: str = ""


class Remote(NamedTuple):
    """A repository elsewhere; `token` is "" where it takes none."""

    url: str
    user: str = ""
    token: str = ""


class Commit(NamedTuple):
    """Times are as output variables have them."""

    id: str
    message: str
    authored: str
    committed: str


def asked_commit(start: Start) -> str:
    """The commit that the start of the execution asks this action for, or "" (CP-102). Raises
    ValueError."""
    for override in start.run.overrides:
        if override.action != start.action.name:
            continue
        if override.type != "COMMIT_ID":
            raise ValueError(f"A source revision of type {override.type} is none of git")
        if not is_commit(override.value):
            raise ValueError(f"{override.value!r} is not the full id of a commit")
        return override.value
    return ""


async def read_commit(folder: str, commit: str) -> Commit:
    """Raises GitError."""
    answer = await run_git(folder, "show", "-s", "--no-notes", "--format=%H%n%at%n%ct%n%B", commit)
    found, authored, committed, message = answer.output.decode("utf-8", "replace").split("\n", 3)
    return Commit(found, message.strip(), _time(authored), _time(committed))


def _time(seconds: str) -> str:
    return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"


async def make_artifacts(
    store: Store, start: Start, folder: str, reference: CloneReference
) -> dict[str, Artifact]:
    """The output artifact, by its name, if the action has one. Raises GitError, AwsError, OSError.

    The ZIP of a commit is the same, byte for byte, whenever it is made.
    """
    made: dict[str, Artifact] = {}
    with tempfile.TemporaryDirectory(prefix="penstock-source-") as own:
        path = os.path.join(own, "artifact.zip")
        if start.configuration.get(FORMAT) == CLONED:
            write_reference(reference, path)
        else:
            await run_git(folder, "archive", "--format=zip", f"--output={path}", reference.commit)
        for output in start.action.outputs if isinstance(start.action, Action) else ():
            made[output.name] = await put_artifact(
                store, start, output.name, path, revision=reference.commit
            )
    return made


def write_reference(reference: CloneReference, path: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo(CLONE, _EPOCH), json.dumps(reference._asdict(), indent=2))


def read_reference(path: str) -> CloneReference | None:
    """What an artifact says to clone; None where it is one with files of its own."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.namelist() != [CLONE] or archive.getinfo(CLONE).file_size > _LARGEST:
                return None
            return CloneReference(**json.loads(archive.read(CLONE)))
    except (zipfile.BadZipFile, TypeError, ValueError):
        return None


@asynccontextmanager
async def fetched(remote: Remote, branch: str, commit: str) -> AsyncIterator[tuple[str, str]]:
    """A repository for the time being with a commit of another one, and that commit's id: of the
    branch's tip, unless `commit` names another. Raises RemoteError, GitError."""
    with tempfile.TemporaryDirectory(prefix="penstock-fetch-") as own:
        folder = os.path.join(own, "fetched.git")
        await make_folder(folder)
        if not commit or not await _fetch(folder, remote, commit, "--depth=1"):
            depth = () if commit else ("--depth=1",)
            answer = await _ask(folder, remote, f"refs/heads/{branch}", *depth)
            if answer.code != 0:
                raise RemoteError(_words(answer, remote))
        found = await ask_git(
            folder, "rev-parse", "-q", "--verify", f"{commit or _FETCHED}^{{commit}}"
        )
        if found.code != 0:
            raise RemoteError(f"{bare_url(remote.url)} has no commit {commit} on branch {branch}")
        yield folder, found.text


async def _fetch(folder: str, remote: Remote, what: str, *options: str) -> bool:
    return (await _ask(folder, remote, what, *options)).code == 0


async def _ask(folder: str, remote: Remote, what: str, *options: str) -> Answer:
    words = ("fetch", "-q", "--no-tags", *options, "--", remote.url, f"+{what}:{_FETCHED}")
    process = await asyncio.create_subprocess_exec(
        "git",
        "--git-dir",
        folder,
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=remote_environment(remote, os.environ),
        start_new_session=True,  # its helpers end with it, and none asks on a terminal
    )
    try:
        _, complaint = await process.communicate()
    except BaseException:
        end_group(process.pid)
        await process.wait()
        raise
    return Answer(process.returncode or 0, b"", complaint.decode("utf-8", "replace").strip())


def remote_environment(remote: Remote, environ: Mapping[str, str]) -> dict[str, str]:
    """This process's, without what would lead git elsewhere; credentials stand in no argument."""
    environment = {name: value for name, value in environ.items() if name[:4] != "GIT_"}
    settings = [("http.lowSpeedLimit", "1000"), ("http.lowSpeedTime", "60")]
    url = urlsplit(remote.url)
    if remote.token and url.scheme in ("http", "https"):
        host = url.netloc.rpartition("@")[2]
        settings.append((f"credential.{url.scheme}://{host}.helper", _HELPER))
        environment |= {"PENSTOCK_GIT_USER": remote.user, "PENSTOCK_GIT_TOKEN": remote.token}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return environment


def bare_url(url: str) -> str:
    """Without the user and the password that a setting may have in it."""
    host = urlsplit(url).netloc
    return url.replace(host, host.rpartition("@")[2], 1) if "@" in host else url


def _words(answer: Answer, remote: Remote) -> str:
    text = answer.complaint or f"git fetch ended with {answer.code}"
    text = text.replace(remote.url, bare_url(remote.url))
    user = urlsplit(remote.url).netloc.rpartition("@")[0]
    if user:
        text = text.replace(f"{user}@", "")
    return text.replace(remote.token, "***") if remote.token else text


def failed(what: str, error: Exception) -> Failed:
    """The failure of an action by a ValueError about its start, or by git."""
    code = "ConfigurationError" if isinstance(error, ValueError) else "RevisionUnavailable"
    return Failed(code, f"{what}: {error}")
