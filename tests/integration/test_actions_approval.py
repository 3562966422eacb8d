"""Who is to approve is told so by SNS (CP-063)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from penstock.actions.approval_notice import notify_approval
from penstock.flow.actions import NOTIFY
from penstock.state.pipelines import ActionStatus
from penstock.store import Store
from penstock.store.access_keys import find_key
from penstock.store.facts import tell

from .plant import SOURCE, Plant, action, stage

pytestmark = pytest.mark.anyio

TOPIC = "arn:aws:sns:us-east-1:000000000000:approvals"
ASK = action(
    "Ask", "Manual", category="Approval", NotificationArn=TOPIC, CustomData="Look",
    ExternalEntityLink="http://example.com/1",
)  # fmt: skip
ANSWER = b"""<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>
<MessageId>1</MessageId></PublishResult></PublishResponse>"""


class Topic(ThreadingHTTPServer):
    """Takes what is published."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.published: list[dict[str, str]] = []
        self.authorization = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Topic

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.published.append({name: values[0] for name, values in parse_qs(body).items()})
        self.server.authorization = self.headers["Authorization"]
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def topic() -> Iterator[Topic]:
    with Topic() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def asking(store: Store, endpoint: str) -> Plant:
    """A pipeline whose approval has begun."""
    async with store.database.transaction() as connection:
        await tell(connection, "endpoint", endpoint)
    plant = Plant(store)
    await plant.create(stage("Source", SOURCE), stage("Ask", ASK))
    await plant.begin()
    await plant.finish((await plant.actions())["Fetch"].id)
    return plant


async def test_an_approval_is_announced_with_what_to_answer(store: Store, topic: Topic) -> None:
    """CP-063"""
    plant = await asking(store, topic.url)
    row = (await plant.actions())["Ask"]
    _, job = await plant.jobs()
    assert (job.task_name, job.action) == (NOTIFY, row.id)
    await notify_approval(store, row.id)
    (published,) = topic.published
    assert (published["Action"], published["TopicArn"]) == ("Publish", TOPIC)
    assert published["Subject"] == "APPROVAL NEEDED: AWS CodePipeline app for action Ask"
    assert json.loads(published["Message"]) == {
        "region": "us-east-1",
        "consoleLink": topic.url,
        "approval": {
            "pipelineName": "app",
            "stageName": "Ask",
            "actionName": "Ask",
            "token": str(row.token),
            "expires": "2026-03-08T12:00Z",
            "externalEntityLink": "http://example.com/1",
            "approvalReviewLink": topic.url,
            "customData": "Look",
        },
    }
    key_id = topic.authorization.partition("Credential=")[2].partition("/")[0]
    key = await find_key(store.database, store.sealer, key_id)
    assert key is not None
    assert key.revoked


async def test_an_approval_that_cannot_be_announced_waits_all_the_same(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """CP-063"""
    plant = await asking(store, "http://127.0.0.1:1")
    row = (await plant.actions())["Ask"]
    await notify_approval(store, row.id)
    assert f"nobody is told of the approval by {TOPIC}" in caplog.text
    row = (await plant.actions())["Ask"]
    assert (row.status, row.waiting) == (ActionStatus.IN_PROGRESS, True)


async def test_an_approval_that_was_answered_meanwhile_is_not_announced(
    store: Store, topic: Topic
) -> None:
    plant = await asking(store, topic.url)
    row = (await plant.actions())["Ask"]
    await plant.finish(row.id)
    await notify_approval(store, row.id)
    assert topic.published == []
