"""The server as one application, and what it keeps up beside it."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from penstock.server import check_services, is_own, make_app
from penstock.services import make_service
from penstock.services.codebuild.projects import BADGES
from penstock.serving import worker_process
from penstock.serving.credentials import ensure_credentials
from penstock.serving.credentials_file import read_credentials
from penstock.serving.folder import DataFolder, FolderError, Holder
from penstock.serving.hooks import LARGEST
from penstock.serving.listening import ListenError, listen
from penstock.serving.log_lines import Json, Pretty
from penstock.serving.postgres import Postgres, ended, forget_stale, stop_left
from penstock.serving.watching import App
from penstock.serving.websites import Websites
from penstock.serving.worker_process import WorkerProcess
from penstock.settings import Settings, SettingsError
from penstock.state.calls import Call, Principal
from penstock.store import Store
from penstock.store.access_keys import find_key, issue_key, revoke_key
from penstock.store.database import Database
from penstock.store.objects import put_object
from penstock.store.resealing import SEALED, reseal
from penstock.store.sealing import MasterKey, Sealer
from penstock.wire.elsewhere import Message, Scope

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ACCOUNT = "000000000000"
ROOT = Principal(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)


def scope_of(path: str, query: str = "", **headers: str) -> Scope:
    pairs = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": pairs if "host" in headers else [(b"host", b"127.0.0.1:4545"), *pairs],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 4545),
    }


async def get(app: App, path: str, query: str = "", **headers: str) -> tuple[int, str]:
    return await answer(app, scope_of(path, query, **headers))


async def answer(app: App, scope: Scope, body: bytes = b"") -> tuple[int, str]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(part["body"] for part in sent[1:]).decode()


# The application


async def test_health_says_who_answers_for_what(store: Store) -> None:
    app = make_app(store, Settings(services={"kms": "aws"}))
    status, body = await get(app, "/_penstock/health")
    services = json.loads(body)["services"]
    assert status == 200
    assert (services["ssm"], services["kms"]) == ("penstock", "aws")


async def test_the_server_is_ready_while_its_database_answers(store: Store) -> None:
    assert await get(make_app(store, Settings()), "/_penstock/ready") == (200, '{"status":"ready"}')
    closed = Database(store.database.url)
    await closed.open()
    await closed.close()
    app = make_app(store._replace(database=closed), Settings())
    status, body = await get(app, "/_penstock/ready")
    assert (status, json.loads(body)["status"]) == (503, "not ready")


async def test_metrics_count_requests_by_their_status(store: Store) -> None:
    app = make_app(store, Settings())
    await get(app, "/no-such-bucket-anywhere")
    status, body = await get(app, "/metrics")
    assert status == 200
    counted = [line for line in body.splitlines() if line.startswith("penstock_requests_total{")]
    assert len(counted) == 1
    assert counted[0].endswith(" 1.0")
    assert 'penstock_jobs{status="todo"} 0.0' in body
    assert 'penstock_builds{status="queued"} 0.0' in body


async def test_metrics_can_be_switched_off(store: Store) -> None:
    assert "penstock" not in (await get(make_app(store, Settings(metrics=False)), "/metrics"))[1]


@pytest.mark.parametrize(
    ("scope", "own"),
    [
        (scope_of("/_penstock/health"), True),
        (scope_of("/metrics"), True),
        (scope_of("/metrics", "list-type=2"), False),
        (scope_of("/metrics", authorization="AWS4-HMAC-SHA256 …"), False),
        (scope_of("/"), False),
    ],
)
async def test_a_bucket_may_be_called_metrics(scope: Scope, own: bool) -> None:
    assert is_own(scope) is own


async def test_what_is_real_cannot_be_elsewhere() -> None:
    with pytest.raises(SettingsError, match="ssm is Penstock's own"):
        check_services(Settings(services={"ssm": "aws"}))


async def test_requests_are_logged_without_their_queries(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(store, Settings(log_requests=True))
    with caplog.at_level(logging.INFO, "penstock.requests"):
        await get(app, "/bucket/key", "X-Amz-Signature=0123")
    [record] = [one for one in caplog.records if one.name == "penstock.requests"]
    told = json.loads(Json().format(record))
    assert told["message"].startswith("GET /bucket/key ")
    assert told["request_id"]
    assert "0123" not in Json().format(record) + Pretty().format(record)


# Webhooks and badges


async def post(app: App, path: str, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    scope = {**scope_of(path, **headers), "method": "POST"}
    status, text = await answer(app, scope, body)
    return status, json.loads(text)


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


# Websites


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("shop.s3-website.localhost:4545", "shop"),
        ("Shop.s3-website-eu-west-1.localhost", "shop"),
        ("www.shop.test.s3-website.eu-west-1.aws.test:80", "www.shop.test"),
        ("shop.s3-website.elsewhere.test", ""),
        ("shop.s3.localhost", ""),
        ("localhost:4545", ""),
    ],
)
async def test_a_host_name_may_be_that_of_a_buckets_website(
    store: Store, host: str, bucket: str
) -> None:
    websites = Websites(store, ("aws.test",))
    assert websites.bucket({"headers": [(b"host", host.encode())]}) == bucket


async def test_a_bucket_is_a_website_by_its_host_name(
    store: Store, call_of: Callable[..., Call]
) -> None:
    s3 = make_service("s3", store)
    await s3.handler("CreateBucket")(call_of("s3", "CreateBucket"), {"Bucket": "shop"})
    await put_object(store, "shop", "index.html", b"<h1>Shop</h1>", now=NOW)
    configuration = {"IndexDocument": {"Suffix": "index.html"}}
    await s3.handler("PutBucketWebsite")(
        call_of("s3", "PutBucketWebsite"),
        {"Bucket": "shop", "WebsiteConfiguration": configuration},
    )
    app, host = make_app(store, Settings()), "shop.s3-website.localhost:4545"
    assert await get(app, "/", host=host) == (200, "<h1>Shop</h1>")
    assert (await get(app, "/none", host=host))[0] == 404


# The data folder


async def test_a_data_folder_has_one_holder_at_a_time(tmp_path: Path) -> None:
    folder = DataFolder(str(tmp_path / "data"))
    holder = Holder(os.getpid(), "1", 0, 60, "blobs", "keys", "", "http://127.0.0.1:1")
    assert folder.holder() is None
    with folder.held():
        folder.tell(holder)
        assert folder.holder() == holder
        said = rf"up at http://127\.0\.0\.1:1 on the .* \(process {os.getpid()}\)"
        with pytest.raises(FolderError, match=said), DataFolder(str(folder)).held():
            pass
    assert folder.holder() is None
    with folder.held():
        pass


async def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    program = (
        "import sys, time; from penstock.serving.folder import *\n"
        "folder = DataFolder(sys.argv[1])\n"
        "with folder.held():\n"
        "  folder.tell(Holder(1, '1', 0, 0, '', ''))\n"
        "  print('held', flush=True); time.sleep(100)"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    assert await process.stdout.readline() == b"held\n"
    folder = DataFolder(str(tmp_path))
    assert folder.holder()
    process.kill()
    await process.wait()
    assert folder.holder() is None
    with folder.held():
        assert folder.read_json("server.json") is None


async def test_what_the_folder_keeps_secret_only_its_owner_reads(tmp_path: Path) -> None:
    folder = DataFolder(str(tmp_path))
    folder.write_json("credentials.json", {})
    assert (tmp_path / "credentials.json").stat().st_mode & 0o777 == 0o600


# The key of `penstock env`


async def test_the_key_of_the_folder_is_issued_once_and_again_when_revoked(
    store: Store, tmp_path: Path
) -> None:
    folder = DataFolder(str(tmp_path))
    first = await ensure_credentials(folder, store, ACCOUNT, NOW)
    assert await ensure_credentials(folder, store, ACCOUNT, NOW) == first
    async with store.database.transaction() as connection:
        await revoke_key(connection, first.access_key_id, NOW)
    second = await ensure_credentials(folder, store, ACCOUNT, NOW)
    assert second != first
    assert read_credentials(folder) == second
    other = await ensure_credentials(folder, store, "111111111111", NOW)
    assert other not in (first, second)


# The master key


async def test_resealing_opens_every_secret_under_the_new_key_alone(store: Store) -> None:
    keys = [MasterKey.of(os.urandom(32)) for _ in range(2)]
    old, both, new = Sealer(keys[1:]), Sealer(keys), Sealer(keys[:1])
    async with store.database.transaction() as connection:
        issued = [await issue_key(connection, old, ROOT, now=NOW) for _ in range(3)]
        await connection.execute(
            "INSERT INTO parameters (account, region, name) VALUES ('1', 'r', '/a')"
        )
        await connection.execute(
            "INSERT INTO parameter_versions (account, region, name, version, type, tier, data_type,"
            " sealed, modified, modified_by)"
            " VALUES ('1', 'r', '/a', 7, 'SecureString', 'Standard', 'text', %s, %s, '')",
            (old.seal(b"p", "ssm:1:r:/a:7"), NOW),
        )
        found = await connection.execute(
            "INSERT INTO secrets (account, region, name, suffix, created, changed)"
            " VALUES ('1', 'r', 'a', 'abcdef', now(), now()) RETURNING id"
        )
        [secret] = [row.id for row in await found.fetchall()]
        await connection.execute(
            "INSERT INTO secret_versions (secret, version_id, sealed, is_text, created)"
            " VALUES (%s, 'v', %s, true, now())",
            (secret, old.seal(b"s", f"secretsmanager:{secret}:v")),
        )
    assert await reseal(store.database, both) == 5
    assert await reseal(store.database, both) == 0
    for key in issued:
        known = await find_key(store.database, new, key.access_key_id)
        assert known
        assert known.secret_access_key == key.secret_access_key
    row = await store.database.fetch_one("SELECT sealed FROM parameter_versions")
    assert row
    assert new.unseal(row.sealed, "ssm:1:r:/a:7") == b"p"
    row = await store.database.fetch_one("SELECT sealed FROM secret_versions")
    assert row
    assert new.unseal(row.sealed, f"secretsmanager:{secret}:v") == b"s"


async def test_every_column_of_bytes_is_registered_as_sealed_or_known_as_none(store: Store) -> None:
    rows = await store.database.fetch(
        "SELECT table_name || '.' || column_name AS name FROM information_schema.columns"
        " WHERE data_type = 'bytea' AND table_schema = 'public'"
    )
    sealed = {f"{one.table}.{one.column}" for one in SEALED}
    assert sealed <= {row.name for row in rows}
    others = {row.name for row in rows if not row.name.endswith("_hash")} - sealed
    assert others <= {
        "log_chunks.data",
        "object_versions.data",
        "objects.data",
        "upload_parts.data",
    }


# Sockets


async def test_port_0_is_one_that_is_free_and_a_taken_one_is_told() -> None:
    listening = listen(Settings(port=0))
    try:
        host, _, port = listening.endpoint.removeprefix("http://").partition(":")
        assert host == "127.0.0.1"
        with pytest.raises(ListenError, match=f"127.0.0.1:{port} cannot be .* --port"):
            listen(Settings(port=int(port)))
    finally:
        listening.close()


async def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(ListenError, match=r"192\.0\.2\.1:0 cannot be listened on"):
        listen(Settings(host="192.0.2.1", port=0))


async def test_the_address_for_containers_can_be_given() -> None:
    listening = listen(Settings(port=0, container_endpoint="http://build-host:80"))
    assert listening.container_endpoint == "http://build-host:80"
    assert len(listening.sockets) == 1
    listening.close()


# What is kept up


async def test_the_end_of_any_process_is_noticed() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=-1)
    noticed = asyncio.create_task(ended(process.pid))
    process.kill()
    async with asyncio.timeout(10):
        await noticed
        await process.wait()
        await ended(process.pid)


async def test_a_killed_postgresql_is_started_again(tmp_path: Path) -> None:
    postgres = Postgres(str(tmp_path / "pg"))
    database = Database(await postgres.start(), connections=1)
    first = postgres.process
    keeping = asyncio.create_task(postgres.keep())
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(20):
        while postgres.process == first:
            await asyncio.sleep(0.01)
    await database.open()
    assert await database.fetch_one("SELECT 1")
    await database.close()
    keeping.cancel()
    await postgres.stop()


async def test_a_postgresql_that_a_killed_server_left_is_stopped(tmp_path: Path) -> None:
    program = (
        "import os, sys; from penstock.store.embedded import Embedded\n"
        "one = Embedded(sys.argv[1]); one.start(); print(one.process, flush=True); os._exit(0)"
    )
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    left = int((await server.communicate())[0])
    assert await asyncio.to_thread(stop_left, str(tmp_path))
    async with asyncio.timeout(10):
        await ended(left)
    assert not await asyncio.to_thread(stop_left, str(tmp_path))


async def test_the_note_of_a_dead_postgresql_does_not_stand_for_another_process(
    tmp_path: Path,
) -> None:
    note, lock = tmp_path / "postmaster.pid", tmp_path / ".s.PGSQL.5432.lock"
    lock.write_text(str(os.getpid()))
    note.write_text(f"{os.getpid()}\n{tmp_path}\n0\n5432\n{tmp_path}\n\n0\nready\n")
    forget_stale(str(tmp_path))
    assert not note.exists()
    assert not lock.exists()


async def test_a_worker_that_dies_is_started_again_until_it_is_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    program = (
        "import os, sys; os.set_blocking(0, True)\n"
        f"open({str(told)!r}, 'w').write(str(os.getpid()))\n"
        "sys.stdin.read()"
    )
    monkeypatch.setattr(worker_process, "COMMAND", (sys.executable, "-c", program))
    monkeypatch.setattr(worker_process, "FIRST", 0.0)
    worker = WorkerProcess(os.environ)
    keeping = asyncio.create_task(worker.keep())
    first = int(await asyncio.to_thread(told.read_text))
    os.kill(first, signal.SIGKILL)
    second = int(await asyncio.to_thread(told.read_text))
    assert second != first
    worker.drain()
    async with asyncio.timeout(10):
        await keeping
    assert not psutil.pid_exists(second)
