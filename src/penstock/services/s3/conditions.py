"""Conditional requests: what must be so of an object for it to be read, copied or written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from penstock.errors import not_implemented
from penstock.store.object_errors import precondition_failed
from penstock.store.object_records import Condition


def is_unmodified(request: Mapping[str, Any], etag: str, modified: datetime) -> bool:
    """Whether the reader has it already. Raises AwsError: PreconditionFailed."""
    failed = unmet(request, etag, modified)
    if failed in ("If-Match", "If-Unmodified-Since"):
        raise precondition_failed(failed)
    return failed is not None


def check_source(request: Mapping[str, Any], etag: str, modified: datetime) -> None:
    """Of what is copied. Raises AwsError: PreconditionFailed."""
    failed = unmet(request, etag, modified, "CopySource")
    if failed:
        raise precondition_failed(f"x-amz-copy-source-{failed}")


def unmet(
    request: Mapping[str, Any], etag: str, modified: datetime, before: str = ""
) -> str | None:
    """The condition that does not hold, as its header. An ETag given decides over a date given.

    `before` is what the members' names begin with.
    """
    match, none_match = request.get(f"{before}IfMatch"), request.get(f"{before}IfNoneMatch")
    since = request.get(f"{before}IfUnmodifiedSince")
    changed = request.get(f"{before}IfModifiedSince")
    modified = modified.replace(microsecond=0)
    if match is not None:
        if not _names(match, etag):
            return "If-Match"
    elif since is not None and modified > since:
        return "If-Unmodified-Since"
    if none_match is not None:
        if _names(none_match, etag):
            return "If-None-Match"
    elif changed is not None and modified <= changed:
        return "If-Modified-Since"
    return None


def of_write(request: Mapping[str, Any]) -> Condition:
    """Raises AwsError (501) for an If-None-Match of an ETag, which S3 lacks too."""
    absent = request.get("IfNoneMatch")
    if absent not in (None, "*"):
        raise not_implemented("If-None-Match other than *")
    match = request.get("IfMatch")
    return Condition(None if match is None else bare(match), absent is not None)


def bare(etag: str) -> str:
    """An ETag without the quotes it may come with."""
    return etag.strip().removeprefix("W/").strip('"')


def _names(condition: str, etag: str) -> bool:
    return any(bare(one) in ("*", etag) for one in condition.split(","))
