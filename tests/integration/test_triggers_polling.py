"""Sources that are looked at every minute: objects, and repositories elsewhere."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from penstock.actions.git_remotes import changed_paths, list_refs
from penstock.actions.git_sources import Remote, RemoteError
from penstock.decide.git_deliveries import Compared
from penstock.services import make_service
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.connections_to_git import PLACES
from penstock.store.facts import tell
from penstock.worker.polling import poll
from penstock.worker.upkeep import keep_up

from .far import Far, pull_request_trigger, push_trigger
from .plant import APPROVE, SOURCE, Plant, action, stage
from .repositories import git

pytestmark = pytest.mark.anyio


@pytest.fixture
async def far(store: Store, tmp_path: Path, call_of: Callable[..., Call]) -> Far:
    far = Far(store, tmp_path, call_of)
    await far.make()
    return far


async def runs(store: Store) -> list[tuple[str, str]]:
    rows = await store.database.fetch(
        "SELECT p.name, e.run FROM pipeline_executions e JOIN pipelines p ON p.id = e.pipeline"
        " ORDER BY p.name, e.number"
    )
    return [(row.name, row.run["cause"]["type"]) for row in rows]


# Objects


@pytest.fixture
async def plant(store: Store) -> Plant:
    plant = Plant(store)
    await plant.bucket("artifacts", versioned=True)
    await plant.bucket("source", versioned=True)
    return plant


async def watch(plant: Plant, name: str = "app", **configuration: str) -> None:
    source = {**SOURCE, "configuration": {**SOURCE["configuration"], **configuration}}
    await plant.create(stage("Source", source), stage("Ask", APPROVE), name=name)


async def minute(plant: Plant) -> int:
    return await poll(plant.store, plant.tick(timedelta(minutes=1)))


async def test_an_object_that_is_another_one_starts_its_pipelines_once(plant: Plant) -> None:
    """CP-100"""
    await plant.put("source", "app.zip", b"1")
    plant.tick()
    await watch(plant)
    await watch(plant, "too")
    assert await minute(plant) == 0
    version = await plant.put("source", "app.zip", b"2")
    assert await minute(plant) == 2
    assert await minute(plant) == 0
    kind = "PollForSourceChanges"
    assert await runs(plant.store) == [("app", kind), ("too", kind)]
    row = await plant.store.database.fetch_one("SELECT change, commit FROM trigger_verdicts")
    assert row and tuple(row) == ("a new version of s3://source/app.zip", version)


async def test_an_object_that_came_before_the_first_look_counts_if_it_is_newer(
    plant: Plant,
) -> None:
    await watch(plant)
    plant.tick()
    await plant.put("source", "app.zip", b"1")
    assert await minute(plant) == 1


async def test_an_object_that_comes_later_starts_and_one_that_goes_does_not(plant: Plant) -> None:
    await watch(plant)
    await watch(plant, "none", S3Bucket="nowhere")
    assert await minute(plant) == 0
    await plant.put("source", "app.zip", b"1")
    assert await minute(plant) == 1
    await plant.store.database.execute("DELETE FROM object_versions")
    assert await minute(plant) == 0
    await plant.put("source", "app.zip", b"1")
    assert await minute(plant) == 1


async def test_an_object_is_not_looked_at_where_that_was_turned_off(plant: Plant) -> None:
    """CP-100"""
    await watch(plant, PollForSourceChanges="False")
    await minute(plant)
    await plant.put("source", "app.zip", b"2")
    assert await minute(plant) == 0
    assert await plant.store.database.fetch("SELECT FROM pipeline_sources") == []


async def test_two_that_look_at_once_start_one_execution(plant: Plant) -> None:
    await watch(plant)
    await minute(plant)
    await plant.put("source", "app.zip", b"2")
    assert sum(await asyncio.gather(*(minute(plant) for _ in range(3)))) == 1


async def test_polling_ends_after_thirty_idle_days_until_the_pipeline_changes(
    plant: Plant, call_of: Callable[..., Call]
) -> None:
    """CP-100"""
    await watch(plant)
    assert await minute(plant) == 0
    plant.tick(timedelta(days=31))
    await plant.put("source", "app.zip", b"1")
    assert await minute(plant) == 0
    service = make_service("codepipeline", plant.store)

    async def ask(operation: str, **request: Any) -> Any:
        call = call_of("codepipeline", operation, now=plant.now)
        return await service.handler(operation)(call, request)

    got = await ask("GetPipeline", name="app")
    assert got["metadata"]["pollingDisabledAt"] == plant.now
    await plant.begin()
    await plant.put("source", "app.zip", b"2")
    assert await minute(plant) == 0
    declaration = {key: value for key, value in got["pipeline"].items() if key != "version"}
    await ask("UpdatePipeline", pipeline=declaration)
    assert "pollingDisabledAt" not in (await ask("GetPipeline", name="app"))["metadata"]
    assert await minute(plant) == 0
    await plant.put("source", "app.zip", b"3")
    assert await minute(plant) == 1


async def test_a_pipeline_that_starts_is_not_idle(plant: Plant) -> None:
    """CP-100"""
    await watch(plant)
    plant.tick(timedelta(days=20))
    await plant.begin()
    plant.tick(timedelta(days=20))
    await plant.put("source", "app.zip", b"2")
    assert await minute(plant) == 1


# Repositories


async def test_a_branch_that_has_moved_starts_the_pipelines_that_listen_to_it(far: Far) -> None:
    """CP-107"""
    await far.pipeline()
    await far.pipeline(name="next", BranchName="next")
    await far.pipeline(name="off", DetectChanges="false")
    assert await far.poll() == 0
    far.push("main", readme="two")
    assert await far.poll() == 1
    assert await far.poll() == 0
    far.push("next", readme="three")
    assert await far.poll() == 1
    assert await runs(far.store) == [("app", "WebhookV2"), ("next", "WebhookV2")]


async def test_tags_and_branches_are_put_to_triggers(far: Far) -> None:
    """CP-107, CP-109, CP-111"""
    await far.pipeline(
        push_trigger({"tags": {"includes": ["v*"]}}, {"branches": {"includes": ["fix/**"]}})
    )
    await far.poll()
    tip = far.push("fix/a/b", readme="two")
    assert await far.poll() == 1
    git(far.tree, "tag", "-a", "-m", "one", "v1")
    git(far.tree, "tag", "w1")
    git(far.tree, "push", "-q", "--tags", "origin")
    assert await far.poll() == 1
    assert await far.asked() == [tip, tip]
    git(far.tree, "push", "-q", "--delete", "origin", "v1", "fix/a/b")
    assert await far.poll() == 0


async def test_changed_files_are_found_where_a_filter_asks_for_them(far: Far) -> None:
    """CP-109"""
    await far.pipeline(
        push_trigger({"branches": {"includes": ["**"]}, "filePaths": {"includes": ["src/**"]}})
    )
    await far.poll()
    far.push("main", docs__a="1")
    assert await far.poll() == 0
    far.push("main", src__b="1")
    far.push("main", docs__a="2")
    assert await far.poll() == 1
    far.push("fix", docs__c="1")
    assert await far.poll() == 0
    far.push("fix2", src__c="1")
    assert await far.poll() == 1


async def test_a_pipeline_for_pull_requests_alone_is_not_polled(far: Far) -> None:
    await far.pipeline(pull_request_trigger({"branches": {"includes": ["main"]}}))
    await far.poll()
    assert await far.store.database.fetch("SELECT FROM pipeline_sources") == []


async def test_another_repository_of_the_same_action_begins_afresh(far: Far) -> None:
    await far.pipeline()
    await far.poll()
    git(far.places, "clone", "-q", "--bare", str(far.tree), "ada/other.git")
    await far.store.database.execute(
        "UPDATE pipeline_versions SET document = replace(document::text, 'ada/app',"
        " 'ada/other')::jsonb"
    )
    far.push("main", readme="two")
    assert await far.poll() == 0


async def test_a_repository_is_asked_once_for_all_its_pipelines(
    far: Far, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, script = tmp_path / "said", tmp_path / "bin" / "git"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\necho "$1" >>{said}\nexec {shutil.which("git")} "$@"\n')
    script.chmod(0o755)
    for name in ("a", "b", "c"):
        await far.pipeline(name=name)
    await far.poll()
    far.push("main", readme="two")
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
    assert await far.poll() == 3
    assert said.read_text().split() == ["ls-remote"]


async def test_sources_on_github_are_polled_with_their_own_tokens(
    far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CP-100, CP-123"""
    source = action(
        "Fetch", "GitHub", category="Source", owner="ThirdParty", outputs=("App",),
        Owner="ada", Repo="app", Branch="main", OAuthToken="****",
    )  # fmt: skip
    await far.plant.create(
        stage("Source", source), stage("Ask", APPROVE), name="app",
        secrets={"Source/Fetch/OAuthToken": "tok-1"},
    )  # fmt: skip
    await far.poll()
    far.push("main", readme="two")
    assert await far.poll() == 1
    assert await runs(far.store) == [("app", "PollForSourceChanges")]


@asynccontextmanager
async def silent() -> AsyncIterator[str]:
    """The URL of a server that takes connections and says nothing."""
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        for writer in held:
            writer.close()
        server.close()


async def test_a_repository_that_says_nothing_holds_no_others_up(
    far: Far, caplog: pytest.LogCaptureFixture
) -> None:
    await far.pipeline()
    await far.poll()
    async with silent() as url:
        arn = await far.connect("GitLab")
        async with far.store.database.transaction() as connection:
            places = {"GitHub": f"{far.places}/{{repository}}.git"}
            await tell(connection, PLACES, places | {"GitLab": url + "/{repository}"})
        for number in range(3):
            await far.pipeline(
                name=f"dead{number}", ConnectionArn=arn, FullRepositoryId=f"ada/r{number}"
            )
        far.push("main", readme="two")
        with caplog.at_level(logging.WARNING):
            assert await far.poll(seconds=2) == 1
    assert "3 repositories are left for the next round" in caplog.text
    assert [one for one in psutil.Process().children(True) if one.name().startswith("git")] == []


async def test_a_repository_that_does_not_answer_is_given_up(caplog: Any) -> None:
    async with silent() as url:
        with pytest.raises(RemoteError, match="has not answered for") as caught:
            await list_refs(Remote(url.replace("//", "//ada:tok-1@"), "x", "tok-2"), 0.5)
    assert "tok-" not in str(caught.value)


async def test_no_token_is_seen_among_processes_or_in_words(tmp_path: Path) -> None:
    async with silent() as url:
        asking = asyncio.create_task(list_refs(Remote(url, "x", "tok-2"), 60))
        words = ""
        while not words and not asking.done():
            await asyncio.sleep(0)
            words = " ".join(
                " ".join(one.cmdline())
                for one in psutil.Process().children(True)
                if one.name() == "git-remote-http"
            )
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert "tok-2" not in words


async def test_files_of_repositories_that_are_not_are_unknown(tmp_path: Path) -> None:
    remote = Remote(str(tmp_path / "none"))
    assert await changed_paths(remote, Compared("a" * 40, "b" * 40, False)) is None
    with pytest.raises(RemoteError):
        await list_refs(remote)


async def test_a_pending_connection_is_passed_over(
    far: Far, caplog: pytest.LogCaptureFixture
) -> None:
    await far.pipeline(ConnectionArn=await far.connect("Bitbucket"))
    await far.pipeline(name="evil", FullRepositoryId="../../etc")
    await far.pipeline(name="good")
    with caplog.at_level(logging.WARNING):
        await far.poll()
    assert "PENDING" in caplog.text and "is not the full name of a repository" in caplog.text
    far.push("main", readme="two")
    assert await far.poll() == 1


async def test_the_minutely_upkeep_polls_and_forgets_old_verdicts(plant: Plant) -> None:
    """CP-100"""
    plant.now = datetime.now(UTC) - timedelta(minutes=1)
    await watch(plant)
    await minute(plant)
    await plant.put("source", "app.zip", b"2")
    await plant.store.database.execute(
        "INSERT INTO trigger_verdicts (pipeline, at, action, change, commit, reasons)"
        " SELECT id, now() - interval '31 days', 'Fetch', '', 'old', '{}' FROM pipelines"
    )
    await keep_up(plant.store)
    assert len(await runs(plant.store)) == 1
    rows = await plant.store.database.fetch("SELECT commit FROM trigger_verdicts")
    assert len(rows) == 1 and rows[0].commit != "old"


async def test_names_of_refs_end_where_the_line_does(tmp_path: Path) -> None:
    folder, odd = tmp_path / "odd", "refs/heads/a\u2028b"
    subprocess.run(["git", "init", "-q", folder], check=True)
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    subprocess.run([*git, "update-ref", odd, "HEAD"], check=True)
    assert odd in await list_refs(Remote(str(folder)))
