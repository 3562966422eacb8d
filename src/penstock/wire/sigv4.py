"""Signature Version 4, pure: what a request claims, and what its signature would have to be.

The steps are AWS's: canonical request, string to sign, signing key, signature.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from posixpath import normpath
from typing import NamedTuple
from urllib.parse import quote, quote_plus, unquote_to_bytes

from penstock.errors import AwsError
from penstock.wire.request import Head

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY_HASH = sha256(b"").hexdigest()
SKEW = timedelta(minutes=15)
LONGEST = 7 * 24 * 3600  # seconds a presigned URL may be of use
_FIELD = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]*)")
_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")


class Claim(NamedTuple):
    """What a request says about who signed it and when. `expires` is in seconds, of presigned
    URLs alone."""

    access_key_id: str
    date: str
    region: str
    service: str
    time: datetime
    signed_headers: Sequence[str]
    signature: str
    token: str | None
    expires: int | None = None

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def read_claim(head: Head) -> Claim | None:
    """None for a request that is not signed. Raises AwsError (IncompleteSignature and its like)."""
    if "X-Amz-Signature" in head.query or "X-Amz-Credential" in head.query:
        return _read_query(head.query)
    authorization = head.headers.get("authorization")
    if authorization is None:
        return None
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise AwsError(
            "IncompleteSignature",
            f"Unsupported AWS 'algorithm': '{algorithm}'. Please use {ALGORITHM}.",
        )
    fields = dict(_FIELD.findall(rest))
    for name in ("Credential", "SignedHeaders", "Signature"):
        if not fields.get(name):
            raise _incomplete(f"Authorization header requires '{name}' parameter.")
    stamp = head.headers.get("x-amz-date") or _http_date(head.headers.get("date"))
    return _claim(
        fields["Credential"],
        stamp,
        fields["SignedHeaders"],
        fields["Signature"],
        head.headers.get("x-amz-security-token"),
    )


def _read_query(query: Mapping[str, str]) -> Claim:
    needed = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
    for name in needed:
        if not query.get(f"X-Amz-{name}"):
            raise AwsError(
                "AuthorizationQueryParametersError",
                "Query-string authentication version 4 requires the X-Amz-Algorithm,"
                " X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and"
                " X-Amz-Expires parameters.",
            )
    expires = query["X-Amz-Expires"]
    if query["X-Amz-Algorithm"] != ALGORITHM:
        raise AwsError(
            "AuthorizationQueryParametersError", f'X-Amz-Algorithm only supports "{ALGORITHM}"'
        )
    if not (expires.isascii() and expires.isdigit() and len(expires) < 10):
        raise AwsError("AuthorizationQueryParametersError", "X-Amz-Expires should be a number")
    if int(expires) > LONGEST:
        raise AwsError(
            "AuthorizationQueryParametersError",
            "X-Amz-Expires must be less than a week (in seconds); that is, the given"
            f" X-Amz-Expires must be less than {LONGEST} seconds",
        )
    return _claim(
        query["X-Amz-Credential"],
        query["X-Amz-Date"],
        query["X-Amz-SignedHeaders"],
        query["X-Amz-Signature"],
        query.get("X-Amz-Security-Token"),
    )._replace(expires=int(expires))


def _claim(
    credential: str, stamp: str | None, signed: str, signature: str, token: str | None
) -> Claim:
    parts = credential.rsplit("/", 4)
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise _incomplete(f"Credential must have exactly 5 slash-delimited elements: {credential}")
    key_id, date, region, service, _ = parts
    if stamp is None or not _DATE.fullmatch(stamp):
        raise _incomplete("Authorization requires a 'Date' or a 'X-Amz-Date' in ISO 8601 format.")
    try:
        time = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise _incomplete(f"Date is not a date: {stamp}") from None
    if not stamp.startswith(date):
        raise _mismatch(f"Date in Credential scope does not match YYYYMMDD of date: '{stamp}'")
    return Claim(key_id, date, region, service, time, signed.split(";"), signature, token)


def canonical_request(head: Head, claim: Claim, payload_hash: str, *, s3: bool) -> str:
    """S3 takes paths as they are, other services without `.` and `..`, and quoted once more."""
    names = sorted(claim.signed_headers)
    headers = "".join(f"{name}:{' '.join(head.headers.get(name, '').split())}\n" for name in names)
    return "\n".join(
        (
            head.method,
            _s3_path(head.path) if s3 else _quoted_again(head.path),
            _canonical_query(head),
            headers,
            ";".join(names),
            payload_hash,
        )
    )


def string_to_sign(claim: Claim, canonical: str) -> str:
    digest = sha256(canonical.encode()).hexdigest()
    return f"{ALGORITHM}\n{stamp_of(claim)}\n{claim.scope}\n{digest}"


def stamp_of(claim: Claim) -> str:
    return claim.time.strftime("%Y%m%dT%H%M%SZ")


def sign(secret: str, claim: Claim, text: str) -> str:
    key = _signing_key(secret, claim.date, claim.region, claim.service)
    return hmac.digest(key, text.encode(), "sha256").hex()


@lru_cache(1024)
def _signing_key(secret: str, *scope: str) -> bytes:
    key = b"AWS4" + secret.encode()
    for part in (*scope, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def check_time(claim: Claim, now: datetime, *, s3: bool) -> None:
    """Raises AwsError for a request that was signed too long ago, or is still to be."""
    if claim.expires is not None:
        if now > claim.time + timedelta(seconds=claim.expires):
            raise AwsError("AccessDenied", "Request has expired", 403)
        if claim.time > now + SKEW:
            raise AwsError("AccessDenied", "Request is not valid yet", 403)
    elif abs(now - claim.time) > SKEW:
        if s3:
            raise AwsError(
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
                403,
            )
        old, stamps = claim.time < now, f"{now - SKEW:%Y%m%dT%H%M%SZ}"
        edge = stamps if old else f"{now + SKEW:%Y%m%dT%H%M%SZ}"
        raise AwsError(
            "RequestExpired" if old else "SignatureDoesNotMatch",
            f"Signature {'expired' if old else 'not yet current'}: {stamp_of(claim)} is now"
            f" {'earlier' if old else 'later'} than {edge} ({now:%Y%m%dT%H%M%SZ}"
            f" {'-' if old else '+'} 15 min.)",
            403,
        )


def check_signature(secret: str, head: Head, claim: Claim, payload_hash: str, *, s3: bool) -> None:
    """Raises AwsError."""
    _check_headers_signed(head, claim, s3=s3)
    canonical = canonical_request(head, claim, payload_hash, s3=s3)
    text = string_to_sign(claim, canonical)
    if hmac.compare_digest(sign(secret, claim, text).encode(), claim.signature.encode()):
        return
    message = (
        "The request signature we calculated does not match the signature you provided."
        " Check your AWS Secret Access Key and signing method. Consult the service documentation"
        " for details."
    )
    if s3:
        raise _mismatch(message, StringToSign=text, CanonicalRequest=canonical)
    raise _mismatch(
        f"{message}\n\nThe Canonical String for this request should have been\n'{canonical}'\n\n"
        f"The String-to-Sign should have been\n'{text}'\n"
    )


def _check_headers_signed(head: Head, claim: Claim, *, s3: bool) -> None:
    """What is not signed could have been put there by anybody."""
    loose = [
        name
        for name in head.headers
        if (name == "host" or name.startswith("x-amz-")) and name not in claim.signed_headers
    ]
    if claim.expires is not None:
        loose = [name for name in loose if name != "x-amz-content-sha256"]
    if loose:
        code = "AccessDenied" if s3 else "SignatureDoesNotMatch"
        message = "There were headers present in the request which were not signed"
        raise AwsError(code, f"{message}: {', '.join(loose)}", 403)


def _canonical_query(head: Head) -> str:
    pairs = sorted(
        (_quoted(key), _quoted(value)) for key, value in head.pairs if key != "X-Amz-Signature"
    )
    return "&".join(f"{key}={value}" for key, value in pairs)


def _quoted(text: str) -> str:
    return quote_plus(text, safe="-_.~").replace("+", "%20")


def _s3_path(path: str) -> str:
    return quote(unquote_to_bytes(path.encode("latin-1")), safe="/-_.~")


def _quoted_again(path: str) -> str:
    """Without empty segments and steps up; a slash at the end stays."""
    normal = "/" + normpath(path).strip("/")
    normal += "/" if path.endswith("/") and normal != "/" else ""
    return quote(normal.encode("latin-1"), safe="/~")


def _http_date(text: str | None) -> str | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).strftime("%Y%m%dT%H%M%SZ") if text else None
    except ValueError:
        return text


def _incomplete(message: str) -> AwsError:
    return AwsError("IncompleteSignature", message)


def _mismatch(message: str, **members: str) -> AwsError:
    return AwsError("SignatureDoesNotMatch", message, 403, members)
