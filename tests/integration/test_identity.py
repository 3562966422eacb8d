"""Who calls: access keys, what is believed on the loopback, what has to be proven elsewhere."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from penstock.errors import AwsError
from penstock.services.sts import Sts, assumed_role
from penstock.state.calls import Call, Principal
from penstock.store import Store
from penstock.store.access_keys import IssuedKey, find_key, issue_key, list_keys, revoke_key
from penstock.wire.identity import REMEMBERED, Caller, Identity
from penstock.wire.request import Head

pytestmark = pytest.mark.anyio

ACCOUNT, REGION = "000000000000", "us-east-1"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ALICE = Principal(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/alice", "AIDAALICE")
HOUR = timedelta(hours=1)


def now() -> datetime:
    """Botocore's signers read the clock themselves."""
    return datetime.now(UTC)


async def issue(
    store: Store, *, expires: datetime | None = None, at: datetime | None = None
) -> Any:
    async with store.database.transaction() as connection:
        return await issue_key(
            connection, store.sealer, ALICE, now=at or now(), expires=expires, description="a test"
        )


async def revoke(store: Store, key_id: str) -> bool:
    async with store.database.transaction() as connection:
        return await revoke_key(connection, key_id, now())


def credentials(key: IssuedKey) -> Credentials:
    return Credentials(key.access_key_id, key.secret_access_key, key.session_token)


def signed(signer: Any, *, body: bytes = b"", peer: str = "10.0.0.9", path: str = "/") -> Head:
    request = AWSRequest("POST", f"http://ci.example:4545{path}", {}, body)
    if signer:
        signer.add_auth(request)
    ready = request.prepare()
    parts = urlsplit(ready.url)
    headers = {"host": parts.netloc}
    for name, value in ready.headers.items():
        headers[name.lower()] = value.decode() if isinstance(value, bytes) else str(value)
    return Head(
        {
            "method": "POST",
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "client": (peer, 50000),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )


def open_to_all(store: Store, **how: Any) -> Identity:
    """One that is bound to all addresses."""
    return Identity(store, account=ACCOUNT, region=REGION, bound="0.0.0.0", **how)


def local(store: Store, **how: Any) -> Identity:
    return Identity(store, account=ACCOUNT, region=REGION, **how)


async def caller(identity: Identity, head: Head, service: str = "ssm", body: bytes = b"") -> Caller:
    return await identity.identify(head, service, None if service == "s3" else body, now())


async def refused(
    identity: Identity, head: Head, service: str = "ssm", body: bytes = b""
) -> tuple[str, int]:
    with pytest.raises(AwsError) as caught:
        await caller(identity, head, service, body)
    return caught.value.code, caught.value.status


async def test_an_issued_key_is_found_and_its_secret_is_sealed(store: Store) -> None:
    key = await issue(store)
    found = await find_key(store.database, store.sealer, key.access_key_id)
    assert found
    assert found.secret_access_key == key.secret_access_key
    assert found.principal == ALICE._replace(access_key_id=key.access_key_id)
    assert (key.access_key_id[:4], len(key.access_key_id), len(key.secret_access_key)) == (
        "AKIA",
        20,
        40,
    )
    rows = await store.database.fetch("SELECT * FROM access_keys")
    assert key.secret_access_key.encode() not in bytes(rows[0].secret)


async def test_keys_in_force_are_listed(store: Store) -> None:
    kept, gone, temporary = [await issue(store), await issue(store), None]
    temporary = await issue(store, expires=now() + HOUR)
    assert temporary.access_key_id.startswith("ASIA")
    assert await revoke(store, gone.access_key_id)
    assert not await revoke(store, gone.access_key_id)
    assert [row.access_key_id for row in await list_keys(store.database)] == [kept.access_key_id]


async def test_expired_keys_are_forgotten_a_day_later(store: Store) -> None:
    old = await issue(store, at=now() - 3 * 24 * HOUR, expires=now() - 25 * HOUR)
    late = await issue(store, at=now() - 3 * 24 * HOUR, expires=now() - 23 * HOUR)
    await issue(store)
    assert await find_key(store.database, store.sealer, old.access_key_id) is None
    assert await find_key(store.database, store.sealer, late.access_key_id) is not None


async def test_on_the_loopback_anybody_is_believed(store: Store) -> None:
    key = await issue(store)
    wrong = Credentials(key.access_key_id, "not the secret")
    identity = local(store)
    for peer in ("127.0.0.1", "::1"):
        found = await caller(identity, signed(None, peer=peer))
        assert (found.principal.arn, found.region) == (ROOT, REGION)
        signer = auth.SigV4Auth(Credentials("test", "test"), "ssm", "eu-west-1")
        found = await caller(identity, signed(signer, peer=peer))
        assert (found.principal.arn, found.principal.access_key_id) == (ROOT, "test")
        assert found.region == "eu-west-1"
        found = await caller(identity, signed(auth.SigV4Auth(wrong, "ssm", REGION), peer=peer))
        assert found.principal.arn == ALICE.arn


async def test_a_key_that_is_over_is_refused_even_there(store: Store) -> None:
    key = await issue(store, expires=now() - HOUR)
    head = signed(auth.SigV4Auth(credentials(key), "ssm", REGION), peer="127.0.0.1")
    assert await refused(local(store), head) == ("ExpiredToken", 403)
    key = await issue(store)
    await revoke(store, key.access_key_id)
    head = signed(auth.SigV4Auth(credentials(key), "ssm", REGION), peer="127.0.0.1")
    assert await refused(local(store), head) == ("InvalidClientTokenId", 403)


async def test_presigned_urls_expire_even_there(store: Store) -> None:
    key = Credentials("test", "test")
    for signer in (
        auth.S3SigV4QueryAuth(key, "s3", REGION, expires=60),
        auth.HmacV1QueryAuth(key, expires=60),
    ):
        head = signed(signer, peer="127.0.0.1", path="/b/k")
        found = await local(store).identify(head, "s3", None, now())
        assert found.principal.access_key_id == "test"
        with pytest.raises(AwsError, match="Request has expired"):
            await local(store).identify(head, "s3", None, now() + HOUR)


@pytest.mark.parametrize("how", ["elsewhere bound", "other peer", "verify"])
async def test_everywhere_else_a_signature_must_verify(store: Store, how: str) -> None:
    key = await issue(store)
    identity = (
        open_to_all(store) if how == "elsewhere bound" else local(store, verify=how == "verify")
    )
    peer = "10.0.0.9" if how == "other peer" else "127.0.0.1"
    assert await refused(identity, signed(None, peer=peer)) == ("MissingAuthenticationToken", 403)
    wrong = Credentials(key.access_key_id, "not the secret")
    head = signed(auth.SigV4Auth(wrong, "ssm", REGION), peer=peer)
    assert await refused(identity, head) == ("SignatureDoesNotMatch", 403)
    head = signed(auth.SigV4Auth(credentials(key), "ssm", REGION), peer=peer)
    assert (await caller(identity, head)).principal.arn == ALICE.arn


async def test_each_reason_has_awss_code(store: Store) -> None:
    identity = open_to_all(store)
    unknown = Credentials("AKIAUNKNOWN", "secret")
    old = await issue(store, expires=now() - HOUR)
    fresh = await issue(store, expires=now() + HOUR)
    without = Credentials(fresh.access_key_id, fresh.secret_access_key)
    other = Credentials(fresh.access_key_id, fresh.secret_access_key, "another token")

    async def codes(key: Credentials) -> tuple[str, str]:
        ssm = signed(auth.SigV4Auth(key, "ssm", REGION))
        s3 = signed(auth.S3SigV4Auth(key, "s3", REGION))
        return (await refused(identity, ssm))[0], (await refused(identity, s3, "s3"))[0]

    assert await codes(unknown) == ("InvalidClientTokenId", "InvalidAccessKeyId")
    assert await codes(credentials(old)) == ("ExpiredToken", "ExpiredToken")
    assert await codes(without) == ("InvalidClientTokenId", "InvalidToken")
    assert await codes(other) == ("InvalidClientTokenId", "InvalidToken")
    assert (await refused(identity, signed(None), "s3"))[0] == "AccessDenied"
    old_way = signed(auth.HmacV1QueryAuth(unknown))
    assert (await refused(identity, old_way, "s3"))[0] == "InvalidRequest"
    found = await caller(identity, signed(auth.SigV4Auth(credentials(fresh), "ssm", REGION)))
    assert found.principal.arn == ALICE.arn


async def test_a_signature_is_for_one_service_one_body_and_a_time(store: Store) -> None:
    identity, key = open_to_all(store), credentials(await issue(store))
    head = signed(auth.SigV4Auth(key, "logs", REGION))
    assert (await refused(identity, head))[0] == "SignatureDoesNotMatch"
    head = signed(auth.SigV4Auth(key, "ssm", REGION), body=b"1")
    assert (await caller(identity, head, body=b"1")).principal.arn == ALICE.arn
    assert (await refused(identity, head, body=b"2"))[0] == "SignatureDoesNotMatch"
    with pytest.raises(AwsError) as caught:
        await identity.identify(head, "ssm", b"1", now() + HOUR)
    assert caught.value.code == "RequestExpired"


async def test_a_presigned_url_proves_its_signer(store: Store) -> None:
    identity, key = open_to_all(store), credentials(await issue(store, expires=now() + HOUR))
    head = signed(auth.S3SigV4QueryAuth(key, "s3", REGION, expires=60), path="/b/k")
    assert (await caller(identity, head, "s3")).principal.arn == ALICE.arn
    head.path = "/b/another"
    assert (await refused(identity, head, "s3"))[0] == "SignatureDoesNotMatch"


async def test_signed_chunks_come_with_who_can_check_them(store: Store) -> None:
    identity, key = open_to_all(store), credentials(await issue(store))

    class Signer(auth.S3SigV4Auth):  # type: ignore[misc]
        def payload(self, request: Any) -> str:
            return "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"

    found = await caller(identity, signed(Signer(key, "s3", REGION)), "s3")
    assert found.signer is not None
    assert found.signer.secret == key.secret_key
    plain = await caller(identity, signed(auth.S3SigV4Auth(key, "s3", REGION)), "s3")
    assert plain.signer is None


async def test_a_revoked_key_is_of_no_use_a_second_later(store: Store) -> None:
    clock = [100.0]
    identity = open_to_all(store, monotonic=lambda: clock[0])
    key = await issue(store)
    head = signed(auth.SigV4Auth(credentials(key), "ssm", REGION))
    await caller(identity, head)
    await revoke(store, key.access_key_id)
    clock[0] += REMEMBERED - 0.1
    await caller(identity, head)
    clock[0] += 0.2
    assert (await refused(identity, head))[0] == "InvalidClientTokenId"


async def test_a_key_is_looked_up_once_a_second(store: Store) -> None:
    identity = open_to_all(store)
    key = await issue(store)
    head = signed(auth.SigV4Auth(credentials(key), "ssm", REGION))
    await caller(identity, head)
    await store.database.execute("DELETE FROM access_keys")
    await asyncio.gather(*(caller(identity, head) for _ in range(9)))


def call(operation: str, principal: Principal, at: datetime) -> Call:
    return Call("sts", operation, principal, REGION, "r", at, "http://localhost:4545")


async def test_sts_says_who_one_is(store: Store) -> None:
    identity = open_to_all(store)
    key = await issue(store)
    found = await caller(identity, signed(auth.SigV4Auth(credentials(key), "sts", REGION)), "sts")
    answer = await Sts(store).get_caller_identity(
        call("GetCallerIdentity", found.principal, now()), {}
    )
    assert answer == {"UserId": "AIDAALICE", "Account": ACCOUNT, "Arn": ALICE.arn}
    info = await Sts(store).get_access_key_info(
        call("GetAccessKeyInfo", found.principal, now()), {"AccessKeyId": key.access_key_id}
    )
    assert info == {"Account": ACCOUNT}
    with pytest.raises(AwsError, match="ValidationError"):
        await Sts(store).get_access_key_info(
            call("GetAccessKeyInfo", found.principal, now()), {"AccessKeyId": "AKIAUNKNOWN"}
        )


ROLE = "arn:aws:iam::111122223333:role/path/builder"
ASK = {"RoleArn": ROLE, "RoleSessionName": "a-session"}


async def test_an_assumed_role_is_a_principal_until_it_expires(store: Store) -> None:
    began = now()
    answer = await Sts(store).assume_role(
        call("AssumeRole", ALICE, began), {**ASK, "DurationSeconds": 900}
    )
    arn = "arn:aws:sts::111122223333:assumed-role/builder/a-session"
    assert answer["AssumedRoleUser"]["Arn"] == arn
    assert answer["AssumedRoleUser"]["AssumedRoleId"].startswith("AROA")
    given = answer["Credentials"]
    assert given["Expiration"] == began + timedelta(seconds=900)
    key = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    head = signed(auth.SigV4Auth(key, "ssm", REGION))
    identity = open_to_all(store)
    found = await caller(identity, head)
    assert (found.principal.arn, found.principal.account) == (arn, "111122223333")
    head = signed(auth.S3SigV4QueryAuth(key, "s3", REGION, expires=7200))
    with pytest.raises(AwsError) as caught:
        await identity.identify(head, "s3", None, began + timedelta(seconds=901))
    assert caught.value.code == "ExpiredToken"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"RoleArn": "arn:aws:iam::1:role/a"}, "ValidationError"),
        ({"RoleArn": "arn:aws:iam::111122223333:user/a"}, "ValidationError"),
        ({"RoleSessionName": "a b"}, "ValidationError"),
        ({"Policy": "{}"}, "NotImplemented"),
        ({"PolicyArns": [{"arn": "a"}]}, "NotImplemented"),
        ({"SerialNumber": "mfa"}, "NotImplemented"),
    ],
)
async def test_what_cannot_be_kept_is_refused(
    store: Store, changed: dict[str, Any], code: str
) -> None:
    with pytest.raises(AwsError) as caught:
        await Sts(store).assume_role(call("AssumeRole", ALICE, now()), {**ASK, **changed})
    assert caught.value.code == code


async def test_a_session_cannot_make_itself_longer(store: Store) -> None:
    session = assumed_role(ROLE, "a-session")
    with pytest.raises(AwsError, match="role chaining"):
        await Sts(store).assume_role(
            call("AssumeRole", session, now()), {**ASK, "DurationSeconds": 3601}
        )
    with pytest.raises(AwsError, match="session credentials"):
        await Sts(store).get_session_token(call("GetSessionToken", session, now()), {})


@pytest.mark.parametrize(("arn", "hours"), [(ALICE.arn, 12), (ROOT, 1)])
async def test_a_session_token_is_of_the_same_principal(store: Store, arn: str, hours: int) -> None:
    began = now()
    principal = ALICE._replace(arn=arn)
    answer = await Sts(store).get_session_token(call("GetSessionToken", principal, began), {})
    assert answer["Credentials"]["Expiration"] == began + hours * HOUR
    found = await find_key(store.database, store.sealer, answer["Credentials"]["AccessKeyId"])
    assert found
    assert found.principal.arn == arn
    token = answer["Credentials"]["SessionToken"]
    assert found.token_hash == sha256(token.encode()).digest()
