"""Buckets that are websites."""

from __future__ import annotations

import os
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.services.s3.website import website_answer
from penstock.store import Store
from penstock.store.objects import put_object

from .pond import NOON, Ask

pytestmark = pytest.mark.anyio


async def site(ask: Ask, **configuration: Any) -> None:
    await ask(
        "PutBucketWebsite",
        WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}, **configuration},
    )


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/", 200, b"home"),
        ("/app.js", 200, b"code"),
        ("/docs", 302, b""),
        ("/docs/", 200, b"docs"),
        ("/deep/link", 404, b"home"),
        ("/moved", 301, b""),
    ],
)
async def test_a_single_page_application(
    pond: Ask, store: Store, path: str, status: int, body: bytes
) -> None:
    await site(pond, ErrorDocument={"Key": "index.html"})
    for key, text in (("index.html", b"home"), ("app.js", b"code"), ("docs/index.html", b"docs")):
        await put_object(store, "pond", key, text, now=NOON, content_type="text/html")
    await pond("PutObject", Key="moved", Body=b"", WebsiteRedirectLocation="/elsewhere")
    answer = await website_answer(store, "pond", path)
    assert (answer.status, b"".join([piece async for piece in answer.body])) == (status, body)
    location = {302: "/docs/", 301: "/elsewhere"}.get(status)
    assert answer.headers.get("location") == location


async def test_routing_rules_and_error_pages(pond: Ask, store: Store) -> None:
    by_prefix = {
        "Condition": {"KeyPrefixEquals": "old/"},
        "Redirect": {"ReplaceKeyPrefixWith": "new/", "HttpRedirectCode": "302"},
    }
    on_error = {
        "Condition": {"HttpErrorCodeReturnedEquals": "404", "KeyPrefixEquals": "gone"},
        "Redirect": {"HostName": "example.com", "Protocol": "https", "ReplaceKeyWith": "sorry"},
    }
    await site(pond, RoutingRules=[by_prefix, on_error])
    answer = await website_answer(store, "pond", "/old/a b")
    assert (answer.status, answer.headers["location"]) == (302, "/new/a%20b")
    answer = await website_answer(store, "pond", "/gone/x")
    assert (answer.status, answer.headers["location"]) == (301, "https://example.com/sorry")
    answer = await website_answer(store, "pond", "/<none>")
    page = b"".join([piece async for piece in answer.body])
    assert answer.status == 404 and b"NoSuchKey" in page and b"&lt;none&gt;" in page
    answer = await website_answer(store, "sea", "/")
    assert answer.status == 404
    await pond(
        "PutBucketWebsite",
        WebsiteConfiguration={"RedirectAllRequestsTo": {"HostName": "example.com"}},
    )
    answer = await website_answer(store, "pond", "/a")
    assert (answer.status, answer.headers["location"]) == (301, "http://example.com/a")


@pytest.mark.parametrize(
    "configuration",
    [
        {"IndexDocument": {"Suffix": "a/b"}},
        {"ErrorDocument": {"Key": ""}},
        {"RoutingRules": [{"Redirect": {"HttpRedirectCode": "200"}}]},
        {"RoutingRules": [{"Redirect": {"ReplaceKeyWith": "a", "ReplaceKeyPrefixWith": "b"}}]},
        {"RedirectAllRequestsTo": {"HostName": "x"}},
    ],
)
async def test_website_configurations_that_are_none(
    pond: Ask, configuration: dict[str, Any]
) -> None:
    with pytest.raises(AwsError):
        await site(pond, **configuration)


async def test_removing_the_latest_version_of_a_website_brings_the_old_one_back(
    pond: Ask, store: Store
) -> None:
    await pond("PutBucketVersioning", VersioningConfiguration={"Status": "Enabled"})
    await site(pond)
    first = await put_object(store, "pond", "index.html", b"1", now=NOON)
    second = await put_object(store, "pond", "index.html", os.urandom(9000), now=NOON)
    assert first.version_id and second.version_id
    await pond("DeleteObject", Key="index.html", VersionId=second.version_id)
    answer = await website_answer(store, "pond", "/")
    assert b"".join([piece async for piece in answer.body]) == b"1"
