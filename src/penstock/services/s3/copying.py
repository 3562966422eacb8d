"""Objects and parts made from objects that are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from penstock.errors import AwsError, not_implemented
from penstock.services.s3.access import cause, owner_of
from penstock.services.s3.attributes import (
    encryption_of,
)
from penstock.services.s3.checksums import FULL
from penstock.services.s3.conditions import check_source, of_write
from penstock.services.s3.names import check_key
from penstock.services.s3.reading import existing
from penstock.services.s3.refusals import entity_too_large, invalid_argument, invalid_request
from penstock.services.s3.writing import LARGEST, asked, of_kept
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.object_records import Attributes, ObjectVersion, Place
from penstock.store.object_writing import keep
from penstock.store.objects import copy_content

_CHANGES = ("StorageClass", "ServerSideEncryption", "WebsiteRedirectLocation")


class Source(NamedTuple):
    bucket: str
    key: str
    version_id: str | None


class Copying(Service):
    async def copy_object(self, call: Call, request: Request) -> Answer:
        check_key(request["Key"])
        version = await find_source(self.store, call, request)
        if version.size > LARGEST:
            raise entity_too_large(version.size, LARGEST)
        attributes = await self._copied(call, request, version)
        place = Place(request["Bucket"], request["Key"], owner_of(call, request))
        kept = await keep(
            self.store,
            place,
            await copy_content(self.store, version),
            attributes,
            now=call.now,
            cause=cause(call),
            condition=of_write(request),
        )
        result: dict[str, Any] = {"ETag": f'"{kept.content.etag}"', "LastModified": call.now}
        answer: Answer = {"CopyObjectResult": result | dict(attributes.checksum or {})}
        if version.version_id:
            answer["CopySourceVersionId"] = version.version_id
        return answer | of_kept(kept, attributes)

    async def _copied(self, call: Call, request: Request, version: ObjectVersion) -> Attributes:
        """The source's attributes or the request's, by the directives. Raises AwsError."""
        replaces = _directive(request, "MetadataDirective")
        retags = _directive(request, "TaggingDirective")
        if not replaces and _is_itself(request, version):
            raise invalid_request(
                "This copy request is illegal because it is trying to copy an object to itself"
                " without changing the object's metadata, storage class, website redirect location"
                " or encryption attributes."
            )
        wanted = await asked(self.store, call, request)
        headers = dict(wanted.headers)
        if not replaces:
            left = ("ACL", "WebsiteRedirectLocation", *encryption_of(version.headers))
            headers = {k: v for k, v in version.headers.items() if k not in left}
            chosen = (*encryption_of(wanted.headers), "WebsiteRedirectLocation", "ACL")
            headers |= {k: v for k, v in wanted.headers.items() if k in chosen}
        checksum = _checksum(version, request.get("ChecksumAlgorithm"))
        tags = wanted.tags if retags else version.tags
        return Attributes(headers, wanted.storage_class, checksum, tags)


async def find_source(store: Store, call: Call, request: Request) -> ObjectVersion:
    """What is to be copied, if it meets the conditions. Raises AwsError."""
    source = read_source(request["CopySource"])
    named: Request = {"Bucket": source.bucket, "Key": source.key}
    if source.version_id:
        named["VersionId"] = source.version_id
    if "ExpectedSourceBucketOwner" in request:
        named["ExpectedBucketOwner"] = request["ExpectedSourceBucketOwner"]
    try:
        version = await existing(store, call, named)
    except AwsError as error:
        if error.code != "MethodNotAllowed":
            raise
        raise invalid_request(
            "The source of a copy request may not specifically refer to a delete marker by version"
            " id."
        ) from None
    check_source(request, version.etag, version.modified)
    return version


def read_source(text: str) -> Source:
    """`bucket/key`, quoted as in a URL, and `?versionId=` perhaps. Raises AwsError."""
    name, _, version_id = text.partition("?versionId=")
    bucket, slash, key = unquote(name).removeprefix("/").partition("/")
    if not bucket or not slash or not key:
        raise invalid_argument(
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
            "x-amz-copy-source",
            text,
        )
    return Source(bucket, key, version_id or None)


def _directive(request: Request, name: str) -> bool:
    """Whether it says REPLACE. Raises AwsError."""
    value = request.get(name, "COPY")
    if value not in ("COPY", "REPLACE"):
        raise invalid_argument(f"Unknown {name}.", name, value)
    return bool(value == "REPLACE")


def _is_itself(request: Request, version: ObjectVersion) -> bool:
    """Whether a copy would leave an object as it is."""
    same = (version.bucket, version.key) == (request["Bucket"], request["Key"])
    old = "?versionId=" in request["CopySource"]
    return same and not old and not any(request.get(name) for name in _CHANGES)


def _checksum(version: ObjectVersion, algorithm: str | None) -> Mapping[str, str] | None:
    """That of the source; a composite one is not that of the same bytes in one piece.

    Raises AwsError (501) for an algorithm the source has no checksum of.
    """
    found = version.checksum or {}
    checksum = found if found.get("ChecksumType") == FULL else None
    if algorithm and f"Checksum{algorithm}" not in (checksum or {}):
        raise not_implemented(f"s3.CopyObject ChecksumAlgorithm {algorithm}")
    return checksum
