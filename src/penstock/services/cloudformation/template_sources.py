"""Where templates and policies come from: a request itself, or an object of our own S3.

An URL is never asked: it only says which object is meant. So no other host can be reached by one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from penstock.errors import AwsError
from penstock.services.cloudformation.errors import invalid
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.objects import find_object, stream_object

LONGEST_BODY, LONGEST_OBJECT = 51_200, 1_000_000  # bytes, TG-128
TEMPLATE = "@template"
"""The key of a request that has a template as bytes, as long as an object may be: what calls the
service from inside has no URL for it. No such key comes from outside."""
_AWS = re.compile(
    r"(?:(?P<bucket>.+)\.)?s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?"
)
_MORE = (
    "For more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
)


async def template_of(store: Store, call: Call, request: Mapping[str, Any]) -> bytes | None:
    """The text of TemplateBody or of TemplateURL, None where neither is given; of `TEMPLATE`, which
    stands for either. Raises AwsError."""
    body, url = request.get("TemplateBody"), request.get("TemplateURL")
    if (inside := request.get(TEMPLATE)) is not None:
        return _within(bytes(inside), LONGEST_OBJECT)
    if body is not None and url is not None:
        raise invalid("Both TemplateBody and TemplateURL cannot be specified.")
    if url is not None:
        return await read_url(store, call, url)
    if body is None:
        return None
    data = str(body).encode()
    if len(data) > LONGEST_BODY:
        raise invalid(
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint:"
            f" Member must have length less than or equal to {LONGEST_BODY}"
        )
    return data


async def needed_template(store: Store, call: Call, request: Mapping[str, Any]) -> bytes:
    """As `template_of`, but one has to be given."""
    found = await template_of(store, call, request)
    if found is None:
        raise invalid("Either Template URL or Template Body must be specified.")
    return found


async def read_url(
    store: Store, call: Call, url: str, *, what: str = "TemplateURL", most: int = LONGEST_OBJECT
) -> bytes:
    """What an object of the caller's account has that an URL names. Raises AwsError."""
    place = place_of(url, call.endpoint)
    if place is None:
        raise invalid(f"{what} must be a supported URL.")
    bucket, key, version = place
    try:
        return await read_object(store, call, bucket, key, version, most=most)
    except AwsError as error:
        if error.code == "ValidationError":
            raise
        raise invalid(f"S3 error: {error.message}\n{_MORE}") from None


async def read_object(
    store: Store, call: Call, bucket: str, key: str, version: str | None = None, *, most: int
) -> bytes:
    """The bytes of an object. Raises AwsError: S3's, and ValidationError for more than `most`."""
    found = await find_object(store, bucket, key, version, owner=call.account)
    if found.size > most:
        raise _too_long(most)
    return b"".join([piece async for piece in stream_object(store, found)])


def _within(data: bytes, most: int) -> bytes:
    if len(data) > most:
        raise _too_long(most)
    return data


def _too_long(most: int) -> AwsError:
    return invalid(f"Template may not exceed {most} bytes in size.")


def place_of(url: str, endpoint: str) -> tuple[str, str, str | None] | None:
    """Bucket, key and version that an URL of AWS's S3 or of this server names; None for others."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    bucket = _bucket_of(host, urlsplit(endpoint).hostname or "")
    path = unquote(parts.path.lstrip("/"))
    if bucket is None:
        return None
    if not bucket:
        bucket, _, path = path.partition("/")
    version = parse_qs(parts.query).get("versionId", [None])[0]
    return (bucket, path, version) if bucket and path else None


def _bucket_of(host: str, own: str) -> str | None:
    """The bucket that a host names; "" where the path does, None where the host is another's."""
    of_aws = _AWS.fullmatch(host)
    if of_aws:
        return of_aws["bucket"] or ""
    for name in ("localhost", own):
        if name and host in (name, f"s3.{name}"):
            return ""
        if name and host.endswith(f".{name}"):
            return host[: -len(name) - 1].removesuffix(".s3")
    return "" if _is_loopback(host) else None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
