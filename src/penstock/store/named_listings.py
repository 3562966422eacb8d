"""Listings in the order of a name, or of a time: of projects, and of report groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, LiteralString

from penstock.store.database import Database

Table = Literal["projects", "report_groups"]

_START: LiteralString = (
    "SELECT arn, name, key FROM ("
    "  SELECT arn, name, CASE WHEN %(by)s = 'NAME' THEN name ELSE to_char("
    "    CASE WHEN %(by)s = 'CREATED_TIME' THEN created ELSE modified END AT TIME ZONE 'UTC',"
    "    'YYYYMMDDHH24MISSUS') END COLLATE \"C\" AS key FROM "
)
_END: LiteralString = (
    "  WHERE account = %(account)s AND region = %(region)s) AS listed"
    " WHERE %(key)s::text IS NULL"
    "   OR CASE WHEN %(descending)s THEN (key, name) < (%(key)s, %(name)s)"
    "      ELSE (key, name) > (%(key)s, %(name)s) END"
    " ORDER BY CASE WHEN %(descending)s THEN key END DESC,"
    "   CASE WHEN %(descending)s THEN name END DESC, key, name"
    " LIMIT %(limit)s"
)
_LIST: Mapping[Table, LiteralString] = {
    "projects": _START + "projects" + _END,
    "report_groups": _START + "report_groups" + _END,
}


async def list_named(
    database: Database,
    table: Table,
    account: str,
    region: str,
    *,
    sort_by: str,
    descending: bool,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Any]:
    """ARNs, names and sort keys past the key and name `after`; `sort_by` is a word of the API's."""
    key, name = after or (None, None)
    return await database.fetch(
        _LIST[table],
        {
            "by": sort_by,
            "account": account,
            "region": region,
            "key": key,
            "name": name,
            "descending": descending,
            "limit": limit,
        },
    )
