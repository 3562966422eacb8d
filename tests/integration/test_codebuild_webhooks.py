"""Webhooks of the API, and what GitHub delivers to them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.services.codebuild import CodeBuild
from penstock.services.codebuild.deliveries import Delivered, WebhookBuild, deliver
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.webhooks import REMEMBERED

pytestmark = pytest.mark.anyio

ACCOUNT, REGION = "000000000000", "us-east-1"
ARN = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/web"
PROJECT: dict[str, Any] = {
    "name": "web",
    "source": {"type": "GITHUB", "location": "https://github.com/ada/hello.git"},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {
        "type": "LINUX_CONTAINER",
        "image": "aws/codebuild/standard:7.0",
        "computeType": "BUILD_GENERAL1_SMALL",
    },
    "serviceRole": f"arn:aws:iam::{ACCOUNT}:role/build",
}
PUSHES = [[{"type": "EVENT", "pattern": "PUSH"}, {"type": "HEAD_REF", "pattern": "/main$"}]]
PAYLOADS = Path(__file__).parents[1] / "unit" / "decide" / "payloads"
PUSH = (PAYLOADS / "push.json").read_bytes()
COMMIT = "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c"


@pytest.fixture
async def codebuild(store: Store, call: Call) -> CodeBuild:
    """With the project `web` in it."""
    service = CodeBuild(store)
    await service.create_project(call, PROJECT)
    return service


@pytest.fixture
def call(call_of: Callable[..., Call]) -> Call:
    return call_of("codebuild", "CreateWebhook")


async def shown(codebuild: CodeBuild, call: Call) -> dict[str, Any]:
    (project,) = (await codebuild.batch_get_projects(call, {"names": ["web"]}))["projects"]
    webhook: dict[str, Any] = project["webhook"]
    return webhook


class GitHub:
    """Delivers to one webhook, and keeps what builds were started."""

    def __init__(self, store: Store, call: Call, webhook: dict[str, Any]) -> None:
        self.store, self.call = store, call
        self.hook_id = webhook["payloadUrl"].rpartition("/")[2]
        self.secret = webhook["secret"]
        self.started: list[WebhookBuild] = []
        self.refusal: AwsError | None = None

    async def deliver(
        self, body: bytes = PUSH, event: str = "push", delivery: str = "1", **headers: str
    ) -> Delivered:
        signature = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        sent = {
            "x-github-event": event,
            "x-github-delivery": delivery,
            "x-hub-signature-256": f"sha256={signature}",
            "user-agent": "GitHub-Hookshot/044aadd",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return await deliver(
            self.store, self.hook_id, sent, body, now=self.call.now, start=self._start
        )

    async def _start(self, build: WebhookBuild) -> str:
        if self.refusal:
            raise self.refusal
        self.started.append(build)
        return f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build/{build.project}:{len(self.started)}"


@pytest.fixture
async def github(codebuild: CodeBuild, store: Store, call: Call) -> GitHub:
    request = {"projectName": "web", "filterGroups": PUSHES}
    made = (await codebuild.create_webhook(call, request))["webhook"]
    return GitHub(store, call, made)


async def test_a_webhook_is_shown_with_its_secret_once(
    codebuild: CodeBuild, call: Call, store: Store
) -> None:
    """CB-173: payloadUrl and secret are for the repository's settings."""
    request = {"projectName": "web", "filterGroups": PUSHES, "manualCreation": True}
    made = (await codebuild.create_webhook(call, request))["webhook"]
    assert made.pop("secret")
    assert made["payloadUrl"].startswith("http://localhost:4545/_penstock/webhooks/codebuild/")
    assert made == {
        "payloadUrl": made["payloadUrl"],
        "filterGroups": PUSHES,
        "buildType": "BUILD",
        "manualCreation": True,
        "lastModifiedSecret": call.now,
        "status": "ACTIVE",
    }
    assert await shown(codebuild, call) == made


async def test_a_project_has_one_webhook(codebuild: CodeBuild, call: Call) -> None:
    await codebuild.create_webhook(call, {"projectName": "web"})
    with pytest.raises(AwsError) as caught:
        await codebuild.create_webhook(call, {"projectName": "web"})
    assert caught.value.code == "ResourceAlreadyExistsException"
    await codebuild.delete_webhook(call, {"projectName": "web"})
    for operation in (codebuild.delete_webhook, codebuild.update_webhook):
        with pytest.raises(AwsError) as caught:
            await operation(call, {"projectName": "web"})
        assert caught.value.code == "ResourceNotFoundException"


async def test_a_webhook_is_of_a_project(codebuild: CodeBuild, call: Call) -> None:
    for operation in (codebuild.create_webhook, codebuild.update_webhook):
        with pytest.raises(AwsError) as caught:
            await operation(call, {"projectName": "absent"})
        assert caught.value.message == f"Project cannot be found: {ARN.replace('web', 'absent')}"


async def test_a_webhook_goes_with_its_project(codebuild: CodeBuild, github: GitHub) -> None:
    await codebuild.delete_project(github.call, {"name": "web"})
    with pytest.raises(AwsError) as caught:
        await github.deliver()
    assert caught.value.code == "ResourceNotFoundException"


async def test_filter_groups_and_a_branch_filter_replace_each_other(
    codebuild: CodeBuild, call: Call, github: GitHub
) -> None:
    await codebuild.update_webhook(call, {"projectName": "web", "branchFilter": "^main$"})
    webhook = await shown(codebuild, call)
    assert (webhook["branchFilter"], "filterGroups" in webhook) == ("^main$", False)
    await codebuild.update_webhook(call, {"projectName": "web", "buildType": "BUILD_BATCH"})
    await codebuild.update_webhook(call, {"projectName": "web", "filterGroups": PUSHES})
    webhook = await shown(codebuild, call)
    assert (webhook["filterGroups"], "branchFilter" in webhook) == (PUSHES, False)
    assert webhook["buildType"] == "BUILD_BATCH"


async def test_a_rotated_secret_is_shown_and_the_old_one_signs_no_more(
    codebuild: CodeBuild, call: Call, github: GitHub
) -> None:
    later = call._replace(now=call.now + timedelta(minutes=1))
    request = {"projectName": "web", "rotateSecret": True}
    rotated = (await codebuild.update_webhook(later, request))["webhook"]
    assert rotated["lastModifiedSecret"] == later.now
    with pytest.raises(AwsError, match="X-Hub-Signature-256"):
        await github.deliver()
    github.secret = rotated["secret"]
    assert (await github.deliver()).build_arn


async def test_a_push_starts_a_build_of_its_commit(github: GitHub) -> None:
    """CB-111, CB-115, CB-170: initiator, source version and variables of the build."""
    delivered = await github.deliver()
    assert delivered.build_arn == f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build/web:1"
    (build,) = github.started
    assert (build.project, build.source_version, build.batch) == ("web", COMMIT, False)
    assert build.initiator == "GitHub-Hookshot/044aadd"
    assert build.variables["CODEBUILD_WEBHOOK_TRIGGER"] == "branch/main"


async def test_a_delivery_that_comes_twice_starts_one_build(github: GitHub) -> None:
    first = await github.deliver(delivery="a")
    assert await github.deliver(delivery="a") == first
    assert len(github.started) == 1
    await github.deliver(delivery="b")
    assert len(github.started) == 2


async def test_a_delivery_whose_build_did_not_start_may_come_again(github: GitHub) -> None:
    github.refusal = AwsError("AccountLimitExceededException", "too many")
    with pytest.raises(AwsError, match="too many"):
        await github.deliver()
    github.refusal = None
    assert (await github.deliver()).build_arn


async def test_a_delivery_that_builds_nothing_says_why(github: GitHub) -> None:
    body = json.dumps({**json.loads(PUSH), "ref": "refs/heads/dev"}).encode()
    assert await github.deliver(body) == Delivered(
        None, ("filter group 1: HEAD_REF '/main$' does not match refs/heads/dev",)
    )
    assert (await github.deliver(b'{"zen": "x"}', event="ping", delivery="2")) == Delivered(
        None, ("nothing is built for this ping",)
    )
    assert github.started == []


async def test_a_batch_webhook_starts_a_batch(
    codebuild: CodeBuild, call: Call, github: GitHub
) -> None:
    """CB-173: buildType BUILD_BATCH."""
    await codebuild.update_webhook(call, {"projectName": "web", "buildType": "BUILD_BATCH"})
    await github.deliver()
    assert github.started[0].batch


@pytest.mark.parametrize("signature", ["", "sha256=", "sha256=" + "0" * 64, "sha1=é"])
async def test_a_delivery_that_the_secret_did_not_sign_is_refused(
    github: GitHub, signature: str
) -> None:
    with pytest.raises(AwsError) as caught:
        await github.deliver(x_hub_signature_256=signature)
    assert caught.value.status == 403
    assert github.started == []


@pytest.mark.parametrize(
    ("body", "event", "message"),
    [
        (b"payload=%7B%7D", "push", "The payload is not JSON"),
        (b"\xff", "push", "The payload is not JSON"),
        (b"[]", "push", "The payload is not of a push event"),
        (b"{}", "release", "The payload is not of a release event"),
        (PUSH.replace(b"README", b"\\u0000"), "push", "The payload is not of a push event"),
    ],
)
async def test_a_delivery_that_cannot_be_read_is_refused(
    github: GitHub, body: bytes, event: str, message: str
) -> None:
    with pytest.raises(AwsError) as caught:
        await github.deliver(body, event=event)
    assert (caught.value.code, caught.value.status) == ("InvalidInputException", 400)
    assert caught.value.message.startswith(message)


async def test_a_delivery_without_its_id_is_refused(github: GitHub) -> None:
    with pytest.raises(AwsError, match="X-GitHub-Delivery"):
        await github.deliver(delivery="")


async def test_old_deliveries_are_forgotten(github: GitHub, store: Store) -> None:
    await github.deliver(delivery="old")
    github.call = github.call._replace(now=github.call.now + REMEMBERED + timedelta(1))
    await github.deliver(delivery="new")
    rows = await store.database.fetch("SELECT delivery FROM webhook_deliveries")
    assert [row.delivery for row in rows] == ["new"]
