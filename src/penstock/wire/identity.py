"""Who calls: what a request may claim here, and what it has to prove."""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Callable, Collection
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from penstock.errors import AwsError
from penstock.state.calls import Principal
from penstock.store import Store
from penstock.store.access_keys import KnownKey, find_key
from penstock.wire.catalogue import signing_name
from penstock.wire.chunks import ChunkSigner
from penstock.wire.hosts import Host, is_loopback, read_host
from penstock.wire.request import Head
from penstock.wire.sigv4 import (
    UNSIGNED,
    Claim,
    check_signature,
    check_time,
    read_claim,
)

REMEMBERED = 1.0  # seconds for which a key found is not looked up again
_MOST = 4096  # keys remembered at once
_SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"


class Caller(NamedTuple):
    """`signer` checks the chunks of a body, where they have to be."""

    principal: Principal
    region: str
    signer: ChunkSigner | None = None


class Identity:
    """One installation's rule. Where it is bound to the loopback and `verify` is not asked for,
    callers on the loopback are believed: a key that was issued here gives its principal, any other
    or none the account's root. All others have to sign (SigV4) with a key that was issued here.

    A key that was revoked, or issued, is noticed within a second (`REMEMBERED`).

    `bound` is the address the server listens on; `hosts` are names it is called by.
    """

    def __init__(
        self,
        store: Store,
        *,
        account: str,
        region: str,
        bound: str = "127.0.0.1",
        verify: bool = False,
        hosts: Collection[str] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._account = account
        self._region = region
        self._local = is_loopback(bound)
        self._verify = verify
        self._hosts = tuple(host.lower() for host in hosts)
        self._monotonic = monotonic
        self._keys: dict[str, tuple[float, KnownKey | None]] = {}

    def admit(self, head: Head) -> Host:
        """Whose host a request is for. Raises AwsError for what a web page of somebody else's may
        have sent: with a name that was rebound to this machine, or from another origin."""
        host = read_host(head.host, self._hosts)
        if self._local and not host.ours:
            raise _denied(f"{host.name} is not a name of this server")
        origin = head.headers.get("origin")
        if origin is not None and origin.partition("://")[2] != head.host:
            raise _denied(f"requests from pages of {origin} are not served")
        if head.headers.get("sec-fetch-site") == "cross-site" and not _is_followed_link(head):
            raise _denied("requests from pages of other sites are not served")
        return host

    async def identify(self, head: Head, service: str, body: bytes | None, now: datetime) -> Caller:
        """Who sent a request for `service` (botocore's name). Raises AwsError.

        `body` is None where it is still to come, as with S3, whose requests name its hash.
        """
        if self.believes(head):
            return await self._believe(head, now)
        return await self._prove(head, service, body, now)

    def believes(self, head: Head) -> bool:
        """Whether a request's signature does not matter, and so not its body either."""
        return self._local and not self._verify and is_loopback(head.peer)

    async def _believe(self, head: Head, now: datetime) -> Caller:
        _check_link(head, now)
        key_id, region = read_loosely(head)
        key = await self._find(key_id) if key_id else None
        if key:
            check_in_force(key, now, s3=False)
            return Caller(key.principal, region or self._region)
        root = f"arn:aws:iam::{self._account}:root"
        return Caller(Principal(self._account, root, self._account, key_id), region or self._region)

    async def _prove(self, head: Head, service: str, body: bytes | None, now: datetime) -> Caller:
        s3 = service == "s3"
        claim = read_claim(head)
        if claim is None:
            raise _anonymous(head, s3=s3)
        check_time(claim, now, s3=s3)
        if claim.service != signing_name(service):
            raise AwsError(
                "SignatureDoesNotMatch",
                f"Credential should be scoped to correct service: '{signing_name(service)}'.",
                403,
            )
        key = await self._find(claim.access_key_id)
        if key is None:
            raise _unknown(s3=s3)
        check_in_force(key, now, s3=s3)
        _check_token(key, claim, s3=s3)
        payload_hash = _payload_hash(head, claim, body)
        check_signature(key.secret_access_key, head, claim, payload_hash, s3=s3)
        signed_chunks = payload_hash.startswith(_SIGNED_CHUNKS)
        signer = ChunkSigner(key.secret_access_key, claim) if signed_chunks else None
        return Caller(key.principal, claim.region, signer)

    async def _find(self, access_key_id: str) -> KnownKey | None:
        found = self._keys.get(access_key_id)
        if found and self._monotonic() - found[0] < REMEMBERED:
            return found[1]
        asked = self._monotonic()
        key = await find_key(self._store.database, self._store.sealer, access_key_id)
        if len(self._keys) >= _MOST:
            self._keys.clear()
        self._keys[access_key_id] = (asked, key)
        return key


_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/[0-9]*/([^/,\s]*)/")
_OLD = re.compile(r"AWS ([^:\s]+):")


def read_loosely(head: Head) -> tuple[str, str]:
    """The access key id and the region that a request names in any way, or "" and ""."""
    authorization = head.headers.get("authorization", "")
    if found := _CREDENTIAL.search(authorization):
        return found[1], found[2]
    if credential := head.query.get("X-Amz-Credential"):
        parts = [*credential.split("/"), "", "", ""]
        return parts[0], parts[2]
    old = _OLD.match(authorization)
    return (old[1] if old else head.query.get("AWSAccessKeyId", "")), ""


def _check_link(head: Head, now: datetime) -> None:
    """Presigned URLs expire even where nobody looks at their signature. Raises AwsError."""
    if "X-Amz-Signature" in head.query:
        claim = read_claim(head)
        if claim:
            check_time(claim, now, s3=True)
    expires = head.query.get("Expires", "")
    if "AWSAccessKeyId" in head.query and expires.isdigit() and now.timestamp() > int(expires):
        raise AwsError("AccessDenied", "Request has expired", 403)


def check_in_force(key: KnownKey, now: datetime, *, s3: bool) -> None:
    """Raises AwsError for a key that was revoked or has expired."""
    if key.revoked:
        raise _unknown(s3=s3)
    if key.expires is not None and key.expires <= now:
        if s3:
            raise AwsError("ExpiredToken", "The provided token has expired.", 400)
        raise AwsError("ExpiredToken", "The security token included in the request is expired", 403)


def _check_token(key: KnownKey, claim: Claim, *, s3: bool) -> None:
    given = sha256(claim.token.encode()).digest() if claim.token else b""
    if hmac.compare_digest(given, key.token_hash or b""):
        return
    if s3:
        raise AwsError("InvalidToken", "The provided token is malformed or otherwise invalid.")
    raise AwsError(
        "InvalidClientTokenId", "The security token included in the request is invalid.", 403
    )


def _payload_hash(head: Head, claim: Claim, body: bytes | None) -> str:
    """What stands for the body in the signature: where the body is at hand, its own hash."""
    if body is not None:
        return sha256(body).hexdigest()
    return (
        UNSIGNED
        if claim.expires is not None
        else head.headers.get("x-amz-content-sha256", UNSIGNED)
    )


def _unknown(*, s3: bool) -> AwsError:
    if s3:
        return AwsError(
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
            403,
        )
    return AwsError(
        "InvalidClientTokenId", "The security token included in the request is invalid.", 403
    )


def _anonymous(head: Head, *, s3: bool) -> AwsError:
    if s3 and "AWSAccessKeyId" in head.query:
        return AwsError(
            "InvalidRequest",
            "The authorization mechanism you have provided is not supported."
            " Please use AWS4-HMAC-SHA256.",
        )
    if s3:
        return AwsError("AccessDenied", "Access Denied", 403)
    return AwsError("MissingAuthenticationToken", "Missing Authentication Token", 403)


def _is_followed_link(head: Head) -> bool:
    """Somebody clicked a link, to a presigned URL perhaps; no page sees the answer."""
    return (
        head.headers.get("sec-fetch-mode") == "navigate"
        and head.method == "GET"
        and "Action" not in head.query
    )


def _denied(message: str) -> AwsError:
    return AwsError("AccessDenied", message, 403)
