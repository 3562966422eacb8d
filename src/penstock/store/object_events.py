"""What EventBridge is told of objects, in the shapes of S3's own events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from penstock.store.events import Event


class Cause(NamedTuple):
    """Why something happened to an object: `reason` is an operation, or "Lifecycle Expiration"."""

    reason: str
    request_id: str
    requester: str
    source_ip: str | None = None


class Subject(NamedTuple):
    """An object's version, as far as events say it."""

    account: str
    region: str
    bucket: str
    key: str
    version_id: str | None
    sequence: int
    etag: str | None = None
    size: int | None = None


def object_created(subject: Subject, cause: Cause, now: datetime) -> Event:
    return _event("Object Created", subject, cause, now, {"reason": cause.reason})


def object_deleted(subject: Subject, cause: Cause, now: datetime, *, marked: bool) -> Event:
    """`marked`: a delete marker was put, the versions are still there."""
    kind = "Delete Marker Created" if marked else "Permanently Deleted"
    more = {"reason": cause.reason, "deletion-type": kind}
    return _event("Object Deleted", subject, cause, now, more)


def object_tagged(subject: Subject, cause: Cause, now: datetime, *, tagged: bool) -> Event:
    return _event(f"Object Tags {'Added' if tagged else 'Deleted'}", subject, cause, now, {})


def object_moved(subject: Subject, cause: Cause, now: datetime, storage_class: str) -> Event:
    more = {"destination-storage-class": storage_class}
    return _event("Object Storage Class Changed", subject, cause, now, more)


def _event(
    kind: str, subject: Subject, cause: Cause, now: datetime, more: Mapping[str, Any]
) -> Event:
    told = {
        "key": subject.key,
        "size": subject.size,
        "etag": subject.etag,
        "version-id": subject.version_id,
        "sequencer": f"{subject.sequence:018X}",
    }
    detail = {
        "version": "0",
        "bucket": {"name": subject.bucket},
        "object": {name: value for name, value in told.items() if value is not None},
        "request-id": cause.request_id,
        "requester": cause.requester,
        "source-ip-address": cause.source_ip,
        **more,
    }
    return Event(
        subject.account,
        subject.region,
        "aws.s3",
        kind,
        [f"arn:aws:s3:::{subject.bucket}"],
        now,
        {name: value for name, value in detail.items() if value is not None},
    )
