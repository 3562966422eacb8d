"""Repositories elsewhere, as far as triggers ask: where their refs are, which files have changed.

No answer is waited for longer than a while, whatever the other end does.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from datetime import datetime
from urllib.parse import urlsplit

from penstock.actions.git_sources import Remote, RemoteError, remote_environment
from penstock.actions.source_connection import USERS, name_problem
from penstock.decide.git_deliveries import Compared
from penstock.services.codeconnections.secrets import secret_text
from penstock.store import Store
from penstock.store.connections_to_git import GitConnection
from penstock.store.repository_folders import ask_git, end_group, make_folder

PATIENCE = 20.0
"""Seconds that a repository has for telling its refs."""
FETCHING = 120.0
"""Seconds that it has for the trees of two commits."""
_MOST = 32 << 20  # bytes of an answer
_BASE, _HEAD = "refs/penstock/base", "refs/penstock/head"


async def connection_remote(
    store: Store, connection: GitConnection, repository: str, now: datetime
) -> Remote:
    """A repository behind a connection, with its token. Raises RemoteError, AwsError."""
    if connection.place is None:
        raise RemoteError(f"the connection {connection.name} is PENDING")
    if problem := name_problem(repository, "main"):
        raise RemoteError(problem)
    token = ""
    if connection.token is not None:
        token = await secret_text(store, connection, connection.token, now)
    user = USERS.get(connection.provider, "x-access-token")
    return Remote(connection.url(repository), user, token)


async def list_refs(remote: Remote, patience: float = PATIENCE) -> dict[str, str]:
    """The commits of all branches and tags, by full names. Raises RemoteError."""
    output = await _ask(remote, patience, "ls-remote", "-q", "--heads", "--tags", "--", remote.url)
    refs: dict[str, str] = {}
    # Names may have what Unicode calls the end of a line.
    for line in output.decode("utf-8", "replace").removesuffix("\n").split("\n") if output else ():
        commit, _, ref = line.partition("\t")
        refs[ref.removesuffix("^{}")] = commit  # what an annotated tag points to comes after it
    return refs


async def changed_paths(
    remote: Remote, compared: Compared, patience: float = FETCHING
) -> list[str] | None:
    """The files that a change has changed; None where the repository does not tell. Only trees are
    fetched of repositories that can leave the rest."""
    with tempfile.TemporaryDirectory(prefix="penstock-compare-") as own:
        folder = os.path.join(own, "fetched.git")
        await make_folder(folder)
        depth = () if compared.parted else ("--depth=1",)
        names = (f"+{compared.base}:{_BASE}", f"+{compared.head}:{_HEAD}")
        words = ("fetch", "-q", "--no-tags", "--filter=blob:none", *depth, "--", remote.url, *names)
        try:
            await _ask(remote, patience, "--git-dir", folder, *words)
        except RemoteError:
            return None
        dots = "..." if compared.parted else ".."
        found = await ask_git(
            folder, "diff", "--name-only", "--no-renames", "-z", f"{_BASE}{dots}{_HEAD}"
        )
    if found.code != 0:
        return None
    return [path for path in found.output.decode("utf-8", "replace").split("\0") if path]


async def _ask(remote: Remote, patience: float, *words: str) -> bytes:
    """What git prints. Raises RemoteError."""
    process = await asyncio.create_subprocess_exec(
        "git",
        *words,
        cwd="/",  # no repository's, whose settings would count
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=remote_environment(remote, os.environ),
        start_new_session=True,  # its helpers end with it, and none asks on a terminal
    )
    assert process.stdout is not None and process.stderr is not None  # noqa: S101
    where = _shown(remote)
    try:
        async with asyncio.timeout(patience):
            output, complaint = await asyncio.gather(
                _read(process.stdout, where), _read(process.stderr, where)
            )
            code = await process.wait()
    except TimeoutError:
        raise RemoteError(f"{where} has not answered for {patience:g} s") from None
    finally:
        if process.returncode is None:
            end_group(process.pid)
            await process.wait()
    if code != 0:
        text = complaint.decode("utf-8", "replace").strip() or f"git ended with {code}"
        raise RemoteError(text.replace(remote.token, "***") if remote.token else text)
    return output


async def _read(stream: asyncio.StreamReader, where: str) -> bytes:
    """Raises RemoteError where it is too much."""
    data = bytearray()
    while piece := await stream.read(1 << 16):
        data += piece
        if len(data) > _MOST:
            raise RemoteError(f"{where} answers more than {_MOST} bytes")
    return bytes(data)


def _shown(remote: Remote) -> str:
    """Its URL without what it may say of users."""
    host = urlsplit(remote.url).netloc
    return remote.url.replace(host, host.rpartition("@")[2], 1) if host else remote.url
