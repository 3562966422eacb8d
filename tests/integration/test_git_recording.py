"""What is recorded of pushes, whoever is killed."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from penstock.flow.repositories import changing, reconcile, settle
from penstock.state.recorded_repositories import Repository
from penstock.store import Store
from penstock.store.access_keys import issue_key
from penstock.store.repositories import find_repository, mark_push, recorded_refs

from .hosting import (
    ACCOUNT,
    ALICE,
    REFS,
    REGION,
    ROOT,
    commit,
    details,
    events,
    get,
    git,
    ok,
    serving,
    until,
)

pytestmark = pytest.mark.anyio


async def test_a_push_is_recorded_before_it_ends(
    store: Store, hosted: Repository, git_url: str, worktree: Path
) -> None:
    """TG-137"""
    first = await ok(git(worktree, "rev-parse", "HEAD"))
    await ok(git(worktree, "push", f"{git_url}/git/app", "main"))
    (created,) = await events(store)
    assert (created.detail_type, created.resources) == (
        "CodeCommit Repository State Change",
        [f"arn:aws:codecommit:{REGION}:{ACCOUNT}:app"],
    )
    about = {
        "repositoryName": "app",
        "repositoryId": str(hosted.id),
        "referenceType": "branch",
        "referenceName": "main",
        "referenceFullName": "refs/heads/main",
        "callerUserArn": ROOT,
    }
    assert created.detail == {"event": "referenceCreated", "commitId": first, **about}
    second = await commit(worktree, "second")
    await ok(git(worktree, "tag", "-a", "-m", "one", "v1"))
    await ok(git(worktree, "push", f"{git_url}/git/app", "main", "v1"))
    _, updated, tagged = await events(store)
    assert updated.detail == {
        "event": "referenceUpdated", "commitId": second, "oldCommitId": first, **about
    }  # fmt: skip
    tag = {"referenceType": "tag", "referenceName": "v1", "referenceFullName": "refs/tags/v1"}
    assert tagged.detail == {"event": "referenceCreated", "commitId": second, **about, **tag}
    await ok(git(worktree, "push", f"{git_url}/git/app", ":v1"))
    deleted = (await events(store))[-1]
    assert deleted.detail == {"event": "referenceDeleted", "oldCommitId": second, **about, **tag}
    assert await recorded_refs(store.database, hosted.id) == {"refs/heads/main": second}
    assert await store.database.fetch("SELECT 1 FROM repository_pushes") == []


@pytest.mark.parametrize("name", ["a\u2028b", "a\x85b", os.fsdecode(b"a\xff")])
async def test_odd_names_of_branches_stand_in_nobodys_way(
    store: Store, hosted: Repository, git_url: str, worktree: Path, name: str
) -> None:
    """Git allows what other programs take for the end of a line, and what is no text."""
    await ok(git(worktree, "push", f"{git_url}/git/app", f"main:refs/heads/{name}", "main"))
    recorded = await recorded_refs(store.database, hosted.id)
    shown = os.fsencode(name).decode("utf-8", "replace")
    assert sorted(recorded) == [f"refs/heads/{shown}", "refs/heads/main"]


async def test_the_pusher_is_named(store: Store, hosted: Repository, worktree: Path) -> None:
    now = datetime.now(UTC)
    async with store.database.transaction() as connection:
        key = await issue_key(connection, store.sealer, ALICE, now=now)
    async with serving(store, verify=True) as git_url:
        whom = (
            f"http://{key.access_key_id}:{key.secret_access_key}@{git_url.removeprefix('http://')}"
        )
        await ok(git(worktree, "push", f"{whom}/git/app", "main"))
    assert (await events(store))[0].detail["callerUserArn"] == ALICE.arn


async def test_the_first_branch_is_the_default_one(
    store: Store, hosted: Repository, git_url: str, worktree: Path, tmp_path: Path
) -> None:
    """TG-135"""
    await ok(git(worktree, "push", f"{git_url}/git/app", "main:trunk"))
    await ok(git(worktree, "push", f"{git_url}/git/app", "main"))
    found = await find_repository(store.database, ACCOUNT, REGION, "app")
    assert found is not None
    assert found.default_branch == "trunk"
    there = tmp_path / "clone"
    await ok(git(tmp_path, "clone", "-q", f"{git_url}/git/app", str(there)))
    assert await ok(git(there, "branch", "--show-current")) == "trunk"


async def test_what_was_pushed_before_the_server_died_is_recorded_by_the_next(
    store: Store, hosted: Repository, worktree: Path
) -> None:
    await mark_push(store.database, hosted.id, ALICE.arn, datetime.now(UTC))
    await ok(git(worktree, "push", hosted.folder, "main"))
    assert await settle(store) == 1
    (event,) = await events(store)
    assert event.detail["callerUserArn"] == ALICE.arn
    assert await settle(store) == 0
    assert len(await events(store)) == 1


async def test_a_mark_stays_while_anything_may_still_push(
    store: Store, hosted: Repository, worktree: Path
) -> None:
    """A back end outlives a server that is killed, and may yet change refs."""
    async with changing(store, hosted, ALICE.arn) as held:
        process = await asyncio.create_subprocess_exec("sleep", "60", pass_fds=(held,))
        assert await settle(store) == 1
        assert len(await store.database.fetch("SELECT 1 FROM repository_pushes")) == 1
        other = await mark_push(store.database, hosted.id, ALICE.arn, datetime.now(UTC))
    assert await settle(store) == 1
    process.kill()
    await process.wait()
    assert [row.id for row in await store.database.fetch("SELECT id FROM repository_pushes")] == [
        other
    ]
    await ok(git(worktree, "push", hosted.folder, "main"))
    assert await settle(store) == 1
    assert await details(store) == [("referenceCreated", "refs/heads/main")]
    assert await settle(store) == 0


async def test_recording_twice_at_once_tells_once(
    store: Store, hosted: Repository, worktree: Path
) -> None:
    await ok(git(worktree, "push", hosted.folder, "main", "main:other"))
    await asyncio.gather(*(reconcile(store, hosted.id, ROOT) for _ in range(4)))
    assert len(await events(store)) == 2


async def test_a_folder_that_is_away_is_not_taken_for_an_empty_one(
    store: Store, hosted: Repository, git_url: str, worktree: Path, tmp_path: Path
) -> None:
    await ok(git(worktree, "push", f"{git_url}/git/app", "main"))
    await mark_push(store.database, hosted.id, ALICE.arn, datetime.now(UTC))
    os.rename(tmp_path / "hosted", tmp_path / "elsewhere")
    await settle(store)
    assert (await get(git_url, REFS))[0] == 404
    os.rename(tmp_path / "elsewhere", tmp_path / "hosted")
    await settle(store)
    assert len(await events(store)) == 1
    assert len(await recorded_refs(store.database, hosted.id)) == 1


async def test_a_client_that_goes_away_takes_the_back_end_with_it(
    store: Store, hosted: Repository, git_url: str, worktree: Path
) -> None:
    before = set(psutil.Process().children(recursive=True))
    host, port = git_url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /git/app/git-receive-pack HTTP/1.1\r\nhost: localhost\r\n"
        b"content-type: application/x-git-receive-pack-request\r\ncontent-length: 1000000\r\n\r\n"
        b"0000"
    )
    await writer.drain()

    def back_end() -> list[psutil.Process]:
        found = set(psutil.Process().children(recursive=True)) - before
        return [one for one in found if one.is_running() and one.status() != "zombie"]

    await until(lambda: back_end())
    assert len(await store.database.fetch("SELECT 1 FROM repository_pushes")) == 1
    writer.close()
    await until(lambda: not back_end())
    while await store.database.fetch("SELECT 1 FROM repository_pushes"):
        await asyncio.sleep(0.01)


async def test_many_pushes_at_once_are_all_recorded(
    store: Store, hosted: Repository, git_url: str, worktree: Path
) -> None:
    await ok(git(worktree, "push", f"{git_url}/git/app", "main"))
    pushes = (git(worktree, "push", f"{git_url}/git/app", f"main:b{number}") for number in range(6))
    assert [ran.code for ran in await asyncio.gather(*pushes)] == [0] * 6
    assert len(await recorded_refs(store.database, hosted.id)) == 7
    assert len(await events(store)) == 7
