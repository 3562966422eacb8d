"""Objects put."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from penstock.services.s3.access import cause, own_bucket, owner_of
from penstock.services.s3.acls import acl_asked
from penstock.services.s3.attributes import encryption_of, read_attributes, read_checksum
from penstock.services.s3.conditions import of_write
from penstock.services.s3.names import check_key
from penstock.services.s3.refusals import entity_too_large
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.object_bodies import INLINE, Content, receive
from penstock.store.object_records import Attributes, Kept, Place
from penstock.store.object_writing import keep

LARGEST = 5 << 30  # bytes of one PutObject, part or copy


class Writing(Service):
    async def put_object(self, call: Call, request: Request) -> Answer:
        check_key(request["Key"])
        condition = of_write(request)
        attributes = await asked(self.store, call, request)
        content = await received(self.store, request)
        checksum = read_checksum(request)
        place = Place(request["Bucket"], request["Key"], owner_of(call, request))
        kept = await keep(
            self.store,
            place,
            content,
            attributes._replace(checksum=checksum),
            now=call.now,
            cause=cause(call),
            condition=condition,
        )
        return {"ETag": f'"{content.etag}"', **(checksum or {}), **of_kept(kept, attributes)}


async def asked(store: Store, call: Call, request: Request) -> Attributes:
    """What a request wants put beside the bytes. Raises AwsError."""
    attributes = read_attributes(call, request)
    if not acl_asked(request):
        return attributes
    bucket = await own_bucket(store, call, request)
    grants = acl_asked(request, bucket)
    return attributes._replace(headers={**attributes.headers, "ACL": grants})


async def received(store: Store, request: Request, *, inline: int = INLINE) -> Content:
    """The request's body, kept. Raises AwsError: EntityTooLarge."""
    size = request.get("ContentLength") or 0
    if size > LARGEST:
        raise entity_too_large(size, LARGEST)
    body: bytes | AsyncIterator[bytes] = request.get("Body") or b""
    return await receive(store.blobs, body, inline=inline)


def of_kept(kept: Kept, attributes: Attributes) -> dict[str, Any]:
    """What every answer says of a version that was put."""
    answer = encryption_of({**kept.defaults, **attributes.headers})
    if kept.version_id:
        answer["VersionId"] = kept.version_id
    return answer
