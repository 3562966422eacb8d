"""Statements that read, by themselves or in a transaction."""

from __future__ import annotations

from typing import Any, LiteralString

from penstock.store.database import Connection, Database, Parameters

Source = Database | Connection


async def read_rows(source: Source, sql: LiteralString, parameters: Parameters = ()) -> list[Any]:
    if isinstance(source, Database):
        return await source.fetch(sql, parameters)
    return await (await source.execute(sql, parameters)).fetchall()
