"""Webhooks that start pipelines, their secrets sealed, and what came of the last delivery."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from penstock.errors import AwsError
from penstock.store.database import Connection, Database

Document = dict[str, Any]


class WebhookName(NamedTuple):
    """What a webhook's ARN is made of."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        return f"arn:aws:codepipeline:{self.region}:{self.account}:webhook:{self.name}"


def secret_about(hook_id: str) -> str:
    """What a webhook's sealed secret is bound to."""
    return f"pipeline webhook {hook_id}"


async def lock_webhook(connection: Connection, name: WebhookName) -> Any | None:
    """The row, which nobody else changes until the transaction ends; None without the webhook."""
    found = await connection.execute(
        "SELECT * FROM pipeline_webhooks WHERE (account, region, name) = (%s, %s, %s) FOR UPDATE",
        name,
    )
    return await found.fetchone()


async def count_webhooks(connection: Connection, account: str, region: str) -> int:
    found = await connection.execute(
        "SELECT count(*) FROM pipeline_webhooks WHERE account = %s AND region = %s",
        (account, region),
    )
    ((count,),) = await found.fetchall()
    return int(count)


async def save_webhook(
    connection: Connection,
    name: WebhookName,
    hook_id: str,
    definition: Document,
    secret: bytes | None,
    tags: Mapping[str, str],
    now: datetime,
) -> Any:
    """Makes a webhook, or gives it another definition: then it keeps its id. The row after it."""
    made = await connection.execute(
        "INSERT INTO pipeline_webhooks (account, region, name, id, definition, secret, tags,"
        " created) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (account, region, name) DO UPDATE SET definition = excluded.definition,"
        " secret = excluded.secret, tags = excluded.tags RETURNING *",
        (*name, hook_id, Jsonb(definition), secret, Jsonb(dict(tags)), now),
    )
    return await made.fetchone()


async def set_webhook_tags(
    connection: Connection, name: WebhookName, tags: Mapping[str, str]
) -> None:
    await connection.execute(
        "UPDATE pipeline_webhooks SET tags = %s WHERE (account, region, name) = (%s, %s, %s)",
        (Jsonb(dict(tags)), *name),
    )


async def list_webhooks(
    database: Database, account: str, region: str, *, after: str, limit: int
) -> list[Any]:
    """Rows, by name."""
    return await database.fetch(
        "SELECT * FROM pipeline_webhooks WHERE account = %s AND region = %s"
        ' AND name > %s COLLATE "C" ORDER BY name LIMIT %s',
        (account, region, after, limit),
    )


async def delete_webhook(database: Database, name: WebhookName) -> None:
    """Nothing where there is none."""
    await database.execute(
        "DELETE FROM pipeline_webhooks WHERE (account, region, name) = (%s, %s, %s)", name
    )


async def find_webhook(database: Database, hook_id: str) -> Any | None:
    """By what its URL ends with."""
    return await database.fetch_one("SELECT * FROM pipeline_webhooks WHERE id = %s", (hook_id,))


async def note_triggered(connection: Connection, hook_id: str, now: datetime) -> None:
    await connection.execute(
        "UPDATE pipeline_webhooks SET triggered = %s, error_code = NULL, error_message = NULL"
        " WHERE id = %s",
        (now, hook_id),
    )


async def note_error(where: Database | Connection, hook_id: str, error: AwsError) -> None:
    """Of a delivery that was let in, and then could not be used."""
    await where.execute(
        "UPDATE pipeline_webhooks SET error_code = %s, error_message = %s WHERE id = %s",
        (error.code, error.message, hook_id),
    )
