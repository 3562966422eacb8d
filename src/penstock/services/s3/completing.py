"""Which parts an upload is completed of, and what they make together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from itertools import pairwise

from penstock.errors import AwsError
from penstock.services.s3.checksums import combined
from penstock.services.s3.conditions import bare
from penstock.services.s3.refusals import invalid_request, malformed
from penstock.services.service import Request
from penstock.store.object_records import Part
from penstock.store.uploads import Upload, Whole

SMALLEST = 5 << 20  # bytes of a part that is not the last


def choose(
    parts: Sequence[Part], asked: Sequence[Request], upload: Upload, request: Request
) -> Whole:
    """What the parts that were asked for make together.

    Raises AwsError: InvalidPart, InvalidPartOrder, EntityTooSmall, BadDigest, InvalidRequest.
    """
    if not asked:
        raise malformed()
    numbers = [entry.get("PartNumber", 0) for entry in asked]
    if any(before >= after for before, after in pairwise(numbers)):
        raise AwsError(
            "InvalidPartOrder",
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
            members={"UploadId": upload.upload_id},
        )
    by_number = {part.number: part for part in parts}
    member = f"Checksum{upload.algorithm}"
    _check_told(asked, member, upload)
    chosen = [_asked_part(entry, by_number, member, upload) for entry in asked]
    for part in chosen[:-1]:
        _check_size(part)
    size = sum(part.size for part in chosen)
    if request.get("MpuObjectSize", size) != size:
        raise invalid_request(
            f"The provided 'x-amz-mp-object-size' header value {request['MpuObjectSize']} does not"
            " match what was computed."
        )
    digests = b"".join(bytes.fromhex(part.etag) for part in chosen)
    etag = f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(chosen)}"
    return Whole(numbers, size, etag, _checksum(chosen, upload, request))


def _check_told(asked: Sequence[Request], member: str, upload: Upload) -> None:
    """Where the whole's checksum is made of those of its parts, each has to be told again."""
    if upload.checksum_type != "COMPOSITE":
        return
    for entry in asked:
        if entry.get(member) is None:
            raise invalid_request(
                f"The upload was created using a {str(upload.algorithm).lower()} checksum. The"
                " complete request must include the checksum for each part. It was missing for"
                f" part {entry.get('PartNumber', 0)} in the request."
            )


def _check_size(part: Part) -> None:
    if part.size < SMALLEST:
        raise AwsError(
            "EntityTooSmall",
            "Your proposed upload is smaller than the minimum allowed size",
            members={
                "ETag": part.etag,
                "MinSizeAllowed": str(SMALLEST),
                "PartNumber": str(part.number),
                "ProposedSize": str(part.size),
            },
        )


def _asked_part(entry: Request, by_number: Mapping[int, Part], member: str, upload: Upload) -> Part:
    part = by_number.get(entry.get("PartNumber", 0))
    if (
        part is None
        or bare(entry.get("ETag", part.etag)) != part.etag
        or entry.get(member, part.checksum) != part.checksum
    ):
        raise AwsError(
            "InvalidPart",
            "One or more of the specified parts could not be found.  The part may not have been"
            " uploaded, or the specified entity tag may not match the part's entity tag.",
            members={
                "UploadId": upload.upload_id,
                "PartNumber": str(entry.get("PartNumber", 0)),
                "ETag": bare(entry.get("ETag", "")),
            },
        )
    return part


def _checksum(parts: Sequence[Part], upload: Upload, request: Request) -> dict[str, str] | None:
    """That of the whole, if all parts have one. Raises AwsError: BadDigest."""
    known = [(part.checksum, part.size) for part in parts if part.checksum]
    if not upload.algorithm or not upload.checksum_type or len(known) < len(parts):
        return None
    total = combined(upload.algorithm, upload.checksum_type, known)
    if total is None:
        return None
    member = f"Checksum{upload.algorithm}"
    if request.get(member, total) not in (total, total.partition("-")[0]):
        raise AwsError(
            "BadDigest",
            f"The {upload.algorithm} you specified did not match the calculated checksum.",
        )
    return {member: total, "ChecksumType": upload.checksum_type}
