"""Objects read."""

from __future__ import annotations

from typing import Any

from penstock.errors import AwsError
from penstock.services.s3.access import owner_of
from penstock.services.s3.attributes import check_asked, describe
from penstock.services.s3.conditions import is_unmodified
from penstock.services.s3.ranges import Span, read_range
from penstock.services.s3.refusals import invalid_argument, invalid_request
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.object_errors import no_such_key, no_such_version
from penstock.store.object_records import ObjectVersion
from penstock.store.objects import look_up, read_object, stream_object

SMALL = 128 << 10
"""Bytes of a body that is answered at once; streaming one costs a small answer half its time."""
ATTRIBUTES = ("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")


class Reading(Service):
    async def get_object(self, call: Call, request: Request) -> Answer:
        check_asked(call, request)
        version = await existing(self.store, call, request)
        if is_unmodified(request, version.etag, version.modified):
            return _unmodified(version)
        span, answer = _described(version, request)
        if answer["ContentLength"] > SMALL:
            answer["Body"] = stream_object(self.store, version, *(span or ()))
        else:
            answer["Body"] = await read_object(self.store, version, *(span or ()))
        return answer

    async def head_object(self, call: Call, request: Request) -> Answer:
        check_asked(call, request)
        version = await existing(self.store, call, request)
        if is_unmodified(request, version.etag, version.modified):
            return _unmodified(version)
        return _described(version, request)[1]

    async def get_object_attributes(self, call: Call, request: Request) -> Answer:
        check_asked(call, request)
        asked = request["ObjectAttributes"]
        for name in asked:
            if name not in ATTRIBUTES:
                raise invalid_argument(
                    "Invalid attribute name specified", "x-amz-object-attributes", name
                )
        version = await existing(self.store, call, request)
        answer: dict[str, Any] = {"LastModified": version.modified}
        if version.version_id:
            answer["VersionId"] = version.version_id
        every = {
            "ETag": version.etag,
            "Checksum": version.checksum,
            "ObjectParts": _parts(version, request) if version.parts else None,
            "StorageClass": version.storage_class,
            "ObjectSize": version.size,
        }
        return answer | {name: every[name] for name in asked if every[name] is not None}


async def existing(store: Store, call: Call, request: Request) -> ObjectVersion:
    """The version a request names. Raises AwsError, also of what stands for a deleted object."""
    key, version_id = request["Key"], request.get("VersionId")
    check_version_id(version_id)
    owner = owner_of(call, request)
    version = await look_up(store, request["Bucket"], key, version_id, owner=owner)
    if version is None:
        raise no_such_version(key, version_id) if version_id else no_such_key(key)
    if version.delete_marker:
        raise _deleted(version, version_id)
    return version


def check_version_id(version_id: str | None) -> None:
    """Raises AwsError: InvalidArgument."""
    if version_id is not None and version_id != "null" and len(version_id) != 32:
        raise invalid_argument("Invalid version id specified", "versionId", version_id)


def _deleted(marker: ObjectVersion, version_id: str | None) -> AwsError:
    """Names in lower case are headers of the answer."""
    headers = {"x-amz-delete-marker": "true", "x-amz-version-id": marker.version_id}
    if version_id is None:
        error = no_such_key(marker.key)
        return AwsError(error.code, error.message, error.status, {**error.members, **headers})
    return AwsError(
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
        405,
        {"Method": "GET", "ResourceType": "DeleteMarker", "allow": "DELETE", **headers},
    )


def _unmodified(version: ObjectVersion) -> Answer:
    return {"@status": 304, "ETag": f'"{version.etag}"', "LastModified": version.modified}


def _described(version: ObjectVersion, request: Request) -> tuple[Span | None, Answer]:
    """The part that was asked for, if not all of it, and what there is to say of it."""
    span = _span(request, version)
    answer = describe(version, request, whole=span is None)
    if span:
        answer |= {"@status": 206, "ContentLength": span.length}
        answer["ContentRange"] = span.of(version.size)
    if request.get("PartNumber") is not None and version.parts:
        answer["PartsCount"] = len(version.parts)
    return span, answer


def _span(request: Request, version: ObjectVersion) -> Span | None:
    number = request.get("PartNumber")
    if number is None:
        return read_range(request.get("Range"), version.size)
    if request.get("Range"):
        raise invalid_request("Cannot specify both Range header and partNumber query parameter")
    start = 0
    for place, part in enumerate(version.parts, 1):
        if place == number:
            return Span(start, part.size)
        start += part.size
    if number == 1 and not version.parts:
        return Span(0, version.size) if version.size else None
    raise AwsError("InvalidPartNumber", "The requested partnumber is not satisfiable", 416)


def _parts(version: ObjectVersion, request: Request) -> dict[str, Any]:
    """Parts are told one by one only where they have checksums of their own, as S3 does."""
    after, most = request.get("PartNumberMarker", 0), min(request.get("MaxParts", 1000), 1000)
    found: dict[str, Any] = {"TotalPartsCount": len(version.parts)}
    if not version.checksum or any(part.checksum is None for part in version.parts):
        return found
    name = next(name for name in version.checksum if name != "ChecksumType")
    rest = list(enumerate(version.parts, 1))[after:]
    shown = rest[:most]
    return found | {
        "PartNumberMarker": after,
        "NextPartNumberMarker": shown[-1][0] if shown else 0,
        "MaxParts": most,
        "IsTruncated": len(rest) > most,
        "Parts": [
            {"PartNumber": place, "Size": part.size, name: part.checksum} for place, part in shown
        ],
    }
