"""Multipart uploads."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from penstock.errors import not_implemented
from penstock.services.s3.access import cause, own_bucket, owner
from penstock.services.s3.attributes import check_asked, encryption_of, read_checksum
from penstock.services.s3.checksums import ALGORITHMS, COMPOSITE, FULL, type_for
from penstock.services.s3.completing import choose
from penstock.services.s3.conditions import of_write
from penstock.services.s3.copying import find_source
from penstock.services.s3.listing import encoder, max_keys
from penstock.services.s3.names import check_key
from penstock.services.s3.ranges import read_range
from penstock.services.s3.refusals import (
    entity_too_large,
    invalid_argument,
    invalid_request,
)
from penstock.services.s3.rolling import Entry, rolled
from penstock.services.s3.writing import LARGEST, asked, of_kept, received
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import uploads as rows
from penstock.store.object_bodies import Content, receive
from penstock.store.object_records import Attributes, Place
from penstock.store.objects import copy_content, stream_object

PARTS = 10_000
MOST = 1000  # of a page


class Uploads(Service):
    async def create_multipart_upload(self, call: Call, request: Request) -> Answer:
        check_key(request["Key"])
        attributes = await asked(self.store, call, request)
        algorithm, kind = _algorithm(request)
        bucket = await own_bucket(self.store, call, request)
        defaults = {"ServerSideEncryption": "AES256", **bucket.settings.get("defaults", {})}
        encryption = encryption_of(attributes.headers) or defaults
        upload_id = await rows.create_upload(
            self.store.database,
            bucket,
            request["Key"],
            attributes._replace(headers={**attributes.headers, **encryption}),
            now=call.now,
            initiator=call.principal.arn,
            algorithm=algorithm,
            checksum_type=kind,
        )
        checksum = {"ChecksumAlgorithm": algorithm, "ChecksumType": kind} if algorithm else {}
        names = {"Bucket": bucket.name, "Key": request["Key"], "UploadId": upload_id}
        return {**names, **checksum, **encryption}

    async def upload_part(self, call: Call, request: Request) -> Answer:
        check_asked(call, request)
        upload = await self._upload(call, request)
        number = _number(request)
        content = await received(self.store, request, inline=-1)
        checksums = read_checksum(request) or {}
        checksums.pop("ChecksumType", None)
        checksum = checksums.get(f"Checksum{upload.algorithm}")
        await rows.add_part(self.store, upload, number, content, checksum, call.now)
        return {"ETag": f'"{content.etag}"', **checksums, **encryption_of(upload.headers)}

    async def upload_part_copy(self, call: Call, request: Request) -> Answer:
        check_asked(call, request)
        upload = await self._upload(call, request)
        number = _number(request)
        source = await find_source(self.store, call, request)
        content = await self._copied_part(request, source)
        await rows.add_part(self.store, upload, number, content, None, call.now)
        result = {"ETag": f'"{content.etag}"', "LastModified": call.now}
        version = {"CopySourceVersionId": source.version_id} if source.version_id else {}
        return {"CopyPartResult": result, **version, **encryption_of(upload.headers)}

    async def _copied_part(self, request: Request, source: Any) -> Content:
        text = request.get("CopySourceRange")
        if text is None and source.blob:
            return await copy_content(self.store, source)
        span = read_range(text, source.size) if text else None
        if text and (
            span is None or span.of(source.size) != f"{text.replace('=', ' ')}/{source.size}"
        ):
            raise invalid_argument(
                "The x-amz-copy-source-range value must be of the form bytes=first-last where first"
                " and last are the zero-based offsets of the first and last bytes to copy",
                "x-amz-copy-source-range",
                text,
            )
        size = span.length if span else source.size
        if size > LARGEST:
            raise entity_too_large(size, LARGEST)
        body = stream_object(self.store, source, *(span or ()))
        return await receive(self.store.blobs, body, inline=-1)

    async def complete_multipart_upload(self, call: Call, request: Request) -> Answer:
        upload = await self._upload(call, request)
        wanted = request.get("MultipartUpload", {}).get("Parts", ())
        name, key = request["Bucket"], request["Key"]
        kept, whole = await rows.complete(
            self.store,
            Place(name, key, call.account),
            upload,
            lambda parts: choose(parts, wanted, upload, request),
            now=call.now,
            cause=cause(call),
            condition=of_write(request),
        )
        return {
            "Location": f"{call.endpoint}/{name}/{quote(key, safe='/')}",
            "Bucket": name,
            "Key": key,
            "ETag": f'"{whole.etag}"',
            **(whole.checksum or {}),
            **of_kept(kept, Attributes(upload.headers)),
        }

    async def abort_multipart_upload(self, call: Call, request: Request) -> Answer:
        if request.get("IfMatchInitiatedTime") is not None:
            raise not_implemented("s3.AbortMultipartUpload IfMatchInitiatedTime")
        upload = await self._upload(call, request)
        await rows.abort(self.store.database, upload, call.now)
        return {}

    async def list_parts(self, call: Call, request: Request) -> Answer:
        upload = await self._upload(call, request)
        after, most = request.get("PartNumberMarker", 0), min(request.get("MaxParts", MOST), MOST)
        found = await rows.list_parts(self.store.database, upload, after, most + 1)
        shown = found[:most]
        checksum = {"ChecksumType": upload.checksum_type} if upload.algorithm else {}
        if upload.algorithm:
            checksum["ChecksumAlgorithm"] = upload.algorithm
        return {
            **{name: request[name] for name in ("Bucket", "Key", "UploadId")},
            "PartNumberMarker": after,
            "NextPartNumberMarker": shown[-1].number if shown else 0,
            "MaxParts": most,
            "IsTruncated": len(found) > most,
            "Parts": [_part(part, upload.algorithm) for part in shown],
            "Initiator": {"ID": upload.initiator},
            "Owner": owner(call.account),
            "StorageClass": upload.storage_class,
            **checksum,
        }

    async def list_multipart_uploads(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        encode, most = encoder(request), max_keys(request, "MaxUploads")
        prefix, delimiter = request.get("Prefix", ""), request.get("Delimiter", "")
        after, marker = request.get("KeyMarker", ""), request.get("UploadIdMarker", "")
        found = await rows.list_uploads(self.store.database, bucket, prefix, after, marker)
        entries = list(rolled(found, prefix, delimiter, after))
        shown = entries[:most]
        answer: Answer = {
            "Bucket": bucket.name,
            "KeyMarker": encode(after),
            "UploadIdMarker": marker,
            "Prefix": encode(prefix),
            "MaxUploads": most,
            "IsTruncated": bool(most) and len(entries) > most,
            "Uploads": [
                _shown(one, encode(one.row.key), owner(bucket.account)) for one in shown if one.row
            ],
            "CommonPrefixes": [{"Prefix": encode(one.name)} for one in shown if not one.row],
        }
        if answer["IsTruncated"]:
            last = shown[-1]
            answer["NextKeyMarker"] = encode(last.name)
            answer["NextUploadIdMarker"] = last.row.upload_id if last.row else ""
        for name in ("Delimiter", "EncodingType"):
            if request.get(name):
                answer[name] = encode(request[name])
        return answer

    async def _upload(self, call: Call, request: Request) -> rows.Upload:
        """Raises AwsError: NoSuchBucket, NoSuchUpload."""
        bucket = await own_bucket(self.store, call, request)
        return await rows.find_upload(
            self.store.database, bucket, request["Key"], request["UploadId"]
        )


def _algorithm(request: Request) -> tuple[str | None, str | None]:
    """Raises AwsError: InvalidRequest."""
    algorithm = request.get("ChecksumAlgorithm")
    if algorithm is None:
        return None, None
    kind = request.get("ChecksumType") or type_for(algorithm)
    if algorithm not in ALGORITHMS:
        raise invalid_request(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid"
            f" types: [{', '.join(ALGORITHMS)}]"
        )
    if (kind, algorithm) == (COMPOSITE, "CRC64NVME") or (
        kind == FULL and not algorithm.startswith("CRC")
    ):
        raise invalid_request(
            f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum"
            " algorithm."
        )
    return algorithm, kind


def _number(request: Request) -> int:
    number: int = request["PartNumber"]
    if not 1 <= number <= PARTS:
        raise invalid_argument(
            f"Part number must be an integer between 1 and {PARTS}, inclusive", "partNumber", number
        )
    return number


def _part(row: Any, algorithm: str | None) -> dict[str, Any]:
    found = {
        "PartNumber": row.number,
        "LastModified": row.modified,
        "ETag": f'"{row.etag}"',
        "Size": row.size,
    }
    return found | ({f"Checksum{algorithm}": row.checksum} if row.checksum else {})


def _shown(entry: Entry, key: str, mine: dict[str, str]) -> dict[str, Any]:
    upload = entry.row
    found = {
        "UploadId": upload.upload_id,
        "Key": key,
        "Initiated": upload.initiated,
        "StorageClass": upload.storage_class,
        "Owner": mine,
        "Initiator": {"ID": upload.initiator},
    }
    if upload.algorithm:
        found |= {
            "ChecksumAlgorithm": upload.algorithm,
            "ChecksumType": upload.checksum_type,
        }
    return found
