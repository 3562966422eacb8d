"""A bucket's objects and versions, page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from penstock.services.paging import make_token, read_token
from penstock.services.s3.access import own_bucket, owner
from penstock.services.s3.refusals import invalid_argument
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store.buckets import Bucket
from penstock.store.object_listing import Position, after_key, list_objects, null_sequence
from penstock.store.object_writing import sequence_of

MOST = 1000  # of a page
Encode = Callable[[str], str]


class Listing(Service):
    async def list_objects(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        marker = request.get("Marker", "")
        start = after_marker(marker, request)
        rows, following = await self._page(bucket, request, start)
        encode = encoder(request)
        answer = _common(request, rows, following, encode, owner(bucket.account))
        answer["Marker"] = encode(marker)
        if following and request.get("Delimiter"):
            last = rows[-1]
            answer["NextMarker"] = encode(last.key if last.common is None else last.common)
        return answer

    async def list_objects_v2(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        after, token = request.get("StartAfter", ""), request.get("ContinuationToken")
        kind = f"s3 {bucket.id} {request.get('Prefix', '')} {request.get('Delimiter', '')}"
        wrong = invalid_argument(
            "The continuation token provided is incorrect", "continuation-token", token
        )
        found = read_token(kind, token, wrong)
        if token == "":
            raise wrong
        start = Position(*found) if found else after_marker(after, request)
        rows, following = await self._page(bucket, request, start)
        encode = encoder(request)
        mine = owner(bucket.account) if request.get("FetchOwner") else None
        answer = _common(request, rows, following, encode, mine)
        answer["KeyCount"] = len(rows)
        if after:
            answer["StartAfter"] = encode(after)
        if token:
            answer["ContinuationToken"] = token
        if following:
            answer["NextContinuationToken"] = make_token(kind, *following)
        return answer

    async def list_object_versions(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        start = await self._version_start(bucket, request)
        rows, following = await self._page(bucket, request, start, versions=True)
        encode = encoder(request)
        answer = _names(request, rows, encode)
        answer |= {"IsTruncated": following is not None, "MaxKeys": max_keys(request)}
        answer["KeyMarker"] = encode(request.get("KeyMarker", ""))
        answer["VersionIdMarker"] = request.get("VersionIdMarker", "")
        shown = [row for row in rows if row.common is None]
        mine = owner(bucket.account)
        answer["Versions"] = [_version(row, encode, mine) for row in shown if not row.delete_marker]
        answer["DeleteMarkers"] = [_marker(row, encode, mine) for row in shown if row.delete_marker]
        if following:
            last = rows[-1]
            answer["NextKeyMarker"] = encode(last.key if last.common is None else last.common)
            if last.common is None:
                answer["NextVersionIdMarker"] = last.version_id
        return answer

    async def _page(
        self, bucket: Bucket, request: Request, start: Position, *, versions: bool = False
    ) -> tuple[Sequence[Any], Position | None]:
        return await list_objects(
            self.store.database,
            bucket.id,
            request.get("Prefix", ""),
            request.get("Delimiter", ""),
            start,
            max_keys(request),
            versions=versions,
        )

    async def _version_start(self, bucket: Bucket, request: Request) -> Position:
        """Behind the markers; versions older than one that has gone are still found by its id."""
        key, marker = request.get("KeyMarker", ""), request.get("VersionIdMarker", "")
        if not marker:
            return after_marker(key, request)
        if not key:
            raise invalid_argument(
                "A version-id marker cannot be specified without a key marker.",
                "version-id-marker",
                marker,
            )
        if marker == "null":
            sequence = await null_sequence(self.store.database, bucket.id, key)
            return Position(key, None if sequence is None else sequence - 1)
        found = sequence_of(marker)
        if found is None:
            raise invalid_argument("Invalid version id specified", "version-id-marker", marker)
        return Position(key, found - 1)


def after_marker(marker: str, request: Request) -> Position:
    """Behind a key, or all the keys of a common prefix of this very listing."""
    prefix, delimiter = request.get("Prefix", ""), request.get("Delimiter", "")
    rest = marker.removeprefix(prefix)
    is_common = delimiter and marker.startswith(prefix) and rest.find(delimiter) >= 0
    if is_common and rest.find(delimiter) + len(delimiter) == len(rest):
        return Position(marker, behind=True)
    return after_key(marker) if marker else Position("")


def max_keys(request: Request, name: str = "MaxKeys") -> int:
    """Raises AwsError: InvalidArgument."""
    asked: int = request.get(name, MOST)
    if asked < 0:
        argument = "max-keys" if name == "MaxKeys" else "max-uploads"
        raise invalid_argument(
            f"Argument {argument} must be an integer between 0 and 2147483647", argument, asked
        )
    return min(asked, MOST)


def encoder(request: Request) -> Encode:
    """How keys are written in the answer. Raises AwsError: InvalidArgument."""
    encoding = request.get("EncodingType")
    if encoding is None:
        return str
    if encoding != "url":
        raise invalid_argument(
            "Invalid Encoding Method specified in Request", "encoding-type", encoding
        )
    return lambda text: quote(text, safe="/")


def _common(
    request: Request,
    rows: Sequence[Any],
    following: Position | None,
    encode: Encode,
    mine: dict[str, str] | None,
) -> dict[str, Any]:
    answer = _names(request, rows, encode)
    answer |= {"IsTruncated": following is not None, "MaxKeys": max_keys(request)}
    answer["Contents"] = [_object(row, encode, mine) for row in rows if row.common is None]
    return answer


def _names(request: Request, rows: Sequence[Any], encode: Encode) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "Name": request["Bucket"],
        "Prefix": encode(request.get("Prefix", "")),
        "CommonPrefixes": [
            {"Prefix": encode(row.common)} for row in rows if row.common is not None
        ],
    }
    if request.get("Delimiter"):
        answer["Delimiter"] = encode(request["Delimiter"])
    if request.get("EncodingType"):
        answer["EncodingType"] = request["EncodingType"]
    return answer


def _object(row: Any, encode: Encode, mine: dict[str, str] | None) -> dict[str, Any]:
    found = {
        "Key": encode(row.key),
        "LastModified": row.modified,
        "ETag": f'"{row.etag}"',
        "Size": row.size,
        "StorageClass": row.storage_class,
    }
    if row.checksum:
        found["ChecksumAlgorithm"] = [
            name.removeprefix("Checksum") for name in row.checksum if name != "ChecksumType"
        ]
        found["ChecksumType"] = row.checksum["ChecksumType"]
    return found | ({"Owner": mine} if mine else {})


def _version(row: Any, encode: Encode, mine: dict[str, str]) -> dict[str, Any]:
    return {
        **_object(row, encode, mine),
        "VersionId": row.version_id,
        "IsLatest": row.is_latest,
    }


def _marker(row: Any, encode: Encode, mine: dict[str, str]) -> dict[str, Any]:
    return {
        "Key": encode(row.key),
        "VersionId": row.version_id,
        "IsLatest": row.is_latest,
        "LastModified": row.modified,
        "Owner": mine,
    }
