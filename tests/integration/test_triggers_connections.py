"""What GitHub delivers of repositories behind connections."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.services.codeconnections.deliveries import PATH
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.connections_to_git import WEBHOOK_SECRETS
from penstock.store.facts import tell

from .asgi import post
from .far import Far, pull_request_trigger, push_trigger, pushed, requested
from .plant import APPROVE, stage
from .repositories import git

pytestmark = pytest.mark.anyio
A, B = "a" * 40, "b" * 40
MAIN = "refs/heads/main"


@pytest.fixture
async def far(store: Store, tmp_path: Path, call_of: Callable[..., Call]) -> Far:
    far = Far(store, tmp_path, call_of)
    await far.make()
    return far


async def test_a_push_to_the_branch_of_a_source_starts_its_pipeline(far: Far) -> None:
    """CP-107"""
    await far.pipeline()
    status, answer = await far.deliver("push", pushed(MAIN, A, B))
    assert status == 200 and list(answer["pipelineExecutionIds"]) == ["app"]
    assert await far.causes() == ["WebhookV2"]
    assert await far.asked() == []
    _, answer = await far.deliver("push", pushed("refs/heads/next", A, B), "d-2")
    assert answer == {
        "pipelineExecutionIds": {},
        "explanation": ["app: Fetch: next is not its branch main"],
    }


async def test_a_delivery_told_twice_starts_nothing_twice(far: Far) -> None:
    """CP-103"""
    await far.pipeline()
    first = await far.deliver("push", pushed(MAIN, A, B))
    assert await far.deliver("push", pushed(MAIN, A, B)) == first
    assert await far.causes() == ["WebhookV2"]


async def test_any_trigger_takes_the_place_of_the_branch(far: Far) -> None:
    """CP-107, CP-111"""
    await far.pipeline(push_trigger({"tags": {"includes": ["v*"]}}))
    await far.deliver("push", pushed(MAIN, A, B))
    assert await far.causes() == []
    tag = pushed("refs/tags/v1", "", A, head_commit={"id": B}, commits=[])
    assert (await far.deliver("push", tag, "d-2"))[1]["pipelineExecutionIds"]
    assert await far.asked() == [B]


async def test_a_pull_request_starts_with_the_head_of_its_branch(far: Far) -> None:
    """CP-109, CP-111"""
    await far.pipeline(
        pull_request_trigger({"events": ["OPEN", "UPDATED"], "branches": {"includes": ["main"]}})
    )
    for number, name in enumerate(("opened", "synchronize", "closed", "labeled")):
        await far.deliver("pull_request", requested(name, A, B), f"d-{number}")
    assert await far.asked() == [B, B]
    assert (await far.reasons())[-1][1] == "filter 1: CLOSED is none of OPEN, UPDATED"


async def test_files_of_a_push_are_those_of_its_commits(far: Far) -> None:
    """CP-109"""
    await far.pipeline(
        push_trigger({"branches": {"includes": ["*"]}, "filePaths": {"includes": ["src/**"]}})
    )
    await far.deliver("push", pushed(MAIN, A, B, "docs/a"))
    assert await far.causes() == []
    await far.deliver("push", pushed(MAIN, A, B, "docs/a", "src/b/c"), "d-2")
    assert await far.causes() == ["WebhookV2"]


FILES = {"branches": {"includes": ["*"]}, "filePaths": {"includes": ["src/**"]}}


@pytest.mark.parametrize(("name", "starts"), [("src__b_c", 1), ("docs__b_c", 0)])
async def test_files_that_a_payload_lacks_are_found_in_the_repository(
    far: Far, name: str, starts: int
) -> None:
    """CP-109"""
    await far.pipeline(push_trigger(FILES))
    before = git(far.tree, "rev-parse", "HEAD")
    after = far.push("main", **{name: "new"})
    status, _ = await far.deliver("push", pushed(MAIN, before, after, commits=[], forced=True))
    assert (status, await far.causes()) == (202, [])
    assert await far.look_for_files() == 1
    assert len(await far.causes()) == starts


@pytest.mark.parametrize(("name", "starts"), [("src__b_c", 1), ("docs__b_c", 0)])
async def test_files_of_a_pull_request_are_those_since_its_branch_has_parted(
    far: Far, name: str, starts: int
) -> None:
    """CP-109"""
    await far.pipeline(pull_request_trigger(FILES))
    head = far.push("fix", **{name: "new"})
    git(far.tree, "checkout", "-q", "main")
    base = far.push("main", src__other="meanwhile")
    status, _ = await far.deliver("pull_request", requested("opened", base, head))
    assert status == 202
    assert await far.look_for_files() == 1
    assert len(await far.causes()) == starts


async def test_files_of_a_new_branch_are_those_since_it_has_parted_from_the_default(
    far: Far,
) -> None:
    """CP-109"""
    await far.pipeline(push_trigger(FILES))
    head = far.push("fix", docs__a="new")
    await far.deliver("push", pushed("refs/heads/fix", "", head))
    await far.look_for_files()
    assert await far.causes() == []
    assert (await far.reasons())[0][1].startswith("filter 1: none of 1 changed files counts")


async def test_files_of_a_repository_that_does_not_tell_stay_unknown(far: Far) -> None:
    await far.pipeline(push_trigger(FILES))
    await far.deliver("push", pushed(MAIN, A, B, commits=[]))
    assert await far.look_for_files() == 1
    assert set(await far.reasons()) == {
        ("a push to branch main", "filter 1: the changed files are not known")
    }


async def test_files_are_not_looked_for_where_the_branch_decides(far: Far) -> None:
    await far.pipeline(push_trigger({**FILES, "branches": {"includes": ["next"]}}))
    status, _ = await far.deliver("push", pushed(MAIN, A, B, commits=[]))
    assert (status, await far.look_for_files()) == (200, 0)


async def test_two_sources_of_one_repository_start_one_execution(far: Far) -> None:
    """CP-052"""
    both = (far.source(), far.source("Again"))
    await far.plant.create(stage("Source", *both), stage("Ask", APPROVE), name="app")
    await far.deliver("push", pushed(MAIN, A, B))
    assert await far.causes() == ["WebhookV2"]


async def test_what_was_polled_is_not_started_again_by_its_delivery(far: Far) -> None:
    await far.pipeline()
    before = git(far.tree, "rev-parse", "HEAD")
    assert await far.poll() == 0
    after = far.push("main", readme="two")
    assert await far.poll() == 1
    _, answer = await far.deliver("push", pushed(MAIN, before, after))
    assert answer["explanation"] == ["app: Fetch: it was heard of before"]
    third = far.push("main", readme="three")
    await far.deliver("push", pushed(MAIN, after, third), "d-2")
    assert await far.poll() == 0
    assert len(await far.causes()) == 2


async def test_another_repository_starts_nothing(far: Far) -> None:
    await far.pipeline()
    payload = pushed(MAIN, A, B, repository={"full_name": "ada/other"})
    _, answer = await far.deliver("push", payload)
    assert answer["explanation"] == [
        "no pipeline has this repository behind this connection as a source"
    ]


async def test_events_that_are_for_nothing_are_answered(far: Far) -> None:
    await far.pipeline()
    for event in ("ping", "issues"):
        status, answer = await far.deliver(event, {})
        assert (status, answer["explanation"]) == (200, [f"nothing starts for this {event}"])


@pytest.mark.parametrize(
    ("event", "payload", "headers", "status"),
    [
        ("push", {}, {}, 400),
        ("push", pushed(MAIN, A, B), {"x_github_delivery": ""}, 400),
        ("push", pushed(MAIN, A, B), {"x_github_delivery": "x" * 65}, 400),
        ("push", pushed(MAIN, A, B), {"x_hub_signature_256": "sha256=0"}, 403),
        ("pull_request", requested("opened", A, ""), {}, 400),
    ],
)
async def test_what_is_forged_or_cannot_be_read_is_refused(
    far: Far, event: str, payload: Any, headers: dict[str, str], status: int
) -> None:
    await far.pipeline()
    assert (await far.deliver(event, payload, **headers))[0] == status
    assert await far.causes() == []


@pytest.mark.parametrize("names", [{}, {"GitHub": "none"}, {"GitLab": "hooks"}])
async def test_nothing_is_delivered_without_a_secret(far: Far, names: dict[str, str]) -> None:
    await far.pipeline()
    async with far.store.database.transaction() as connection:
        await tell(connection, WEBHOOK_SECRETS, names)
    status, answer = await far.deliver("push", pushed(MAIN, A, B))
    assert (status, answer["code"]) == (403, "AccessDeniedException")
    assert "secret" in answer["message"].lower()


async def test_connections_that_are_not_and_other_providers_are_refused(far: Far) -> None:
    assert (await post(far.app, PATH + "none", b"{}"))[0] == 404
    assert (await post(far.app, PATH + "%", b"{}"))[0] == 404
    far.arn = await far.connect("GitLab")
    status, answer = await far.deliver("push", {})
    assert (status, answer["code"]) == (501, "NotImplemented")
    assert "polled" in answer["message"]
