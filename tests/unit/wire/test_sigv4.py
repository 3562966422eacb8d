"""What botocore signs verifies, and nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import AwsError
from penstock.wire.request import Head
from penstock.wire.sigv4 import (
    UNSIGNED,
    Claim,
    canonical_request,
    check_signature,
    check_time,
    read_claim,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = Credentials("AKIATEST", "secret")


def head_of(request: Any) -> Head:
    parts = urlsplit(request.url)
    headers = {"host": parts.netloc}
    for name, value in request.headers.items():
        headers[name.lower()] = value.decode() if isinstance(value, bytes) else str(value)
    return Head(
        {
            "method": request.method,
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )


def signed(
    signer: Any, method: str = "GET", path: str = "/", body: bytes = b"", **headers: str
) -> Head:
    """A request as a signer of botocore's left it."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = AWSRequest(method, f"http://localhost:4545{path}", names, body)
    signer.add_auth(request)
    return head_of(request.prepare())


def verify(head: Head, payload_hash: str, *, s3: bool = False, secret: str = "secret") -> Claim:
    claim = read_claim(head)
    assert claim is not None
    check_signature(secret, head, claim, payload_hash, s3=s3)
    return claim


def refused(head: Head, payload_hash: str, **how: Any) -> AwsError:
    with pytest.raises(AwsError) as caught:
        verify(head, payload_hash, **how)
    return caught.value


PATHS = st.text("ab/.%2f~ +é€&=?#", max_size=12).map(
    lambda text: "/" + text.replace("%", "%25").replace("?", "%3F").replace("#", "%23")
)


@pytest.mark.parametrize(
    "path",
    ["/", "/a/b", "/a//b/../c", "/a%20b/", "/é", "/?b=2&a=1&a=0", "/?acl", "/?k=a%20b%2Bc%2F~"],
)
def test_what_botocore_signs_verifies(path: str) -> None:
    body = b'{"a": 1}'
    head = signed(auth.SigV4Auth(KEY, "ssm", "eu-west-1"), "POST", path, body, X_Amz_Target="A.B")
    claim = verify(head, sha256(body).hexdigest())
    assert (claim.access_key_id, claim.region, claim.service) == ("AKIATEST", "eu-west-1", "ssm")


@pytest.mark.parametrize("path", ["/", "/b/a//b/../c", "/b/%20%2B~", "/b/k?acl", "/b?prefix=a%2Fb"])
def test_s3_takes_paths_as_they_are(path: str) -> None:
    head = signed(
        auth.S3SigV4Auth(KEY, "s3", "us-east-1"), "PUT", path, b"data", x_amz_meta_a="  b  c "
    )
    verify(head, head.headers["x-amz-content-sha256"], s3=True)


@given(st.lists(st.tuples(st.text(min_size=1, max_size=4), st.text(max_size=4)), max_size=4))
def test_any_query_verifies(pairs: list[tuple[str, str]]) -> None:
    from urllib.parse import quote

    query = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in pairs)
    head = signed(auth.SigV4Auth(KEY, "ssm", "us-east-1"), "GET", f"/?{query}")
    verify(head, sha256(b"").hexdigest())


def test_presigned_urls_verify() -> None:
    head = signed(auth.S3SigV4QueryAuth(KEY, "s3", "us-east-1", expires=60), "GET", "/b/k?acl=")
    assert verify(head, UNSIGNED, s3=True).expires == 60


@pytest.mark.parametrize("what", ["secret", "body", "header", "path", "query", "method"])
def test_nothing_can_be_changed_after_signing(what: str) -> None:
    head = signed(auth.SigV4Auth(KEY, "ssm", "us-east-1"), "POST", "/a?b=c", b"1", X_Amz_Target="A")
    payload, secret = sha256(b"1").hexdigest(), "secret"
    if what == "secret":
        secret = "Secret"
    if what == "body":
        payload = sha256(b"2").hexdigest()
    if what == "header":
        head.headers = {**head.headers, "x-amz-target": "B"}
    if what == "path":
        head.path = "/b"
    if what == "query":
        head.pairs = [("b", "d")]
    if what == "method":
        head.method = "PUT"
    assert refused(head, payload, secret=secret).code == "SignatureDoesNotMatch"


def test_the_error_tells_what_should_have_been_signed() -> None:
    head = signed(auth.SigV4Auth(KEY, "ssm", "us-east-1"), "POST", "/", b"1")
    payload = sha256(b"2").hexdigest()
    claim = read_claim(head)
    assert claim
    canonical = canonical_request(head, claim, payload, s3=False)
    assert f"should have been\n'{canonical}'" in refused(head, payload).message
    assert refused(head, payload, s3=True).members["CanonicalRequest"] == canonical


@pytest.mark.parametrize(("s3", "code"), [(True, "AccessDenied"), (False, "SignatureDoesNotMatch")])
def test_headers_of_ours_that_are_not_signed_are_refused(s3: bool, code: str) -> None:
    head = signed(auth.SigV4Auth(KEY, "ssm", "us-east-1"), "POST", "/", b"1")
    head.headers = {**head.headers, "x-amz-acl": "public-read"}
    assert refused(head, sha256(b"1").hexdigest(), s3=s3).code == code


GOOD = "AWS4-HMAC-SHA256 Credential=A/20260301/r/s/aws4_request, SignedHeaders=host, Signature=a"


@pytest.mark.parametrize(
    ("authorization", "date"),
    [
        ("Basic abc", "20260301T120000Z"),
        ("", "20260301T120000Z"),
        (GOOD.replace("Signature=a", ""), "20260301T120000Z"),
        (GOOD.replace("Credential=A/", "Credential="), "20260301T120000Z"),
        (GOOD.replace("SignedHeaders=host,", ""), "20260301T120000Z"),
        (GOOD, ""),
        (GOOD, "20261301T120000Z"),
        (GOOD, "yesterday"),
    ],
)
def test_half_a_signature_is_incomplete(authorization: str, date: str) -> None:
    head = signed(auth.SigV4Auth(KEY, "ssm", "us-east-1"))
    head.headers = {"host": "a", "authorization": authorization, "x-amz-date": date}
    with pytest.raises(AwsError) as caught:
        read_claim(head)
    assert caught.value.code == "IncompleteSignature"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"X-Amz-Expires": "604801"}, "less than a week"),
        ({"X-Amz-Expires": "-1"}, "should be a number"),
        ({"X-Amz-Expires": ""}, "requires the X-Amz-Algorithm"),
        ({"X-Amz-Algorithm": "AWS4-ECDSA-P256-SHA256"}, "only supports"),
    ],
)
def test_a_presigned_url_has_all_its_parts(changed: dict[str, str], message: str) -> None:
    head = signed(auth.S3SigV4QueryAuth(KEY, "s3", "us-east-1"))
    head.query = {**head.query, **changed}
    with pytest.raises(AwsError, match=message) as caught:
        read_claim(head)
    assert caught.value.code == "AuthorizationQueryParametersError"


CLAIM = Claim("A", "20260301", "r", "s", NOW, ["host"], "a", None)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("expires", "after", "s3", "code"),
    [
        (None, 15 * MINUTE, False, None),
        (None, -15 * MINUTE, False, None),
        (None, 16 * MINUTE, False, "RequestExpired"),
        (None, -16 * MINUTE, False, "SignatureDoesNotMatch"),
        (None, 16 * MINUTE, True, "RequestTimeTooSkewed"),
        (None, -16 * MINUTE, True, "RequestTimeTooSkewed"),
        (120, 2 * MINUTE, True, None),
        (120, 3 * MINUTE, True, "AccessDenied"),
        (120, -16 * MINUTE, True, "AccessDenied"),
    ],
)
def test_a_signature_is_of_use_for_a_time(
    expires: int | None, after: timedelta, s3: bool, code: str | None
) -> None:
    claim = CLAIM._replace(expires=expires)
    if code is None:
        check_time(claim, NOW + after, s3=s3)
        return
    with pytest.raises(AwsError) as caught:
        check_time(claim, NOW + after, s3=s3)
    assert (caught.value.code, caught.value.status) == (code, 403)
