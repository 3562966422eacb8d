"""User names and passwords that git sends: keys of this server, or signatures made with them.

A signature is what the AWS CLI's credential helper makes of a key: the user is `KEY` or
`KEY%TOKEN`, the password `TIMESIGNATURE` (TG-136).
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Collection
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

from penstock.store.access_keys import KnownKey
from penstock.wire.sigv4 import ALGORITHM, SKEW, Claim, sign

_SIGNATURE = re.compile(r"([0-9]{8}T[0-9]{6})Z([0-9a-f]{64})")
_SERVICE = "codecommit"


class Basic(NamedTuple):
    """What an Authorization header says. `token` is that of a temporary key, or ""."""

    access_key_id: str
    token: str
    password: str


def read_basic(authorization: str) -> Basic | None:
    """None for a header that is not there, or is of another kind."""
    kind, _, coded = authorization.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        text = base64.b64decode(coded.strip(), validate=True).decode()
    except ValueError:
        return None
    user, _, password = text.partition(":")
    key, _, token = user.partition("%")
    return Basic(key, token, password)


class Place(NamedTuple):
    """What a signature is for: the host without its port, and the path of a repository."""

    host: str
    path: str


def proves(
    basic: Basic, key: KnownKey, place: Place, regions: Collection[str], now: datetime
) -> str | None:
    """The region that credentials are for: "" with a key's own secret, which is for all; one of
    `regions` with a signature. None where they prove nothing."""
    if not _in_force(basic, key, now):
        return None
    if _same(basic.password, key.secret_access_key):
        return ""
    found = _SIGNATURE.fullmatch(basic.password)
    if found is None:
        return None
    try:
        time = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    if abs(now - time) > SKEW:
        return None
    for region in regions:
        if _same(found[2], signature(key.secret_access_key, region, place, found[1])):
            return region
    return None


def signature(secret: str, region: str, place: Place, stamp: str) -> str:
    """As the helper makes it: of a request with the method GIT, at `stamp` without its Z."""
    host = re.sub(r":[0-9]+$", "", place.host)
    canonical = f"GIT\n{place.path}\n\nhost:{host}\n\nhost\n"
    claim = Claim("", stamp[:8], region, _SERVICE, datetime.min, (), "", None)
    digest = sha256(canonical.encode()).hexdigest()
    return sign(secret, claim, f"{ALGORITHM}\n{stamp}\n{claim.scope}\n{digest}")


def _in_force(basic: Basic, key: KnownKey, now: datetime) -> bool:
    if key.revoked or (key.expires is not None and key.expires <= now):
        return False
    given = sha256(basic.token.encode()).digest() if basic.token else b""
    return hmac.compare_digest(given, key.token_hash or b"")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
