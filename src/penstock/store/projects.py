"""CodeBuild's projects, by account, region and name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from penstock.store.database import Connection, Database

Document = dict[str, Any]


async def find_project(source: Database | Connection, account: str, region: str, name: str) -> Any:
    """The row of a project (the table's columns), or None."""
    sql = "SELECT * FROM projects WHERE (account, region, name) = (%s, %s, %s)"
    if isinstance(source, Database):
        return await source.fetch_one(sql, (account, region, name))
    return await (await source.execute(sql, (account, region, name))).fetchone()


async def find_projects(
    database: Database, account: str, region: str, names: Sequence[str]
) -> list[Any]:
    """The rows of those that are there, in the order of `names`, each with that of its webhook.

    The latter's columns are `webhook_id`, `webhook` (its document) and `secret_modified`.
    """
    return await database.fetch(
        "SELECT p.*, w.id AS webhook_id, w.document AS webhook, w.secret_modified"
        " FROM projects p LEFT JOIN webhooks w"
        "   ON (w.account, w.region, w.project) = (p.account, p.region, p.name)"
        " WHERE p.account = %s AND p.region = %s AND p.name = ANY (%s)"
        " ORDER BY array_position(%s::text[], p.name)",
        (account, region, list(names), list(names)),
    )


async def find_badge(database: Database, token: str) -> Any | None:
    """The row of the project whose badge has this token in its URL."""
    try:
        badge = UUID(token)
    except ValueError:
        return None
    return await database.fetch_one("SELECT * FROM projects WHERE badge = %s", (badge,))


async def count_projects(database: Database, account: str, region: str) -> int:
    row = await database.fetch_one(
        "SELECT count(*) AS found FROM projects WHERE account = %s AND region = %s",
        (account, region),
    )
    return int(row.found) if row else 0


async def insert_project(
    database: Database, account: str, region: str, document: Document, *, now: datetime
) -> Any | None:
    """The new row, or None where there is one of this name."""
    name = document["name"]
    return await database.fetch_one(
        "INSERT INTO projects (account, region, name, arn, document, created, modified)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING *",
        (account, region, name, document["arn"], Jsonb(document), now, now),
        commits=True,
    )


async def change_project(
    database: Database,
    account: str,
    region: str,
    name: str,
    change: Callable[[Document], Document],
    *,
    now: datetime,
) -> bool:
    """Puts what `change` makes of the document in its place; False where there is no project.

    Of changes at once none is lost. `change` may raise: then nothing has changed.
    """
    async with database.transaction() as connection:
        found = await connection.execute(
            "SELECT document FROM projects WHERE (account, region, name) = (%s, %s, %s) FOR UPDATE",
            (account, region, name),
        )
        row = await found.fetchone()
        if row is None:
            return False
        await connection.execute(
            "UPDATE projects SET document = %s, modified = %s"
            " WHERE (account, region, name) = (%s, %s, %s)",
            (Jsonb(change(row.document)), now, account, region, name),
        )
    return True


async def delete_project(database: Database, account: str, region: str, name: str) -> None:
    """With its webhook; its builds stay."""
    await database.execute(
        "DELETE FROM projects WHERE (account, region, name) = (%s, %s, %s)",
        (account, region, name),
    )


async def invalidate_cache(database: Database, account: str, region: str, name: str) -> bool:
    """Makes the next build start cold (CB-096); False where there is no project."""
    touched = await database.execute(
        "UPDATE projects SET cache_generation = cache_generation + 1"
        " WHERE (account, region, name) = (%s, %s, %s)",
        (account, region, name),
    )
    return touched == 1
