"""The schema: numbered files of SQL, each applied once, under a lock."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, LiteralString

from procrastinate.schema import SchemaManager

from penstock.store.database import Connection, Database

LOCK = 0x70656E73  # "pens"
_LEDGER = (
    "CREATE TABLE IF NOT EXISTS migrations"
    " (name text PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())"
)


async def migrate(database: Database) -> list[str]:
    """Brings the database to this version's schema; returns what was applied, in order.

    Safe while other processes start or run: one migrates, the others wait. Files only add, as an
    older process may be up. The queue's own schema comes and grows with its library's.
    """
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        await connection.execute(_LEDGER)
        done = {row.name for row in await _rows(connection, "SELECT name FROM migrations")}
        applied = []
        for name, text in (*_queue(bool(done)), *_own()):
            if name not in done:
                if text:
                    await connection.execute(text, prepare=False)
                applied.append(name)
        ledger = "INSERT INTO migrations (name) SELECT unnest(%s::text[])"
        await connection.execute(ledger, (applied,))
    return applied


async def pending(database: Database) -> list[str]:
    """What this version would apply. Raises UndefinedTable where nothing ever was."""
    done = {row.name for row in await database.fetch("SELECT name FROM migrations")}
    return [name for name, _ in (*_queue(True), *_own()) if name not in done]


def _own() -> list[tuple[str, LiteralString]]:
    folder = files("penstock.store") / "migrations"
    found = sorted(
        (entry.name, entry.read_text()) for entry in folder.iterdir() if entry.name.endswith(".sql")
    )
    return [(name, _trusted(text)) for name, text in found]


def _queue(exists: bool) -> list[tuple[str, LiteralString]]:
    """The queue's schema; of an empty database its migrations are part already."""
    from pathlib import Path

    found = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    later = [(f"queue/{path.name}", _trusted(path.read_text() if exists else "")) for path in found]
    return [("queue/schema", SchemaManager.get_schema()), *later]


def _trusted(text: str) -> LiteralString:
    """A file of this package, or of the queue's, is as trusted as a literal."""
    return text


async def _rows(connection: Connection, sql: LiteralString) -> list[Any]:
    return await (await connection.execute(sql)).fetchall()
