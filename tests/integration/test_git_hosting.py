"""Pushes and fetches over HTTP: real git at one end, uvicorn and the application at the other."""

from __future__ import annotations

import asyncio
import base64
import gzip
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from penstock.serving.git_credentials import Place, signature
from penstock.state.calls import Call
from penstock.state.recorded_repositories import Repository
from penstock.store import Store
from penstock.store.access_keys import issue_key, revoke_key
from penstock.store.repositories import recorded_refs

from .hosting import (
    ALICE,
    REFS,
    REGION,
    commit,
    details,
    events,
    get,
    git,
    make_repository,
    ok,
    post,
    serving,
)

pytestmark = pytest.mark.anyio


# What git can do


async def test_what_is_pushed_can_be_cloned(
    store: Store, hosted: Repository, git_url: str, worktree: Path, tmp_path: Path
) -> None:
    """TG-136: also by the path of CodeCommit."""
    await ok(git(worktree, "push", f"{git_url}/git/app", "main"))
    tip = await ok(git(worktree, "rev-parse", "HEAD"))
    for number, path in enumerate(("/git/app", "/git/app.git", "/v1/repos/app")):
        there = tmp_path / f"clone-{number}"
        await ok(git(tmp_path, "clone", "-q", git_url + path, str(there)))
        assert await ok(git(there, "rev-parse", "HEAD")) == tip
        assert (there / "file").read_bytes() == b"first"


async def test_tags_deletions_and_later_commits_are_pushed_and_fetched(
    store: Store, hosted: Repository, git_url: str, worktree: Path, tmp_path: Path
) -> None:
    await ok(git(worktree, "push", f"{git_url}/git/app", "main", "main:refs/heads/other"))
    there = tmp_path / "clone"
    await ok(git(tmp_path, "clone", "-q", f"{git_url}/git/app", str(there)))
    second = await commit(worktree, "second")
    await ok(git(worktree, "tag", "-a", "-m", "one", "v1"))
    await ok(git(worktree, "push", "--follow-tags", f"{git_url}/git/app", "main", ":other"))
    await ok(git(there, "fetch", "-q", "--prune", "--tags"))
    assert await ok(git(there, "rev-parse", "origin/main")) == second
    assert await ok(git(there, "rev-parse", "v1^{commit}")) == second
    assert (await git(there, "rev-parse", "-q", "--verify", "origin/other")).code != 0


async def test_clones_are_shallow_or_partial_where_asked(
    store: Store, hosted: Repository, git_url: str, worktree: Path, tmp_path: Path
) -> None:
    first = await ok(git(worktree, "rev-parse", "HEAD"))
    for number in range(5):
        await commit(worktree, f"change {number}")
    await ok(git(worktree, "push", f"{git_url}/git/app", "main"))
    there = tmp_path / "shallow"
    await ok(git(tmp_path, "clone", "-q", "--depth=2", f"{git_url}/git/app", str(there)))
    assert await ok(git(there, "rev-list", "--count", "HEAD")) == "2"
    await ok(git(there, "fetch", "-q", "--unshallow"))
    assert await ok(git(there, "rev-list", "--count", "HEAD")) == "6"
    await ok(git(there, "fetch", "-q", "--depth=1", f"{git_url}/git/app", first))
    lean = tmp_path / "lean"
    await ok(
        git(
            tmp_path, "clone", "-q", "--bare", "--filter=blob:none", f"{git_url}/git/app", str(lean)
        )
    )
    assert "?" in await ok(git(lean, "rev-list", "--objects", "--missing=print", "--all"))


@pytest.mark.parametrize("version", ["0", "2"])
async def test_both_protocols_are_spoken(
    store: Store, hosted: Repository, git_url: str, worktree: Path, version: str
) -> None:
    await ok(git(worktree, "push", f"{git_url}/git/app", "main"))
    seen = await git(
        worktree, "-c", f"protocol.version={version}", "ls-remote", f"{git_url}/git/app",
        GIT_TRACE_PACKET="1",
    )  # fmt: skip
    assert seen.code == 0
    assert ("version 2" in seen.err) == (version == "2")


async def test_a_large_push_is_passed_on_piece_by_piece(
    store: Store, hosted: Repository, git_url: str, worktree: Path, tmp_path: Path
) -> None:
    """52 MB in chunks; memory does not grow by half of it."""
    await ok(git(worktree, "config", "core.compression", "0"))
    content = os.urandom(52 << 20)
    tip = await commit(worktree, "large", blob=content)
    own = psutil.Process()
    before = own.memory_info().rss
    pushing = asyncio.create_task(git(worktree, "push", f"{git_url}/git/app", "main"))
    most = before
    while not pushing.done():
        await asyncio.wait((pushing,), timeout=0.02)
        most = max(most, own.memory_info().rss)
    assert (await pushing).code == 0
    assert most - before < 20 << 20
    there = tmp_path / "clone"
    await ok(git(tmp_path, "clone", "-q", f"{git_url}/git/app", str(there)))
    assert await ok(git(there, "rev-parse", "HEAD")) == tip
    assert (there / "blob").read_bytes() == content


async def test_a_request_may_be_compressed(
    store: Store, hosted: Repository, git_url: str, worktree: Path
) -> None:
    await ok(git(worktree, "push", f"{git_url}/git/app", "main"))
    tip = await ok(git(worktree, "rev-parse", "HEAD"))
    wants = f"want {tip} ofs-delta\n"
    body = f"{len(wants) + 4:04x}{wants}00000009done\n".encode()
    status, answer = await post(
        git_url, "/git/app/git-upload-pack", gzip.compress(body), content_encoding="gzip",
        expect="100-continue",
        content_type="application/x-git-upload-pack-request",
    )  # fmt: skip
    assert status == 200
    assert b"PACK" in answer


# What it cannot


@pytest.mark.parametrize(
    "path",
    [
        "/git/app/config",
        "/git/app/HEAD",
        "/git/app/objects/info/packs",
        "/git/../app/info/refs?service=git-upload-pack",
        "/git/%2e%2e/info/refs?service=git-upload-pack",
        "/git/app%2finfo/refs?service=git-upload-pack",
        "/git/app%00/info/refs?service=git-upload-pack",
        "/git//app/info/refs?service=git-upload-pack",
        "/git/./info/refs?service=git-upload-pack",
        "/git/nothing/info/refs?service=git-upload-pack",
        "/git/eu-west-1/app/info/refs?service=git-upload-pack",
        "/git/app/git-upload-archive",
        "/git/app",
        "/v1/repos/",
        "/v1/repos/app/../../../etc/passwd",
    ],
)
async def test_nothing_else_is_there(
    store: Store, hosted: Repository, git_url: str, path: str
) -> None:
    status, body = await get(git_url, path)
    assert status == 404
    assert body.startswith(b"There is no")
    assert b"<" not in body


async def test_the_dumb_protocol_is_not_spoken(
    store: Store, hosted: Repository, git_url: str
) -> None:
    assert (await get(git_url, "/git/app/info/refs"))[0] == 403
    assert (await get(git_url, "/git/app/info/refs?service=git-upload-archive"))[0] == 403
    assert (await get(git_url, "/git/app/git-upload-pack"))[0] == 405


async def test_pages_of_other_sites_and_other_names_are_refused(
    store: Store, hosted: Repository, git_url: str
) -> None:
    refs = "/git/app/info/refs?service=git-upload-pack"
    assert (await get(git_url, refs, origin="http://evil.example"))[0] == 403
    assert (await get(git_url, refs, host="evil.example"))[0] == 403


async def test_a_bucket_may_be_called_git(store: Store, git_url: str) -> None:
    for headers in (
        {
            "authorization": "AWS4-HMAC-SHA256 Credential=a/20260301/us-east-1/s3/aws4_request, "
            "SignedHeaders=host, Signature=0"
        },
        {"host": "bucket.localhost"},
    ):
        status, body = await get(git_url, "/git/app", **headers)
        assert (status, b"NoSuchBucket" in body) == (404, True)


async def test_no_hook_runs_and_broken_objects_are_refused(
    store: Store, hosted: Repository, git_url: str, worktree: Path, tmp_path: Path
) -> None:
    hooks = Path(hosted.folder, "hooks")
    hooks.mkdir()
    for name in ("pre-receive", "update", "post-receive", "post-update"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (hooks / name).chmod(0o755)
    await ok(git(worktree, "push", f"{git_url}/git/app", "main"))
    assert not (tmp_path / "ran").exists()
    blob = await ok(git(worktree, "hash-object", "-w", "file"))
    (tmp_path / "tree").write_bytes(b"100644 .git\0" + bytes.fromhex(blob))
    tree = await ok(
        git(worktree, "hash-object", "-w", "-t", "tree", "--literally", str(tmp_path / "tree"))
    )
    bad = await ok(git(worktree, "commit-tree", "-m", "bad", tree))
    refused = await git(worktree, "push", f"{git_url}/git/app", f"{bad}:refs/heads/bad")
    assert refused.code != 0
    assert "hasDotgit" in refused.err
    assert await details(store) == [("referenceCreated", "refs/heads/main")]


async def test_the_default_branch_cannot_be_pushed_away(
    store: Store, hosted: Repository, git_url: str, worktree: Path
) -> None:
    await ok(git(worktree, "push", f"{git_url}/git/app", "main"))
    assert (await git(worktree, "push", f"{git_url}/git/app", ":main")).code != 0


# Who may


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


async def test_keys_and_signatures_are_verified_where_asked(
    store: Store, hosted: Repository
) -> None:
    """TG-136"""
    now = datetime.now(UTC)
    async with store.database.transaction() as connection:
        key = await issue_key(connection, store.sealer, ALICE, now=now)
        lent = await issue_key(
            connection, store.sealer, ALICE, now=now, expires=now + timedelta(minutes=5)
        )
        old = await issue_key(connection, store.sealer, ALICE, now=now)
        await revoke_key(connection, old.access_key_id, now)
    id, secret = key.access_key_id, key.secret_access_key

    def signed(of: str, path: str = "/git/app", region: str = REGION, minutes: int = 0) -> str:
        stamp = f"{now + timedelta(minutes=minutes):%Y%m%dT%H%M%S}"
        return f"{stamp}Z{signature(of, region, Place('127.0.0.1', path), stamp)}"

    async with serving(store, verify=True) as git_url:
        for headers, expected in (
            ({}, 401),
            (basic(id, secret), 200),
            (basic(id, secret + "x"), 401),
            (basic(old.access_key_id, old.secret_access_key), 401),
            (basic("AKIAUNKNOWN", secret), 401),
            (basic(lent.access_key_id, lent.secret_access_key), 401),
            (basic(f"{lent.access_key_id}%{lent.session_token}", lent.secret_access_key), 200),
            (basic(f"{lent.access_key_id}%x", lent.secret_access_key), 401),
            (basic(id, signed(secret)), 200),
            (
                basic(f"{lent.access_key_id}%{lent.session_token}", signed(lent.secret_access_key)),
                200,
            ),
            (basic(id, signed(secret, minutes=-14)), 200),
            (basic(id, signed(secret, minutes=-16)), 401),
            (basic(id, signed(secret, minutes=16)), 401),
            (basic(id, signed(secret, path="/git/other")), 401),
            (basic(id, signed(secret, region="eu-west-1")), 401),
            (basic(id, "20260301T120000Z" + "0" * 64), 401),
            ({"authorization": "Basic ???"}, 401),
            ({"authorization": "Bearer x"}, 401),
        ):
            status, body = await get(git_url, REFS, **headers)
            assert status == expected, (headers, body)
        assert (await get(git_url, "/git/nothing/info/refs?service=git-upload-pack"))[0] == 401


async def test_a_repository_in_another_region_is_found_by_its_signature_or_its_path(
    store: Store, tmp_path: Path, call_of: Callable[..., Call], worktree: Path
) -> None:
    there = await make_repository(store, tmp_path, call_of, "app", "eu-west-1")
    await make_repository(store, tmp_path, call_of, "app", REGION)
    now = datetime.now(UTC)
    async with store.database.transaction() as connection:
        key = await issue_key(connection, store.sealer, ALICE, now=now)
    stamp = f"{now:%Y%m%dT%H%M%S}"
    proof = signature(key.secret_access_key, "eu-west-1", Place("127.0.0.1", "/git/app"), stamp)
    async with serving(store, verify=True) as git_url:
        whom = f"http://{key.access_key_id}:{stamp}Z{proof}@{git_url.removeprefix('http://')}"
        await ok(git(worktree, "push", f"{whom}/git/app", "main"))
    async with serving(store) as git_url:
        await ok(git(worktree, "push", f"{git_url}/git/eu-west-1/app", "main:other"))
    assert set(await recorded_refs(store.database, there.id)) == {
        "refs/heads/main",
        "refs/heads/other",
    }
    assert {one.region for one in await events(store)} == {"eu-west-1"}
