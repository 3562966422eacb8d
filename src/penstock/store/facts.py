"""Facts of the installation that its processes tell one another."""

from __future__ import annotations

from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from penstock.state.time_scale import TimeScale
from penstock.store.database import Connection, Database

TRIGGERS = "triggers"
"""Whether pipelines start by themselves; where nothing was told they do."""
TIME_SCALE = "time_scale"
"""How many times as fast pipelines wait."""


async def tell(connection: Connection, name: str, value: Any) -> None:
    await connection.execute(
        "INSERT INTO facts (name, value) VALUES (%s, %s)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, Jsonb(value)),
    )


async def recall(source: Database | Connection, name: str) -> Any:
    """The value told last, or None."""
    sql: LiteralString = "SELECT value FROM facts WHERE name = %s"
    if isinstance(source, Database):
        row = await source.fetch_one(sql, (name,))
    else:
        row = await (await source.execute(sql, (name,))).fetchone()
    return row.value if row else None


async def starts_by_itself(source: Database | Connection) -> bool:
    """Whether a pipeline starts without being asked for."""
    return await recall(source, TRIGGERS) is not False


async def read_time_scale(source: Database | Connection) -> TimeScale:
    return TimeScale(await recall(source, TIME_SCALE) or 1)
