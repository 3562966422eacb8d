"""CodeBuild's webhooks, and what came of their deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from penstock.store.database import Connection, Database

REMEMBERED = timedelta(days=7)  # GitHub delivers again what is at most three days old

Document = dict[str, Any]


def secret_about(hook_id: str) -> str:
    """What a webhook's sealed secret is bound to."""
    return f"webhook {hook_id}"


async def insert_webhook(
    database: Database,
    account: str,
    region: str,
    project: str,
    *,
    hook_id: str,
    document: Document,
    secret: bytes,
    now: datetime,
) -> bool:
    """False where the project has one already, or is gone."""
    made = await database.execute(
        "INSERT INTO webhooks (id, account, region, project, document, secret, secret_modified)"
        " SELECT %s, account, region, name, %s, %s, %s FROM projects"
        " WHERE (account, region, name) = (%s, %s, %s)"
        " ON CONFLICT (account, region, project) DO NOTHING",
        (hook_id, Jsonb(document), secret, now, account, region, project),
    )
    return made == 1


async def lock_webhook(
    connection: Connection, account: str, region: str, project: str
) -> Any | None:
    """The row, which nobody else changes until the transaction ends."""
    found = await connection.execute(
        "SELECT * FROM webhooks WHERE (account, region, project) = (%s, %s, %s) FOR UPDATE",
        (account, region, project),
    )
    return await found.fetchone()


async def change_webhook(connection: Connection, hook_id: str, document: Document) -> None:
    await connection.execute(
        "UPDATE webhooks SET document = %s WHERE id = %s", (Jsonb(document), hook_id)
    )


async def rotate_secret(connection: Connection, hook_id: str, secret: bytes, now: datetime) -> None:
    await connection.execute(
        "UPDATE webhooks SET secret = %s, secret_modified = %s WHERE id = %s",
        (secret, now, hook_id),
    )


async def delete_webhook(database: Database, account: str, region: str, project: str) -> bool:
    """False where there was none."""
    gone = await database.execute(
        "DELETE FROM webhooks WHERE (account, region, project) = (%s, %s, %s)",
        (account, region, project),
    )
    return gone == 1


async def find_delivered(database: Database, hook_id: str, delivery: str) -> Any | None:
    """The webhook's row, with `build_arn` and `explanation` of this delivery if it came before.

    `explanation` is None where it did not; None for no such webhook.
    """
    return await database.fetch_one(
        "SELECT w.*, d.build_arn, d.explanation FROM webhooks w"
        " LEFT JOIN webhook_deliveries d ON d.webhook = w.id AND d.delivery = %s"
        " WHERE w.id = %s",
        (delivery, hook_id),
    )


async def record_delivery(
    database: Database,
    hook_id: str,
    delivery: str,
    *,
    build_arn: str | None,
    explanation: Sequence[str],
    now: datetime,
) -> None:
    """Remembers what came of a delivery, and forgets those that cannot come again."""
    await database.execute(
        "WITH forgotten AS"
        " (DELETE FROM webhook_deliveries WHERE webhook = %(hook)s AND at < %(old)s)"
        " INSERT INTO webhook_deliveries (webhook, delivery, at, build_arn, explanation)"
        " VALUES (%(hook)s, %(delivery)s, %(now)s, %(build)s, %(explanation)s)"
        " ON CONFLICT DO NOTHING",
        {
            "hook": hook_id,
            "old": now - REMEMBERED,
            "delivery": delivery,
            "now": now,
            "build": build_arn,
            "explanation": list(explanation),
        },
    )
