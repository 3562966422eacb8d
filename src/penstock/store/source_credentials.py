"""Tokens that builds fetch their sources with: one for each server type (CB section 14)."""

from __future__ import annotations

from typing import Any, NamedTuple

from penstock.store.database import Connection, Database
from penstock.store.sealing import Sealer


class Credential(NamedTuple):
    """`username` is of BASIC_AUTH only; `token` is the ARN of CODECONNECTIONS, SECRETS_MANAGER."""

    server_type: str
    auth_type: str
    username: str | None
    token: str


async def find_credential(
    source: Database | Connection, sealer: Sealer, account: str, region: str, server_type: str
) -> Credential | None:
    """For whoever fetches a source. Raises SealError."""
    sql = "SELECT * FROM source_credentials WHERE (account, region, server_type) = (%s, %s, %s)"
    key = (account, region, server_type)
    if isinstance(source, Database):
        row: Any = await source.fetch_one(sql, key)
    else:
        row = await (await source.execute(sql, key)).fetchone()
    if row is None:
        return None
    token = sealer.unseal(row.token, row.arn).decode()
    return Credential(row.server_type, row.auth_type, row.username, token)


async def put_credential(
    database: Database,
    sealer: Sealer,
    account: str,
    region: str,
    arn: str,
    credential: Credential,
    *,
    resource: str | None,
    overwrite: bool,
) -> bool:
    """False where there is one and it is not to be overwritten."""
    sealed = sealer.seal(credential.token.encode(), arn)
    made = await database.execute(
        "INSERT INTO source_credentials AS old"
        " (account, region, server_type, arn, auth_type, username, token, resource)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (account, region, server_type) DO UPDATE SET"
        "   auth_type = excluded.auth_type, username = excluded.username,"
        "   token = excluded.token, resource = excluded.resource"
        " WHERE %s",
        (
            account,
            region,
            credential.server_type,
            arn,
            credential.auth_type,
            credential.username,
            sealed,
            resource,
            overwrite,
        ),
    )
    return made == 1


async def list_credentials(database: Database, account: str, region: str) -> list[Any]:
    """Without their tokens."""
    return await database.fetch(
        "SELECT arn, server_type, auth_type, resource FROM source_credentials"
        " WHERE account = %s AND region = %s ORDER BY server_type",
        (account, region),
    )


async def delete_credential(database: Database, account: str, region: str, arn: str) -> bool:
    """False where there was none."""
    gone = await database.execute(
        "DELETE FROM source_credentials WHERE (account, region, arn) = (%s, %s, %s)",
        (account, region, arn),
    )
    return gone == 1
