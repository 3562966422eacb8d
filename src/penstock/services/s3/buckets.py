"""Buckets made, found and removed, and whether they keep versions."""

from __future__ import annotations

import re
from typing import Any

from penstock.errors import AwsError, not_implemented
from penstock.services.paging import cut, make_token, read_token
from penstock.services.s3.access import own_bucket, owner
from penstock.services.s3.acls import OWNERSHIPS, acl_asked, private
from penstock.services.s3.names import check_bucket_name
from penstock.services.s3.policies import BLOCKS
from penstock.services.s3.refusals import invalid_argument, invalid_request, malformed
from penstock.services.s3.tags import OF_BUCKET, read_tag_set
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store.buckets import (
    Bucket,
    create_bucket,
    delete_bucket,
    find_bucket,
    list_buckets,
    set_versioning,
)

HOME = "us-east-1"
MOST = 10_000  # buckets of a page
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


class Buckets(Service):
    async def create_bucket(self, call: Call, request: Request) -> Answer:
        name = request["Bucket"]
        check_bucket_name(name)
        region = _region(call, request)
        settings = _settings(call, request)
        made = await create_bucket(
            self.store.database, name, call.account, region, settings, call.now
        )
        if not made:
            await self._check_again(call, name)
        return {"Location": f"/{name}", "BucketArn": f"arn:aws:s3:::{name}"}

    async def _check_again(self, call: Call, name: str) -> None:
        """In us-east-1 making one's own bucket once more is no error, for old times' sake."""
        bucket = await find_bucket(self.store.database, name)
        if bucket.account != call.account:
            raise AwsError(
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all"
                " users of the system. Please select a different name and try again.",
                409,
                {"BucketName": name},
            )
        if (call.region, bucket.region) != (HOME, HOME):
            raise AwsError(
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own"
                " it.",
                409,
                {"BucketName": name},
            )

    async def delete_bucket(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        if not await delete_bucket(self.store.database, bucket, call.now):
            versions = " You must delete all versions in the bucket." if bucket.versioning else ""
            raise AwsError(
                "BucketNotEmpty",
                f"The bucket you tried to delete is not empty.{versions}",
                409,
                {"BucketName": bucket.name},
            )
        return {}

    async def head_bucket(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        return {
            "BucketArn": f"arn:aws:s3:::{bucket.name}",
            "BucketRegion": bucket.region,
            "AccessPointAlias": False,
        }

    async def get_bucket_location(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        return {"LocationConstraint": "" if bucket.region == HOME else bucket.region}

    async def list_buckets(self, call: Call, request: Request) -> Answer:
        limit = request.get("MaxBuckets", MOST)
        if not 1 <= limit <= MOST:
            raise invalid_argument(
                f"Argument max-buckets must be an integer between 1 and {MOST}",
                "max-buckets",
                limit,
            )
        token = request.get("ContinuationToken")
        wrong = invalid_argument(
            "The continuation token provided is incorrect", "continuation-token", token
        )
        (after,) = read_token("s3.ListBuckets", token, wrong) or ("",)
        prefix = request.get("Prefix", "")
        found = await list_buckets(
            self.store.database,
            call.account,
            prefix=prefix,
            region=request.get("BucketRegion"),
            after=after,
            limit=limit + 1,
        )
        page, following = cut(found, limit, lambda one: make_token("s3.ListBuckets", one.name))
        answer: Answer = {"Buckets": [_shown(one) for one in page], "Owner": owner(call.account)}
        if following:
            answer["ContinuationToken"] = following
        return answer | ({"Prefix": prefix} if prefix else {})

    async def put_bucket_versioning(self, call: Call, request: Request) -> Answer:
        asked = request["VersioningConfiguration"]
        if asked.get("MFADelete", "Disabled") != "Disabled":
            raise not_implemented("s3.PutBucketVersioning MFADelete")
        if asked.get("Status") not in ("Enabled", "Suspended"):
            raise malformed()
        bucket = await own_bucket(self.store, call, request)
        await set_versioning(self.store.database, bucket, asked["Status"])
        return {}

    async def get_bucket_versioning(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        return {"Status": bucket.versioning} if bucket.versioning else {}


def _shown(bucket: Bucket) -> dict[str, Any]:
    return {
        "Name": bucket.name,
        "CreationDate": bucket.created,
        "BucketRegion": bucket.region,
        "BucketArn": f"arn:aws:s3:::{bucket.name}",
    }


def _region(call: Call, request: Request) -> str:
    """Raises AwsError where the constraint asked for is none, or not for this endpoint."""
    wanted = request.get("CreateBucketConfiguration", {}).get("LocationConstraint")
    if not wanted:
        if call.region != HOME:
            raise _incompatible("unspecified")
        return HOME
    region = "eu-west-1" if wanted == "EU" else str(wanted)
    if region == HOME or not _REGION.fullmatch(region):
        raise AwsError(
            "InvalidLocationConstraint",
            "The specified location-constraint is not valid",
            members={"LocationConstraint": wanted},
        )
    if call.region not in (HOME, region):
        raise _incompatible(wanted)
    return region


def _incompatible(constraint: str) -> AwsError:
    return AwsError(
        "IllegalLocationConstraintException",
        f"The {constraint} location constraint is incompatible for the region specific endpoint"
        " this request was sent to.",
    )


def _settings(call: Call, request: Request) -> dict[str, Any]:
    """What a bucket has set on it from the start. Raises AwsError."""
    configuration = request.get("CreateBucketConfiguration", {})
    for member in ("Bucket", "Location"):
        if member in configuration:
            raise not_implemented(f"s3.CreateBucket {member}")
    if request.get("ObjectLockEnabledForBucket"):
        raise not_implemented("s3.CreateBucket ObjectLockEnabledForBucket")
    ownership = request.get("ObjectOwnership", OWNERSHIPS[0])
    if ownership not in OWNERSHIPS:
        raise malformed()
    acl = acl_asked(request, account=call.account) or private(call.account)
    if acl != private(call.account) and ownership == OWNERSHIPS[0]:
        raise AwsError(
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        )
    if acl != private(call.account):
        raise invalid_request("Bucket cannot have public ACLs set with BlockPublicAccess enabled")
    settings: dict[str, Any] = {
        "ownership": {"Rules": [{"ObjectOwnership": ownership}]},
        "publicAccessBlock": dict.fromkeys(BLOCKS, True),
    }
    if configuration.get("Tags"):
        settings["tags"] = read_tag_set(configuration["Tags"], OF_BUCKET)
    return settings
