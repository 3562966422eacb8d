"""Objects and versions removed."""

from __future__ import annotations

from typing import Any

from penstock.errors import AwsError, not_implemented
from penstock.services.s3.access import cause, own_bucket, owner_of
from penstock.services.s3.conditions import bare
from penstock.services.s3.reading import check_version_id
from penstock.services.s3.refusals import malformed
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store.object_removal import Removal, Removed, remove

MOST = 1000  # objects of one DeleteObjects
_DIRECTORY = ("IfMatchLastModifiedTime", "IfMatchSize")  # conditions of directory buckets


class Deleting(Service):
    async def delete_object(self, call: Call, request: Request) -> Answer:
        check_version_id(request.get("VersionId"))
        removal = Removal(request["Key"], request.get("VersionId"))
        (removed,) = await self._remove(call, request, [removal], request)
        answer: Answer = {"DeleteMarker": True} if removed.marker else {}
        if removed.version_id:
            answer["VersionId"] = removed.version_id
        return answer

    async def delete_objects(self, call: Call, request: Request) -> Answer:
        wanted = request["Delete"].get("Objects", ())
        if not 1 <= len(wanted) <= MOST:
            raise malformed()
        await own_bucket(self.store, call, request)
        plain = [entry for entry in wanted if not _is_conditional(entry)]
        removals = [Removal(entry["Key"], entry.get("VersionId")) for entry in plain]
        deleted = await self._remove(call, request, removals, {}) if removals else []
        errors = []
        for entry in wanted:
            if _is_conditional(entry):
                try:
                    one = Removal(entry["Key"], entry.get("VersionId"))
                    deleted += await self._remove(call, request, [one], entry, "ETag")
                except AwsError as error:
                    errors.append({**_named(one), "Code": error.code, "Message": error.message})
        quiet = request["Delete"].get("Quiet", False)
        return {"Deleted": [] if quiet else [_deleted(one) for one in deleted], "Errors": errors}

    async def _remove(
        self,
        call: Call,
        request: Request,
        removals: list[Removal],
        conditions: Request,
        match: str = "IfMatch",
    ) -> list[Removed]:
        for name in _DIRECTORY:
            if name in conditions:
                raise not_implemented(f"s3.{call.operation} {name}")
        etag = conditions.get(match)
        return await remove(
            self.store,
            request["Bucket"],
            removals,
            now=call.now,
            owner=owner_of(call, request),
            cause=cause(call, "DeleteObject"),
            if_match=None if etag is None else bare(etag),
        )


def _is_conditional(entry: Request) -> bool:
    return any(name in entry for name in ("ETag", "LastModifiedTime", "Size"))


def _named(removal: Removal) -> dict[str, Any]:
    version = {"VersionId": removal.version_id} if removal.version_id else {}
    return {"Key": removal.key, **version}


def _deleted(removed: Removed) -> dict[str, Any]:
    answer = _named(removed.removal)
    if removed.marker:
        answer |= {"DeleteMarker": True, "DeleteMarkerVersionId": removed.version_id}
    return answer
