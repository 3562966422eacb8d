"""Access keys: those issued to people and programs, and the temporary ones of sessions."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from penstock.state.calls import Principal
from penstock.store.database import Connection, Database
from penstock.store.sealing import Sealer

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_INSERT = """
INSERT INTO access_keys (access_key_id, secret, session_token, account, arn, user_id, description,
                         created, expires)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
# An expired key says so for a day; then it is as unknown as any other.
_FORGET = """
DELETE FROM access_keys WHERE access_key_id IN (
  SELECT access_key_id FROM access_keys WHERE expires < %s - interval '1 day'
  LIMIT 100 FOR UPDATE SKIP LOCKED)
"""
_FIND = """
SELECT access_key_id, secret, session_token, account, arn, user_id, expires, revoked
FROM access_keys WHERE access_key_id = %s
"""
_LIST = """
SELECT access_key_id, account, arn, user_id, description, created
FROM access_keys WHERE expires IS NULL AND revoked IS NULL ORDER BY created, access_key_id
"""


class IssuedKey(NamedTuple):
    """The only time that secret and token are seen; `session_token` is of temporary keys."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None


class KnownKey(NamedTuple):
    """A key as a verifier needs it. `token_hash` is the SHA-256 of a temporary key's token."""

    principal: Principal
    secret_access_key: str
    token_hash: bytes | None
    expires: datetime | None
    revoked: bool


async def issue_key(
    connection: Connection,
    sealer: Sealer,
    principal: Principal,
    *,
    now: datetime,
    expires: datetime | None = None,
    description: str = "",
) -> IssuedKey:
    """A new key of `principal`, temporary where it `expires`; of use once the transaction commits.

    Its principal's `access_key_id` does not matter.
    """
    key_id = ("ASIA" if expires else "AKIA") + "".join(secrets.choice(_ALPHABET) for _ in range(16))
    secret = secrets.token_urlsafe(30)
    token = secrets.token_urlsafe(96) if expires else None
    await connection.execute(_FORGET, (now,))
    await connection.execute(
        _INSERT,
        (
            key_id,
            sealer.seal(secret.encode(), _about(key_id)),
            sha256(token.encode()).hexdigest() if token else None,
            principal.account,
            principal.arn,
            principal.user_id,
            description,
            now,
            expires,
        ),
    )
    return IssuedKey(key_id, secret, token)


async def revoke_key(connection: Connection, access_key_id: str, now: datetime) -> bool:
    """Ends a key for good; False where there is no such key in force."""
    cursor = await connection.execute(
        "UPDATE access_keys SET revoked = %s WHERE access_key_id = %s AND revoked IS NULL",
        (now, access_key_id),
    )
    return cursor.rowcount == 1


async def find_key(database: Database, sealer: Sealer, access_key_id: str) -> KnownKey | None:
    """A key in force or not, so that who asks can say why. Raises SealError."""
    row = await database.fetch_one(_FIND, (access_key_id,))
    if row is None:
        return None
    return KnownKey(
        Principal(row.account, row.arn, row.user_id, row.access_key_id),
        sealer.unseal(bytes(row.secret), _about(row.access_key_id)).decode(),
        bytes.fromhex(row.session_token) if row.session_token else None,
        row.expires,
        row.revoked is not None,
    )


async def list_keys(database: Database) -> Sequence[Any]:
    """The lasting keys in force, oldest first: access_key_id, account, arn, user_id, description,
    created."""
    return await database.fetch(_LIST)


def _about(access_key_id: str) -> str:
    return f"access key {access_key_id}"
