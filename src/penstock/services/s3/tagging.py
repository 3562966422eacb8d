"""Tags of buckets and objects."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.services.s3.access import cause, own_bucket
from penstock.services.s3.reading import existing
from penstock.services.s3.settings import setting
from penstock.services.s3.tags import OF_BUCKET, OF_OBJECT, read_tag_set, tag_set
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store.buckets import set_setting
from penstock.store.object_records import ObjectVersion
from penstock.store.object_writing import set_tags

_NO_TAGS = ("NoSuchTagSet", "The TagSet does not exist")


class Tagging(Service):
    async def put_bucket_tagging(self, call: Call, request: Request) -> Answer:
        tags = read_tag_set(request["Tagging"]["TagSet"], OF_BUCKET)
        bucket = await own_bucket(self.store, call, request)
        await set_setting(self.store.database, bucket, "tags", tags)
        return {}

    async def get_bucket_tagging(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        return {"TagSet": tag_set(setting(bucket, "tags", _NO_TAGS))}

    async def delete_bucket_tagging(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        await set_setting(self.store.database, bucket, "tags", None)
        return {}

    async def put_object_tagging(self, call: Call, request: Request) -> Answer:
        tags = read_tag_set(request["Tagging"]["TagSet"], OF_OBJECT)
        return await self._set(call, request, tags)

    async def get_object_tagging(self, call: Call, request: Request) -> Answer:
        version = await existing(self.store, call, request)
        return {"TagSet": tag_set(version.tags), **_named(version)}

    async def delete_object_tagging(self, call: Call, request: Request) -> Answer:
        return await self._set(call, request, {})

    async def _set(self, call: Call, request: Request, tags: Mapping[str, str]) -> Answer:
        version = await existing(self.store, call, request)
        await set_tags(self.store, version, tags, cause(call), call.now)
        return _named(version)


def _named(version: ObjectVersion) -> Answer:
    return {"VersionId": version.version_id} if version.version_id else {}
