"""Idempotency tokens of what was started: a build, or a batch of builds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, LiteralString

from penstock.store.database import Connection

Table = Literal["builds", "build_batches"]

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))"
_FIND: Mapping[Table, LiteralString] = {
    "builds": "SELECT document, token_hash FROM builds",
    "build_batches": "SELECT document, token_hash FROM build_batches",
}
_SINCE: LiteralString = (
    " WHERE account = %s AND region = %s AND token = %s AND submitted > %s"
    " ORDER BY submitted DESC LIMIT 1"
)


async def lock_token(
    connection: Connection, table: Table, account: str, region: str, token: str, since: datetime
) -> Any | None:
    """What was started with a token since a time, if anything; one start at a time may look."""
    await connection.execute(_LOCK, (f"{table} {account} {region} {token}",))
    found = await connection.execute(_FIND[table] + _SINCE, (account, region, token, since))
    return await found.fetchone()
