"""Facts of the installation that its processes tell one another."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from penstock.store.database import Connection, Database


async def tell(connection: Connection, name: str, value: Any) -> None:
    await connection.execute(
        "INSERT INTO facts (name, value) VALUES (%s, %s)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, Jsonb(value)),
    )


async def recall(database: Database, name: str) -> Any:
    """The value told last, or None."""
    row = await database.fetch_one("SELECT value FROM facts WHERE name = %s", (name,))
    return row.value if row else None
