"""What a bucket answers as a website: documents, its index and error ones, and redirects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from html import escape
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote

from penstock.errors import AwsError
from penstock.services.s3.websites import NO_WEBSITE
from penstock.store import Store
from penstock.store.buckets import find_bucket
from penstock.store.object_records import ObjectVersion
from penstock.store.objects import find_object, stream_object

_HEADERS = {
    "CacheControl": "cache-control",
    "ContentDisposition": "content-disposition",
    "ContentEncoding": "content-encoding",
    "ContentLanguage": "content-language",
    "ContentType": "content-type",
}


class WebsiteAnswer(NamedTuple):
    """Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: AsyncIterator[bytes]


async def website_answer(store: Store, host_bucket: str, path: str) -> WebsiteAnswer:
    """The answer to a GET of `path`, unquoted and beginning with a slash, of a bucket's website.

    Everybody may read a website here, whatever its bucket's policy.
    """
    key = path.removeprefix("/")
    try:
        bucket = await find_bucket(store.database, host_bucket)
        if "website" not in bucket.settings:
            code, message = NO_WEBSITE
            raise AwsError(code, message, 404, {"BucketName": host_bucket})
        site = bucket.settings["website"]
        if redirect := redirected(site, key):
            return _redirect(*redirect)
        return await _document(store, host_bucket, site, key)
    except AwsError as error:
        return _error_page(error)


def redirected(site: Mapping[str, Any], key: str, error: str = "") -> tuple[int, str] | None:
    """Where a configuration sends who asks for a key, or gets an error for it; with the status."""
    everything = site.get("RedirectAllRequestsTo")
    if everything:
        protocol = everything.get("Protocol", "http")
        return 301, f"{protocol}://{everything['HostName']}/{quote(key)}"
    for rule in site.get("RoutingRules", ()):
        condition = rule.get("Condition", {})
        prefix = condition.get("KeyPrefixEquals", "")
        if condition.get("HttpErrorCodeReturnedEquals", "") == error and key.startswith(prefix):
            redirect = rule["Redirect"]
            target = redirect.get("ReplaceKeyWith")
            if target is None:
                target = redirect.get("ReplaceKeyPrefixWith", prefix) + key[len(prefix) :]
            host = redirect.get("HostName", "")
            start = f"{redirect.get('Protocol', 'http')}://{host}" if host else ""
            return int(redirect.get("HttpRedirectCode", 301)), f"{start}/{quote(target)}"
    return None


async def _document(store: Store, bucket: str, site: Mapping[str, Any], key: str) -> WebsiteAnswer:
    suffix = site["IndexDocument"]["Suffix"]
    wanted = key + suffix if key == "" or key.endswith("/") else key
    try:
        return _found(store, await find_object(store, bucket, wanted))
    except AwsError as error:
        if wanted == key and await _exists(store, bucket, f"{key}/{suffix}"):
            return _redirect(302, f"/{quote(key)}/")
        if redirect := redirected(site, key, str(error.status)):
            return _redirect(*redirect)
        return await _error_document(store, bucket, site, error)


async def _error_document(
    store: Store, bucket: str, site: Mapping[str, Any], error: AwsError
) -> WebsiteAnswer:
    if "ErrorDocument" not in site:
        return _error_page(error)
    try:
        found = await find_object(store, bucket, site["ErrorDocument"]["Key"])
    except AwsError:
        return _error_page(error)
    return _found(store, found)._replace(status=error.status)


async def _exists(store: Store, bucket: str, key: str) -> bool:
    try:
        await find_object(store, bucket, key)
    except AwsError:
        return False
    return True


def _found(store: Store, version: ObjectVersion) -> WebsiteAnswer:
    target = version.headers.get("WebsiteRedirectLocation")
    if target:
        return _redirect(301, target)
    headers = {_HEADERS[k]: v for k, v in version.headers.items() if k in _HEADERS}
    headers |= {"etag": f'"{version.etag}"', "content-length": str(version.size)}
    return WebsiteAnswer(200, headers, stream_object(store, version))


def _redirect(status: int, target: str) -> WebsiteAnswer:
    return WebsiteAnswer(status, {"location": target, "content-length": "0"}, _once(b""))


def _error_page(error: AwsError) -> WebsiteAnswer:
    title = f"{error.status} {HTTPStatus(error.status).phrase}"
    facts = {"Code": error.code, "Message": error.message, **error.members}
    items = "".join(f"<li>{escape(k)}: {escape(str(v))}</li>\n" for k, v in facts.items())
    text = (
        f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n"
        f"<ul>\n{items}</ul>\n<hr/>\n</body>\n</html>\n"
    ).encode()
    headers = {"content-type": "text/html; charset=utf-8", "content-length": str(len(text))}
    return WebsiteAnswer(error.status, headers, _once(text))


async def _once(data: bytes) -> AsyncIterator[bytes]:
    if data:
        yield data
