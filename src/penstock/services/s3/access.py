"""Who calls, and whether the bucket is theirs."""

from __future__ import annotations

from hashlib import sha256

from penstock.services.service import Request
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.buckets import Bucket, find_bucket
from penstock.store.object_errors import access_denied
from penstock.store.object_events import Cause


def owner_of(call: Call, request: Request) -> str:
    """The account that must own the bucket. Raises AwsError where the caller expects another."""
    if request.get("ExpectedBucketOwner", call.account) != call.account:
        raise access_denied()
    return call.account


async def own_bucket(store: Store, call: Call, request: Request) -> Bucket:
    """Raises AwsError: NoSuchBucket, AccessDenied."""
    return await find_bucket(store.database, request["Bucket"], owner_of(call, request))


def canonical_id(account: str) -> str:
    """The id ACLs know an account by."""
    return sha256(account.encode()).hexdigest()


def owner(account: str) -> dict[str, str]:
    return {"ID": canonical_id(account)}


def cause(call: Call, reason: str = "") -> Cause:
    address = call.headers.get("x-forwarded-for", "").partition(",")[0].strip()
    return Cause(reason or call.operation, call.request_id, call.account, address or None)
