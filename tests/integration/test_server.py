"""The server as one application, and what it keeps up beside it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import pytest

from penstock.server import check_services, is_own, make_app
from penstock.services import make_service
from penstock.serving.log_lines import Json, Pretty
from penstock.serving.websites import Websites
from penstock.settings import Settings, SettingsError
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.database import Database
from penstock.store.objects import put_object
from penstock.wire.elsewhere import Scope

from .asgi import NOW, get, scope_of

pytestmark = pytest.mark.anyio


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
