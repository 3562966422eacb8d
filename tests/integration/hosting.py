"""Hosted repositories over HTTP, and git at the other end."""

from __future__ import annotations

import asyncio
import http.client
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from penstock.server import make_app
from penstock.services.codecommit import CodeCommit
from penstock.serving.up import Http
from penstock.settings import Settings
from penstock.state.calls import Call, Principal
from penstock.state.recorded_repositories import Repository
from penstock.store import Store
from penstock.store.facts import tell
from penstock.store.repositories import find_repository

ACCOUNT, REGION = "000000000000", "us-east-1"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ALICE = Principal(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/alice", "AIDAALICE")


class Ran(NamedTuple):
    code: int
    out: str
    err: str


async def git(folder: Path, *arguments: str, **extra: str) -> Ran:
    """Git with nobody's configuration but the test's."""
    process = await asyncio.create_subprocess_exec(
        "git", "-C", str(folder), *arguments, env=environment(folder) | extra,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return Ran(process.returncode or 0, out.decode().strip(), err.decode(errors="replace"))


def environment(folder: Path) -> dict[str, str]:
    who = {
        f"GIT_{role}_{what}": text
        for role in ("AUTHOR", "COMMITTER")
        for what, text in (("NAME", "Ada"), ("EMAIL", "ada@example.com"))
    }
    return who | {
        "PATH": os.environ["PATH"],
        "HOME": str(folder.parent),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }


async def make_repository(
    store: Store, tmp_path: Path, call_of: Callable[..., Call], name: str, region: str
) -> Repository:
    async with store.database.transaction() as connection:
        await tell(connection, "repositories", str(tmp_path / "hosted"))
        await tell(connection, "region", REGION)
    call = call_of("codecommit", "CreateRepository", region=region)
    await CodeCommit(store).create_repository(call, {"repositoryName": name})
    found = await find_repository(store.database, ACCOUNT, region, name)
    assert found is not None
    return found


@asynccontextmanager
async def serving(store: Store, **settings: Any) -> AsyncIterator[str]:
    """The URL of a server."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Http(make_app(store, Settings(**settings)))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        await server.answers.wait()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.over.set()
            await task


async def commit(folder: Path, message: str, **files: bytes) -> str:
    for name, content in (files or {"file": message.encode()}).items():
        (folder / name).write_bytes(content)
    await git(folder, "add", "-A")
    await git(folder, "commit", "-q", "-m", message)
    return (await git(folder, "rev-parse", "HEAD")).out


async def ok(ran: Any) -> str:
    found: Ran = await ran
    assert found.code == 0, found.err
    return found.out


async def events(store: Store) -> list[Any]:
    return await store.database.fetch(
        "SELECT * FROM events WHERE source = 'aws.codecommit' ORDER BY sequence"
    )


async def details(store: Store) -> list[tuple[str, str]]:
    return [(one.detail["event"], one.detail["referenceFullName"]) for one in await events(store)]


REFS = "/git/app/info/refs?service=git-upload-pack"


async def post(url: str, path: str, body: bytes, **headers: str) -> tuple[int, bytes]:
    return await asyncio.to_thread(_ask, url, "POST", path, body, headers)


async def get(url: str, path: str, **headers: str) -> tuple[int, bytes]:
    return await asyncio.to_thread(_ask, url, "GET", path, b"", headers)


def _ask(
    url: str, method: str, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    connection.request(method, path, body, named)
    answer = connection.getresponse()
    found = answer.read()
    connection.close()
    return answer.status, found


async def until(found: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not found():
            await asyncio.sleep(0.01)


@pytest.fixture
async def hosted(store: Store, tmp_path: Path, call_of: Callable[..., Call]) -> Repository:
    """A hosted one that is called app, and empty."""
    return await make_repository(store, tmp_path, call_of, "app", REGION)


@pytest.fixture
async def git_url(store: Store) -> AsyncIterator[str]:
    async with serving(store) as found:
        yield found


@pytest.fixture
async def worktree(tmp_path: Path) -> Path:
    """A work tree with one commit on main."""
    folder = tmp_path / "work"
    folder.mkdir()
    await git(folder, "init", "-q", "-b", "main")
    await commit(folder, "first")
    return folder
