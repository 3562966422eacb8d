"""What S3 does otherwise than its model says: names of roots, errors, uploads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from botocore.model import OperationModel, Shape, StructureShape

from penstock.errors import AwsError
from penstock.wire.answer import Answer, Incoming, Reader, Writer, fields_of
from penstock.wire.compiling import Malformed
from penstock.wire.request import Head
from penstock.wire.rest import Body, RestXml
from penstock.wire.timestamps import iso8601_seconds
from penstock.wire.uploads import Upload
from penstock.wire.xml_writing import DECLARATION, escape

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_ROOTS = {
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "GetObjectAcl": "AccessControlPolicy",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectTagging": "Tagging",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListParts": "ListPartsResult",
}
_MALFORMED = (
    "The XML you provided was not well-formed or did not validate against our published schema"
)


class S3(RestXml):
    malformed = "InvalidArgument"
    invalid = "InvalidArgument"
    timestamps = staticmethod(iso8601_seconds)
    namespace = NAMESPACE

    def body_reader(self, shape: Shape, name: str) -> Body:
        read = super().body_reader(shape, name)

        def read_or_refuse(body: bytes) -> Any:
            try:
                return read(body)
            except Malformed:
                raise AwsError("MalformedXML", _MALFORMED) from None

        return read_or_refuse

    def refusal(self, findings: Sequence[str], document: str) -> AwsError:
        if document and any(f" at '{document}" in finding for finding in findings):
            return AwsError("MalformedXML", _MALFORMED)
        return super().refusal(findings, document)

    def reader(self, operation: OperationModel) -> Reader:
        read = super().reader(operation)
        streams = operation.has_streaming_input

        def read_upload(incoming: Incoming) -> dict[str, Any]:
            found = read(incoming)
            if isinstance(incoming.stream, Upload):
                _describe(incoming.stream, found, streams=streams)
            return found

        return read_upload

    def writer(self, operation: OperationModel) -> Writer:
        return (
            _write_location if operation.name == "GetBucketLocation" else super().writer(operation)
        )

    def root(self, operation: OperationModel, shape: StructureShape) -> str:
        return _ROOTS.get(operation.name) or super().root(operation, shape)

    def fault(self, error: AwsError, request_id: str, resource: str) -> Answer:
        """Members whose names are in lower case are headers."""
        headers = {name: str(text) for name, text in error.members.items() if name.islower()}
        members = {
            "Code": error.code,
            "Message": error.message,
            **{name: text for name, text in error.members.items() if name not in headers},
            "Resource": resource,
            "RequestId": request_id,
            "HostId": request_id,
        }
        inside = "".join(f"<{key}>{escape(str(text))}</{key}>" for key, text in members.items())
        return Answer(
            self.error_status(error),
            [("content-type", "application/xml"), *headers.items()],
            f"{DECLARATION}<Error>{inside}</Error>".encode(errors="replace"),
        )


def path_of(head: Head, bucket: str) -> str:
    """The path with the bucket in front that a virtual host names."""
    return f"/{bucket}{head.path}" if bucket else head.path


def _describe(upload: Upload, found: dict[str, Any], *, streams: bool) -> None:
    """Its members speak of what is uploaded, not of how it was sent."""
    if streams and upload.length is None:
        raise AwsError(
            "MissingContentLength", "You must provide the Content-Length HTTP header.", 411
        )
    if streams:
        found["ContentLength"] = upload.length
    encodings = [part.strip() for part in found.pop("ContentEncoding", "").split(",")]
    kept = ",".join(part for part in encodings if part not in ("", "aws-chunked"))
    if kept:
        found["ContentEncoding"] = kept


def _write_location(answer: dict[str, Any], request_id: str) -> Answer:
    """The one answer whose root is a text."""
    location = escape(str(answer.get("LocationConstraint") or ""))
    text = f'{DECLARATION}<LocationConstraint xmlns="{NAMESPACE}">{location}</LocationConstraint>'
    return Answer(200, [("content-type", "application/xml"), *fields_of(answer)], text.encode())
