"""Connections to the providers of repositories, and hosts of providers (TG-140).

Where a provider's repositories are is a setting, and so a fact of the installation (`PLACES`); the
name of the secret that holds the token for them is another (`TOKENS`), and of the one that signs
what is delivered of them (`WEBHOOK_SECRETS`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, LiteralString, NamedTuple

from psycopg.types.json import Jsonb

from penstock.store.database import Connection, Database
from penstock.store.facts import recall

PLACES = "connections"
ANY = "*"
"""Among the places: where the repositories of connections are that were made elsewhere."""
TOKENS = "connection_tokens"
WEBHOOK_SECRETS = "connection_webhook_secrets"
_ABOUT: LiteralString = (
    ", coalesce((SELECT value FROM facts WHERE facts.name = 'connections'), '{}') ->> provider"
    " AS place,"
    " coalesce((SELECT value FROM facts WHERE facts.name = 'connection_tokens'), '{}') ->> provider"
    " AS token"
)
_CONNECTIONS: LiteralString = "SELECT *" + _ABOUT + " FROM git_connections"  # noqa: S608
_HOSTS: LiteralString = "SELECT *" + _ABOUT + " FROM git_hosts"  # noqa: S608


class GitConnection(NamedTuple):
    """`place` is where its repositories are: a URL or a path with `{repository}` in it, or None.
    `token` is the name of a secret, or None."""

    arn: str
    account: str
    region: str
    name: str
    provider: str
    host_arn: str | None
    created: datetime
    tags: Mapping[str, str]
    place: str | None
    token: str | None

    @property
    def status(self) -> str:
        return "PENDING" if self.place is None else "AVAILABLE"

    def url(self, repository: str) -> str:
        """Of a repository such as `owner/name`; only of a connection that is available."""
        return (self.place or "").replace("{repository}", repository)


class GitHost(NamedTuple):
    """`network` is its VpcConfiguration, with which nothing is done here."""

    arn: str
    account: str
    region: str
    name: str
    provider: str
    endpoint: str
    network: Mapping[str, Any] | None
    created: datetime
    tags: Mapping[str, str]
    place: str | None
    token: str | None

    @property
    def status(self) -> str:
        return "PENDING" if self.place is None else "AVAILABLE"


async def find_connection(database: Database, account: str, arn: str) -> GitConnection | None:
    row = await database.fetch_one(
        _CONNECTIONS + " WHERE (account, arn) = (%s, %s)", (account, arn)
    )
    return GitConnection(*row) if row else None


async def connection_for(database: Database, account: str, arn: str) -> GitConnection | None:
    """A connection, or what the setting says stands in for those that were made elsewhere."""
    found = await find_connection(database, account, arn)
    return found or await _elsewhere(database, account, arn)


async def _elsewhere(database: Database, account: str, arn: str) -> GitConnection | None:
    place = (await recall(database, PLACES) or {}).get(ANY)
    parts = arn.split(":")
    if place is None or len(parts) < 6:
        return None
    made = datetime.fromtimestamp(0, UTC)
    return GitConnection(
        arn, account, parts[3], parts[-1], "GitHub", None, made, {}, place=place, token=None
    )


async def find_connection_by_id(database: Database, uuid: str) -> GitConnection | None:
    """By what its ARN ends with."""
    row = await database.fetch_one(_CONNECTIONS + " WHERE right(arn, 37) = '/' || %s", (uuid,))
    return GitConnection(*row) if row else None


async def list_connections(
    database: Database,
    account: str,
    region: str,
    *,
    provider: str | None,
    host: str | None,
    after: str,
    limit: int,
) -> list[GitConnection]:
    """In the order of their ARNs."""
    rows = await database.fetch(
        _CONNECTIONS + " WHERE (account, region) = (%s, %s)"
        " AND arn > %s AND (%s::text IS NULL OR provider = %s)"
        " AND (%s::text IS NULL OR host_arn = %s) ORDER BY arn LIMIT %s",
        (account, region, after, provider, provider, host, host, limit),
    )
    return [GitConnection(*row) for row in rows]


async def insert_connection(database: Database, made: GitConnection) -> None:
    await database.execute(
        "INSERT INTO git_connections"
        " (arn, account, region, name, provider, host_arn, created, tags)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (*made[:7], Jsonb(dict(made.tags))),
    )


async def delete_connection(database: Database, account: str, arn: str) -> bool:
    return bool(
        await database.execute(
            "DELETE FROM git_connections WHERE (account, arn) = (%s, %s)", (account, arn)
        )
    )


async def find_host(database: Database, account: str, arn: str) -> GitHost | None:
    row = await database.fetch_one(_HOSTS + " WHERE (account, arn) = (%s, %s)", (account, arn))
    return GitHost(*row) if row else None


async def list_hosts(
    database: Database, account: str, region: str, after: str, limit: int
) -> list[GitHost]:
    rows = await database.fetch(
        _HOSTS + " WHERE (account, region) = (%s, %s) AND arn > %s ORDER BY arn LIMIT %s",
        (account, region, after, limit),
    )
    return [GitHost(*row) for row in rows]


async def insert_host(database: Database, made: GitHost) -> None:
    network = None if made.network is None else Jsonb(dict(made.network))
    await database.execute(
        "INSERT INTO git_hosts"
        " (arn, account, region, name, provider, endpoint, network, created, tags)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (*made[:6], network, made.created, Jsonb(dict(made.tags))),
    )


async def change_host(
    database: Database, arn: str, endpoint: str, network: Mapping[str, Any] | None
) -> None:
    await database.execute(
        "UPDATE git_hosts SET endpoint = %s, network = %s WHERE arn = %s",
        (endpoint, None if network is None else Jsonb(dict(network)), arn),
    )


async def delete_host(connection: Connection, account: str, arn: str) -> bool:
    """False where connections go by it: it stays."""
    gone = await connection.execute(
        "DELETE FROM git_hosts h WHERE (account, arn) = (%s, %s)"
        " AND NOT EXISTS (SELECT 1 FROM git_connections c WHERE c.host_arn = h.arn)",
        (account, arn),
    )
    return gone.rowcount == 1


async def change_tags(
    connection: Connection, account: str, arn: str, put: Mapping[str, str], gone: list[str]
) -> dict[str, str] | None:
    """The tags of a connection or a host after the change; None where there is neither."""
    for statement in (
        "UPDATE git_connections SET tags = (tags || %s) - %s::text[]"
        " WHERE (account, arn) = (%s, %s) RETURNING tags",
        "UPDATE git_hosts SET tags = (tags || %s) - %s::text[]"
        " WHERE (account, arn) = (%s, %s) RETURNING tags",
    ):
        changed = await connection.execute(statement, (Jsonb(dict(put)), gone, account, arn))
        row = await changed.fetchone()
        if row is not None:
            tags: dict[str, str] = row.tags
            return tags
    return None
