"""What objects are made of, as they are put and as they are found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from penstock.store.object_bodies import Content
from penstock.store.object_events import Subject

NULL = "null"
"""The version id of what was put while versioning was not enabled."""


class Part(NamedTuple):
    """A part of an object that came in parts; `checksum` is in base64."""

    number: int
    size: int
    blob: str
    etag: str
    checksum: str | None


class ObjectVersion(NamedTuple):
    """A version of an object, or a delete marker.

    `version_id` is None where its bucket never kept versions. `headers`, `checksum` and `tags` are
    members of the API as they were put. The bytes are `data`, or in `blob`, or in `parts`.
    """

    bucket_id: int
    account: str
    region: str
    bucket: str
    key: str
    sequence: int
    version_id: str | None
    delete_marker: bool
    modified: datetime
    size: int
    etag: str
    storage_class: str
    headers: Mapping[str, Any]
    checksum: Mapping[str, str] | None
    tags: Mapping[str, str]
    data: bytes | None
    blob: str | None
    parts: tuple[Part, ...]

    @property
    def metadata(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.headers.get("Metadata", {})
        return found

    @property
    def subject(self) -> Subject:
        names = (self.account, self.region, self.bucket, self.key, self.version_id)
        return Subject(*names, self.sequence, self.etag, self.size)


class Attributes(NamedTuple):
    """What an object has beside its bytes, in the API's members."""

    headers: Mapping[str, Any] = {}
    storage_class: str = "STANDARD"
    checksum: Mapping[str, str] | None = None
    tags: Mapping[str, str] = {}


class Condition(NamedTuple):
    """What must be so for a write: the current ETag (`*`: any), or that there is no object."""

    etag: str | None = None
    absent: bool = False


UNCONDITIONAL = Condition()


class Place(NamedTuple):
    """Where an object is to be; `owner` is the account that must own the bucket, if any must."""

    bucket: str
    key: str
    owner: str | None = None


class Kept(NamedTuple):
    """A version as it was put; `version_id` is None where its bucket never kept versions.

    `defaults` are the headers it has got from its bucket.
    """

    content: Content
    version_id: str | None
    defaults: Mapping[str, Any]
