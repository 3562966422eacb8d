"""What repositories and pages of theirs call: webhooks, and badges."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from penstock.server import make_app
from penstock.services import make_service
from penstock.services.codebuild.projects import BADGES
from penstock.serving.hooks import LARGEST
from penstock.settings import Settings
from penstock.state.calls import Call
from penstock.store import Store

from .asgi import ACCOUNT, get, post

pytestmark = pytest.mark.anyio


@pytest.fixture
async def hooked(store: Store, call_of: Callable[..., Call]) -> dict[str, Any]:
    """A project `web` with a webhook and a badge; the webhook."""
    codebuild = make_service("codebuild", store)
    project = {
        "name": "web",
        "source": {"type": "GITHUB", "location": "https://github.com/me/web.git"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        "serviceRole": f"arn:aws:iam::{ACCOUNT}:role/build",
        "badgeEnabled": True,
    }
    await codebuild.handler("CreateProject")(call_of("codebuild", "CreateProject"), project)
    made = await codebuild.handler("CreateWebhook")(
        call_of("codebuild", "CreateWebhook"), {"projectName": "web"}
    )
    assert made
    hook: dict[str, Any] = made["webhook"]
    return hook


PUSH = {
    "ref": "refs/heads/main",
    "deleted": False,
    "before": "0" * 40,
    "after": "1" * 40,
    "sender": {"id": 1, "login": "me"},
    "head_commit": {"id": "1" * 40, "message": "m", "added": [], "removed": [], "modified": []},
    "commits": [],
    "repository": {"name": "web"},
}


def delivered(hook: dict[str, Any]) -> tuple[str, bytes, dict[str, str]]:
    """Path, body and headers of a push that GitHub tells a webhook of."""
    body = json.dumps(PUSH).encode()
    signed = hmac.new(hook["secret"].encode(), body, "sha256").hexdigest()
    headers = {
        "x_github_event": "push",
        "x_github_delivery": "d-1",
        "x_hub_signature_256": f"sha256={signed}",
    }
    return urlsplit(hook["payloadUrl"]).path, body, headers


async def test_a_delivery_to_a_webhook_starts_a_build_once(
    store: Store, hooked: dict[str, Any]
) -> None:
    """CB-170"""
    app, (path, body, headers) = make_app(store, Settings()), delivered(hooked)
    status, first = await post(app, path, body, **headers)
    assert (status, first["build"].partition("/")[2].partition(":")[0]) == (200, "web")
    assert await post(app, path, body, **headers) == (200, first)
    rows = await store.database.fetch("SELECT variables FROM builds")
    assert [row.variables["CODEBUILD_WEBHOOK_EVENT"] for row in rows] == ["PUSH"]
    refused = await post(app, path, body + b" ", **headers)
    assert (refused[0], refused[1]["code"]) == (403, "AccessDeniedException")


async def test_a_delivery_to_a_webhook_of_batches_starts_a_batch(
    store: Store, hooked: dict[str, Any], call_of: Callable[..., Call]
) -> None:
    """CB-173"""
    codebuild = make_service("codebuild", store)
    for operation, request in (
        (
            "UpdateProject",
            {
                "name": "web",
                "buildBatchConfig": {"serviceRole": f"arn:aws:iam::{ACCOUNT}:role/batch"},
            },
        ),
        ("UpdateWebhook", {"projectName": "web", "buildType": "BUILD_BATCH"}),
    ):
        await codebuild.handler(operation)(call_of("codebuild", operation), request)
    path, body, headers = delivered(hooked)
    status, answer = await post(make_app(store, Settings()), path, body, **headers)
    assert (status, ":build-batch/web:" in answer["build"]) == (200, True)


@pytest.mark.parametrize("service", ["codebuild", "codepipeline", "connections"])
async def test_an_id_that_no_database_takes_is_nobodys(store: Store, service: str) -> None:
    path = f"/_penstock/webhooks/{service}/a\0"
    status, answer = await post(make_app(store, Settings()), path, b"{}", x_github_delivery="d-1")
    assert (status, answer["code"]) == (404, "ResourceNotFoundException")


async def test_a_delivery_that_is_too_large_is_not_read_to_its_end(
    store: Store, hooked: dict[str, Any]
) -> None:
    path = urlsplit(hooked["payloadUrl"]).path
    status, _ = await post(make_app(store, Settings()), path, b"x" * (LARGEST + 1))
    assert status == 413


async def test_a_badge_is_a_picture_for_everyone(store: Store, hooked: dict[str, Any]) -> None:
    """CB-175"""
    app = make_app(store, Settings())
    row = await store.database.fetch_one("SELECT badge FROM projects")
    assert row
    status, picture = await get(app, BADGES, f"uuid={row.badge}&branch=main")
    assert (status, "unknown" in picture) == (200, True)
    assert (await get(app, BADGES, "uuid=none"))[0] == 400
