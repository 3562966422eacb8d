"""Access control lists: kept and given back; what a bucket's ownership forbids is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from penstock.errors import AwsError
from penstock.services.s3.access import canonical_id, own_bucket, owner, owner_of
from penstock.services.s3.reading import existing
from penstock.services.s3.refusals import invalid_argument, malformed
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store.buckets import Bucket, find_bucket, set_setting
from penstock.store.object_errors import access_denied
from penstock.store.object_writing import set_header

OWNERSHIPS = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
_GROUPS = "http://acs.amazonaws.com/groups/"
_EVERYBODY = f"{_GROUPS}global/AllUsers"
_PUBLIC = (_EVERYBODY, f"{_GROUPS}global/AuthenticatedUsers")
_CANNED = {
    "private": (),
    "public-read": ((_EVERYBODY, "READ"),),
    "public-read-write": ((_EVERYBODY, "READ"), (_EVERYBODY, "WRITE")),
    "authenticated-read": ((_PUBLIC[1], "READ"),),
    "aws-exec-read": (),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
    "log-delivery-write": (
        (f"{_GROUPS}s3/LogDelivery", "WRITE"),
        (f"{_GROUPS}s3/LogDelivery", "READ_ACP"),
    ),
}
_PERMISSIONS = {
    "GrantFullControl": "FULL_CONTROL",
    "GrantRead": "READ",
    "GrantReadACP": "READ_ACP",
    "GrantWrite": "WRITE",
    "GrantWriteACP": "WRITE_ACP",
}
_GRANTEE = re.compile(r'\s*(id|uri|emailAddress)\s*=\s*"?([^",]+)"?\s*')


class Acls(Service):
    async def put_bucket_acl(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        acl = acl_asked(request, bucket) or _document(request, bucket)
        await set_setting(self.store.database, bucket, "acl", acl)
        return {}

    async def get_bucket_acl(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        return dict(bucket.settings.get("acl") or private(bucket.account))

    async def put_object_acl(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        acl = acl_asked(request, bucket) or _document(request, bucket)
        version = await existing(self.store, call, request)
        await set_header(self.store, version, "ACL", acl)
        return {}

    async def get_object_acl(self, call: Call, request: Request) -> Answer:
        version = await existing(self.store, call, request)
        return dict(version.headers.get("ACL") or private(version.account))

    async def put_bucket_ownership_controls(self, call: Call, request: Request) -> Answer:
        controls = request["OwnershipControls"]
        names = [rule["ObjectOwnership"] for rule in controls["Rules"]]
        if len(names) != 1 or names[0] not in OWNERSHIPS:
            raise malformed()
        bucket = await own_bucket(self.store, call, request)
        acl = bucket.settings.get("acl")
        if names[0] == OWNERSHIPS[0] and acl and acl != private(bucket.account):
            raise AwsError(
                "InvalidBucketAclWithObjectOwnership",
                "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
            )
        await set_setting(self.store.database, bucket, "ownership", controls)
        return {}

    async def get_bucket_ownership_controls(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        if "ownership" not in bucket.settings:
            raise AwsError(
                "OwnershipControlsNotFoundError",
                "The bucket ownership controls were not found",
                404,
                {"BucketName": bucket.name},
            )
        return {"OwnershipControls": bucket.settings["ownership"]}

    async def delete_bucket_ownership_controls(self, call: Call, request: Request) -> Answer:
        bucket = await find_bucket(self.store.database, request["Bucket"], owner_of(call, request))
        await set_setting(self.store.database, bucket, "ownership", None)
        return {}


def private(account: str) -> dict[str, Any]:
    """The list of what nobody but its owner gets at."""
    return _acl(account, ())


def acl_asked(
    request: Request, bucket: Bucket | None = None, *, account: str = ""
) -> dict[str, Any] | None:
    """The list that a request's headers ask for, if they do. Raises AwsError.

    With a bucket also AccessControlListNotSupported and AccessDenied, where it forbids the list.
    """
    account = bucket.account if bucket else account
    grants = list(_granted(request))
    if grants and "ACL" in request:
        raise AwsError(
            "InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed"
        )
    if "ACL" in request:
        if request["ACL"] not in _CANNED:
            raise invalid_argument("", "x-amz-acl", request["ACL"])
        acl = _acl(account, _CANNED[request["ACL"]])
    elif grants:
        acl = {"Owner": owner(account), "Grants": grants}
    else:
        return None
    if bucket:
        _check_allowed(acl, bucket)
    return acl


def _document(request: Request, bucket: Bucket) -> dict[str, Any]:
    policy = request.get("AccessControlPolicy") or {}
    if not policy.get("Owner") or "Grants" not in policy:
        raise malformed()
    for grant in policy["Grants"]:
        if grant.get("Permission") not in _PERMISSIONS.values() or not grant.get("Grantee"):
            raise malformed()
    _check_allowed(policy, bucket)
    return dict(policy)


def _check_allowed(acl: dict[str, Any], bucket: Bucket) -> None:
    if acl == private(bucket.account):
        return
    rules = bucket.settings.get("ownership", {"Rules": [{"ObjectOwnership": OWNERSHIPS[2]}]})
    if rules["Rules"][0]["ObjectOwnership"] == OWNERSHIPS[0]:
        raise AwsError("AccessControlListNotSupported", "The bucket does not allow ACLs")
    blocked = bucket.settings.get("publicAccessBlock", {}).get("BlockPublicAcls")
    if blocked and any(grant["Grantee"].get("URI") in _PUBLIC for grant in acl["Grants"]):
        raise access_denied()


def _acl(account: str, groups: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    mine = {"ID": canonical_id(account), "Type": "CanonicalUser"}
    others = [
        {"Grantee": {"URI": uri, "Type": "Group"}, "Permission": permission}
        for uri, permission in groups
    ]
    grants = [{"Grantee": mine, "Permission": "FULL_CONTROL"}, *others]
    return {"Owner": owner(account), "Grants": grants}


def _granted(request: Request) -> Iterator[dict[str, Any]]:
    """The grants of the headers, such as `id="…", uri="…"`."""
    for member, permission in _PERMISSIONS.items():
        for text in filter(None, request.get(member, "").split(",")):
            found = _GRANTEE.fullmatch(text)
            if not found:
                raise invalid_argument("Argument format not recognized", member, text)
            kind, value = found.groups()
            grantee = {
                "id": {"ID": value, "Type": "CanonicalUser"},
                "uri": {"URI": value, "Type": "Group"},
                "emailAddress": {"EmailAddress": value, "Type": "AmazonCustomerByEmail"},
            }[kind]
            yield {"Grantee": grantee, "Permission": permission}
