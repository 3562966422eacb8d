"""What an object has beside its bytes: from requests into rows, and from rows into answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from penstock.errors import AwsError, not_implemented
from penstock.services.s3.checksums import FULL, given
from penstock.services.s3.refusals import invalid_argument, invalid_request
from penstock.services.s3.tags import read_tag_header
from penstock.services.service import Request
from penstock.state.calls import Call
from penstock.store.object_records import Attributes, ObjectVersion

STORAGE_CLASSES = (
    *("STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING"),
    *("GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"),
)
DEFAULT_TYPE = "binary/octet-stream"
MOST_METADATA = 2048  # bytes of names and values
_KEPT = (
    *("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType"),
    *("WebsiteRedirectLocation", "Metadata"),
)
_ENCRYPTION = ("ServerSideEncryption", "SSEKMSKeyId", "SSEKMSEncryptionContext", "BucketKeyEnabled")
_REFUSED = (
    "SSECustomerAlgorithm",
    "SSECustomerKey",
    "CopySourceSSECustomerKey",
    "WriteOffsetBytes",
)
_LOCK = ("ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus")
_OVERRIDES = {
    "ResponseCacheControl": "CacheControl",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentType": "ContentType",
    "ResponseExpires": "Expires",
}


def read_attributes(call: Call, request: Request) -> Attributes:
    """Of a request that puts an object, save for its checksums. Raises AwsError."""
    check_asked(call, request)
    return Attributes(
        {**read_headers(request), **read_encryption(call, request)},
        read_storage_class(request),
        None,
        read_tag_header(request.get("Tagging")),
    )


def check_asked(call: Call, request: Request) -> None:
    """Raises AwsError for what is not done here."""
    for member in _REFUSED:
        if request.get(member) is not None:
            raise not_implemented(f"s3.{call.operation} {member}")
    if any(request.get(member) is not None for member in _LOCK):
        raise invalid_request("Bucket is missing Object Lock Configuration")


def read_storage_class(request: Request) -> str:
    name: str = request.get("StorageClass", "STANDARD")
    if name not in STORAGE_CLASSES:
        raise AwsError("InvalidStorageClass", "The storage class you specified is not valid")
    return name


def read_headers(request: Request) -> dict[str, Any]:
    """Raises AwsError: MetadataTooLarge."""
    headers = {name: request[name] for name in _KEPT if request.get(name)}
    headers.setdefault("ContentType", DEFAULT_TYPE)
    if isinstance(request.get("Expires"), datetime):
        headers["Expires"] = request["Expires"].isoformat()
    metadata: Mapping[str, str] = headers.get("Metadata", {})
    if (
        sum(len(key.encode()) + len(text.encode()) for key, text in metadata.items())
        > MOST_METADATA
    ):
        raise AwsError(
            "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size"
        )
    return headers


def read_encryption(call: Call, request: Request) -> dict[str, Any]:
    """Nothing where the bucket's default is to be taken. Raises AwsError: InvalidArgument."""
    found = {name: request[name] for name in _ENCRYPTION if request.get(name) is not None}
    return with_key(call, found) if "ServerSideEncryption" in found else {}


def with_key(call: Call, encryption: dict[str, Any]) -> dict[str, Any]:
    """KMS encrypts under the account's key for S3 where none is named."""
    algorithm = encryption["ServerSideEncryption"]
    if algorithm not in ("AES256", "aws:kms", "aws:kms:dsse"):
        raise invalid_argument(
            "The encryption method specified is not supported",
            "x-amz-server-side-encryption",
            algorithm,
        )
    if algorithm == "AES256":
        return {"ServerSideEncryption": algorithm}
    default = f"arn:aws:kms:{call.region}:{call.account}:alias/aws/s3"
    return {"SSEKMSKeyId": default, **encryption}


def encryption_of(headers: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer says of how an object is encrypted."""
    return {name: headers[name] for name in _ENCRYPTION if name in headers}


def read_checksum(request: Request) -> dict[str, str] | None:
    """To be asked when the body has been read: its checksums can stand behind it."""
    found = given(request) | getattr(request.get("Body"), "checksums", {})
    return {**found, "ChecksumType": FULL} if found else None


def describe(version: ObjectVersion, request: Request, *, whole: bool) -> dict[str, Any]:
    """The members that GetObject and HeadObject answer for all of an object, save for the body."""
    answer = {name: value for name, value in version.headers.items() if name != "ACL"}
    if "Expires" in answer:
        answer["Expires"] = datetime.fromisoformat(answer["Expires"])
    answer |= {
        "AcceptRanges": "bytes",
        "LastModified": version.modified,
        "ContentLength": version.size,
        "ETag": f'"{version.etag}"',
    }
    if version.version_id:
        answer["VersionId"] = version.version_id
    if version.storage_class != "STANDARD":
        answer["StorageClass"] = version.storage_class
    if version.tags:
        answer["TagCount"] = len(version.tags)
    if whole and version.checksum and request.get("ChecksumMode", "").upper() == "ENABLED":
        answer |= version.checksum
    for override, member in _OVERRIDES.items():
        if request.get(override) is not None:
            answer[member] = request[override]
    return answer
